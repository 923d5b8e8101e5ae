/*
 * What a trapped memory access of a cubicle means: a pure function from the page and the
 * access to a verdict. docs/fault-path.md has its table,
 * tests/unit/monitor/test_fault_decide.c the same table as a test.
 */
#ifndef MONITOR_FAULT_DECIDE_H
#define MONITOR_FAULT_DECIDE_H

#include "base/page.h"

#include <stdbool.h>
#include <stdint.h>

enum fault_verdict {
    FAULT_PANIC,          /* the monitor itself faulted */
    FAULT_OUTSIDE,        /* the address is in no view */
    FAULT_GUARD,          /* the first or last 64 KiB of the space, or beyond */
    FAULT_WILD,           /* no cubicle owns the page */
    FAULT_STACK_OVERFLOW, /* the guard below the running cubicle's stack */
    FAULT_NOT_CODE,       /* execution at an address that the cubicle may not execute */
    FAULT_CODE,           /* code read or written as data */
    FAULT_RIGHTS,         /* own memory, but without this right */
    FAULT_RECLAIM,        /* own memory with this right, but tagged for a peer (mpk) */
    FAULT_MAP,            /* an open window covers the access: map it and go on */
    FAULT_READ_ONLY,      /* an open window covers the page, but not for writing */
    FAULT_DENY,           /* another cubicle's memory, and no window */
};

#define FAULT_EXECUTE 4u /* besides PAGE_READ and PAGE_WRITE */

/** One trapped access. */
struct fault_event {
    unsigned running; /* CUBICLE_MONITOR: the monitor's own code trapped */
    unsigned
        view; /* the cubicle in whose view (or its guards) the address lies, or 0 */
    int64_t offset;  /* address - view base; may lie outside [0, 4 GiB) */
    unsigned access; /* PAGE_READ, PAGE_WRITE or FAULT_EXECUTE */
};

/** What the decision may look at. */
struct fault_world {
    struct page_info (*page)(uint32_t page);
    /** Rights that windows give @peer on another cubicle's page. */
    unsigned (*window_rights)(unsigned peer, uint32_t page);
};

enum fault_verdict fault_decide(const struct fault_world *world,
                                const struct fault_event *event);

#endif
