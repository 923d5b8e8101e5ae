#include "supply.h"
#include "extent.h"
#include "place.h"
#include "use.h"

#include <cubicle.h>
#include <errno.h>
#include <string.h>

static uint64_t space_base; /* offset of page 0, a multiple of the region size */
static uint32_t space_npages;
static struct kept kept[PLACE_NHINTS]; /* one caller's at a time */

int supply_init(void)
{
    const uint64_t region_size = (uint64_t)PLACE_REGION_PAGES * PAGE_SIZE;
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
    (void)place_drop_all_room();
    extent_init(space_npages);
    use_init(space_npages);
    memset(kept, 0, sizeof(kept));
    return 0;
}

uint32_t supply_npages(void)
{
    return space_npages;
}

void *supply_address(uint32_t page)
{
    return (void *)(uintptr_t)(space_base + (uint64_t)page * PAGE_SIZE);
}

bool supply_size(size_t size, uint32_t *npages)
{
    if (size == 0 || size > (uint64_t)space_npages * PAGE_SIZE) {
        return false;
    }
    *npages = (uint32_t)((size + PAGE_SIZE - 1) / PAGE_SIZE);
    return true;
}

bool supply_range(const void *base, size_t size, struct supply_range *range)
{
    const uint64_t offset = (uint64_t)(uintptr_t)base - space_base;
    const uint64_t space_size = (uint64_t)space_npages * PAGE_SIZE;

    if (offset % PAGE_SIZE != 0 || size == 0 || offset >= space_size ||
        size > space_size - offset) {
        return false;
    }
    range->page = (uint32_t)(offset / PAGE_SIZE);
    range->npages = (uint32_t)((size + PAGE_SIZE - 1) / PAGE_SIZE);
    return true;
}

struct kept *supply_kept(int caller)
{
    struct kept *of_hint = &kept[place_hint(caller)];
    if (of_hint->nruns == 0) {
        of_hint->caller = caller;
    }
    return of_hint->caller == caller ? of_hint : NULL;
}

void supply_forget(int caller)
{
    struct kept *of_hint = &kept[place_hint(caller)];
    if (of_hint->caller == caller) {
        *of_hint = (struct kept){0};
    }
}

int supply_drop(int caller, uint32_t page, uint32_t npages)
{
    return cubicle_page_release(caller, supply_address(page), npages);
}

void supply_give(int caller, uint32_t page, uint32_t npages)
{
    use_set(page, npages, caller, USE_FREE);
    place_next(caller, extent_give(page, npages));
}

int supply_release(int caller, uint32_t page, uint32_t npages)
{
    const int error = supply_drop(caller, page, npages);
    if (error == 0) {
        supply_give(caller, page, npages);
    }
    return error;
}

/* Gives up the oldest run of @of_caller. False: there is none, or the monitor wants it to stay (a hole there would
 * scatter the caller's pages too much); then it is kept on. */
static bool supply_give_up(struct kept *of_caller)
{
    struct kept_run run;
    if (of_caller == NULL || !kept_take_oldest(of_caller, &run)) {
        return false;
    }
    if (supply_release(of_caller->caller, run.page, run.npages) != 0) {
        kept_add(of_caller, &run);
        return false;
    }
    return true;
}

bool supply_make_space(int caller)
{
    if (place_drop_all_room() || supply_give_up(supply_kept(caller))) {
        return true;
    }
    for (uint32_t hint = 0; hint < PLACE_NHINTS; hint++) {
        if (supply_give_up(&kept[hint])) {
            return true;
        }
    }
    return false;
}

int supply_assign(int caller, uint32_t page, uint32_t npages)
{
    int error;
    do { /* the quota may be used up by what is kept */
        error = cubicle_page_assign(caller, supply_address(page), npages);
    } while (error == -ENOMEM && supply_give_up(supply_kept(caller)));
    return error == 0 || error == -EPERM ? error : -ENOMEM;
}

static bool supply_find(int caller, uint32_t npages, uint32_t *room,
                        struct extent_run *run)
{
    return *room > 0 ? place_find_room(npages, room, run)
                     : place_find(caller, npages, run);
}

int supply_fresh(int caller, uint32_t npages, uint32_t room, uint32_t *page)
{
    struct extent_run run;
    while (!supply_find(caller, npages, &room, &run)) {
        if (!supply_make_space(caller)) {
            return -ENOMEM;
        }
    }
    extent_take(&run, npages);
    const int error = supply_assign(caller, run.page, npages);
    if (error != 0) {
        extent_give(run.page, npages);
        return error;
    }
    use_set(run.page, npages, caller, USE_MEMORY);
    if (room > 0) {
        place_take_room(caller, run.page + npages, room);
    } else {
        place_next(caller, run.page + npages);
    }
    *page = run.page;
    return 0;
}

bool supply_keep(int caller, uint32_t page, uint32_t npages, bool ahead)
{
    const struct kept_run run = {.page = page, .npages = npages, .ahead = ahead};
    struct kept *of_caller = supply_kept(caller);
    if (of_caller == NULL || npages > KEPT_PAGES) {
        return false;
    }
    while (!kept_fits(of_caller, &run)) {
        if (!supply_give_up(of_caller)) {
            return false;
        }
    }
    if (cubicle_page_recall(caller, supply_address(page), npages) != 0) {
        return false;
    }
    use_set(page, npages, caller, USE_KEPT);
    kept_add(of_caller, &run);
    return true;
}
