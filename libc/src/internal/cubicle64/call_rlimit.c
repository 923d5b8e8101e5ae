/*
 * Resource limits. A soft limit can be set up to the hard one, and the hard one only lowered:
 * nobody here has CAP_SYS_RESOURCE.
 *
 * 1. AS and DATA bound what this libc maps, for malloc() and mmap() (call_map.c); NOFILE what vfs
 *    gives out.
 * 2. Any limit can be set, and holds, for things that a program cannot have here (core files,
 *    processes, locked memory, ...), and for the stack, all of which is there from the start.
 * 3. CPU and FSIZE would have to be enforced, and are not: a change of them is refused.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "call_known.h"
#include "call_limits.h"
#include "syscall.h"

/* The loader's: an absolute symbol, the bytes of the cubicle's stack. */
extern const char __cubicle_stack_size[];

static struct rlimit limits[RLIM_NLIMITS];

static void rlimit_start(void)
{
    static int started;
    if (started) {
        return;
    }
    started = 1;
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        limits[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
    }
    const unsigned long stack = call_symbol(__cubicle_stack_size);
    limits[RLIMIT_STACK] = (struct rlimit){stack, stack};
    limits[RLIMIT_NOFILE] = (struct rlimit){__call_fd_end, CALL_FD_MAX};
    limits[RLIMIT_CORE] = limits[RLIMIT_MEMLOCK] = (struct rlimit){0, 0};
}

static unsigned long rlimit_least(unsigned long a, unsigned long b)
{
    return a < b ? a : b;
}

/* Makes a soft limit hold. */
static long rlimit_apply(int resource, unsigned long limit)
{
    switch (resource) {
    case RLIMIT_NOFILE: {
        const long r = __call_zero(CALL_VFS(limit, limit));
        if (r == 0) {
            __call_fd_end = limit;
        }
        return r;
    }
    case RLIMIT_AS:
        __call_mapped_max = rlimit_least(limit, limits[RLIMIT_DATA].rlim_cur);
        return 0;
    case RLIMIT_DATA:
        __call_mapped_max = rlimit_least(limit, limits[RLIMIT_AS].rlim_cur);
        return 0;
    default:
        return 0;
    }
}

static long rlimit_set(int resource, const struct rlimit *set)
{
    const int is_fixed = resource == RLIMIT_CPU || resource == RLIMIT_FSIZE;
    if (set->rlim_cur > set->rlim_max) {
        return -EINVAL;
    }
    if (set->rlim_max > limits[resource].rlim_max ||
        (is_fixed && set->rlim_cur != RLIM_INFINITY)) {
        return -EPERM;
    }
    const long r = rlimit_apply(resource, set->rlim_cur);
    if (r == 0) {
        limits[resource] = *set;
    }
    return r;
}

long __call_rlimit(int resource, const void *set, void *get)
{
    if (resource < 0 || resource >= RLIM_NLIMITS) {
        return -EINVAL;
    }
    rlimit_start();
    const struct rlimit before = limits[resource];
    if (set) {
        struct rlimit next;
        memcpy(&next, set, sizeof next);
        const long r = rlimit_set(resource, &next);
        if (r) {
            return r;
        }
    }
    if (get) {
        memcpy(get, &before, sizeof before);
    }
    return 0;
}
