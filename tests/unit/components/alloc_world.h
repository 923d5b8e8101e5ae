/* The page allocator over a stand-in for the monitor that knows every page's owner. After cmocka.h. */
#ifndef ALLOC_WORLD_H
#define ALLOC_WORLD_H

#include <alloc.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096u
#define MIB2 (2u * 1024 * 1024)
#define BASE UINT64_C(0x80010000) /* not on a region boundary, on purpose */
#define SIZE (UINT64_C(0x100000000) - 0x20000 - BASE)
#define NPAGES (SIZE / PAGE)

extern struct world {
    int owners[NPAGES];      /* 0: free */
    int recalled_of[NPAGES]; /* not to be used again before it was renewed */
    uint32_t charged[8], quota[8];
    unsigned assigned, recalled, released, renewed, resumed; /* calls, since setup() */
    int refuse_assign, refuse_release;
    int ended;   /* a cubicle that is about to be set up anew */
    int current; /* the cubicle that has called the allocator */
} world;

#define alloc_map(size, caller) (alloc_map)(size, world.current = (caller))
#define alloc_map_room(size, room, caller) \
    (alloc_map_room)(size, room, world.current = (caller))
#define alloc_map_again(size, caller) (alloc_map_again)(size, world.current = (caller))
#define alloc_grow(base, old, new, caller) \
    (alloc_grow)(base, old, new, world.current = (caller))
#define alloc_unmap(base, size, caller) \
    (alloc_unmap)(base, size, world.current = (caller))
#define alloc_reserve(size, caller) (alloc_reserve)(size, world.current = (caller))
#define alloc_commit(base, size, caller) \
    (alloc_commit)(base, size, world.current = (caller))
#define alloc_decommit(base, size, caller) \
    (alloc_decommit)(base, size, world.current = (caller))
#define alloc_span(base, size, caller) \
    (alloc_span)(base, size, world.current = (caller))

/** Sets up an allocator that nobody has called, for each test. */
int setup(void **state);

/** Fresh memory, which must be there. */
void *map(size_t size, int caller);

/** @caller ends, and is set up anew. */
void end(int caller);

#endif
