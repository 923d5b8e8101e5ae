/*
 * Invariants of a struct kept:
 *   1. No two runs overlap, and none is empty.
 *   2. npages is the sum of the runs, at most KEPT_PAGES; nruns is at most KEPT_RUNS.
 */
#include "kept.h"

#include <string.h>

/* Do the two become one run? What is ahead of memory stays by itself until that memory is kept too. */
static bool kept_joins(const struct kept_run *run, const struct kept_run *other)
{
    return (other->page == run->page + run->npages && run->ahead <= other->ahead) ||
           (other->page + other->npages == run->page && run->ahead == other->ahead);
}

/* The run that @run joins; nruns: there is none. */
static uint32_t kept_neighbour(const struct kept *kept, const struct kept_run *run)
{
    uint32_t i = 0;
    while (i < kept->nruns && !kept_joins(run, &kept->runs[i])) {
        i++;
    }
    return i;
}

bool kept_fits(const struct kept *kept, const struct kept_run *run)
{
    return run->npages <= KEPT_PAGES - kept->npages &&
           kept_neighbour(kept, run) < KEPT_RUNS;
}

static void kept_remove(struct kept *kept, uint32_t i)
{
    kept->nruns--;
    memmove(&kept->runs[i], &kept->runs[i + 1],
            (kept->nruns - i) * sizeof(kept->runs[0]));
}

void kept_add(struct kept *kept, const struct kept_run *added)
{
    struct kept_run run = *added;
    kept->npages += run.npages;
    /* What is given back page by page becomes one run: on either side. */
    for (uint32_t i; (i = kept_neighbour(kept, &run)) < kept->nruns;) {
        const struct kept_run other = kept->runs[i];
        run.page = other.page < run.page ? other.page : run.page;
        run.npages += other.npages;
        kept_remove(kept, i);
    }
    kept->runs[kept->nruns++] = run;
}

/* Takes @npages out at the beginning of run @i. */
static void kept_take_of(struct kept *kept, uint32_t i, uint32_t npages)
{
    struct kept_run *run = &kept->runs[i];
    kept->npages -= npages;
    run->page += npages;
    run->npages -= npages;
    if (run->npages == 0) {
        kept_remove(kept, i);
    }
}

bool kept_take(struct kept *kept, uint32_t npages, uint32_t *page)
{
    uint32_t best = KEPT_RUNS;
    for (uint32_t i = 0; i < kept->nruns; i++) {
        if (!kept->runs[i].ahead && kept->runs[i].npages >= npages &&
            (best == KEPT_RUNS || kept->runs[i].npages < kept->runs[best].npages)) {
            best = i;
        }
    }
    if (best == KEPT_RUNS) {
        return false;
    }
    *page = kept->runs[best].page;
    kept_take_of(kept, best, npages);
    return true;
}

struct kept_run kept_take_at(struct kept *kept, uint32_t page, uint32_t npages)
{
    struct kept_run taken = {.page = page};
    for (uint32_t i = 0; i < kept->nruns; i++) {
        if (kept->runs[i].page == page) {
            const uint32_t has = kept->runs[i].npages;
            taken.npages = has < npages ? has : npages;
            taken.ahead = kept->runs[i].ahead;
            kept_take_of(kept, i, taken.npages);
            break;
        }
    }
    return taken;
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
