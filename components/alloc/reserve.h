/* Space that is a caller's without being memory. */
#ifndef COMPONENTS_ALLOC_RESERVE_H
#define COMPONENTS_ALLOC_RESERVE_H

#include "supply.h"

/** A caller has at most so much reserved that is not memory, and so much stays free for the memory of all, in pages. */
#define RESERVE_MAX_PAGES (1u << 18)
#define RESERVE_FREE_PAGES (1u << 17)

void reserve_init(void);

/** Is all of @range memory of @caller's, or reserved for it? */
bool reserve_is_of(int caller, const struct supply_range *range);

/** Pages that are reserved for @caller are free again. */
void reserve_end(int caller, uint32_t page, uint32_t npages);

/** @caller has ended: all that is reserved for it is free again. */
void reserve_forget(int caller);

#endif
