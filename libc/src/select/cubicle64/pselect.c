/* select over poll. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/select.h>

#include "syscall.h"

/* Linux answers ready for these, as poll's events map to select's sets. */
#define SELECT_READ (POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR)
#define SELECT_WRITE (POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR)
#define SELECT_EXCEPT POLLPRI

static int select_collect(int n, fd_set *r, fd_set *w, fd_set *e, struct pollfd *fds)
{
    int count = 0;
    for (int fd = 0; fd < n; fd++) {
        const int events = (r && FD_ISSET(fd, r) ? POLLIN : 0) |
                           (w && FD_ISSET(fd, w) ? POLLOUT : 0) |
                           (e && FD_ISSET(fd, e) ? POLLPRI : 0);
        if (events) {
            fds[count++] = (struct pollfd){.fd = fd, .events = events};
        }
    }
    return count;
}

static void select_clear(int n, fd_set *set)
{
    if (set) {
        memset(set, 0, (n + 63) / 64 * sizeof(long));
    }
}

int pselect(int n, fd_set *restrict r, fd_set *restrict w, fd_set *restrict e,
            const struct timespec *restrict timeout, const sigset_t *restrict mask)
{
    struct pollfd fds[FD_SETSIZE];
    if (n < 0) {
        return __syscall_ret(-EINVAL);
    }
    n = n < FD_SETSIZE ? n : FD_SETSIZE;
    const int count = select_collect(n, r, w, e, fds);
    const int result = __call_ppoll(fds, count, timeout, mask);
    if (result < 0) {
        return __syscall_ret(result);
    }
    for (int i = 0; i < count; i++) {
        if (fds[i].revents & POLLNVAL) {
            return __syscall_ret(-EBADF);
        }
    }
    int ready = 0;
    select_clear(n, r);
    select_clear(n, w);
    select_clear(n, e);
    for (int i = 0; i < count; i++) {
        const struct pollfd *p = &fds[i];
        if (p->events & POLLIN && p->revents & SELECT_READ) {
            FD_SET(p->fd, r);
            ready++;
        }
        if (p->events & POLLOUT && p->revents & SELECT_WRITE) {
            FD_SET(p->fd, w);
            ready++;
        }
        if (p->events & POLLPRI && p->revents & SELECT_EXCEPT) {
            FD_SET(p->fd, e);
            ready++;
        }
    }
    return ready;
}
