/* Sleeping. A sleep ends early only when a handler of a signal has run. */
#include <limits.h>
#include <time.h>

#include "call_signals.h"
#include "call_sockets.h"
#include "syscall.h"

#define NS_PER_S 1000000000

long __call_sleep(unsigned long ns)
{
    __call_sockets_tell();
    const long r = __call_sockets ? __call_sockets->sleep(ns) : -ENOTCONN;
    return r == 0 || r == -EINTR ? r : clock_sleep_ns(ns);
}

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
    if (ns <= 0) {
        return 0;
    }
    long r = __call_sleep(ns);
    const int ended = r == -EINTR;
    __call_waited(&r);
    if (ended && r == -EINTR && rest && !(flags & TIMER_ABSTIME)) {
        const long after = clock_now_ns(clock);
        const long left = after >= now && after - now < ns ? ns - (after - now) : 0;
        *(struct timespec *)rest = (struct timespec){left / NS_PER_S, left % NS_PER_S};
    }
    return r < 0 ? r : __call_zero(r);
}
