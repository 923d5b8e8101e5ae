/*
 * Numbers of sockets and sets: generation << 16 | index. An index is used again after all that were freed before it,
 * with its next generation, so that a number is not soon used again.
 */
#include "stack.h"

#include <errno.h>

#define INDEXES 65536u
#define GENERATIONS 0x7fffu

static struct object *objects[INDEXES];
static uint16_t generations[INDEXES]; /* of the last object of an index */
static uint32_t next_free[INDEXES];   /* a queue of indexes; 0 ends it */
static uint32_t first_free, last_free;
static uint32_t nindexes = 1; /* that were ever used; 0 is none */

int object_add(struct object *object, enum object_kind kind, int creator, int owner)
{
    uint32_t index = first_free;

    if (nindexes < INDEXES) {
        index = nindexes++;
    } else if (index == 0) {
        return -ENFILE;
    } else {
        first_free = next_free[index];
        last_free = first_free == 0 ? 0 : last_free;
    }
    generations[index] = (uint16_t)(generations[index] % GENERATIONS + 1);
    objects[index] = object;
    object->kind = kind;
    object->handle = (int)((uint32_t)generations[index] << 16 | index);
    object->creator = creator;
    object->owner = owner;
    return object->handle;
}

struct object *object_get(int handle, int caller)
{
    struct object *object = handle > 0 ? objects[handle & 0xffff] : NULL;

    if (object == NULL || object->handle != handle ||
        (object->creator != caller && object->owner != caller)) {
        return NULL;
    }
    return object;
}

void object_remove(struct object *object)
{
    const uint32_t index = (uint32_t)object->handle & 0xffff;

    objects[index] = NULL;
    next_free[index] = 0;
    if (last_free != 0) {
        next_free[last_free] = index;
    } else {
        first_free = index;
    }
    last_free = index;
}

void object_each(void (*each)(struct object *object))
{
    for (uint32_t index = 1; index < nindexes; index++) {
        if (objects[index] != NULL) {
            each(objects[index]);
        }
    }
}
