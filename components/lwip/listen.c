/* Listening, and connections that wait for accept(2). */
#include "stack.h"

#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include <sys/epoll.h>

#define BACKLOG_MAX 4096 /* somaxconn of Linux */

int stack_listen_full(void *listener)
{
    const struct sock *sock = listener;

    return sock == NULL || sock->nwaiting > sock->backlog;
}

void listen_offer(struct sock *sock)
{
    struct sock *listener = sock->listener;

    if (listener == NULL || sock->offered) {
        return;
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

static err_t listen_on_connection(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct sock *listener = arg, *sock;

    if (listener == NULL || pcb == NULL || error != ERR_OK ||
        listener->nwaiting > listener->backlog ||
        sock_new(OBJECT_STREAM, listener->domain, listener->object.creator,
                 listener->object.owner, &sock) != 0) {
        return ERR_MEM; /* lwIP resets it */
    }
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
    }
    return ERR_OK;
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
    err_t error;
    struct tcp_pcb *pcb = tcp_listen_with_backlog_and_err(sock->tcp, 0, &error);
    if (pcb == NULL) {
        return error_of(error);
    }
    sock->tcp = pcb;
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
    while (listener->children != NULL) {
        struct sock *sock = listener->children;
        listen_release(sock);
        tcp_end(sock, true);
        sock_free(sock);
    }
    listener->waiting = NULL;
}
