#include "memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_CHUNK (1u << 20)

struct arena_chunk {
    struct arena_chunk *next;
    size_t used;
    size_t size;
    max_align_t data[];
};

static struct arena_chunk *arena;

static void memory_exhausted(void)
{
    fprintf(stderr, "%s: out of memory\n", program_invocation_short_name);
    exit(1);
}

void *arena_alloc(size_t size)
{
    size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    if (!arena || arena->size - arena->used < size) {
        size_t capacity = size > ARENA_CHUNK ? size : ARENA_CHUNK;
        struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + capacity);

        if (!chunk) {
            memory_exhausted();
        }
        chunk->size = capacity;
        chunk->next = arena;
        arena = chunk;
    }
    void *result = (char *)arena->data + arena->used;

    arena->used += size;
    return result;
}

char *arena_copy(const char *text, size_t len)
{
    char *copy = arena_alloc(len + 1);

    memcpy(copy, text, len);
    return copy;
}

char *arena_printf(const char *format, ...)
{
    char small[256];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (len < (int)sizeof(small)) {
        return arena_copy(small, (size_t)len);
    }
    char *text = arena_alloc((size_t)len + 1);

    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}

void arena_free(void)
{
    while (arena) {
        struct arena_chunk *next = arena->next;

        free(arena);
        arena = next;
    }
}

void *array_grow(void *array, size_t count, size_t *capacity, size_t element_size)
{
    if (count < *capacity) {
        return array;
    }
    do {
        *capacity = *capacity ? *capacity * 2 : 16;
    } while (count >= *capacity);
    array = reallocarray(array, *capacity, element_size);
    if (!array) {
        memory_exhausted();
    }
    return array;
}

static uint64_t string_hash(const char *text, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    }
    return hash;
}

/* Returns the slot that holds the name, or the empty one where it belongs. */
static unsigned *string_slot(struct string_table *table, const char *name, size_t len)
{
    size_t at = string_hash(name, len) & (table->nslots - 1);

    while (table->slots[at]) {
        const char *have = table->names[table->slots[at] - 1];

        if (!strncmp(have, name, len) && !have[len]) {
            break;
        }
        at = (at + 1) & (table->nslots - 1);
    }
    return &table->slots[at];
}

static void string_table_rehash(struct string_table *table)
{
    table->nslots = table->nslots ? table->nslots * 2 : 1024;
    free(table->slots);
    table->slots = calloc(table->nslots, sizeof(*table->slots));
    if (!table->slots) {
        memory_exhausted();
    }
    for (size_t i = 0; i < table->count; i++) {
        const char *name = table->names[i];

        *string_slot(table, name, strlen(name)) = (unsigned)i + 1;
    }
}

unsigned string_table_add(struct string_table *table, const char *name, size_t len)
{
    if (table->count * 2 >= table->nslots) {
        string_table_rehash(table);
    }
    unsigned *slot = string_slot(table, name, len);

    if (!*slot) {
        table->names = array_grow(table->names, table->count, &table->capacity,
                                  sizeof(*table->names));
        table->names[table->count++] = arena_copy(name, len);
        *slot = (unsigned)table->count;
    }
    return *slot - 1;
}

void string_table_free(struct string_table *table)
{
    free(table->names);
    free(table->slots);
    *table = (struct string_table){0};
}
