/*
 * What windows give (W1): rights are looked up by following open windows from a page's owner.
 * Nothing here changes anything.
 */
#include "window_table.h"

#include <errno.h>

struct window windows[CUBICLE_MAX + 1][WINDOWS_PER_CUBICLE];
unsigned windows_used[CUBICLE_MAX + 1];

static window_waiver *waives;

void window_rights_setup(window_waiver *waiver)
{
    waives = waiver;
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
bool window_lendable(struct page_info info)
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
    if (waives != NULL && waives(info)) {
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
        for (size_t i = 0, seen = 0; seen < windows_used[giver]; i++) {
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

/* The rights of @id on @page, from @known where that says them, which else is brought up to
 * date. */
static unsigned window_know(unsigned id, uint32_t page, struct window_known *known)
{
    const struct page_info info = page_get(page);
    if (info.owner == id) {
        return info.rights;
    }
    if (page < known->pages.first || page >= known->pages.end ||
        !page_same(info, known->info)) {
        known->info = info;
        known->pages = (struct window_span){0, PAGE_COUNT};
        known->rights = window_follow(id, page, &known->pages);
    }
    return known->rights;
}

bool window_may_known(unsigned id, uint64_t base, uint64_t size, unsigned right,
                      struct window_known *known)
{
    const uint32_t end = page_of(base + size - 1) + 1;
    for (uint32_t page = page_of(base), next; page < end; page = next) {
        if ((window_know(id, page, known) & right) == 0) {
            return false;
        }
        next = page_run_end(page, end);
        if (page_get(page).owner != id && next > known->pages.end) {
            next = known->pages.end; /* the windows say something else from there on */
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
