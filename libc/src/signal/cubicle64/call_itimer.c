/* setitimer() and getitimer() of ITIMER_REAL: the monitor's timer sends SIGALRM. */
#include <errno.h>
#include <sys/time.h>

#include "syscall.h"

#define US_PER_S 1000000
#define NS_PER_US 1000ul
#define SECONDS_MAX 4000000000l

static int timer_valid(const struct timeval *t)
{
    return t->tv_sec >= 0 && t->tv_usec >= 0 && t->tv_usec < US_PER_S;
}

static unsigned long timer_ns(const struct timeval *t)
{
    const unsigned long s = t->tv_sec < SECONDS_MAX ? t->tv_sec : SECONDS_MAX;
    return (s * US_PER_S + t->tv_usec) * NS_PER_US;
}

static struct timeval timer_of(unsigned long ns)
{
    const unsigned long us = ns / NS_PER_US;
    return (struct timeval){us / US_PER_S, us % US_PER_S};
}

static long timer_change(int which, unsigned long first, unsigned long interval,
                         struct itimerval *before)
{
    unsigned long left[2] = {0};
    if (which != ITIMER_REAL) {
        return which == ITIMER_VIRTUAL || which == ITIMER_PROF ? -ENOSYS : -EINVAL;
    }
    const long r = cubicle_signal_timer(first, interval, left);
    if (r < 0) {
        return -ENOSYS; /* only the application has one */
    }
    if (before) {
        before->it_value = timer_of(left[0]);
        before->it_interval = timer_of(left[1]);
    }
    return 0;
}

long __call_setitimer(int which, const void *set, void *old)
{
    const struct itimerval none = {0};
    const struct itimerval *next = set ? set : &none;
    if (!timer_valid(&next->it_value) || !timer_valid(&next->it_interval)) {
        return -EINVAL;
    }
    return timer_change(which, timer_ns(&next->it_value), timer_ns(&next->it_interval), old);
}

long __call_getitimer(int which, void *now)
{
    return timer_change(which, -1ul, 0, now);
}
