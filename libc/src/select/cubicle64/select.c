#include <errno.h>
#include <limits.h>
#include <sys/select.h>

#include "syscall.h"

int select(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict e,
           struct timeval *restrict timeout)
{
    if (!timeout) {
        return pselect(n, r, w, e, 0, 0);
    }
    if (timeout->tv_sec < 0 || timeout->tv_usec < 0) {
        return __syscall_ret(-EINVAL);
    }
    const long more = timeout->tv_usec / 1000000;
    const struct timespec ts = {
        .tv_sec = timeout->tv_sec > LONG_MAX - more ? LONG_MAX : timeout->tv_sec + more,
        .tv_nsec = timeout->tv_usec % 1000000 * 1000,
    };
    return pselect(n, r, w, e, &ts, 0);
}
