/*
 * Listening, and connections that wait for accept(2).
 *
 * Listeners with SO_REUSEPORT and the same address share one pcb, and are a ring. The pcb's callback_arg is whose turn it
 * is: each connection goes to the next that has room.
 */
#include "stack.h"

#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include <sys/epoll.h>

#define BACKLOG_MAX 4096 /* somaxconn of Linux */

/* Of a ring with @sock the first that has room; NULL: none has. */
static struct sock *listen_with_room(struct sock *sock)
{
    struct sock *at = sock;

    do {
        if (at->nwaiting <= at->backlog) {
            return at;
        }
        at = at->partner;
    } while (at != sock);
    return NULL;
}

int stack_listen_full(void *listener)
{
    return listener == NULL || listen_with_room(listener) == NULL;
}

void listen_offer(struct sock *sock)
{
    struct sock *listener = sock->listener;

    if (listener == NULL || sock->offered) {
        return;
    }
    if (sock->tcp != NULL) {
        tcp_poll(sock->tcp, NULL, 0);
    }
    sock->offered = true;
    sock->waiting_next = NULL;
    if (listener->waiting != NULL) {
        listener->waiting_last->waiting_next = sock;
    } else {
        listener->waiting = sock;
    }
    listener->waiting_last = sock;
    listener->noffered++;
    sock_changed(listener, EPOLLIN);
}

/* The time of TCP_DEFER_ACCEPT is over. */
static err_t listen_on_patience(void *arg, struct tcp_pcb *pcb)
{
    (void)pcb;
    listen_offer(arg);
    return ERR_OK;
}

/* Offers @sock when it has said something, when it has ended, or when it has been silent for as long as the program said: it
 * takes a place in the backlog meanwhile, which nobody else could free. */
static void listen_defer(struct sock *sock)
{
    const uint32_t most_s = UINT8_MAX / TICKS_PER_S; /* that tcp_poll() counts */
    const uint32_t wanted_s = (uint32_t)sock->options.defer_accept_s;
    const uint32_t s = wanted_s < most_s ? wanted_s : most_s;

    tcp_poll(sock->tcp, listen_on_patience, (u8_t)(s * TICKS_PER_S));
}

static err_t listen_on_connection(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct sock *listener, *sock;

    /* @arg was the listener when the SYN came, and may be gone; the pcb of its ring knows who is there. */
    (void)arg;
    if (pcb == NULL || error != ERR_OK || pcb->listener == NULL) {
        return ERR_MEM; /* lwIP resets it */
    }
    listener = pcb->listener->callback_arg;
    listener = listener != NULL ? listen_with_room(listener) : NULL;
    if (listener == NULL ||
        sock_new(OBJECT_STREAM, listener->domain, listener->object.creator,
                 listener->object.owner, &sock) != 0) {
        return ERR_MEM;
    }
    pcb->listener->callback_arg = listener->partner;
    sock->options = listener->options;
    sock->state = SOCK_CONNECTED;
    sock->once_connected = true;
    ip_addr_copy(sock->local_ip, pcb->local_ip);
    sock->local_port = pcb->local_port;
    ip_addr_copy(sock->peer_ip, pcb->remote_ip);
    sock->peer_port = pcb->remote_port;
    sock->local = ip_addr_isloopback(&pcb->remote_ip) ||
                  ip_addr_cmp(&pcb->remote_ip, &pcb->local_ip);
    tcp_adopt(sock, pcb);
    tcp_apply_options(sock);
    stream_limit_first(sock);
    sock->listener = listener;
    sock->before = NULL;
    sock->behind = listener->children;
    if (sock->behind != NULL) {
        sock->behind->before = sock;
    }
    listener->children = sock;
    listener->nwaiting++;
    if (listener->options.defer_accept_s == 0) {
        listen_offer(sock);
    } else {
        listen_defer(sock);
    }
    return ERR_OK;
}

struct sock *listen_partner(const struct sock *sock, const ip_addr_t *ip, uint16_t port)
{
    for (const struct tcp_pcb_listen *pcb = tcp_listen_pcbs.listen_pcbs; pcb != NULL;
         pcb = pcb->next) {
        struct sock *other = pcb->callback_arg;
        if (other != NULL && pcb->local_port == port &&
            pcb->local_ip.type == ip->type && ip_addr_cmp(&pcb->local_ip, ip) &&
            other->options.reuse_port && sock->options.reuse_port &&
            sock_same_program(other, sock)) {
            return other;
        }
    }
    return NULL;
}

/* Takes a place in the ring of @other, whose pcb takes that of its own. */
static void listen_join(struct sock *sock, struct sock *other)
{
    tcp_end(sock, false);
    sock->tcp = other->tcp;
    sock->partner = other->partner;
    other->partner = sock;
    sock->state = SOCK_LISTENING;
}

/* Leaves the ring, and the pcb to the others in it. */
static void listen_leave(struct sock *sock)
{
    struct sock *before = sock->partner;

    if (before == sock) {
        return;
    }
    while (before->partner != sock) {
        before = before->partner;
    }
    before->partner = sock->partner;
    tcp_arg(sock->tcp, before);
    sock->tcp = NULL;
}

int listen_start(struct sock *sock, int backlog)
{
    sock->backlog =
        backlog < 0 || backlog > BACKLOG_MAX ? BACKLOG_MAX : (uint32_t)backlog;
    if (sock->state == SOCK_LISTENING) {
        return 0;
    }
    if (sock->state != SOCK_FRESH) {
        return -EINVAL;
    }
    if (!sock->bound) {
        const ip_addr_t *any = sock->domain != AF_INET6 ? IP4_ADDR_ANY
                               : sock->options.v6only   ? IP6_ADDR_ANY
                                                        : IP_ANY_TYPE;
        const int error = tcp_bind_name(sock, any, 0);
        if (error != 0) {
            return error;
        }
    }
    struct sock *other = listen_partner(sock, &sock->tcp->local_ip, sock->local_port);
    if (other != NULL) {
        listen_join(sock, other);
        return 0;
    }
    /* Two may have bound a port before either listens; of overlapping addresses lwIP would serve both, the exact one first. */
    if (tcp_listened_to(&sock->tcp->local_ip, sock->local_port)) {
        return -EADDRINUSE;
    }
    err_t error;
    struct tcp_pcb *pcb = tcp_listen_with_backlog_and_err(sock->tcp, 0, &error);
    if (pcb == NULL) {
        return error_of(error);
    }
    sock->tcp = pcb;
    sock->partner = sock;
    sock->state = SOCK_LISTENING;
    tcp_accept(pcb, listen_on_connection);
    return 0;
}

static void listen_release(struct sock *sock)
{
    struct sock *listener = sock->listener;

    if (sock->before != NULL) {
        sock->before->behind = sock->behind;
    } else {
        listener->children = sock->behind;
    }
    if (sock->behind != NULL) {
        sock->behind->before = sock->before;
    }
    listener->nwaiting--;
    sock->listener = NULL;
}

struct sock *listen_next(struct sock *listener)
{
    struct sock *sock = listener->waiting;

    if (sock != NULL) {
        listener->waiting = sock->waiting_next;
        listener->noffered--;
        listen_release(sock);
    }
    return sock;
}

void listen_end(struct sock *listener)
{
    listen_leave(listener);
    while (listener->children != NULL) {
        struct sock *sock = listener->children;
        listen_release(sock);
        tcp_end(sock, true);
        sock_free(sock);
    }
    listener->waiting = NULL;
}
