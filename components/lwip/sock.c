/* What a socket of either kind is: its life, what is ready of it, and how it waits. */
#include "stack.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

int sock_new(enum object_kind kind, int domain, int creator, int owner,
             struct sock **result)
{
    struct sock *sock = arena_alloc(&stack.private, sizeof(*sock));

    if (sock == NULL) {
        return -ENOBUFS;
    }
    memset(sock, 0, sizeof(*sock));
    sock->domain = (uint8_t)domain;
    sock->state = SOCK_FRESH;
    option_defaults(&sock->options, kind);
    const int handle = object_add(&sock->object, kind, creator, owner);
    if (handle < 0) {
        arena_free(&stack.private, sock);
        return handle;
    }
    *result = sock;
    return 0;
}

void sock_free(struct sock *sock)
{
    set_sock_gone(sock);
    loop_forget(sock);
    stream_drop(sock);
    object_remove(&sock->object);
    arena_free(&stack.private, sock);
}

int sock_take_error(struct sock *sock)
{
    const int error = -sock->error;

    sock->error = 0;
    return error;
}

void sock_changed(struct sock *sock, uint32_t events)
{
    if ((events & EPOLLIN) != 0) {
        events |= EPOLLRDNORM;
    }
    if ((events & EPOLLOUT) != 0) {
        events |= EPOLLWRNORM;
    }
    set_sock_changed(sock, events);
    if (sock->object.owner == stack.waiting_owner) {
        stack.woken = true;
    }
}

static uint32_t stream_events(struct sock *sock)
{
    uint32_t events = 0;
    const bool read_end = sock->eof || sock->shut_read;
    const bool write_end = sock->shut_write || sock->state == SOCK_CLOSED;

    if (sock->received_bytes > 0 || read_end) {
        events |= EPOLLIN;
    }
    if (read_end) {
        events |= EPOLLRDHUP;
    }
    if (read_end && write_end) {
        events |= EPOLLHUP;
    }
    if (write_end || tcp_writable(sock)) {
        events |= EPOLLOUT;
    } else {
        sock->no_space = true;
    }
    return events;
}

uint32_t sock_events(struct sock *sock)
{
    uint32_t events = sock->error != 0 ? EPOLLERR : 0;

    if (sock->object.kind == OBJECT_DATAGRAM) {
        events |= EPOLLOUT | (sock->datagrams != NULL ? EPOLLIN : 0);
        events |= sock->shut_read ? EPOLLIN | EPOLLRDHUP : 0;
        events |= sock->shut_read && sock->shut_write ? EPOLLHUP : 0;
    } else if (sock->state == SOCK_LISTENING) {
        events |= sock->waiting != NULL ? EPOLLIN : 0;
    } else if (sock->state == SOCK_FRESH) {
        events |= EPOLLOUT | EPOLLHUP;
    } else if (sock->state != SOCK_CONNECTING) {
        events |= stream_events(sock);
    }
    events |= (events & EPOLLIN) != 0 ? EPOLLRDNORM : 0;
    events |= (events & EPOLLOUT) != 0 ? EPOLLWRNORM : 0;
    return events;
}

/* ---- waiting ---- */

int64_t sock_receive_timeout(const struct sock *sock, int flags)
{
    return sock->nonblock || (flags & MSG_DONTWAIT) != 0 ? 0
           : sock->options.receive_timeout_ns != 0 ? sock->options.receive_timeout_ns
                                                   : -1;
}

int64_t sock_send_timeout(const struct sock *sock, int flags)
{
    return sock->nonblock || (flags & MSG_DONTWAIT) != 0 ? 0
           : sock->options.send_timeout_ns != 0          ? sock->options.send_timeout_ns
                                                         : -1;
}

/* Waits for @done; with @timeout_ns 0 only what arrives within the stack is waited for. */
int sock_await(struct sock *sock, bool (*done)(void *), int64_t timeout_ns)
{
    if (timeout_ns == 0) {
        loop_settle();
        if (!done(sock)) {
            loop_glance();
        }
        return done(sock) ? 0 : -EAGAIN;
    }
    return loop_until(done, sock, timeout_ns);
}

/* ---- the end ---- */

static bool sock_all_sent(void *arg)
{
    const struct sock *sock = arg;

    return sock->tcp == NULL || tcp_sndqueuelen(sock->tcp) == 0;
}

/* SO_LINGER: waits until what was sent has arrived. */
static void sock_linger(struct sock *sock)
{
    if (sock->state == SOCK_CONNECTED && sock->tcp != NULL &&
        sock->options.linger_s > 0 && sock->received_bytes == 0) {
        (void)tcp_shut(sock, false, true);
        (void)loop_until(sock_all_sent, sock,
                         sock->options.linger_s * INT64_C(1000000000));
    }
}

void sock_close(struct sock *sock)
{
    if (sock->object.kind == OBJECT_DATAGRAM) {
        datagram_end(sock);
    } else {
        const bool linger = sock->options.linger && sock->state == SOCK_CONNECTED;
        if (sock->state == SOCK_LISTENING) {
            listen_end(sock);
        } else if (linger) {
            sock_linger(sock);
        }
        tcp_end(sock, linger && (sock->options.linger_s == 0 || !sock_all_sent(sock)));
    }
    sock_free(sock);
}

bool sock_same_program(const struct sock *a, const struct sock *b)
{
    /* Whoever makes a socket can make it in anybody's name. */
    return a->object.owner == b->object.owner && a->object.creator == b->object.creator;
}
