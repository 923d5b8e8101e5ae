/* epoll and timerfd. */
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "call_signals.h"
#include "call_sockets.h"
#include "call_watch.h"
#include "syscall.h"

#define EVENTS_MAX 4096 /* of one call: further events wait for the next */

long __call_epoll_ctl(int epoll, int operation, int fd, const void *event)
{
    struct epoll_event e = {0};
    if (operation != EPOLL_CTL_DEL) {
        memcpy(&e, event, sizeof e);
    }
    return __call_watch_ctl(epoll, operation, fd, e.events, e.data.u64);
}

/* Gives the events in an answer of @r bytes the program's data, and returns their number. To be
 * called before any handler of a signal runs, for a handler may close the descriptors of these
 * events. */
static long epoll_told(int epoll, struct epoll_event *events, long r,
                       unsigned long count)
{
    r = r % (long)sizeof *events == 0 ? __call_upto(r / sizeof *events, count) : -EIO;
    const long error = r > 0 ? __call_watch_told(epoll, events, r) : 0;
    return error ? error : r;
}

static long epoll_wait_unmasked(int epoll, struct epoll_event *events, int room, int ms)
{
    const long ns = ms < 0 ? -1 : ms * 1000000l;
    const unsigned long count = room < EVENTS_MAX ? room : EVENTS_MAX;
    if (room <= 0) {
        return -EINVAL;
    }
    __call_sockets_tell();
    long r = vfs_epoll_wait(epoll, events, count * sizeof *events, ns, CALL_SELF);
    if (r > 0) {
        r = epoll_told(epoll, events, r, count);
    }
    __call_waited(&r);
    return r;
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
