/*
 * The permissions themselves, which window.c changes and window_rights.c reads. Only for
 * window*.c.
 */
#ifndef MONITOR_WINDOW_TABLE_H
#define MONITOR_WINDOW_TABLE_H

#include "window.h"

#define WINDOW_PEER_WORDS (CUBICLE_MAX / 64 + 1)

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
    uint64_t open[WINDOW_PEER_WORDS]; /* a bit for each cubicle that it is open to */
};

/** By owner; windows_used: how many of an owner's are used. */
extern struct window windows[CUBICLE_MAX + 1][WINDOWS_PER_CUBICLE];
extern unsigned windows_used[CUBICLE_MAX + 1];

/* --- window_rights.c ----------------------------------------------------------------- */

/** From now on W1 is asked for all memory but what @waiver is true for. */
void window_rights_setup(window_waiver *waiver);

/** May a page of this kind be lent? */
bool window_lendable(struct page_info info);

/* --- window_map.c -------------------------------------------------------------------- */

/** Nothing of others is mapped for anybody yet. -ENOMEM. */
int window_map_setup(void) __attribute__((warn_unused_result));

/** Pages of @range that go to and fro need not wait for @peer's first touch: maps them. */
void window_map_hot(const struct window_range *range, unsigned peer);

/** Takes the pages from all to whom they were lent, whatever windows say. */
void window_unmap(uint32_t page, uint32_t npages);

#endif
