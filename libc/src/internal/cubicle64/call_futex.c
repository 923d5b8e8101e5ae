/*
 * Futexes of a single thread. A thread that slept without a timeout would sleep for ever, since no
 * other thread is there to wake it: that is reported as the deadlock that it is.
 */
#include "futex.h"
#include "syscall.h"

long __call_futex(volatile int *address, int op, int value)
{
    switch (op & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME)) {
    case FUTEX_WAIT:
        if (*address != value) {
            return -EAGAIN;
        }
        cubicle_abort("deadlock: waits for a lock that no other thread holds");
    case FUTEX_WAKE:
    case FUTEX_REQUEUE:
        return 0;
    default:
        return -ENOSYS;
    }
}
