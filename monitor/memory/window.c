/*
 * Windows as cubicles change them. Where a window shrinks or closes, window_map.c takes back
 * what it gave (W2); with lazy revocation later (window_lazy.c).
 */
#include "window.h"
#include "window_table.h"

#include <errno.h>
#include <limits.h>

/* The last generation's ids still fit an int. */
#define GENERATION_MAX (INT_MAX / WINDOWS_PER_CUBICLE - 1)

static const struct window_lazy *lazy;

int window_setup(window_waiver *waiver, const struct window_lazy *lazily)
{
    lazy = lazily;
    window_rights_setup(waiver);
    return window_map_setup();
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

/* Nothing is put off any longer. */
static void window_flush(void)
{
    if (lazy != NULL) {
        lazy->flush();
    }
}

/* The ranges of @window have shrunk or closed: W2. */
static void window_revoke(const struct window_range *range)
{
    if (range->npages == 0) {
        return;
    }
    if (lazy != NULL) {
        lazy->put_off(range->page, range->npages);
    } else {
        window_settle(range->page, range->npages);
    }
}

static void window_revoke_all(const struct window *window)
{
    for (size_t i = 0; i < RANGES_PER_WINDOW; i++) {
        window_revoke(&window->ranges[i]);
    }
}

int window_create(unsigned owner)
{
    for (unsigned slot = 0; slot < WINDOWS_PER_CUBICLE; slot++) {
        struct window *window = &windows[owner][slot];
        if (window->used) {
            continue;
        }
        const uint32_t generation =
            window->generation == GENERATION_MAX ? 0 : window->generation + 1;
        *window = (struct window){.used = true, .generation = generation};
        windows_used[owner]++;
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
    for (size_t i = 0; i < WINDOW_PEER_WORDS; i++) {
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
        windows_used[owner]--;
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
        for (size_t i = 0, seen = 0; seen < windows_used[owner]; i++) {
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
    window_unmap(page, npages);
}

static bool window_is_open(const struct window *window, unsigned peer)
{
    return window->open[peer / 64] >> (peer % 64) & 1;
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
