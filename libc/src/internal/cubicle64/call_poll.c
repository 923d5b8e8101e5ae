/*
 * poll and ppoll. The signal mask does not matter: nothing interrupts a call. Only `revents` comes back to
 * the caller, and is counted here: it is used to find descriptors in tables.
 */
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "syscall.h"

#define ALWAYS (POLLERR | POLLHUP | POLLNVAL)

long __call_poll(struct pollfd *fds, unsigned long count, int ms)
{
    struct pollfd asked[CALL_FD_MAX];
    if (count > CALL_FD_MAX) {
        return -EINVAL;
    }
    memcpy(asked, fds, count * sizeof *fds);
    const long r = vfs_poll(asked, count * sizeof *fds, ms, CALL_SELF);
    if (r < 0) {
        return __call_lie(r);
    }
    long ready = 0;
    for (unsigned long i = 0; i < count; i++) {
        fds[i].revents = asked[i].revents & (fds[i].events | ALWAYS);
        ready += fds[i].revents != 0;
    }
    return ready;
}

long __call_ppoll(struct pollfd *fds, unsigned long count,
                  const struct timespec *timeout)
{
    int ms = -1;
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
    return __call_poll(fds, count, ms);
}
