#include "window.h"
#include "backend/backend.h"
#include "base/page.h"
#include "base/panic.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/mman.h>

#define PEER_WORDS (CUBICLE_MAX / 64 + 1)
/* The last generation's ids still fit an int. */
#define GENERATION_MAX (INT_MAX / WINDOWS_PER_CUBICLE - 1)

struct window_range {
    uint32_t base;   /* as given to window_add() */
    uint32_t page;   /* first page */
    uint32_t npages; /* 0: not in use */
    uint32_t rights;
};

struct window {
    bool used;
    uint32_t generation;
    struct window_range ranges[RANGES_PER_WINDOW];
    uint64_t open[PEER_WORDS];
};

static struct window windows[CUBICLE_MAX + 1][WINDOWS_PER_CUBICLE];
static unsigned nwindows[CUBICLE_MAX + 1];

/* foreign[id * PAGE_COUNT + page]: rights with which the page of another cubicle is
 * mapped in the view of @id. nforeign[id]: how many such entries are not zero;
 * foreign_runs[id]: how many runs of equal ones. */
static uint8_t *foreign;
static uint32_t nforeign[CUBICLE_MAX + 1];
static uint32_t foreign_runs[CUBICLE_MAX + 1];

static enum monitor_acl acl_mode;
static enum monitor_revoke revoke_mode;

/* Ranges whose revocation is put off (lazy mode only). */
#define PENDING_MAX 64
static struct {
    uint32_t page, npages;
} pending[PENDING_MAX];
static unsigned npending;

int window_setup(enum monitor_acl acl, enum monitor_revoke revoke)
{
    acl_mode = acl;
    revoke_mode = revoke;
    foreign = mmap(NULL, (size_t)(CUBICLE_MAX + 1) * PAGE_COUNT, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return foreign != MAP_FAILED ? 0 : -ENOMEM;
}

static uint8_t *window_foreign(unsigned id, uint32_t page)
{
    return &foreign[(size_t)id * PAGE_COUNT + page];
}

/* An id is generation * 64 + slot + 1, so that a stale one names a wrong generation (W3). */
static struct window *window_find(unsigned owner, int id)
{
    if (id <= 0 || owner == CUBICLE_MONITOR || owner > CUBICLE_MAX) {
        return NULL;
    }
    const uint32_t slot = (uint32_t)(id - 1) % WINDOWS_PER_CUBICLE;
    const uint32_t generation = (uint32_t)(id - 1) / WINDOWS_PER_CUBICLE;
    struct window *window = &windows[owner][slot];
    return window->used && window->generation == generation ? window : NULL;
}

static bool window_is_open(const struct window *window, unsigned peer)
{
    return window->open[peer / 64] >> (peer % 64) & 1;
}

/* The first from @id on to whom @window is open; CUBICLE_MAX + 1: nobody. */
static unsigned window_next_peer(const struct window *window, unsigned id)
{
    while (id <= CUBICLE_MAX) {
        const uint64_t word = window->open[id / 64] >> (id % 64);
        if (word != 0) {
            return id + (unsigned)__builtin_ctzll(word);
        }
        id += 64 - id % 64;
    }
    return CUBICLE_MAX + 1;
}

/* A stack is not: where its owner's functions return to lies next to what was meant. */
static bool window_lendable(struct page_info info)
{
    return info.kind == PAGE_RODATA || info.kind == PAGE_DATA || info.kind == PAGE_HEAP;
}

/* Rights that @window gives on @page to those it is open to. @around shrinks to the pages
 * around @page that it says the same of. */
static unsigned window_covers(const struct window *window, uint32_t page,
                              struct window_span *around)
{
    unsigned rights = 0;
    for (size_t i = 0; i < RANGES_PER_WINDOW; i++) {
        const struct window_range *range = &window->ranges[i];
        const uint32_t end = range->page + range->npages;
        if (range->npages == 0) {
            continue;
        }
        if (page < range->page) {
            around->end = range->page < around->end ? range->page : around->end;
        } else if (page >= end) {
            around->first = end > around->first ? end : around->first;
        } else {
            rights |= range->rights;
            around->first = range->page > around->first ? range->page : around->first;
            around->end = end < around->end ? end : around->end;
        }
    }
    return rights;
}

/* Follows open windows from the owner outwards until nobody gains a right (W1). @around shrinks
 * as by window_covers(): the windows say the same of the owner's pages there. */
static unsigned window_follow(unsigned peer, uint32_t page, struct window_span *around)
{
    const struct page_info info = page_get(page);
    const bool lendable = window_lendable(info);
    if ((!lendable && info.kind != PAGE_STACK) || peer == CUBICLE_MONITOR) {
        return 0;
    }
    if (acl_mode == MONITOR_ACL_OFF ||
        (acl_mode == MONITOR_ACL_APP && cubicle_get(info.owner)->is_app)) {
        return info.rights;
    }
    if (!lendable) {
        return 0;
    }
    uint8_t rights[CUBICLE_MAX + 1] = {0};
    uint16_t queue[3 * (CUBICLE_MAX + 1)]; /* a cubicle gains rights at most twice */
    size_t head = 0;
    size_t tail = 0;
    rights[info.owner] = info.rights;
    queue[tail++] = info.owner;
    while (head < tail) {
        const unsigned giver = queue[head++];
        for (size_t i = 0, seen = 0; seen < nwindows[giver]; i++) {
            const struct window *window = &windows[giver][i];
            if (!window->used) {
                continue;
            }
            seen++;
            const unsigned given = window_covers(window, page, around) & rights[giver];
            for (unsigned id = window_next_peer(window, 1);
                 given != 0 && id <= CUBICLE_MAX;
                 id = window_next_peer(window, id + 1)) {
                if ((given & ~rights[id]) != 0) {
                    rights[id] |= (uint8_t)given;
                    queue[tail++] = (uint16_t)id;
                }
            }
        }
    }
    return rights[peer];
}

unsigned window_rights(unsigned peer, uint32_t page)
{
    struct window_span around = {0, PAGE_COUNT};
    return window_follow(peer, page, &around);
}

static bool window_same(struct page_info a, struct page_info b)
{
    return a.owner == b.owner && a.kind == b.kind && a.rights == b.rights;
}

/* The rights of @id on @page, from @known where that says them, which else is brought up to date. */
static unsigned window_know(unsigned id, uint32_t page, struct window_known *known)
{
    const struct page_info info = page_get(page);
    if (info.owner == id) {
        return info.rights;
    }
    if (page < known->pages.first || page >= known->pages.end ||
        !window_same(info, known->info)) {
        known->info = info;
        known->pages = (struct window_span){0, PAGE_COUNT};
        known->rights = window_follow(id, page, &known->pages);
    }
    return known->rights;
}

bool window_may_known(unsigned id, uint64_t base, uint64_t size, unsigned right,
                      struct window_known *known)
{
    const uint32_t last = page_of(base + size - 1);
    for (uint32_t page = page_of(base); page <= last; page++) {
        if ((window_know(id, page, known) & right) == 0) {
            return false;
        }
    }
    return true;
}

bool window_may_all(unsigned id, uint64_t base, uint64_t size, unsigned right)
{
    struct window_known known = {0};
    return window_may_known(id, base, size, right, &known);
}

int window_lender(unsigned peer, uint32_t base, uint64_t len, unsigned rights)
{
    struct window_known known = {0};
    const unsigned owner = page_get(page_of(base)).owner;
    const uint32_t last = page_of(base + len - 1);
    if (owner == peer || owner == CUBICLE_MONITOR) {
        return -EPERM;
    }
    for (uint32_t page = page_of(base); page <= last; page++) {
        if (page_get(page).owner != owner ||
            (rights & ~window_know(peer, page, &known)) != 0) {
            return -EPERM;
        }
    }
    return (int)owner;
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

static void window_flush(void)
{
    for (unsigned i = 0; i < npending; i++) {
        window_settle(pending[i].page, pending[i].npages);
    }
    npending = 0;
}

/* The ranges of @window have shrunk or closed: W2. */
static void window_revoke(const struct window_range *range)
{
    if (range->npages == 0) {
        return;
    }
    if (revoke_mode == MONITOR_REVOKE_STRICT) {
        window_settle(range->page, range->npages);
        return;
    }
    if (npending == PENDING_MAX) {
        window_flush();
    }
    pending[npending].page = range->page;
    pending[npending++].npages = range->npages;
}

static void window_revoke_all(const struct window *window)
{
    for (size_t i = 0; i < RANGES_PER_WINDOW; i++) {
        window_revoke(&window->ranges[i]);
    }
}

int window_init(unsigned owner)
{
    for (unsigned slot = 0; slot < WINDOWS_PER_CUBICLE; slot++) {
        struct window *window = &windows[owner][slot];
        if (window->used) {
            continue;
        }
        const uint32_t generation =
            window->generation == GENERATION_MAX ? 0 : window->generation + 1;
        *window = (struct window){.used = true, .generation = generation};
        nwindows[owner]++;
        return (int)(generation * WINDOWS_PER_CUBICLE + slot + 1);
    }
    return -ENOSPC;
}

int window_add(unsigned owner, int id, uint32_t base, uint64_t len, unsigned rights)
{
    struct window *window = window_find(owner, id);
    if (window == NULL || len == 0 || len > SPACE_SIZE || base + len > SPACE_SIZE ||
        (rights != PAGE_READ && rights != (PAGE_READ | PAGE_WRITE))) {
        return -EINVAL;
    }
    const uint32_t first = page_of(base);
    const uint32_t last = page_of(base + len - 1);
    for (uint32_t page = first; page <= last; page++) {
        const struct page_info info = page_get(page);
        const unsigned has = info.owner == owner && window_lendable(info)
                                 ? info.rights
                                 : window_rights(owner, page);
        if ((rights & ~has) != 0) {
            return -EPERM;
        }
    }
    for (size_t i = 0; i < RANGES_PER_WINDOW; i++) {
        if (window->ranges[i].npages == 0) {
            window->ranges[i] = (struct window_range){.base = base,
                                                      .page = first,
                                                      .npages = last - first + 1,
                                                      .rights = rights};
            return 0;
        }
    }
    return -ENOSPC;
}

int window_remove(unsigned owner, int id, uint32_t base)
{
    struct window *window = window_find(owner, id);
    int error = -ENOENT;
    if (window == NULL) {
        return -EINVAL;
    }
    for (size_t i = 0; i < RANGES_PER_WINDOW; i++) {
        if (window->ranges[i].npages != 0 && window->ranges[i].base == base) {
            const struct window_range range = window->ranges[i];
            window->ranges[i] = (struct window_range){0};
            window_revoke(&range);
            error = 0; /* one that was cut in two has both parts under one base */
        }
    }
    return error;
}

void window_note_mapped(unsigned peer, uint32_t page, unsigned rights)
{
    page_set_flag(page, PAGE_FOREIGN);
    window_set_foreign(peer, page, rights);
}

/* Pages that go to and fro need not wait for the first touch. */
static void window_map_hot(const struct window_range *range, unsigned peer)
{
    const uint32_t end = range->page + range->npages;
    for (uint32_t p = range->page; p < end; p++) {
        p += backend->next_hot(peer, p, end - p);
        if (p < end && *window_foreign(peer, p) == 0) {
            (void)window_map(peer, p, window_rights(peer, p));
        }
    }
}

int window_open(unsigned owner, int id, unsigned peer)
{
    struct window *window = window_find(owner, id);
    if (window == NULL) {
        return -EINVAL;
    }
    const struct cubicle *cubicle = cubicle_get(peer);
    if (cubicle == NULL || !cubicle_runs(cubicle)) {
        return -ESRCH;
    }
    window->open[peer / 64] |= UINT64_C(1) << (peer % 64);
    for (size_t i = 0; i < RANGES_PER_WINDOW; i++) {
        window_map_hot(&window->ranges[i], peer);
    }
    return 0;
}

int window_close(unsigned owner, int id, unsigned peer)
{
    struct window *window = window_find(owner, id);
    if (window == NULL) {
        return -EINVAL;
    }
    if (cubicle_get(peer) == NULL) {
        return -ESRCH;
    }
    window->open[peer / 64] &= ~(UINT64_C(1) << (peer % 64));
    window_revoke_all(window);
    return 0;
}

int window_close_all(unsigned owner, int id)
{
    struct window *window = window_find(owner, id);
    if (window == NULL) {
        return -EINVAL;
    }
    for (size_t i = 0; i < PEER_WORDS; i++) {
        window->open[i] = 0;
    }
    window_revoke_all(window);
    return 0;
}

int window_destroy(unsigned owner, int id)
{
    struct window *window = window_find(owner, id);
    const int error = window_close_all(owner, id);
    if (window != NULL) {
        window->used = false;
        nwindows[owner]--;
    }
    return error;
}

/* Takes [@page, @page + @npages) out of @range; what is left behind the gap goes to
 * @spare, or is given up where that is NULL. */
static void window_cut(struct window_range *range, uint32_t page, uint32_t npages,
                       struct window_range *spare)
{
    const uint32_t end = range->page + range->npages;
    const uint32_t gap_end = page + npages;
    if (range->npages == 0 || page >= end || gap_end <= range->page) {
        return;
    }
    struct window_range rest = *range;
    rest.page = gap_end;
    rest.npages = gap_end < end ? end - gap_end : 0;
    range->npages = page > range->page ? page - range->page : 0;
    if (range->npages == 0) {
        *range = rest;
    } else if (rest.npages != 0 && spare != NULL) {
        *spare = rest;
    } else if (rest.npages != 0) {
        window_settle(rest.page, rest.npages); /* given up: W2 */
    }
}

static struct window_range *window_spare_range(struct window *window)
{
    for (size_t i = 0; i < RANGES_PER_WINDOW; i++) {
        if (window->ranges[i].npages == 0) {
            return &window->ranges[i];
        }
    }
    return NULL;
}

/* A permission is for the memory that was there, not for what comes to the same place. */
static void window_cut_all(uint32_t page, uint32_t npages)
{
    for (unsigned owner = 1; owner <= cubicle_count(); owner++) {
        for (size_t i = 0, seen = 0; seen < nwindows[owner]; i++) {
            struct window *window = &windows[owner][i];
            if (!window->used) {
                continue;
            }
            seen++;
            for (size_t k = 0; k < RANGES_PER_WINDOW; k++) {
                window_cut(&window->ranges[k], page, npages,
                           window_spare_range(window));
            }
        }
    }
}

void window_forget_pages(uint32_t page, uint32_t npages)
{
    window_flush();
    window_cut_all(page, npages);
    window_settle_all(page, npages, true);
}

void window_forget_cubicle(unsigned cubicle)
{
    for (unsigned slot = 0; slot < WINDOWS_PER_CUBICLE; slot++) {
        const struct window *window = &windows[cubicle][slot];
        if (window->used) {
            (void)window_destroy(
                cubicle, (int)(window->generation * WINDOWS_PER_CUBICLE + slot + 1));
        }
    }
    for (unsigned owner = 1; owner <= cubicle_count(); owner++) {
        for (unsigned slot = 0; slot < WINDOWS_PER_CUBICLE; slot++) {
            struct window *window = &windows[owner][slot];
            if (window->used && window_is_open(window, cubicle)) {
                window->open[cubicle / 64] &= ~(UINT64_C(1) << (cubicle % 64));
                window_revoke_all(window);
            }
        }
    }
    window_flush();
}
