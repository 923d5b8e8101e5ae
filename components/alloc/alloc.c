/*
 * Page extents for every cubicle. Free space is kept here; who owns a page, and how
 * many it may own, is the monitor's to say (cubicle_page_assign, cubicle_page_release):
 * a caller can neither free another's pages nor free its own twice, because the monitor
 * refuses.
 *
 * Placement keeps the pages of one cubicle together, in 2 MiB regions: its memory is
 * then few mappings of the host, and huge pages are possible.
 *
 * A few pages that a caller gives back stay assigned to it (kept.h). The monitor takes them
 * out of every window at once, and makes them like fresh ones when the caller gets them again.
 *
 * A cubicle that ends gives nothing back: the monitor says which pages were its own.
 */
#include "extent.h"
#include "kept.h"

#include <alloc.h>
#include <cubicle.h>
#include <cubicle/component.h>
#include <errno.h>
#include <lifecycle.h>
#include <string.h>

#define PAGE_SIZE 4096u
#define REGION_PAGES 512u /* 2 MiB, a huge page */
#define NREGIONS (EXTENT_MAX_PAGES / REGION_PAGES)

/* Callers are cubicle ids; those that are equal in the low bits share hints, no more. */
#define NHINTS 512u

static uint64_t space_base; /* offset of page 0, a multiple of the region size */
static uint32_t space_npages;

static uint32_t next_page[NHINTS];        /* where a caller's next pages may go */
static uint16_t region_callers[NREGIONS]; /* for whom a region was opened */
static struct kept kept[NHINTS];          /* one caller's at a time */

static uint32_t alloc_hint(int caller)
{
    return (uint32_t)caller % NHINTS;
}

static bool alloc_is_region_of(uint32_t hint, uint32_t page)
{
    return region_callers[page / REGION_PAGES] == hint;
}

/* Finds room for less than a region. */
static bool alloc_place_small(uint32_t hint, uint32_t npages, struct extent_run *run)
{
    /* 1. Where the caller freed last, or behind what it got last, inside its region. */
    const uint32_t next = next_page[hint];
    if (next % REGION_PAGES + npages <= REGION_PAGES &&
        extent_free_at(next) >= npages && alloc_is_region_of(hint, next)) {
        *run = (struct extent_run){.extent = next, .page = next};
        return true;
    }
    /* 2. A gap that begins in a region of the caller. */
    if (extent_find_where(npages, alloc_is_region_of, hint, run)) {
        return true;
    }
    /* 3. A region of its own. */
    if (extent_find(REGION_PAGES, REGION_PAGES, run)) {
        region_callers[run->page / REGION_PAGES] = (uint16_t)hint;
        return true;
    }
    /* 4. Anywhere. */
    return extent_find(npages, 1, run);
}

static bool alloc_place(uint32_t hint, uint32_t npages, struct extent_run *run)
{
    if (npages < REGION_PAGES) {
        return alloc_place_small(hint, npages, run);
    }
    if (!extent_find(npages, REGION_PAGES, run)) {
        return false;
    }
    /* The rest of its last region is the caller's to grow into. */
    region_callers[(run->page + npages - 1) / REGION_PAGES] = (uint16_t)hint;
    return true;
}

static void *alloc_address(uint32_t page)
{
    return (void *)(uintptr_t)(space_base + (uint64_t)page * PAGE_SIZE);
}

/* Makes the pages free that are @caller's, who is calling. 0, or an error of the monitor's. */
static int alloc_release(int caller, uint32_t page, uint32_t npages)
{
    const int error = cubicle_page_release(caller, alloc_address(page), npages);
    if (error == 0) {
        next_page[alloc_hint(caller)] = extent_give(page, npages);
    }
    return error;
}

/* What is kept for @caller; NULL: another's is kept there. */
static struct kept *alloc_kept(int caller)
{
    struct kept *of_hint = &kept[alloc_hint(caller)];
    if (of_hint->nruns == 0) {
        of_hint->caller = caller;
    }
    return of_hint->caller == caller ? of_hint : NULL;
}

/* Gives up the oldest run that is kept for @caller. False: there is none, or the monitor wants it
 * to stay (a hole there would scatter the caller's pages too much); then it is kept on. */
static bool alloc_give_up(int caller)
{
    struct kept *of_caller = alloc_kept(caller);
    struct kept_run run;
    if (of_caller == NULL || !kept_take_oldest(of_caller, &run)) {
        return false;
    }
    if (alloc_release(caller, run.page, run.npages) != 0) {
        kept_add(of_caller, run.page, run.npages);
        return false;
    }
    return true;
}

/* @npages that were kept for @caller, as good as new. */
static bool alloc_again(int caller, uint32_t npages, uint32_t *page)
{
    struct kept *of_caller = alloc_kept(caller);
    if (of_caller == NULL || !kept_take(of_caller, npages, page)) {
        return false;
    }
    if (cubicle_page_assign(caller, alloc_address(*page), npages) != 0) {
        kept_add(of_caller, *page, npages);
        return false;
    }
    return true;
}

static int alloc_fresh(int caller, uint32_t npages, uint32_t *page)
{
    const uint32_t hint = alloc_hint(caller);
    struct extent_run run;
    if (!alloc_place(hint, npages, &run)) {
        return -ENOMEM;
    }
    const int error = cubicle_page_assign(caller, alloc_address(run.page), npages);
    if (error != 0) {
        return error == -EPERM ? -EPERM : -ENOMEM;
    }
    extent_take(&run, npages);
    next_page[hint] = run.page + npages;
    *page = run.page;
    return 0;
}

int64_t alloc_map(size_t size, int caller)
{
    if (size == 0) {
        return -EINVAL;
    }
    if (size > (uint64_t)space_npages * PAGE_SIZE) {
        return -ENOMEM;
    }
    const uint32_t npages = (uint32_t)((size + PAGE_SIZE - 1) / PAGE_SIZE);
    uint32_t page;
    int error = alloc_again(caller, npages, &page) ? 0 : -ENOMEM;
    if (error != 0) {
        error = alloc_fresh(caller, npages, &page);
    }
    /* Its quota may be used up by what is kept. */
    while (error == -ENOMEM && alloc_give_up(caller)) {
        error = alloc_fresh(caller, npages, &page);
    }
    return error == 0 ? (int64_t)(uintptr_t)alloc_address(page) : error;
}

/* Keeps pages of @caller's, if they are no more than it may have kept. */
static bool alloc_keep(int caller, uint32_t page, uint32_t npages)
{
    struct kept *of_caller = alloc_kept(caller);
    if (of_caller == NULL || npages > KEPT_PAGES) {
        return false;
    }
    while (!kept_fits(of_caller, page, npages)) {
        if (!alloc_give_up(caller)) {
            return false;
        }
    }
    if (cubicle_page_recall(caller, alloc_address(page), npages) != 0) {
        return false;
    }
    kept_add(of_caller, page, npages);
    return true;
}

int alloc_unmap(void *base, size_t size, int caller)
{
    const uint64_t offset = (uint64_t)(uintptr_t)base - space_base;
    const uint64_t space_size = (uint64_t)space_npages * PAGE_SIZE;

    if (offset % PAGE_SIZE != 0 || size == 0 || offset >= space_size ||
        size > space_size - offset) {
        return -EINVAL;
    }
    const uint32_t page = (uint32_t)(offset / PAGE_SIZE);
    const uint32_t npages = (uint32_t)((size + PAGE_SIZE - 1) / PAGE_SIZE);
    const struct kept *of_caller = alloc_kept(caller);
    if (of_caller != NULL && kept_has(of_caller, page, npages)) {
        return -EINVAL; /* given back already */
    }
    if (alloc_keep(caller, page, npages)) {
        return 0;
    }
    const int error = alloc_release(caller, page, npages);
    return error == 0 || error == -ENOMEM ? error : -EINVAL;
}

int lifecycle_ended(int cubicle)
{
    const uint32_t hint = alloc_hint(cubicle);
    uint64_t base;
    int64_t npages;

    /* What was kept for it is among the pages that the monitor names. */
    if (kept[hint].caller == cubicle) {
        kept[hint] = (struct kept){0};
    }
    while ((npages = cubicle_page_reclaim(cubicle, &base)) > 0) {
        extent_give((uint32_t)((base - space_base) / PAGE_SIZE), (uint32_t)npages);
    }
    next_page[hint] = 0;
    for (uint32_t region = 0; region < NREGIONS; region++) {
        if (region_callers[region] == hint) {
            region_callers[region] = 0;
        }
    }
    return npages < 0 ? (int)npages : 0;
}

int lifecycle_restarted(int cubicle)
{
    (void)cubicle;
    return 0; /* it asks for memory like any other */
}

int component_init(void)
{
    const uint64_t region_size = (uint64_t)REGION_PAGES * PAGE_SIZE;
    uint64_t base, size;

    const int error = cubicle_page_space(&base, &size);
    if (error != 0) {
        return error;
    }
    const uint64_t end = base + size;
    space_base = (base + region_size - 1) / region_size * region_size;
    if (end < base || end <= space_base) {
        return -ENOMEM;
    }
    uint64_t npages = (end - space_base) / PAGE_SIZE;
    if (npages > EXTENT_MAX_PAGES) {
        npages = EXTENT_MAX_PAGES;
    }
    space_npages = (uint32_t)npages;
    extent_init(space_npages);
    memset(kept, 0, sizeof(kept));
    return 0;
}
