#include "reserve.h"
#include "extent.h"
#include "place.h"
#include "use.h"

#include <alloc.h>
#include <errno.h>
#include <string.h>

#define NREGIONS (EXTENT_MAX_PAGES / PLACE_REGION_PAGES)

static uint32_t reserved[PLACE_NHINTS]; /* pages, of all callers that share a hint */
static uint16_t in_region[NREGIONS];    /* reserved pages of whomever */
static uint32_t nregions;               /* where there are some */

void reserve_init(void)
{
    memset(reserved, 0, sizeof(reserved));
    memset(in_region, 0, sizeof(in_region));
    nregions = 0;
}

/* [@page, @end) becomes reserved, or is no more. */
static void reserve_count(int caller, uint32_t page, uint32_t end, bool more)
{
    reserved[place_hint(caller)] += more ? end - page : page - end;
    while (page < end) {
        const uint32_t region = page / PLACE_REGION_PAGES;
        const uint32_t next = (region + 1) * PLACE_REGION_PAGES;
        const uint32_t npages = (next < end ? next : end) - page;
        nregions -= in_region[region] != 0;
        in_region[region] =
            (uint16_t)(more ? in_region[region] + npages : in_region[region] - npages);
        nregions += in_region[region] != 0;
        page += npages;
    }
}

/* Are enough whole regions left for memory when [@page, @page + @npages) is reserved? One
 * page in each would be little space, and nobody could have a large block. */
static bool reserve_leaves_regions(uint32_t page, uint32_t npages)
{
    uint32_t more = 0;
    for (uint32_t region = page / PLACE_REGION_PAGES;
         region <= (page + npages - 1) / PLACE_REGION_PAGES; region++) {
        more += in_region[region] == 0;
    }
    return nregions + more + RESERVE_FREE_PAGES / PLACE_REGION_PAGES <=
           supply_npages() / PLACE_REGION_PAGES;
}

bool reserve_is_of(int caller, const struct supply_range *range)
{
    const uint32_t end = range->page + range->npages;
    for (uint32_t page = range->page; page < end; page += use_run(page, end)) {
        if (!use_is(page, caller, USE_MEMORY) && !use_is(page, caller, USE_RESERVED)) {
            return false;
        }
    }
    return true;
}

static void reserve_note(int caller, uint32_t page, uint32_t npages)
{
    use_set(page, npages, caller, USE_RESERVED);
    reserve_count(caller, page, page + npages, true);
}

void reserve_end(int caller, uint32_t page, uint32_t npages)
{
    reserve_count(caller, page, page + npages, false);
    supply_give(caller, page, npages);
}

void reserve_forget(int caller)
{
    const uint32_t end = supply_npages();
    for (uint32_t page = 0, npages; page < end && reserved[place_hint(caller)] > 0;
         page += npages) {
        npages = use_run(page, end);
        if (use_is(page, caller, USE_RESERVED)) {
            reserve_end(caller, page, npages);
        }
    }
}

/* May @caller have @npages more? */
static bool reserve_allows(int caller, uint32_t npages)
{
    const uint32_t has = reserved[place_hint(caller)];
    return has <= RESERVE_MAX_PAGES && npages <= RESERVE_MAX_PAGES - has;
}

/* Is enough left for memory when @npages that are free now are taken? */
static bool reserve_leaves(int caller, uint32_t npages)
{
    while (extent_total() < npages + RESERVE_FREE_PAGES) {
        if (!supply_make_space(caller)) {
            return false;
        }
    }
    return true;
}

int64_t alloc_reserve(size_t size, int caller)
{
    uint32_t npages;
    struct extent_run run;
    if (!supply_size(size, &npages)) {
        return size == 0 ? -EINVAL : -ENOMEM;
    }
    if (!reserve_allows(caller, npages) || !reserve_leaves(caller, npages)) {
        return -ENOMEM;
    }
    const uint32_t align = npages < PLACE_REGION_PAGES ? 1 : PLACE_REGION_PAGES;
    while (!extent_find(npages, align, &run)) {
        if (!supply_make_space(caller)) {
            return -ENOMEM;
        }
    }
    if (!reserve_leaves_regions(run.page, npages)) {
        return -ENOMEM;
    }
    extent_take(&run, npages);
    reserve_note(caller, run.page, npages);
    return (int64_t)(uintptr_t)supply_address(run.page);
}

static int reserve_commit_run(int caller, uint32_t page, uint32_t npages)
{
    const int error = supply_assign(caller, page, npages);
    if (error == 0) {
        use_set(page, npages, caller, USE_MEMORY);
        reserve_count(caller, page, page + npages, false);
    }
    return error;
}

static int reserve_decommit_run(int caller, uint32_t page, uint32_t npages)
{
    if (!reserve_allows(caller, npages) || !reserve_leaves(caller, 0) ||
        !reserve_leaves_regions(page, npages)) {
        return -ENOMEM; /* memory counts for a quota, and space does not */
    }
    const int error = supply_drop(caller, page, npages);
    if (error == 0) {
        reserve_note(caller, page, npages);
    }
    return error;
}

typedef int reserve_change(int caller, uint32_t page, uint32_t npages);

/* Makes the change to each run of the range that is of @kind. */
static int reserve_change_all(void *base, size_t size, int caller, enum use_kind kind,
                              reserve_change *change)
{
    struct supply_range range;
    if (!supply_range(base, size, &range) || !reserve_is_of(caller, &range)) {
        return -EINVAL;
    }
    const uint32_t end = range.page + range.npages;
    for (uint32_t page = range.page, npages; page < end; page += npages) {
        npages = use_run(page, end);
        const int error = use_is(page, caller, kind) ? change(caller, page, npages) : 0;
        if (error != 0) {
            return error == -EPERM ? -EINVAL : -ENOMEM;
        }
    }
    return 0;
}

int alloc_commit(void *base, size_t size, int caller)
{
    return reserve_change_all(base, size, caller, USE_RESERVED, reserve_commit_run);
}

int alloc_decommit(void *base, size_t size, int caller)
{
    return reserve_change_all(base, size, caller, USE_MEMORY, reserve_decommit_run);
}

int64_t alloc_span(const void *base, size_t size, int caller)
{
    struct supply_range range;
    if (!supply_range(base, size, &range) ||
        !reserve_is_of(caller, &(struct supply_range){range.page, 1})) {
        return -EINVAL;
    }
    const uint32_t npages = use_run(range.page, range.page + range.npages);
    return (int64_t)npages * PAGE_SIZE + use_is(range.page, caller, USE_RESERVED);
}
