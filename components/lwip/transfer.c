/* send(2) and recv(2), of both kinds of sockets: what is refused, what waits, and for what. */
#include "stack.h"

#include <cubicle/out.h>
#include <errno.h>
#include <string.h>

#define SEND_FLAGS \
    (MSG_DONTWAIT | MSG_MORE | MSG_NOSIGNAL | MSG_CONFIRM | MSG_DONTROUTE)
#define RECEIVE_FLAGS                                                   \
    (MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC | MSG_WAITALL | MSG_NOSIGNAL | \
     MSG_CMSG_CLOEXEC | SOCKET_REST)

#define MEMORY_PAUSE_NS INT64_C(10000000) /* until memory is asked for again */

/* ---- sending ---- */

static bool sock_sendable(void *arg)
{
    const struct sock *sock = arg;

    return sock->error != 0 || sock->shut_write ||
           (sock->state != SOCK_CONNECTING &&
            (sock->tcp == NULL || tcp_writable(sock)));
}

static int stream_send_state(struct sock *sock)
{
    if (sock->error != 0) {
        return sock_take_error(sock);
    }
    return sock->shut_write ||
                   (sock->state != SOCK_CONNECTED && sock->state != SOCK_CONNECTING)
               ? -EPIPE
               : 0;
}

static bool sock_never(void *arg)
{
    (void)arg;
    return false;
}

/* Waits until more can be sent, for *@left_ns (0: not at all, -1: for ever). 0, -EAGAIN, -EINTR. */
static int stream_await(struct sock *sock, int64_t *left_ns)
{
    if (!sock_sendable(sock)) {
        return sock_await(sock, sock_sendable, *left_ns);
    }
    /* The queue has room, and there is no memory: whoever gives it back does not know who waits. */
    const int64_t pause_ns =
        *left_ns >= 0 && *left_ns < MEMORY_PAUSE_NS ? *left_ns : MEMORY_PAUSE_NS;
    const int error = loop_until(sock_never, NULL, pause_ns);
    if (*left_ns >= 0) {
        *left_ns -= pause_ns;
    }
    return error == -EAGAIN && *left_ns != 0 ? 0 : error;
}

static ssize_t stream_send(struct sock *sock, const void *buf, size_t count, int flags)
{
    int64_t left_ns = sock_send_timeout(sock, flags);
    size_t done = 0;
    int error;

    for (;;) {
        error = stream_send_state(sock);
        if (error == 0 && sock->state == SOCK_CONNECTED) {
            size_t n;
            error = stream_put(sock, (const uint8_t *)buf + done, count - done,
                               (flags & MSG_MORE) != 0, &n);
            done += n;
            tcp_hold_back(sock, (flags & MSG_MORE) != 0);
            if (n > 0 || count == 0 || error == -EAGAIN) {
                loop_dirty(sock); /* without bytes: what was held back may leave */
            }
        } else if (error == 0) {
            error = -EAGAIN;
        }
        if (error != -EAGAIN) {
            break;
        }
        sock->no_space = true;
        error = stream_await(sock, &left_ns);
        if (error != 0) {
            break;
        }
    }
    return done > 0 ? (ssize_t)done : error;
}

ssize_t sock_send(struct sock *sock, const void *buf, size_t count, int flags,
                  const void *address, size_t address_len)
{
    struct datagram_from to;

    if ((flags & ~SEND_FLAGS) != 0) {
        return -EOPNOTSUPP;
    }
    if (count > SSIZE_MAX) {
        return -EINVAL;
    }
    if (sock->object.kind == OBJECT_STREAM) {
        return stream_send(sock, buf, count, flags);
    }
    if (sock->error != 0) {
        return sock_take_error(sock);
    }
    if (sock->shut_write) {
        return -EPIPE;
    }
    if (address == NULL) {
        return datagram_send(sock, buf, count, NULL);
    }
    const int error = name_read(sock, address, address_len, &to.ip, &to.port);
    return error != 0 ? error : datagram_send(sock, buf, count, &to);
}

/* ---- receiving ---- */

static bool sock_receivable(void *arg)
{
    const struct sock *sock = arg;

    return sock->received_bytes > 0 || sock->datagrams != NULL || sock->error != 0 ||
           sock->eof || sock->shut_read || sock->state == SOCK_CLOSED;
}

/* 1: there are bytes; 0: the end; or an error. */
static int stream_receive_state(struct sock *sock)
{
    if (sock->state == SOCK_FRESH || sock->state == SOCK_LISTENING) {
        return sock->error != 0 ? sock_take_error(sock) : -ENOTCONN;
    }
    if (sock->received_bytes > 0) {
        return 1;
    }
    if (sock->error != 0) {
        return sock_take_error(sock);
    }
    if (sock->state == SOCK_CLOSED && !sock->once_connected) {
        return -ENOTCONN;
    }
    return sock->eof || sock->shut_read || sock->state == SOCK_CLOSED ? 0 : -EAGAIN;
}

struct whole {
    struct sock *sock;
    size_t count;
};

static bool sock_has_whole(void *arg)
{
    const struct whole *whole = arg;
    const struct sock *sock = whole->sock;

    /* What cannot come before some is taken is not waited for. */
    return sock->received_bytes >= whole->count ||
           sock->received_bytes >= TCP_WND / 2 || sock->error != 0 || sock->eof ||
           sock->shut_read || sock->state == SOCK_CLOSED;
}

static ssize_t stream_receive(struct sock *sock, void *buf, size_t count, int flags,
                              bool copied)
{
    if ((flags & SOCKET_REST) != 0 && sock->received_bytes == 0) {
        return -EAGAIN;
    }
    const int64_t timeout_ns = sock_receive_timeout(sock, flags);
    int state = stream_receive_state(sock);

    if (state == -EAGAIN && count > 0) {
        state = sock_await(sock, sock_receivable, timeout_ns);
        state = state == 0 ? stream_receive_state(sock) : state;
    }
    if (state <= 0 || count == 0) {
        return state <= 0 ? state : 0;
    }
    if ((flags & MSG_WAITALL) != 0 && timeout_ns != 0 && sock->received_bytes < count) {
        struct whole whole = {sock, count};
        (void)loop_until(sock_has_whole, &whole, timeout_ns);
        if (sock->received_bytes == 0) { /* relief() has ended the connection */
            return stream_receive_state(sock);
        }
    }
    return stream_take(sock, buf, count, flags, copied);
}

static ssize_t datagram_receive(struct sock *sock, void *buf, size_t count, int flags,
                                struct socket_message *message)
{
    struct datagram_from from;
    size_t size;
    int error = 0;

    if (sock->datagrams == NULL && sock->error == 0 && !sock->shut_read) {
        error = sock_await(sock, sock_receivable, sock_receive_timeout(sock, flags));
    }
    if (error != 0) {
        return error;
    }
    if (sock->error != 0) {
        return sock_take_error(sock);
    }
    if (sock->datagrams == NULL) {
        return 0; /* shut down */
    }
    const ssize_t n = datagram_take(sock, buf, count, flags, &from, &size);
    if (message != NULL) {
        name_write(sock, &from.ip, from.port, &message->from);
        message->size = size;
        message->flags = size > count ? MSG_TRUNC : 0;
    }
    return n;
}

ssize_t sock_receive(struct sock *sock, void *buf, size_t count, int flags,
                     struct socket_message *message, int caller)
{
    if (message != NULL) {
        memset(message, 0, sizeof(*message));
    }
    if ((flags & ~RECEIVE_FLAGS) != 0) {
        return (flags & MSG_OOB) != 0 ? -EINVAL : -EOPNOTSUPP;
    }
    if (count > SSIZE_MAX) {
        return -EINVAL;
    }
    if (sock->object.kind == OBJECT_DATAGRAM) {
        return datagram_receive(sock, buf, count, flags, message);
    }
    const ssize_t n =
        stream_receive(sock, buf, count, flags, cubicle_out_is_copy(caller));
    if (message != NULL && n >= 0) {
        message->size = (uint64_t)n;
    }
    return n;
}
