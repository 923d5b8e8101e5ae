/*
 * Page extents for every cubicle. Free space is kept here; who owns a page, and how
 * many it may own, is the monitor's to say (cubicle_page_assign, cubicle_page_release):
 * a caller can neither free another's pages nor free its own twice, because the monitor
 * refuses.
 *
 * Placement keeps the pages of one cubicle together, in 2 MiB regions: its memory is
 * then few mappings of the host, and huge pages are possible.
 */
#include "extent.h"

#include <alloc.h>
#include <cubicle.h>
#include <cubicle/component.h>
#include <errno.h>

#define PAGE_SIZE 4096u
#define REGION_PAGES 512u /* 2 MiB, a huge page */
#define NREGIONS (EXTENT_MAX_PAGES / REGION_PAGES)

/* Callers are cubicle ids; those that are equal in the low bits share hints, no more. */
#define NHINTS 512u

static uint64_t space_base; /* offset of page 0, a multiple of the region size */
static uint32_t space_npages;

static uint32_t next_page[NHINTS];        /* where a caller's next pages may go */
static uint16_t region_callers[NREGIONS]; /* for whom a region was opened */

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

int64_t alloc_map(size_t size, int caller)
{
    const uint32_t hint = alloc_hint(caller);
    struct extent_run run;

    if (size == 0) {
        return -EINVAL;
    }
    if (size > (uint64_t)space_npages * PAGE_SIZE) {
        return -ENOMEM;
    }
    const uint32_t npages = (uint32_t)((size + PAGE_SIZE - 1) / PAGE_SIZE);
    if (!alloc_place(hint, npages, &run)) {
        return -ENOMEM;
    }
    const int error = cubicle_page_assign(caller, alloc_address(run.page), npages);
    if (error != 0) {
        return error == -EPERM ? -EPERM : -ENOMEM;
    }
    extent_take(&run, npages);
    next_page[hint] = run.page + npages;
    return (int64_t)(uintptr_t)alloc_address(run.page);
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
    const int error = cubicle_page_release(caller, base, npages);
    if (error != 0) {
        return error == -ENOMEM ? -ENOMEM : -EINVAL;
    }
    next_page[alloc_hint(caller)] = extent_give(page, npages);
    return 0;
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
    return 0;
}
