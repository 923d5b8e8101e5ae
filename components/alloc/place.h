/*
 * Where in the space a caller's pages go: those of one caller together, in 2 MiB regions, so that its
 * memory is few mappings of the host; and room behind memory that grows, so that it need not move.
 * These are hints: a caller that shares a region with another, or loses one, gets its pages elsewhere.
 */
#ifndef COMPONENTS_ALLOC_PLACE_H
#define COMPONENTS_ALLOC_PLACE_H

#include "extent.h"

#define PLACE_REGION_PAGES 512u /* 2 MiB, a huge page */

/** Callers are cubicle ids; those that are equal in the low bits share hints. */
#define PLACE_NHINTS 512u

static inline uint32_t place_hint(int caller)
{
    return (uint32_t)caller % PLACE_NHINTS;
}

/** Finds @npages (> 0) free pages for @caller; takes nothing. */
bool place_find(int caller, uint32_t npages, struct extent_run *run);

/** Finds @npages free pages with @room more behind, or with as much of that as there is somewhere: then *@room. */
bool place_find_room(uint32_t npages, uint32_t *room, struct extent_run *run);

/** The caller's next pages may go to @page. */
void place_next(int caller, uint32_t page);

/** No hint is @caller's any more. */
void place_forget(int caller);

/** Takes up to @npages free pages from @page on as room for the memory before them, which is @caller's. */
void place_take_room(int caller, uint32_t page, uint32_t npages);

/** Room that begins at @page, if there is any, is free again. */
void place_drop_room(uint32_t page);

/** All room is free again. False: there was none. */
bool place_drop_all_room(void);

#endif
