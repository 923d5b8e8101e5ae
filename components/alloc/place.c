/*
 * Invariant: the pages of rooms[0..nrooms) are used as USE_ROOM, and no others; no two rooms overlap.
 */
#include "place.h"
#include "use.h"

#include <string.h>

#define NREGIONS (EXTENT_MAX_PAGES / PLACE_REGION_PAGES)
#define NROOMS 64u /* of all callers; the oldest goes */

struct place_room {
    uint32_t page, npages;
};

static uint32_t next_page[PLACE_NHINTS];  /* where a caller's next pages may go */
static uint16_t region_callers[NREGIONS]; /* for whom a region was opened */
static struct place_room rooms[NROOMS];
static uint32_t nrooms;

static bool place_is_region_of(uint32_t hint, uint32_t page)
{
    return region_callers[page / PLACE_REGION_PAGES] == hint;
}

/* Finds room for less than a region. */
static bool place_find_small(uint32_t hint, uint32_t npages, struct extent_run *run)
{
    /* 1. Where the caller freed last, or behind what it got last, inside its region. */
    const uint32_t next = next_page[hint];
    if (next % PLACE_REGION_PAGES + npages <= PLACE_REGION_PAGES &&
        extent_free_at(next) >= npages && place_is_region_of(hint, next)) {
        *run = (struct extent_run){.extent = next, .page = next};
        return true;
    }
    /* 2. A gap that begins in a region of the caller. */
    if (extent_find_where(npages, place_is_region_of, hint, run)) {
        return true;
    }
    /* 3. A region of its own. */
    if (extent_find(PLACE_REGION_PAGES, PLACE_REGION_PAGES, run)) {
        region_callers[run->page / PLACE_REGION_PAGES] = (uint16_t)hint;
        return true;
    }
    /* 4. Anywhere. */
    return extent_find(npages, 1, run);
}

bool place_find(int caller, uint32_t npages, struct extent_run *run)
{
    const uint32_t hint = place_hint(caller);
    if (npages < PLACE_REGION_PAGES) {
        return place_find_small(hint, npages, run);
    }
    if (!extent_find(npages, PLACE_REGION_PAGES, run)) {
        return false;
    }
    /* The rest of its last region is the caller's to grow into. */
    region_callers[(run->page + npages - 1) / PLACE_REGION_PAGES] = (uint16_t)hint;
    return true;
}

bool place_find_room(uint32_t npages, uint32_t *room, struct extent_run *run)
{
    for (; *room > 0; *room /= 2) {
        if (extent_find(npages + *room, PLACE_REGION_PAGES, run)) {
            return true;
        }
    }
    return extent_find(npages, 1, run);
}

void place_next(int caller, uint32_t page)
{
    next_page[place_hint(caller)] = page;
}

void place_forget(int caller)
{
    const uint32_t hint = place_hint(caller);
    next_page[hint] = 0;
    for (uint32_t region = 0; region < NREGIONS; region++) {
        if (region_callers[region] == hint) {
            region_callers[region] = 0;
        }
    }
}

static void place_free_room(uint32_t i)
{
    const struct place_room room = rooms[i];
    nrooms--;
    memmove(&rooms[i], &rooms[i + 1], (nrooms - i) * sizeof(rooms[0]));
    use_set(room.page, room.npages, 0, USE_FREE);
    extent_give(room.page, room.npages);
}

void place_take_room(int caller, uint32_t page, uint32_t npages)
{
    if (nrooms == NROOMS) {
        place_free_room(0); /* may make more free at @page */
    }
    const uint32_t free = extent_free_at(page);
    if (npages > free) {
        npages = free;
    }
    if (npages == 0) {
        return;
    }
    extent_take(&(struct extent_run){.extent = page, .page = page}, npages);
    use_set(page, npages, caller, USE_ROOM);
    rooms[nrooms++] = (struct place_room){.page = page, .npages = npages};
}

void place_drop_room(uint32_t page)
{
    for (uint32_t i = 0; i < nrooms; i++) {
        if (rooms[i].page == page) {
            place_free_room(i);
            return;
        }
    }
}

bool place_drop_all_room(void)
{
    const bool any = nrooms > 0;
    while (nrooms > 0) {
        place_free_room(nrooms - 1);
    }
    return any;
}
