/*
 * Page metadata: the owner of each page of the offset space, and what the page is. One flat table,
 * O(1). The table says what ought to be; the backend makes the hardware agree.
 *
 * Invariants (tests cite the numbers)
 *   P1  A page with kind PAGE_FREE has owner 0, no rights and no flags.
 *   P2  Every other page has exactly one owner, 1..CUBICLE_MAX, or is a stub (owner 0).
 *   P3  The owner of a page changes only through PAGE_FREE, and a freed page is zero
 *       before any cubicle can read it again. A page that its owner gave back, and is given
 *       again, is zero too, unless the owner resumes it: it was nobody else's meanwhile.
 *   P4  The sum of a cubicle's pages is its `npages` and never exceeds its quota.
 *   P5  A cubicle's pages form at most as many runs (neighbours with the same rights and
 *       backing) as its part of the host's mappings allows: each run takes one or two.
 */
#ifndef MONITOR_PAGE_H
#define MONITOR_PAGE_H

#include "layout.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum page_kind {
    PAGE_FREE,
    PAGE_CODE,
    PAGE_RODATA,
    PAGE_DATA,
    PAGE_HEAP,
    PAGE_STACK,
    PAGE_GUARD, /* below a stack: never mapped */
    PAGE_STUB,
};

#define PAGE_READ 1u
#define PAGE_WRITE 2u

#define PAGE_SHARED 1u  /* backed by the shared memory file, not by private memory */
#define PAGE_FOREIGN 2u /* mapped, now or once, in a view that is not its owner's */
#define PAGE_KEPT \
    4u /* its owner has given it back; the allocator may free it any time */

struct page_info {
    uint16_t owner;
    uint8_t kind;
    uint8_t rights : 2; /* of the owner */
    uint8_t flags : 6;
};

/** For page_get() only. */
extern struct page_info page_table[PAGE_COUNT];

/** @page is taken modulo PAGE_COUNT. */
static inline struct page_info page_get(uint32_t page)
{
    return page_table[page & (PAGE_COUNT - 1)];
}

/** Do the two differ in nothing but flags? */
static inline bool page_same(struct page_info a, struct page_info b)
{
    return a.owner == b.owner && a.kind == b.kind && a.rights == b.rights;
}

/** All that page_same() compares, as one number: a range is looked at page by page. */
static inline uint32_t page_bits(uint32_t page)
{
    const struct page_info flags = {.flags = 63};
    uint32_t bits;
    uint32_t left_out;
    memcpy(&bits, &page_table[page & (PAGE_COUNT - 1)], sizeof(bits));
    memcpy(&left_out, &flags, sizeof(left_out));
    return bits & ~left_out;
}

_Static_assert(sizeof(struct page_info) == sizeof(uint32_t),
               "page_bits() has all of it");

/** The first page behind @page that page_same() tells from it, at most @end: a range of many pages is
 *  mostly one run, of which one page tells all. */
static inline uint32_t page_run_end(uint32_t page, uint32_t end)
{
    const uint32_t bits = page_bits(page);
    do {
        page++;
    } while (page < end && page_bits(page) == bits);
    return page;
}

/** Sets all metadata of @npages free pages, as P1-P3 ask. 0; -EBUSY a page is not free, -EINVAL
 *  the range or the owner does not exist. */
int page_claim(uint32_t page, uint32_t npages, unsigned owner, enum page_kind kind,
               unsigned rights) __attribute__((warn_unused_result));

/** Makes @npages pages free. The caller has dropped their mappings and contents. */
void page_free(uint32_t page, uint32_t npages);

void page_set_rights(uint32_t page, uint32_t npages, unsigned rights);
void page_set_flag(uint32_t page, unsigned flag);

/** Sets PAGE_KEPT of @npages pages, or clears it. */
void page_set_kept(uint32_t page, uint32_t npages, bool kept);

/** True when all of [page, page + npages) have PAGE_KEPT. */
bool page_all_kept(uint32_t page, uint32_t npages);

/** Mappings of the host that one run can take: the run and the gap behind it, in the view of the
 *  owner and in that of a peer. Where all cubicles have one view: for pages tagged for a peer. */
#define PAGE_RUN_MAPPINGS 4u

/** Sets how many runs each cubicle may have (P5). Until then there is no limit. */
void page_limit_runs(uint32_t limit);

/** May the pages of @owner come to form @more additional runs (P5)? */
bool page_may_split(unsigned owner, uint32_t more);

/** How many runs each cubicle may have. */
uint32_t page_run_limit(void);

/** How many mappings of the host each cubicle may take: PAGE_RUN_MAPPINGS for each run. */
uint32_t page_mapping_limit(void);

/** True when all of [page, page + npages) have this owner and kind. */
bool page_all(uint32_t page, uint32_t npages, unsigned owner, enum page_kind kind);

const char *page_kind_name(enum page_kind kind);

#endif
