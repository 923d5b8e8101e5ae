#include <time.h>

#include "call_sockets.h"
#include "futex.h"
#include "syscall.h"

#define NS_PER_S 1000000000

/* @timeout is relative, as it is for FUTEX_WAIT. */
long __call_futex_timed(volatile int *address, int op, int value, const void *timeout)
{
    const struct timespec *t = timeout;
    if ((op & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME)) != FUTEX_WAIT || !t ||
        *address != value) {
        return __call_futex(address, op, value);
    }
    if (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= NS_PER_S) {
        return -EINVAL;
    }
    __call_sleep(t->tv_sec * (unsigned long)NS_PER_S + t->tv_nsec);
    return -ETIMEDOUT;
}
