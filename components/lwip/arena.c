/*
 * Memory of the stack, in blocks of a few sizes. Regions come from the system, are cut into slabs of 256 KiB, and are
 * never given back: they are lent to the device for good. A slab has blocks of one class while one of them is in use.
 *
 * Invariants:
 *   1. A slab begins at a multiple of its size, so a block's address tells its slab.
 *   2. A slab is in the list `partial` of its class if it has a free block, in `empty` if it has no class, else in none.
 *   3. `used` is the sum of the sizes of the blocks in use, and at most `limit`.
 */
#include "arena.h"

#include <sys/mman.h>

#define SLAB_SIZE ((size_t)256 * 1024)
#define REGION_FIRST ((size_t)2 * 1024 * 1024)
#define REGION_MAX ((size_t)64 * 1024 * 1024)

struct arena_slab {
    struct arena_slab *next, *prev; /* of its list */
    void *free;      /* blocks that were in use: each begins with the next one */
    uint32_t fresh;  /* bytes from the slab's start to those that never were */
    uint32_t in_use; /* blocks */
    uint8_t class;
};

#define SLAB_HEADER ((sizeof(struct arena_slab) + 63) & ~(size_t)63)

/* Multiples of 16. The last holds a segment of 64 KiB with all that is in front of it. */
static const uint32_t class_size[ARENA_CLASSES] = {
    64,   96,   128,  192,  256,  384,   512,   768,   1024,
    1536, 1792, 2304, 4096, 8192, 16256, 32704, 65408, ARENA_BLOCK_MAX,
};

static unsigned class_of(size_t size)
{
    unsigned class = 0;

    while (class_size[class] < size) {
        class ++;
    }
    return class;
}

size_t arena_block_size(size_t size)
{
    return size <= ARENA_BLOCK_MAX ? class_size[class_of(size)] : 0;
}

static void list_push(struct arena_slab **list, struct arena_slab *slab)
{
    slab->prev = NULL;
    slab->next = *list;
    if (*list != NULL) {
        (*list)->prev = slab;
    }
    *list = slab;
}

static void list_remove(struct arena_slab **list, struct arena_slab *slab)
{
    if (slab->prev != NULL) {
        slab->prev->next = slab->next;
    } else {
        *list = slab->next;
    }
    if (slab->next != NULL) {
        slab->next->prev = slab->prev;
    }
}

/* More memory: twice as much as the time before, so that few regions are enough. */
static bool arena_grow(struct arena *arena)
{
    size_t size = REGION_FIRST << (arena->nregions < 5 ? arena->nregions : 5);

    if (size > arena->limit - arena->reserved) {
        size = (arena->limit - arena->reserved) & ~(REGION_FIRST - 1);
    }
    if (size == 0 || arena->nregions == ARENA_REGIONS) {
        return false;
    }
    uint8_t *base =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
        return false;
    }
    if ((uintptr_t)base % SLAB_SIZE != 0 ||
        (arena->grown != NULL && arena->grown(base, size) != 0)) {
        munmap(base, size);
        return false;
    }
    arena->regions[arena->nregions].base = base;
    arena->regions[arena->nregions++].size = size;
    arena->reserved += size;
    arena->fresh = base;
    arena->fresh_end = base + size;
    return true;
}

void arena_regions(const struct arena *arena, void (*each)(void *base, size_t size))
{
    for (unsigned i = 0; i < arena->nregions; i++) {
        each(arena->regions[i].base, arena->regions[i].size);
    }
}

static struct arena_slab *slab_new(struct arena *arena)
{
    struct arena_slab *slab = arena->empty;

    if (slab != NULL) {
        arena->empty = slab->next;
        if (arena->empty != NULL) {
            arena->empty->prev = NULL;
        }
        return slab;
    }
    if (arena->fresh == arena->fresh_end && !arena_grow(arena)) {
        arena->limit = arena->reserved; /* the quota is used up: this is all there is */
        return NULL;
    }
    slab = (struct arena_slab *)(void *)arena->fresh;
    arena->fresh += SLAB_SIZE;
    return slab;
}

static struct arena_slab *slab_with_room(struct arena *arena, unsigned class)
{
    struct arena_slab *slab = arena->partial[class];

    if (slab == NULL) {
        slab = slab_new(arena);
        if (slab != NULL) {
            slab->free = NULL;
            slab->fresh = SLAB_HEADER;
            slab->in_use = 0;
            slab->class = (uint8_t) class;
            list_push(&arena->partial[class], slab);
        }
    }
    return slab;
}

static bool slab_full(const struct arena_slab *slab)
{
    return slab->free == NULL && slab->fresh + class_size[slab->class] > SLAB_SIZE;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > ARENA_BLOCK_MAX) {
        return NULL;
    }
    const unsigned class = class_of(size);
    if (arena->used + class_size[class] > arena->limit) {
        return NULL;
    }
    struct arena_slab *slab = slab_with_room(arena, class);
    if (slab == NULL) {
        return NULL;
    }
    void *block = slab->free;
    if (block != NULL) {
        slab->free = *(void **)block;
    } else {
        block = (uint8_t *)slab + slab->fresh;
        slab->fresh += class_size[class];
    }
    slab->in_use++;
    arena->used += class_size[class];
    if (slab_full(slab)) {
        list_remove(&arena->partial[class], slab);
    }
    return block;
}

void arena_free(struct arena *arena, void *block)
{
    if (block == NULL) {
        return;
    }
    struct arena_slab *slab = (void *)((uintptr_t)block & ~(uintptr_t)(SLAB_SIZE - 1));
    struct arena_slab **partial = &arena->partial[slab->class];

    if (slab_full(slab)) {
        list_push(partial, slab);
    }
    *(void **)block = slab->free;
    slab->free = block;
    slab->in_use--;
    arena->used -= class_size[slab->class];
    /* The last slab of a class stays, for the next block of it. */
    if (slab->in_use == 0 && (slab->next != NULL || slab->prev != NULL)) {
        list_remove(partial, slab);
        list_push(&arena->empty, slab);
    }
}
