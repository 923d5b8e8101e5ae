/*
 * What of others' memory is mapped for whom: made so at a touch, and taken back when windows
 * no longer give it (W2). The backend does it, this file remembers it.
 */
#include "backend/backend.h"
#include "base/panic.h"
#include "window_table.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

/* foreign[id * PAGE_COUNT + page]: rights with which the page of another cubicle is
 * mapped in the view of @id. nforeign[id]: how many such entries are not zero;
 * foreign_runs[id]: how many runs of equal ones. */
static uint8_t *foreign;
static uint32_t nforeign[CUBICLE_MAX + 1];
static uint32_t foreign_runs[CUBICLE_MAX + 1];

int window_map_setup(void)
{
    foreign = mmap(NULL, (size_t)(CUBICLE_MAX + 1) * PAGE_COUNT, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return foreign != MAP_FAILED ? 0 : -ENOMEM;
}

static uint8_t *window_foreign(unsigned id, uint32_t page)
{
    return &foreign[(size_t)id * PAGE_COUNT + page];
}

/* Must the host have a mapping of @peer's for pages of others that begins here? */
static bool window_begins_run(unsigned peer, uint32_t page)
{
    const unsigned rights = *window_foreign(peer, page);
    return rights != 0 && (page == 0 || *window_foreign(peer, page - 1) != rights);
}

static uint32_t window_runs_at(unsigned peer, uint32_t page)
{
    return (uint32_t)window_begins_run(peer, page) +
           (uint32_t)(page + 1 < PAGE_COUNT && window_begins_run(peer, page + 1));
}

static void window_set_foreign(unsigned peer, uint32_t page, unsigned rights)
{
    uint8_t *slot = window_foreign(peer, page);
    foreign_runs[peer] -= window_runs_at(peer, page);
    nforeign[peer] += (uint32_t)(rights != 0) - (uint32_t)(*slot != 0);
    *slot = (uint8_t)rights;
    foreign_runs[peer] += window_runs_at(peer, page);
}

/* @npages pages of one owner, all with the same @rights. */
static int window_share(unsigned peer, uint32_t page, uint32_t npages, unsigned rights)
{
    const unsigned owner = page_get(page).owner;
    const uint32_t limit = page_run_limit();
    const uint32_t more =
        *window_foreign(peer, page) == 0 ? 1 : 2; /* cuts a run in two */
    /* P5, for either side. With views of their own the owner's runs stay what they are, or
     * the backend sees to them. */
    if ((!backend->separate_views && !page_may_split(owner, 2)) ||
        foreign_runs[peer] + more > limit) {
        return -ENOMEM;
    }
    const int error = backend->share(owner, peer, page, npages, rights);
    if (error != 0) {
        return error;
    }
    for (uint32_t p = page; p < page + npages; p++) {
        page_set_flag(p, PAGE_FOREIGN);
        window_set_foreign(peer, p, rights);
    }
    cubicle_get(peer)->mapped += npages;
    return 0;
}

static unsigned window_mapped(unsigned peer, uint32_t page)
{
    return (page_get(page).flags & PAGE_FOREIGN) != 0 ? *window_foreign(peer, page) : 0;
}

/* May what a touch of @like maps for @peer, which W1 gives @rights there, go on with @page?
 * It has the same owner, is mapped as far, and W1 gives it the same. */
static bool window_is_like(unsigned peer, uint32_t page, uint32_t like, unsigned rights)
{
    return page_get(page).owner == page_get(like).owner &&
           window_mapped(peer, page) == window_mapped(peer, like) &&
           window_rights(peer, page) == rights;
}

/* How far around @page a touch of @peer's maps, at most: further where the peer comes from
 * the page before, and is likely to go on. */
static uint32_t window_around(unsigned peer, uint32_t page)
{
    if (!backend->separate_views) {
        return 1;
    }
    return page % WINDOW_AROUND == 0 && window_mapped(peer, page - 1) != 0
               ? WINDOW_AROUND_NEXT
               : WINDOW_AROUND;
}

bool window_map(unsigned peer, uint32_t page, unsigned access)
{
    const unsigned rights = window_rights(peer, page);
    if (page_get(page).owner == peer || access == 0 || (access & ~rights) != 0) {
        return false;
    }
    const uint32_t around = window_around(peer, page);
    const uint32_t block = page - page % around; /* W5 */
    uint32_t first = page;
    uint32_t end = page + 1;
    while (first > block && window_is_like(peer, first - 1, page, rights)) {
        first--;
    }
    while (end < block + around && window_is_like(peer, end, page, rights)) {
        end++;
    }
    /* The host may have room for the page, if not for all. */
    return window_share(peer, first, end - first, rights) == 0 ||
           (end - first > 1 && window_share(peer, page, 1, rights) == 0);
}

void window_note_mapped(unsigned peer, uint32_t page, unsigned rights)
{
    page_set_flag(page, PAGE_FOREIGN);
    window_set_foreign(peer, page, rights);
}

/* Pages that go to and fro need not wait for the first touch. */
void window_map_hot(const struct window_range *range, unsigned peer)
{
    const uint32_t end = range->page + range->npages;
    for (uint32_t p = range->page; p < end; p++) {
        p += backend->next_hot(peer, p, end - p);
        if (p < end && *window_foreign(peer, p) == 0) {
            (void)window_map(peer, p, window_rights(peer, p));
        }
    }
}

/* Takes more from @peer than asked: all that is mapped alike at either end of the range. The
 * host needs no further mapping for that; what windows still give is mapped again at a touch. */
static bool window_revoke_whole(unsigned peer, uint32_t page, uint32_t npages)
{
    if (!backend->separate_views) {
        return false;
    }
    uint32_t first = page;
    uint32_t end = page + npages;
    while (first > 0 && window_mapped(peer, first) != 0 &&
           window_mapped(peer, first - 1) == window_mapped(peer, first)) {
        first--;
    }
    while (end < PAGE_COUNT && window_mapped(peer, end - 1) != 0 &&
           window_mapped(peer, end) == window_mapped(peer, end - 1)) {
        end++;
    }
    if (backend->revoke(peer, first, end - first) != 0) {
        return false;
    }
    for (uint32_t p = first; p < end; p++) {
        window_set_foreign(peer, p, 0);
    }
    return true;
}

/* Leaves @peer no more than @rights on pages of one owner. Pages that cannot be taken
 * back would make every answer of this file a lie (W2): better no system than that. */
static void window_reduce(unsigned peer, uint32_t page, uint32_t npages,
                          unsigned rights)
{
    /* P5: others can scatter a view so far and no further. */
    const bool whole = foreign_runs[peer] >= page_run_limit();
    if (rights == 0 || whole ||
        backend->share(page_get(page).owner, peer, page, npages, rights) != 0) {
        if (!(whole && window_revoke_whole(peer, page, npages)) &&
            backend->revoke(peer, page, npages) != 0 &&
            !window_revoke_whole(peer, page, npages)) {
            panic("the host cannot take a lent page back");
        }
        rights = 0;
    }
    for (uint32_t p = page; p < page + npages; p++) {
        window_set_foreign(peer, p, rights);
    }
}

/* What @peer may keep of what is mapped for it on @page. */
static unsigned window_left(unsigned peer, uint32_t page, bool forget)
{
    const unsigned mapped = window_mapped(peer, page);
    return forget || mapped == 0 ? 0 : mapped & window_rights(peer, page);
}

/* Takes from @peer what it no longer may have of the range, in runs of pages of one owner
 * with the same rights left; @forget: all of it. Where @peer has a view of its own, what is
 * not mapped in it does not end a run that is to be unmapped. */
static void window_settle_peer(unsigned peer, uint32_t page, uint32_t npages,
                               bool forget)
{
    const uint32_t end = page + npages;
    while (page < end) {
        const uint32_t first = page++;
        const unsigned rights = window_left(peer, first, forget);
        if (window_mapped(peer, first) == rights) {
            continue;
        }
        const bool bridges = rights == 0 && backend->separate_views;
        uint32_t run_end = page;
        while (page < end && page_get(page).owner == page_get(first).owner &&
               (bridges || window_mapped(peer, page) != rights) &&
               window_left(peer, page, forget) == rights) {
            run_end = window_mapped(peer, page++) != rights ? page : run_end;
        }
        window_reduce(peer, first, run_end - first, rights);
    }
}

static void window_settle_all(uint32_t page, uint32_t npages, bool forget)
{
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        if (nforeign[id] != 0) {
            window_settle_peer(id, page, npages, forget);
        }
    }
}

void window_settle(uint32_t page, uint32_t npages)
{
    window_settle_all(page, npages, false);
}

void window_unmap(uint32_t page, uint32_t npages)
{
    window_settle_all(page, npages, true);
}
