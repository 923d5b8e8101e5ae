/*
 * poll and ppoll. Of the answer only `revents` goes to the caller, and the ready descriptors are
 * counted here. A component could otherwise change `fd`, which programs use as an index of tables.
 */
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "call_signals.h"
#include "call_sockets.h"
#include "syscall.h"

#define ALWAYS (POLLERR | POLLHUP | POLLNVAL)

long __call_poll(struct pollfd *fds, unsigned long count, int ms)
{
    if (count > CALL_FD_MAX) {
        return -EINVAL;
    }
    struct pollfd asked[count + 1];
    memcpy(asked, fds, count * sizeof *fds);
    __call_sockets_tell();
    long r = vfs_poll(asked, count * sizeof *fds, ms, CALL_SELF);
    __call_waited(&r);
    if (r < 0) {
        return r;
    }
    long ready = 0;
    for (unsigned long i = 0; i < count; i++) {
        fds[i].revents = asked[i].revents & (fds[i].events | ALWAYS);
        ready += fds[i].revents != 0;
    }
    return ready;
}

long __call_ppoll(struct pollfd *fds, unsigned long count,
                  const struct timespec *timeout, const void *mask)
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
    if (!mask || !__call_signals) {
        return __call_poll(fds, count, ms);
    }
    unsigned long set;
    memcpy(&set, mask, sizeof set);
    int ran, ignored;
    const unsigned long before = __call_signals->swap(set, &ran);
    long r = __call_poll(fds, count, ran ? 0 : ms);
    __call_signals->swap(before, &ignored);
    if (r == 0 && ran) {
        __call_interrupted = 1;
        r = -EINTR;
    }
    return r;
}
