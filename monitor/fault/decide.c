#include "decide.h"

enum fault_verdict fault_decide(const struct fault_world *world,
                                const struct fault_event *event)
{
    /* 1. The monitor never touches memory that it has not checked. */
    if (event->running == CUBICLE_MONITOR) {
        return FAULT_PANIC;
    }
    /* 2. Execution is allowed nowhere but where it does not trap. */
    if (event->access == FAULT_EXECUTE) {
        return FAULT_NOT_CODE;
    }
    /* 3. Nothing outside a cubicle's own view concerns it. */
    if (event->view != event->running) {
        return FAULT_OUTSIDE;
    }
    /* 4. The ends of the space, and what lies beyond them, are never mapped. */
    if (event->offset < (int64_t)SPACE_GUARD ||
        event->offset >= (int64_t)(SPACE_SIZE - SPACE_GUARD)) {
        return FAULT_GUARD;
    }
    /* 5. A page that nobody owns was never handed out, or was given back. */
    const uint32_t page = page_of((uint64_t)event->offset);
    const struct page_info info = world->page(page);
    if (info.kind == PAGE_FREE) {
        return FAULT_WILD;
    }
    /* 6. Guards have an owner for this message only. */
    if (info.kind == PAGE_GUARD) {
        return info.owner == event->running ? FAULT_STACK_OVERFLOW : FAULT_WILD;
    }
    /* 7. Code is never data and never lent. */
    if (info.kind == PAGE_CODE || info.kind == PAGE_STUB) {
        return FAULT_CODE;
    }
    /* 8. Own memory: a right was missing, or the page is tagged for a peer that has it lent. */
    if (info.owner == event->running) {
        return (info.rights & event->access) == event->access ? FAULT_RECLAIM
                                                              : FAULT_RIGHTS;
    }
    /* 9. Another's memory: only what open windows give. */
    const unsigned rights = world->window_rights(event->running, page);
    if ((rights & event->access) == event->access) {
        return FAULT_MAP;
    }
    if (rights != 0) {
        return FAULT_READ_ONLY;
    }
    /* 10. Default deny. */
    return FAULT_DENY;
}
