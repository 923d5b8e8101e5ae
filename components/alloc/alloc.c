/*
 * Page extents for every cubicle. This component knows free space. The monitor decides which
 * cubicle owns a page, and how many it may own (cubicle_page_assign, cubicle_page_release):
 * it refuses a caller that frees another's pages, or its own twice.
 *
 * What a caller gives back, up to a limit, stays assigned to it (kept.h). The monitor takes it
 * out of every window at once, and makes it like fresh pages when the caller gets it again.
 * When space runs out a cubicle gets what is kept for others, too.
 *
 * A cubicle that ends gives nothing back: the monitor tells which pages it owned.
 */
#include "extent.h"
#include "place.h"
#include "reserve.h"
#include "supply.h"
#include "use.h"

#include <alloc.h>
#include <cubicle.h>
#include <cubicle/component.h>
#include <errno.h>
#include <lifecycle.h>

typedef int again_function(int owner, void *base, size_t npages);

/* @npages that were kept for @caller; @how they become its own again: 0, or it keeps them. */
static int alloc_again(int caller, uint32_t npages, again_function *how, uint32_t *page)
{
    struct kept *of_caller = supply_kept(caller);
    if (of_caller == NULL || !kept_take(of_caller, npages, page)) {
        return -ENOENT;
    }
    if (how(caller, supply_address(*page), npages) != 0) {
        kept_add(of_caller, &(struct kept_run){.page = *page, .npages = npages});
        return -ENOENT;
    }
    use_set(*page, npages, caller, USE_MEMORY);
    return 0;
}

static int64_t alloc_result(int error, uint32_t page)
{
    return error == 0 ? (int64_t)(uintptr_t)supply_address(page) : error;
}

int64_t alloc_map(size_t size, int caller)
{
    uint32_t npages;
    uint32_t page = 0;
    if (!supply_size(size, &npages)) {
        return size == 0 ? -EINVAL : -ENOMEM;
    }
    int error = alloc_again(caller, npages, cubicle_page_assign, &page);
    if (error != 0) {
        error = supply_fresh(caller, npages, 0, &page);
    }
    return alloc_result(error, page);
}

int64_t alloc_map_again(size_t size, int caller)
{
    uint32_t npages;
    uint32_t page = 0;
    if (!supply_size(size, &npages)) {
        return size == 0 ? -EINVAL : -ENOENT;
    }
    const int error = alloc_again(caller, npages, cubicle_page_resume, &page);
    return alloc_result(error, page);
}

int64_t alloc_map_room(size_t size, size_t room, int caller)
{
    uint32_t npages;
    uint32_t nroom;
    uint32_t page = 0;
    if (!supply_size(size, &npages)) {
        return size == 0 ? -EINVAL : -ENOMEM;
    }
    if (!supply_size(room, &nroom) || nroom > supply_npages() - npages) {
        nroom = room == 0 ? 0 : supply_npages() - npages;
    }
    const int error = supply_fresh(caller, npages, nroom, &page);
    return alloc_result(error, page);
}

/* Memory, or reserved, all of one kind. */
static int alloc_unmap_run(int caller, uint32_t page, uint32_t npages)
{
    if (use_is(page, caller, USE_RESERVED)) {
        reserve_end(caller, page, npages);
        return 0;
    }
    if (supply_keep(caller, page, npages, false)) {
        return 0;
    }
    const int error = supply_release(caller, page, npages);
    return error == 0 || error == -ENOMEM ? error : -EINVAL;
}

/* What was for memory that ended at @end, when it grows. */
static void alloc_unmap_ahead(int caller, uint32_t end)
{
    struct kept *of_caller = supply_kept(caller);
    if (of_caller != NULL) {
        const struct kept_run run = kept_take_at(of_caller, end, supply_npages());
        if (run.npages > 0 && supply_release(caller, run.page, run.npages) != 0) {
            kept_add(of_caller, &run);
        }
    }
    place_drop_room(end);
}

int alloc_unmap(void *base, size_t size, int caller)
{
    struct supply_range range;
    if (!supply_range(base, size, &range) || !reserve_is_of(caller, &range)) {
        return -EINVAL; /* also what was given back already */
    }
    const uint32_t end = range.page + range.npages;
    for (uint32_t page = range.page; page < end;) {
        const uint32_t npages = use_run(page, end);
        const int error = alloc_unmap_run(caller, page, npages);
        if (error != 0) {
            return error;
        }
        page += npages;
    }
    alloc_unmap_ahead(caller, end);
    return 0;
}

int lifecycle_ended(int cubicle)
{
    uint64_t base;
    int64_t npages;

    /* What was kept for it is among the pages that the monitor names. */
    supply_forget(cubicle);
    while ((npages = cubicle_page_reclaim(cubicle, &base)) > 0) {
        const uint64_t page = (base - (uintptr_t)supply_address(0)) / PAGE_SIZE;
        supply_give(cubicle, (uint32_t)page, (uint32_t)npages);
    }
    if (npages < 0) {
        return (int)npages;
    }
    reserve_forget(cubicle);
    (void)place_drop_all_room();
    place_forget(cubicle);
    return 0;
}

int lifecycle_restarted(int cubicle)
{
    (void)cubicle;
    return 0; /* it asks for memory like any other */
}

int component_init(void)
{
    const int error = supply_init();
    if (error == 0) {
        reserve_init();
    }
    return error;
}
