/*
 * Invariants of a struct kept:
 *   1. No two runs overlap, and none is empty.
 *   2. npages is the sum of the runs, at most KEPT_PAGES; nruns is at most KEPT_RUNS.
 */
#include "kept.h"

#include <string.h>

bool kept_has(const struct kept *kept, uint32_t page, uint32_t npages)
{
    for (uint32_t i = 0; i < kept->nruns; i++) {
        const struct kept_run *run = &kept->runs[i];
        if (page < run->page + run->npages && run->page < page + npages) {
            return true;
        }
    }
    return false;
}

/* The run that [@page, @page + @npages) continues or precedes; nruns: there is none. */
static uint32_t kept_neighbour(const struct kept *kept, uint32_t page, uint32_t npages)
{
    uint32_t i = 0;
    while (i < kept->nruns && kept->runs[i].page + kept->runs[i].npages != page &&
           kept->runs[i].page != page + npages) {
        i++;
    }
    return i;
}

bool kept_fits(const struct kept *kept, uint32_t page, uint32_t npages)
{
    return npages <= KEPT_PAGES - kept->npages &&
           kept_neighbour(kept, page, npages) < KEPT_RUNS;
}

static void kept_remove(struct kept *kept, uint32_t i)
{
    kept->nruns--;
    memmove(&kept->runs[i], &kept->runs[i + 1],
            (kept->nruns - i) * sizeof(kept->runs[0]));
}

void kept_add(struct kept *kept, uint32_t page, uint32_t npages)
{
    struct kept_run run = {.page = page, .npages = npages};
    kept->npages += npages;
    /* What is given back page by page becomes one run: on either side. */
    for (uint32_t i; (i = kept_neighbour(kept, run.page, run.npages)) < kept->nruns;) {
        const struct kept_run other = kept->runs[i];
        run.page = other.page < run.page ? other.page : run.page;
        run.npages += other.npages;
        kept_remove(kept, i);
    }
    kept->runs[kept->nruns++] = run;
}

bool kept_take(struct kept *kept, uint32_t npages, uint32_t *page)
{
    uint32_t best = KEPT_RUNS;
    for (uint32_t i = 0; i < kept->nruns; i++) {
        if (kept->runs[i].npages >= npages &&
            (best == KEPT_RUNS || kept->runs[i].npages < kept->runs[best].npages)) {
            best = i;
        }
    }
    if (best == KEPT_RUNS) {
        return false;
    }
    struct kept_run *run = &kept->runs[best];
    *page = run->page;
    kept->npages -= npages;
    run->page += npages;
    run->npages -= npages;
    if (run->npages == 0) {
        kept_remove(kept, best);
    }
    return true;
}

bool kept_take_oldest(struct kept *kept, struct kept_run *run)
{
    if (kept->nruns == 0) {
        return false;
    }
    *run = kept->runs[0];
    kept->npages -= run->npages;
    kept_remove(kept, 0);
    return true;
}
