/* Sleeps are never interrupted, so there is never a rest to report. */
#include <limits.h>
#include <time.h>

#include "syscall.h"

#define NS_PER_S 1000000000

long __call_clock_nanosleep(int clock, int flags, const void *request, void *rest)
{
    const struct timespec *t = request;
    if (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= NS_PER_S ||
        flags & ~TIMER_ABSTIME) {
        return -EINVAL;
    }
    const long now = clock_now_ns(clock);
    if (now < 0) {
        return __call_lie(now);
    }
    long ns = t->tv_sec > LONG_MAX / NS_PER_S - 1 ? LONG_MAX
                                                  : t->tv_sec * NS_PER_S + t->tv_nsec;
    if (flags & TIMER_ABSTIME) {
        ns -= now;
    }
    return ns > 0 ? __call_zero(clock_sleep_ns(ns)) : 0;
}
