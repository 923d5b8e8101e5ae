/* The host's clocks, as one number. */
#ifndef MONITOR_CLOCK_H
#define MONITOR_CLOCK_H

#include <errno.h>
#include <stdint.h>
#include <time.h>

/** Nanoseconds of @clock, one of clock_gettime(2); -EINVAL: the host does not have it. In signal
 *  handlers too. */
static inline int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    return clock_gettime(clock, &now) == 0
               ? (int64_t)now.tv_sec * 1000000000 + now.tv_nsec
               : -EINVAL;
}

#endif
