/* Memory in blocks of a few sizes, with a bound (arena.c has the invariants). */
#ifndef LWIP_ARENA_H
#define LWIP_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_CLASSES 18u
#define ARENA_REGIONS 12u
#define ARENA_BLOCK_MAX 87296u /* the largest block, in bytes */

struct arena_slab;

struct arena {
    size_t
        limit; /* bytes in all; set before the first use, and less where there are no more */
    size_t used;     /* bytes of blocks in use */
    size_t reserved; /* bytes of all regions */
    /* Called with each new region, which lasts for ever. 0, or the region is not used. */
    int (*grown)(void *base, size_t size);
    struct arena_slab *partial[ARENA_CLASSES]; /* slabs with room */
    struct arena_slab *empty;                  /* slabs of no class */
    uint8_t *fresh, *fresh_end;                /* the rest of the last region */
    struct {
        void *base;
        size_t size;
    } regions[ARENA_REGIONS];
    unsigned nregions;
};

/** A block of at least @size bytes, aligned to 16, not cleared; NULL: the limit, or no such size. */
void *arena_alloc(struct arena *arena, size_t size);

/** Gives a block back; NULL is nothing. */
void arena_free(struct arena *arena, void *block);

/** Calls @each with every region. */
void arena_regions(const struct arena *arena, void (*each)(void *base, size_t size));

/** Bytes that a block has which was asked for with @size. */
size_t arena_block_size(size_t size);

/* How much of the limit is used: what takes memory for long stops first, and what gives it back last. */

static inline bool arena_half_used(const struct arena *arena)
{
    return arena->used > arena->limit / 2;
}

/** Whether less than a quarter of the limit is left. */
static inline bool arena_scarce(const struct arena *arena)
{
    return arena->used > arena->limit - arena->limit / 4;
}

/** Whether less than a sixteenth is left. */
static inline bool arena_exhausted(const struct arena *arena)
{
    return arena->used > arena->limit - arena->limit / 16;
}

#endif
