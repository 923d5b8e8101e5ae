/* The tests' sockets, of a stack in a cubicle. */
#include "net.h"

#include <socket_ops.h>

static struct socket_ops ops;

/* Over the device "loopback" that exchanges addresses: who sends to 10.0.2.99 finds itself at 10.0.2.15. */
#define OWN_HOST 0x0a00020f
#define PEER_HOST 0x0a000263

int net_start(const char *stack)
{
    char words[512], *rest = words;

    strncpy(words, stack, sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    const char *name = strsep(&rest, " ");
    const int error = socket_bind(&ops, name);
    if (error != 0 || rest == NULL) {
        return error;
    }
    const char *device = strsep(&rest, " ");
    net_host = PEER_HOST;
    net_own_host = OWN_HOST;
    return ops.socket_start(device, rest != NULL ? rest : "");
}

int net_socket(int domain, int type, int protocol)
{
    return ops.socket_create(domain, type, protocol, 0, 0);
}

int net_close(int fd)
{
    return ops.socket_close(fd, 0);
}

int net_nonblock(int fd, bool on)
{
    return ops.socket_set_flags(fd, on ? SOCK_NONBLOCK : 0, 0);
}

int net_bind(int fd, const void *address, size_t len)
{
    return ops.socket_bind_name(fd, address, len, 0);
}

int net_listen(int fd, int backlog)
{
    return ops.socket_listen(fd, backlog, 0);
}

static void address_copy(struct sockaddr_storage *to, const struct socket_address *from)
{
    if (to != NULL) {
        memset(to, 0, sizeof(*to));
        memcpy(to, from->bytes, from->len);
    }
}

int net_accept(int fd, int flags, struct sockaddr_storage *peer)
{
    struct socket_address address;
    const int result = ops.socket_accept(fd, flags, &address, 0);

    if (result >= 0) {
        address_copy(peer, &address);
    }
    return result;
}

int net_connect(int fd, const void *address, size_t len)
{
    return ops.socket_connect(fd, address, len, 0);
}

int net_shutdown(int fd, int how)
{
    return ops.socket_shutdown(fd, how, 0);
}

ssize_t net_send(int fd, const void *buf, size_t count, int flags)
{
    return ops.socket_send(fd, buf, count, flags, 0);
}

ssize_t net_send_to(int fd, const void *buf, size_t count, int flags,
                    const void *address, size_t len)
{
    return ops.socket_send_to(fd, buf, count, flags, address, len, 0);
}

ssize_t net_receive(int fd, void *buf, size_t count, int flags)
{
    char nowhere[64]; /* with MSG_TRUNC */

    if (buf == NULL) {
        buf = nowhere;
        count = count < sizeof(nowhere) ? count : sizeof(nowhere);
    }
    return ops.socket_receive(fd, buf, count, flags, 0);
}

/* As vfscore makes recvmsg(2) of it: with MSG_TRUNC the datagram's size is the result. */
ssize_t net_receive_from(int fd, void *buf, size_t count, int flags,
                         struct sockaddr_storage *from, int *flags_out)
{
    struct socket_message message;
    const ssize_t n = ops.socket_receive_from(fd, buf, count, flags, &message, 0);

    if (n < 0) {
        return n;
    }
    address_copy(from, &message.from);
    *flags_out = (int)message.flags;
    return (flags & MSG_TRUNC) != 0 ? (ssize_t)message.size : n;
}

int net_name(int fd, bool peer, struct sockaddr_storage *name)
{
    struct socket_address address;
    const int result = ops.socket_get_name(fd, peer, &address, 0);

    if (result == 0) {
        address_copy(name, &address);
    }
    return result;
}

int net_set_option(int fd, int level, int option, const void *value, size_t len)
{
    return ops.socket_set_option(fd, level, option, value, len, 0);
}

ssize_t net_get_option(int fd, int level, int option, void *value, size_t size)
{
    return ops.socket_get_option(fd, level, option, value, size, 0);
}

int64_t net_readable(int fd)
{
    return ops.socket_readable(fd, 0);
}

int net_poll(int fd, int events)
{
    (void)ops.socket_wait(
        0, 0, 0); /* as vfscore does, which does not wait for this one alone */
    const int ready = ops.socket_poll(fd, 0);

    return ready < 0 ? ready : ready & (events | EPOLLERR | EPOLLHUP);
}

int net_set_create(void)
{
    return ops.socket_set_create(0, 0);
}

int net_set_change(int set, int operation, int fd, uint32_t events, uint64_t data)
{
    return ops.socket_set_change(set, operation, fd, events, data, 0);
}

int net_set_wait(int set, struct epoll_event *events, int nevents, int64_t timeout_ns)
{
    struct socket_event of[64];
    const size_t most = nevents < 64 ? (size_t)nevents : 64;
    const ssize_t size =
        ops.socket_set_wait(set, of, most * sizeof(*of), timeout_ns, 0);
    const int n = size < 0 ? (int)size : (int)((size_t)size / sizeof(*of));

    for (int i = 0; i < n; i++) {
        events[i].events = of[i].events;
        events[i].data.u64 = of[i].data;
    }
    return n;
}
