/*
 * Pages that are taken from the space and assigned by the monitor, kept (kept.h), and given back: what the functions
 * of interface `alloc` have in common. Errors are negative errno values; -ENOMEM and -EPERM if not said otherwise.
 */
#ifndef COMPONENTS_ALLOC_SUPPLY_H
#define COMPONENTS_ALLOC_SUPPLY_H

#include "kept.h"

#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096u

struct supply_range {
    uint32_t page, npages;
};

/** Once. -ENOMEM, or an error of the monitor's. */
int supply_init(void);

/** All pages of the space. */
uint32_t supply_npages(void);

void *supply_address(uint32_t page);

/** The pages that @size bytes take. False: none, or more than there are. */
bool supply_size(size_t size, uint32_t *npages);

/** The pages of [@base, @base + @size). False: no page begins at @base, it is empty, or not within the space. */
bool supply_range(const void *base, size_t size, struct supply_range *range);

/** What is kept for @caller; NULL: another's is kept there. */
struct kept *supply_kept(int caller);

/** Takes @npages new ones for @caller, with up to @room behind (place.h). */
int supply_fresh(int caller, uint32_t npages, uint32_t room, uint32_t *page);

/** Has pages assigned that are taken from the space, and are nobody's. Gives up what is kept for @caller where that is needed
 * for the quota. */
int supply_assign(int caller, uint32_t page, uint32_t npages);

/** Makes @caller's pages nobody's; they stay taken from the space. An error of the monitor's. */
int supply_drop(int caller, uint32_t page, uint32_t npages);

/** Makes @caller's pages free. An error of the monitor's. */
int supply_release(int caller, uint32_t page, uint32_t npages);

/** Pages that nobody has are free again. */
void supply_give(int caller, uint32_t page, uint32_t npages);

/** Keeps pages of @caller's, if they are no more than it may have kept. */
bool supply_keep(int caller, uint32_t page, uint32_t npages, bool ahead);

/** Gives up what is not in use, of whoever it is, so that there is more free space. False: there is nothing more. */
bool supply_make_space(int caller);

/** @caller has ended: nothing is kept for it. */
void supply_forget(int caller);

#endif
