/* epoll and timerfd. */
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "call_signals.h"
#include "syscall.h"

#define EVENTS_MAX 4096 /* of one call: more stay for the next */

long __call_epoll_ctl(int epoll, int operation, int fd, const void *event)
{
    struct epoll_event e = {0};
    if (operation != EPOLL_CTL_DEL) {
        memcpy(&e, event, sizeof e);
    }
    return __call_zero(vfs_epoll_ctl(epoll, operation, fd, e.events, e.data.u64, CALL_SELF));
}

static long epoll_wait_unmasked(int epoll, struct epoll_event *events, int room, int ms)
{
    const long ns = ms < 0 ? -1 : ms * 1000000l;
    const unsigned long count = room < EVENTS_MAX ? room : EVENTS_MAX;
    if (room <= 0) {
        return -EINVAL;
    }
    long r = vfs_epoll_wait(epoll, events, count * sizeof *events, ns, CALL_SELF);
    __call_waited(&r);
    if (r < 0) {
        return r;
    }
    return r % (long)sizeof *events == 0 ? __call_upto(r / sizeof *events, count) : -EIO;
}

long __call_epoll_wait(int epoll, void *events, int room, int ms, const void *mask)
{
    if (!mask || !__call_signals) {
        return epoll_wait_unmasked(epoll, events, room, ms);
    }
    unsigned long set;
    memcpy(&set, mask, sizeof set);
    int ran, ignored;
    const unsigned long before = __call_signals->swap(set, &ran);
    long r = epoll_wait_unmasked(epoll, events, room, ran ? 0 : ms);
    __call_signals->swap(before, &ignored);
    if (r == 0 && ran) {
        __call_interrupted = 1;
        r = -EINTR;
    }
    return r;
}

long __call_timerfd_settime(int fd, int flags, const void *next, void *before)
{
    struct itimerspec was;
    const long r = __call_zero(vfs_timerfd_settime(fd, flags, next, &was, CALL_SELF));
    if (r == 0 && before) {
        memcpy(before, &was, sizeof was);
    }
    return r;
}
