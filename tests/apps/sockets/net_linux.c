/* The tests' sockets, of the kernel. */
#include "net.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define ANSWER(call)                            \
    do {                                        \
        const long result_ = (long)(call);      \
        return result_ >= 0 ? result_ : -errno; \
    } while (0)

int net_start(const char *stack)
{
    struct rlimit limit;

    (void)stack;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

int net_socket(int domain, int type, int protocol)
{
    ANSWER(socket(domain, type, protocol));
}

int net_close(int fd)
{
    ANSWER(close(fd));
}

int net_nonblock(int fd, bool on)
{
    ANSWER(fcntl(fd, F_SETFL, on ? O_NONBLOCK : 0));
}

int net_bind(int fd, const void *address, size_t len)
{
    ANSWER(bind(fd, address, (socklen_t)len));
}

int net_listen(int fd, int backlog)
{
    ANSWER(listen(fd, backlog));
}

int net_accept(int fd, int flags, struct sockaddr_storage *peer)
{
    socklen_t len = sizeof(*peer);

    ANSWER(accept4(fd, (void *)peer, peer != NULL ? &len : NULL, flags));
}

int net_connect(int fd, const void *address, size_t len)
{
    ANSWER(connect(fd, address, (socklen_t)len));
}

int net_shutdown(int fd, int how)
{
    ANSWER(shutdown(fd, how));
}

ssize_t net_send(int fd, const void *buf, size_t count, int flags)
{
    ANSWER(send(fd, buf, count, flags | MSG_NOSIGNAL));
}

ssize_t net_send_to(int fd, const void *buf, size_t count, int flags,
                    const void *address, size_t len)
{
    ANSWER(sendto(fd, buf, count, flags | MSG_NOSIGNAL, address, (socklen_t)len));
}

ssize_t net_receive(int fd, void *buf, size_t count, int flags)
{
    ANSWER(recv(fd, buf, count, flags));
}

ssize_t net_receive_from(int fd, void *buf, size_t count, int flags,
                         struct sockaddr_storage *from, int *flags_out)
{
    struct iovec piece = {.iov_base = buf, .iov_len = count};
    struct msghdr message = {.msg_name = from,
                             .msg_namelen = sizeof(*from),
                             .msg_iov = &piece,
                             .msg_iovlen = 1};
    const ssize_t n = recvmsg(fd, &message, flags);

    *flags_out = message.msg_flags & MSG_TRUNC;
    return n >= 0 ? n : -errno;
}

int net_name(int fd, bool peer, struct sockaddr_storage *name)
{
    socklen_t len = sizeof(*name);

    ANSWER(peer ? getpeername(fd, (void *)name, &len)
                : getsockname(fd, (void *)name, &len));
}

int net_set_option(int fd, int level, int option, const void *value, size_t len)
{
    ANSWER(setsockopt(fd, level, option, value, (socklen_t)len));
}

ssize_t net_get_option(int fd, int level, int option, void *value, size_t size)
{
    socklen_t len = (socklen_t)size;

    return getsockopt(fd, level, option, value, &len) == 0 ? (ssize_t)len : -errno;
}

int64_t net_readable(int fd)
{
    int count = 0;

    return ioctl(fd, FIONREAD, &count) == 0 ? count : -errno;
}

int net_poll(int fd, int events)
{
    struct pollfd entry = {.fd = fd, .events = (short)events};

    return poll(&entry, 1, 0) < 0 ? -errno : entry.revents;
}

int net_set_create(void)
{
    ANSWER(epoll_create1(0));
}

int net_set_change(int set, int operation, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events, .data.u64 = data};

    ANSWER(epoll_ctl(set, operation, fd, &event));
}

int net_set_wait(int set, struct epoll_event *events, int nevents, int64_t timeout_ns)
{
    ANSWER(epoll_wait(set, events, nevents,
                      timeout_ns < 0 ? -1 : (int)((timeout_ns + 999999) / 1000000)));
}
