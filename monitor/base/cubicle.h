/*
 * The cubicles of the running system and their modules: plain records, which the loader fills
 * and the whole monitor reads.
 */
#ifndef MONITOR_CUBICLE_H
#define MONITOR_CUBICLE_H

#include "layout.h"
#include "monitor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module;

enum cubicle_state {
    CUBICLE_ABSENT,
    CUBICLE_STARTING, /* its modules are being set up; only the monitor enters it (entry.h) */
    CUBICLE_LIVE,
    CUBICLE_EXITED, /* ended by cubicle_exit(), its outermost call has not returned yet */
    CUBICLE_DEAD,   /* stopped by a fault, or has ended; calls into it fail */
};

struct cubicle {
    const char *name;
    unsigned id; /* 1..CUBICLE_MAX */
    enum cubicle_state state;
    enum monitor_on_fault on_fault;
    bool may_restart; /* it has been set up, and begins anew when it is stopped */
    int exit_status;
    bool is_app;          /* holds the application: what --acl=app opens */
    uint32_t stack_start; /* offset of the lowest byte, above the guard */
    uint32_t stack_size;
    uint64_t view;        /* address = view + offset */
    uint64_t stack_top;   /* address behind the stack's last byte */
    uint64_t stack_limit; /* address: copies of arguments lie above it */
    uint32_t
        descriptors; /* that its program may have open at first: told, not enforced */
    uint64_t limit_ticks; /* of computing in one call; 0: no limit (watchdog.h) */
    uint64_t quota_pages; /* UINT64_MAX: no limit */
    uint64_t npages;      /* owned now, of any kind but guards */
    uint64_t peak_pages;
    uint64_t traps;     /* faults that ended well: a page was mapped */
    uint64_t retags;    /* times that its pages got another key (mpk) */
    uint64_t mapped;    /* pages of others mapped into the view so far */
    uint32_t reclaimed; /* page: below it its heap has been taken (memory_reclaim) */
    uint64_t restarts;  /* times that it began anew */
    uint64_t epoch; /* the cubicle sets it, every other may read it: cubicle_epoch() */
    struct module **modules; /* in start order */
    size_t nmodules;
} __attribute__((
    aligned(64))); /* up to the stack's limit: what calls read is one cache line */

/* Of a stack, one part in so many holds no copies: whatever a caller hands over, it is left to the callee's
 * frames. */
#define CUBICLE_FRAMES_PART 4

/** The cubicle with this id, or NULL. Id 0, the monitor, has none. */
struct cubicle *cubicle_get(unsigned id);

/** The cubicle with this name, or NULL. */
struct cubicle *cubicle_by_name(const char *name);

/** Number of cubicles; their ids are 1 to this. */
size_t cubicle_count(void);

/**
 * Creates the next cubicle. @name must live as long as the system.
 * Returns NULL when there are CUBICLE_MAX of them.
 */
struct cubicle *cubicle_create(const char *name);

/** True while code of @cubicle may run. */
static inline bool cubicle_runs(const struct cubicle *cubicle)
{
    return cubicle->state == CUBICLE_STARTING || cubicle->state == CUBICLE_LIVE;
}

/** The name of cubicle @id for messages: "monitor" for 0, "?" where no cubicle has the id. */
const char *cubicle_name(unsigned id);

/** Address of @offset in the view of @cubicle. */
static inline void *cubicle_address(const struct cubicle *cubicle, uint64_t offset)
{
    return (void *)(uintptr_t)(cubicle->view + (offset & 0xffffffffu));
}

/** Notes that the stack of @cubicle, whose size is known, begins at offset @start. */
static inline void cubicle_place_stack(struct cubicle *cubicle, uint32_t start)
{
    const uint64_t bottom = cubicle->view + start;
    cubicle->stack_start = start;
    cubicle->stack_top = bottom + cubicle->stack_size;
    cubicle->stack_limit = bottom + cubicle->stack_size / CUBICLE_FRAMES_PART;
}

/** True when @npages more would stay within @cubicle's quota. */
static inline bool cubicle_quota_allows(const struct cubicle *cubicle, uint64_t npages)
{
    return npages <= cubicle->quota_pages &&
           cubicle->npages <= cubicle->quota_pages - npages;
}

/** Counts @npages more pages as owned by @cubicle. */
static inline void cubicle_book(struct cubicle *cubicle, uint64_t npages)
{
    cubicle->npages += npages;
    if (cubicle->npages > cubicle->peak_pages) {
        cubicle->peak_pages = cubicle->npages;
    }
}

#endif
