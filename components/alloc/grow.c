/*
 * Memory that grows where it is. It takes free space behind it, and more than it needs: a part of that
 * is assigned at once and kept for the next time, so that small steps need no work of the host. Behind
 * that lies room, as long as the memory itself, which others get only when there is no other space.
 */
#include "extent.h"
#include "place.h"
#include "supply.h"
#include "use.h"

#include <alloc.h>
#include <cubicle.h>
#include <errno.h>

#define AHEAD_MIN 16u /* pages */
#define AHEAD_MAX 512u

static uint32_t grow_ahead(uint32_t npages, uint32_t free)
{
    uint32_t ahead = npages / 8;
    ahead = ahead < AHEAD_MIN ? AHEAD_MIN : ahead > AHEAD_MAX ? AHEAD_MAX : ahead;
    return ahead < free ? ahead : free;
}

/* Has @npages from @page on assigned, with *@ahead more if the quota allows; else that becomes 0. */
static int grow_assign(int caller, uint32_t page, uint32_t npages, uint32_t *ahead)
{
    if (*ahead > 0) {
        extent_take(&(struct extent_run){.extent = page, .page = page},
                    npages + *ahead);
        if (cubicle_page_assign(caller, supply_address(page), npages + *ahead) == 0) {
            return 0;
        }
        extent_give(page, npages + *ahead);
        *ahead = 0;
    }
    extent_take(&(struct extent_run){.extent = page, .page = page}, npages);
    const int error = supply_assign(caller, page, npages);
    if (error != 0) {
        extent_give(page, npages);
    }
    return error;
}

/* @npages new ones from @page on, for memory that will be @whole pages long. */
static int grow_fresh(int caller, uint32_t page, uint32_t npages, uint32_t whole)
{
    place_drop_room(page);
    const uint32_t free = extent_free_at(page);
    if (free < npages) {
        return -ENOMEM;
    }
    uint32_t ahead = grow_ahead(whole, free - npages);
    const int error = grow_assign(caller, page, npages, &ahead);
    if (error != 0) {
        return error;
    }
    use_set(page, npages, caller, USE_MEMORY);
    const uint32_t end = page + npages;
    if (ahead > 0 && !supply_keep(caller, end, ahead, true)) {
        /* Then they go; or the monitor wants them to stay, and they are the caller's until it ends. */
        use_set(end, ahead, caller, USE_KEPT);
        (void)supply_release(caller, end, ahead);
        return 0;
    }
    place_take_room(caller, end + ahead, whole);
    return 0;
}

/* Pages that were kept, and are not needed after all. */
static void grow_keep_again(int caller, const struct kept_run *run)
{
    struct kept *of_caller = supply_kept(caller);
    if (of_caller != NULL && kept_fits(of_caller, run)) {
        kept_add(of_caller, run);
    } else {
        (void)supply_release(caller, run->page, run->npages);
    }
}

static int grow_renew(int caller, const struct kept_run *run)
{
    const int error =
        run->npages > 0
            ? cubicle_page_assign(caller, supply_address(run->page), run->npages)
            : 0;
    if (error == 0) {
        use_set(run->page, run->npages, caller, USE_MEMORY);
    }
    return error;
}

/* What is kept behind first, then what is free behind that. */
static int grow_by(int caller, uint32_t page, uint32_t npages, uint32_t whole)
{
    struct kept *of_caller = supply_kept(caller);
    struct kept_run again = {.page = page};
    if (of_caller != NULL) {
        again = kept_take_at(of_caller, page, npages);
    }
    const uint32_t rest = npages - again.npages;
    int error = rest > 0 ? grow_fresh(caller, page + again.npages, rest, whole) : 0;
    if (error == 0) {
        error = grow_renew(caller, &again);
        if (error != 0 && rest > 0) {
            (void)alloc_unmap(supply_address(page + again.npages),
                              (size_t)rest * PAGE_SIZE, caller);
        }
    }
    if (error != 0 && again.npages > 0) {
        grow_keep_again(caller, &again);
    }
    return error == 0 ? 0 : -ENOMEM;
}

int alloc_grow(void *base, size_t old_size, size_t new_size, int caller)
{
    struct supply_range old;
    uint32_t whole;
    if (!supply_range(base, old_size, &old)) {
        return -EINVAL;
    }
    const uint32_t end = old.page + old.npages;
    if (!use_is(old.page, caller, USE_MEMORY) || use_run(old.page, end) != old.npages) {
        return -EINVAL;
    }
    if (!supply_size(new_size, &whole)) {
        return new_size == 0 ? -EINVAL : -ENOMEM;
    }
    if (whole <= old.npages) {
        return -EINVAL;
    }
    return whole <= supply_npages() - old.page
               ? grow_by(caller, end, whole - old.npages, whole)
               : -ENOMEM;
}
