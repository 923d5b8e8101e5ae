/* ppoll: the signal mask does not matter, nothing interrupts a call. */
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "syscall.h"

long __call_ppoll(struct pollfd *fds, unsigned long count,
                  const struct timespec *timeout)
{
    int ms = -1;
    if (count >> 16) {
        return -EINVAL;
    }
    if (timeout) {
        if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 ||
            timeout->tv_nsec >= 1000000000) {
            return -EINVAL;
        }
        ms = timeout->tv_sec > INT_MAX / 1000 - 1
                 ? INT_MAX
                 : (int)timeout->tv_sec * 1000 +
                       (int)((timeout->tv_nsec + 999999) / 1000000);
    }
    return vfs_poll(fds, count * sizeof *fds, ms, CALL_SELF);
}
