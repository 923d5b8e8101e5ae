/*
 * Windows: an owner's permission for other cubicles to use ranges of its memory for a
 * while. This file keeps the permissions; the backend makes pages reachable when a
 * permitted cubicle first touches them, and unreachable when the permission ends.
 *
 * Invariants
 *   W1  A cubicle reaches a page of another only while a chain of open windows leads
 *       from the page's owner to it, each covering the page with those rights.
 *   W2  When a call that shortens or closes a window returns, W1 holds again for every
 *       view (unless revocation is lazy). Where the host fails, the system stops.
 *   W3  Window ids mean nothing outside the cubicle that made them, and stale ones fail.
 *   W4  Code, stacks, guards and free pages are never lent; a freed page leaves every window.
 *   W5  A touch maps at most the block of WINDOW_AROUND pages that it is in (or _NEXT), of
 *       these only pages of the touched page's owner to which W1 gives the same rights, and
 *       each is counted (P5) and revoked (W2) as if it had been touched itself.
 */
#ifndef MONITOR_WINDOW_H
#define MONITOR_WINDOW_H

#include "base/cubicle.h"
#include "base/page.h"

#include <stdbool.h>
#include <stdint.h>

#define WINDOWS_PER_CUBICLE 64
#ifndef RANGES_PER_WINDOW /* a test makes them few */
#define RANGES_PER_WINDOW 16
#endif
/* What a touch maps at most, in pages, powers of two: at first, and where the page before is
 * mapped already. */
#define WINDOW_AROUND 16u
#define WINDOW_AROUND_NEXT 64u

/** True: who touches a page like this of another's needs no window for it. */
typedef bool window_waiver(struct page_info info);

/** What shrinks or closes is taken back later. */
struct window_lazy {
    /** Windows no longer give these pages: has window_settle() called for them, some time. */
    void (*put_off)(uint32_t page, uint32_t npages);
    /** Has it called for all that was put off, now. */
    void (*flush)(void);
};

/** Once, before any cubicle runs. @waiver NULL: windows are needed for all memory (--acl);
 *  @lazy NULL: what windows no longer give is taken back at once (--revoke). -ENOMEM. */
int window_setup(window_waiver *waiver, const struct window_lazy *lazy)
    __attribute__((warn_unused_result));

/* For window_setup(), to measure what windows cost. A build can leave these out: window_acl.c,
 * window_lazy.c. */
bool window_waiver_app(struct page_info info);
bool window_waiver_all(struct page_info info);
extern const struct window_lazy window_lazy;

/* The interface `cubicle` documents these; @owner is the running cubicle. */
int window_create(unsigned owner);
int window_add(unsigned owner, int id, uint32_t base, uint64_t len, unsigned rights);
int window_remove(unsigned owner, int id, uint32_t base);
int window_open(unsigned owner, int id, unsigned peer);
int window_close(unsigned owner, int id, unsigned peer);
int window_close_all(unsigned owner, int id);
int window_destroy(unsigned owner, int id);

/** Rights (PAGE_* bits) that @peer has on @page of another cubicle by W1. */
unsigned window_rights(unsigned peer, uint32_t page);

/** The one cubicle that owns every page of [@base, @base + @len), another than @peer, where W1
 *  gives @peer all of @rights on each; -EPERM otherwise. The range is not empty and lies in
 *  the offset space. */
int window_lender(unsigned peer, uint32_t base, uint64_t len, unsigned rights);

/** Says that the backend has mapped a page of another's for @peer, as windows allow. */
void window_note_mapped(unsigned peer, uint32_t page, unsigned rights);

/** Pages [@first, @end). */
struct window_span {
    uint32_t first, end;
};

/**
 * What W1 gives one cubicle on some pages of others: @rights on those of @pages that have the
 * owner, kind and rights of @info. All zero: nothing is known. Good for as long as no page and
 * no window changes: within one call of the monitor.
 */
struct window_known {
    struct window_span pages;
    struct page_info info;
    unsigned rights;
};

/** window_may() of a range that is not empty, with what an earlier call for the same @id has
 *  found out. */
bool window_may_known(unsigned id, uint64_t base, uint64_t size, unsigned right,
                      struct window_known *known);

/** The same, where nothing is known yet. */
bool window_may_all(unsigned id, uint64_t base, uint64_t size, unsigned right);

/** Has cubicle @id @right to every byte of [@base, @base + @size), in the offset space, by
 *  owning it or through windows? An empty range: yes. */
static inline bool window_may(unsigned id, uint64_t base, uint64_t size, unsigned right)
{
    if (size == 0) {
        return true;
    }
    const struct page_info info = page_get(page_of(base));
    return info.owner == id && page_of(base) == page_of(base + size - 1)
               ? (info.rights & right) != 0
               : window_may_all(id, base, size, right);
}

/** Makes @page reachable for @peer if W1 gives it @access; false otherwise. Where that
 *  takes a page from nobody, with its neighbours (W5). */
bool window_map(unsigned peer, uint32_t page, unsigned access);

/** Brings the views in line with W1 for these pages, after rights on them have shrunk. */
void window_settle(uint32_t page, uint32_t npages);

/** The pages are about to be freed: takes them out of every window and foreign view. */
void window_forget_pages(uint32_t page, uint32_t npages);

/** Closes all windows of @cubicle and takes back all that was lent to it. */
void window_forget_cubicle(unsigned cubicle);

#endif
