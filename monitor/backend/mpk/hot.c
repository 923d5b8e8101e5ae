/*
 * Hot windows. A page that goes to and fro between its owner and one other cubicle gets, with
 * others of the same kind, a key of its own: the owner's PKRU has it always, the other's
 * only while windows allow all pages of the group. Opening and closing then change a
 * number in memory, and the page stays where it is.
 *
 * Invariants
 *   H1  A page of a group is owned by the group's owner, carries its key and counts in it.
 *   H2  While a group is open, windows give its peer the group's rights to every page of it,
 *       and window_map.c knows that they are mapped, so that closing comes here.
 *   H3  A group without pages has no key.
 */
#include "base/cubicle.h"
#include "base/page.h"
#include "memory/window.h"
#include "mpk.h"

#define NGROUPS 8
#define HOT_AFTER 4 /* times that a page went to a peer */

struct group {
    unsigned owner, peer, rights;
    unsigned key; /* index of the pool, see keys_borrow() */
    uint32_t first, last, count;
    bool used, open;
};

static struct group groups[NGROUPS];
static uint8_t heat[PAGE_COUNT];

static struct group *hot_group(uint32_t page)
{
    const unsigned holder = keys_holder(page);
    return holder >= KEYS_HOT ? &groups[holder - KEYS_HOT] : NULL;
}

uint32_t hot_rights(unsigned id, uint32_t rights)
{
    for (unsigned i = 0; i < NGROUPS; i++) {
        const struct group *g = &groups[i];
        if (!g->used || (g->owner != id && !(g->open && g->peer == id))) {
            continue;
        }
        const int key = keys_pool(g->key);
        rights &= ~MPK_RIGHTS(key, MPK_NO_ACCESS | MPK_NO_WRITE);
        if (g->owner != id && (g->rights & PAGE_WRITE) == 0) {
            rights |= MPK_RIGHTS(key, MPK_NO_WRITE);
        }
    }
    return rights;
}

/* What pages of @g have as their holder. */
static unsigned hot_holder(const struct group *g)
{
    return KEYS_HOT + (unsigned)(g - groups);
}

static void hot_set_open(struct group *g, bool open)
{
    g->open = open;
    keys_refresh(g->peer);
}

void hot_left(unsigned holder)
{
    struct group *g = &groups[holder - KEYS_HOT];
    if (--g->count == 0) {
        g->used = false;
        g->open = false;
        keys_return(g->key);
        keys_refresh(g->owner);
        keys_refresh(g->peer);
    }
}

/* H2: may the peer have all of it, as things are? Says so to window_map.c. */
static bool hot_try_open(struct group *g)
{
    const unsigned holder = hot_holder(g);
    for (uint32_t page = g->first; page <= g->last; page++) {
        if (keys_holder(page) == holder &&
            (window_rights(g->peer, page) & g->rights) != g->rights) {
            return false;
        }
    }
    for (uint32_t page = g->first; page <= g->last; page++) {
        if (keys_holder(page) == holder) {
            window_note_mapped(g->peer, page, g->rights);
        }
    }
    hot_set_open(g, true);
    return true;
}

/* Gives the pages of @g back to their owner, and so its key. */
static bool hot_give_up(struct group *g)
{
    const unsigned holder = hot_holder(g);
    for (uint32_t page = g->first; g->used && page <= g->last; page++) {
        if (keys_holder(page) == holder && keys_tag_own(page, 1) != 0) {
            return false;
        }
    }
    return !g->used;
}

static bool hot_give_up_any(bool closed_only)
{
    for (unsigned i = 0; i < NGROUPS; i++) {
        if (groups[i].used && !(closed_only && groups[i].open)) {
            return hot_give_up(&groups[i]);
        }
    }
    return false;
}

bool hot_dissolve(void)
{
    return hot_give_up_any(true) || hot_give_up_any(false);
}

/* The group of @owner, @peer and @rights, which a page can join. Where there is none: a new one, with a
 * key that is free, or else with the key of a group that is closed, which ends. NULL: no key. */
static struct group *hot_find(unsigned owner, unsigned peer, unsigned rights)
{
    for (unsigned i = 0; i < NGROUPS; i++) {
        struct group *g = &groups[i];
        if (g->used && g->owner == owner && g->peer == peer && g->rights == rights &&
            (g->open || hot_try_open(g))) {
            return g;
        }
    }
    unsigned key;
    if (!keys_borrow(&key) && (!hot_give_up_any(true) || !keys_borrow(&key))) {
        return NULL;
    }
    for (unsigned i = 0; i < NGROUPS; i++) {
        if (!groups[i].used) {
            groups[i] = (struct group){.owner = owner,
                                       .peer = peer,
                                       .rights = rights,
                                       .key = key,
                                       .used = true};
            return &groups[i];
        }
    }
    keys_return(key);
    return NULL;
}

static bool hot_join(struct group *g, uint32_t page)
{
    const bool fresh = g->count == 0;
    if (keys_tag_group(hot_holder(g), g->key, page) != 0) {
        if (fresh) {
            g->used = false;
            keys_return(g->key);
        }
        return false;
    }
    g->first = fresh || page < g->first ? page : g->first;
    g->last = fresh || page > g->last ? page : g->last;
    g->count++;
    keys_refresh(g->owner);
    hot_set_open(g, true);
    return true;
}

bool hot_share(unsigned owner, unsigned peer, uint32_t page, unsigned rights)
{
    struct group *g = hot_group(page);
    if (g != NULL) {
        return g->peer == peer && g->rights == rights && (g->open || hot_try_open(g));
    }
    if (heat[page] < HOT_AFTER) {
        heat[page]++;
        return false;
    }
    /* The page table says what the owner may do with a page of a group, and a key only takes from
     * that: the peer cannot have what the owner has not. */
    g = (page_get(page).rights & rights) == rights ? hot_find(owner, peer, rights)
                                                   : NULL;
    return g != NULL && hot_join(g, page);
}

bool hot_is(unsigned peer, uint32_t page)
{
    const struct group *g = hot_group(page);
    return g != NULL && g->peer == peer;
}

uint32_t hot_next(unsigned peer, uint32_t page, uint32_t npages)
{
    bool any = false;
    for (unsigned i = 0; i < NGROUPS; i++) {
        any = any || (groups[i].used && groups[i].peer == peer);
    }
    uint32_t n = any ? 0 : npages;
    while (n < npages && !hot_is(peer, page + n)) {
        n++;
    }
    return n;
}

uint32_t hot_close(unsigned peer, uint32_t page, uint32_t npages)
{
    struct group *g = hot_group(page);
    uint32_t n = 0;
    if (g == NULL || g->peer != peer) {
        return 0;
    }
    /* All of the group at once, or what does not leave it is still lent. */
    uint32_t in_range = 0;
    for (uint32_t p = page; p < page + npages; p++) {
        in_range += hot_group(p) == g;
    }
    while (n < npages && hot_group(page + n) == g) {
        n++;
    }
    if (in_range == g->count) {
        hot_set_open(g, false);
    }
    return g->open ? 0 : n;
}
