/*
 * Pages that a caller has given back and that stay assigned to it, so that it can have
 * them again without work for the host. They are the caller's, count for its quota, and are
 * given to nobody else. A few of them, in a few runs.
 */
#ifndef COMPONENTS_ALLOC_KEPT_H
#define COMPONENTS_ALLOC_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#define KEPT_PAGES 64u /* of a caller: 256 KiB */
#define KEPT_RUNS 8u

struct kept_run {
    uint32_t page, npages;
};

/** What is kept for one caller, the oldest run first. All zero: nothing. */
struct kept {
    int caller;
    uint32_t nruns;
    uint32_t npages; /* of all runs */
    struct kept_run runs[KEPT_RUNS];
};

/** Is any of these pages kept? */
bool kept_has(const struct kept *kept, uint32_t page, uint32_t npages);

/** Is there room for @npages (> 0) from @page on? */
bool kept_fits(const struct kept *kept, uint32_t page, uint32_t npages);

/** Keeps them; they fit, and none is kept. */
void kept_add(struct kept *kept, uint32_t page, uint32_t npages);

/** Takes @npages (> 0) in a row out, of the run that they leave the least of. False: none is
 *  so long. */
bool kept_take(struct kept *kept, uint32_t npages, uint32_t *page);

/** Takes the oldest run out. False: nothing is kept. */
bool kept_take_oldest(struct kept *kept, struct kept_run *run);

#endif
