/*
 * Pages that a caller has given back and that stay assigned to it, so that it can have
 * them again without work for the host. They are the caller's, count for its quota, and
 * hold what it left there. Some of them, in a few runs.
 */
#ifndef COMPONENTS_ALLOC_KEPT_H
#define COMPONENTS_ALLOC_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#define KEPT_PAGES 4096u /* of a caller: 16 MiB */
#define KEPT_RUNS 8u

struct kept_run {
    uint32_t page, npages;
    bool ahead; /* for the memory before it, when that grows */
};

/** What is kept for one caller, the oldest run first. All zero: nothing. */
struct kept {
    int caller;
    uint32_t nruns;
    uint32_t npages; /* of all runs */
    struct kept_run runs[KEPT_RUNS];
};

/** Is there room for @run? */
bool kept_fits(const struct kept *kept, const struct kept_run *run);

/** Keeps the pages of @run; they fit, and none is kept. */
void kept_add(struct kept *kept, const struct kept_run *run);

/** Takes @npages (> 0) in a row out, of the run that they leave the least of; not of one that is
 *  ahead of other memory. False: none is so long. */
bool kept_take(struct kept *kept, uint32_t npages, uint32_t *page);

/** Takes out up to @npages from @page on, if a run begins there: what it took, maybe nothing. */
struct kept_run kept_take_at(struct kept *kept, uint32_t page, uint32_t npages);

/** Takes the oldest run out. False: nothing is kept. */
bool kept_take_oldest(struct kept *kept, struct kept_run *run);

#endif
