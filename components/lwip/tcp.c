/*
 * The life of a TCP connection. lwIP calls back from within loop.c, or from a function that an entry point has called;
 * a callback never frees a pcb.
 *
 * Invariants:
 *   1. sock->tcp points to a pcb that lwIP still knows, whose callback_arg is the socket. Where lwIP frees a pcb without
 *      a word (TIME_WAIT), the socket has let go of it before: when both sides have sent their last byte.
 *   2. Without a pcb the state is FRESH or CLOSED.
 */
#include "stack.h"

#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include <sys/epoll.h>
#include <sys/socket.h>

int error_of(err_t error)
{
    switch (error) {
    case ERR_OK:
        return 0;
    case ERR_MEM:
        return -ENOBUFS;
    case ERR_BUF:
        return -EADDRNOTAVAIL;
    case ERR_USE:
        return -EADDRINUSE;
    case ERR_RTE:
    case ERR_IF:
        return -ENETUNREACH;
    case ERR_ISCONN:
        return -EISCONN;
    case ERR_CONN:
    case ERR_CLSD:
        return -ENOTCONN;
    default:
        return -EINVAL;
    }
}

/* ---- callbacks ---- */

/* The pcb is gone. */
static void tcp_on_error(void *arg, err_t error)
{
    struct sock *sock = arg;

    if (error == ERR_RST || error == ERR_ABRT) {
        const bool refused = sock->state == SOCK_CONNECTING && error == ERR_RST;
        sock->error = refused            ? ECONNREFUSED
                      : error != ERR_RST ? ETIMEDOUT
                      : sock->eof        ? EPIPE
                                         : ECONNRESET;
    }
    sock->was_reset = sock->error != 0;
    sock->tcp = NULL;
    sock->state = SOCK_CLOSED;
    sock->eof = true;
    listen_offer(sock);
    sock_changed(sock, EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP);
}

static err_t tcp_on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                             err_t error)
{
    struct sock *sock = arg;

    (void)error;
    if (p == NULL) {
        sock->eof = true;
        listen_offer(sock);
        if (sock->shut_write) {
            tcp_detach(sock);
        }
        sock_changed(sock, EPOLLIN | EPOLLRDHUP | EPOLLHUP);
        return ERR_OK;
    }
    if (sock->shut_read) {
        tcp_recved(pcb, p->tot_len);
        pbuf_free(p);
        return ERR_OK;
    }
    stream_received(sock, p);
    if (sock->local) {
        tcp_ack_now(pcb); /* nobody gains by a delay */
    }
    return ERR_OK;
}

static err_t tcp_on_sent(void *arg, struct tcp_pcb *pcb, u16_t size)
{
    struct sock *sock = arg;

    (void)size;
    if (sock->chunk != NULL && sock->chunk->refs == 1 && pcb->snd_queuelen == 0) {
        chunk_put(sock->chunk);
        sock->chunk = NULL;
    }
    if (sock->no_space && tcp_writable(sock)) {
        sock->no_space = false;
        sock_changed(sock, EPOLLOUT);
    }
    return ERR_OK;
}

static err_t tcp_on_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct sock *sock = arg;

    (void)error;
    ip_addr_copy(sock->local_ip, pcb->local_ip);
    sock->state = SOCK_CONNECTED;
    sock->once_connected = true;
    sock->eof = false;
    tcp_apply_options(sock);
    stream_limit_first(sock);
    sock_changed(sock, EPOLLOUT);
    return ERR_OK;
}

void tcp_adopt(struct sock *sock, struct tcp_pcb *pcb)
{
    sock->tcp = pcb;
    tcp_arg(pcb, sock);
    tcp_recv(pcb, tcp_on_received);
    tcp_sent(pcb, tcp_on_sent);
    tcp_err(pcb, tcp_on_error);
}

void tcp_detach(struct sock *sock)
{
    struct tcp_pcb *pcb = sock->tcp;

    if (pcb != NULL) {
        pcb->progress = tcp_ticks; /* the peer has some time from now on */
        tcp_arg(pcb, NULL);
        tcp_recv(pcb, NULL);
        tcp_sent(pcb, NULL);
        tcp_poll(pcb, NULL, 0);
        tcp_err(pcb, NULL);
        sock->tcp = NULL;
        sock->state = SOCK_CLOSED;
    }
}

/* ---- operations ---- */

int tcp_ready_pcb(struct sock *sock, uint8_t type)
{
    if (sock->tcp != NULL) {
        return 0;
    }
    struct tcp_pcb *pcb = tcp_new_ip_type(type);
    if (pcb == NULL) {
        return -ENOBUFS;
    }
    tcp_adopt(sock, pcb);
    tcp_apply_options(sock);
    return 0;
}

/* Before there is a connection nothing is held back: it would be the SYN. */
void tcp_hold_back(struct sock *sock, bool more)
{
    if ((more || sock->options.cork) && sock->state == SOCK_CONNECTED) {
        tcp_set_flags(sock->tcp, TF_CORK);
    } else {
        tcp_clear_flags(sock->tcp, TF_CORK);
    }
}

void tcp_apply_options(struct sock *sock)
{
    struct tcp_pcb *pcb = sock->tcp;
    const struct sock_options *options = &sock->options;

    if (pcb == NULL) {
        return;
    }
    pcb->so_options &= (u8_t) ~(SOF_REUSEADDR | SOF_KEEPALIVE);
    pcb->so_options |=
        options->reuse_address || options->reuse_port ? SOF_REUSEADDR : 0;
    pcb->so_options |= options->keep_alive ? SOF_KEEPALIVE : 0;
    pcb->tos = options->tos >= 0 ? (u8_t)options->tos : 0;
    pcb->ttl = options->ttl > 0 ? (u8_t)options->ttl : TCP_TTL;
    if (sock->state == SOCK_LISTENING) {
        return; /* the rest of the structure is not there */
    }
    if (options->no_delay) {
        tcp_nagle_disable(pcb);
    } else {
        tcp_nagle_enable(pcb);
    }
    tcp_hold_back(sock, false);
    const u32_t idle_s = (u32_t)options->keep_idle_s;
    const u32_t interval_s = (u32_t)options->keep_interval_s;
    pcb->keep_idle = idle_s != 0 ? idle_s * 1000 : TCP_KEEPIDLE_DEFAULT;
    pcb->keep_intvl = interval_s != 0 ? interval_s * 1000 : TCP_KEEPINTVL_DEFAULT;
    pcb->keep_cnt =
        options->keep_count != 0 ? (u32_t)options->keep_count : TCP_KEEPCNT_DEFAULT;
}

bool tcp_listened_to(const ip_addr_t *ip, uint16_t port)
{
    for (const struct tcp_pcb_listen *pcb = tcp_listen_pcbs.listen_pcbs; pcb != NULL;
         pcb = pcb->next) {
        if (pcb->local_port == port && name_overlaps(&pcb->local_ip, ip)) {
            return true;
        }
    }
    return false;
}

int tcp_bind_name(struct sock *sock, const ip_addr_t *ip, uint16_t port)
{
    if (sock->bound || sock->state != SOCK_FRESH) {
        return -EINVAL;
    }
    if (port != 0 && tcp_listened_to(ip, port) &&
        listen_partner(sock, ip, port) == NULL) {
        return -EADDRINUSE;
    }
    const int error = tcp_ready_pcb(sock, ip->type);
    if (error != 0) {
        return error;
    }
    const err_t result = tcp_bind(sock->tcp, ip, port);
    if (result == ERR_OK) {
        sock->bound = true;
        ip_addr_copy(sock->local_ip, *ip);
        sock->local_port = sock->tcp->local_port;
    }
    return result == ERR_BUF ? -EADDRINUSE : error_of(result);
}

int tcp_start_connect(struct sock *sock, const ip_addr_t *ip, uint16_t port)
{
    int error = tcp_ready_pcb(sock, ip->type);

    if (error != 0) {
        return error;
    }
    const err_t result = tcp_connect(sock->tcp, ip, port, tcp_on_connected);
    if (result != ERR_OK) {
        return error_of(result);
    }
    sock->state = SOCK_CONNECTING;
    ip_addr_copy(sock->peer_ip, *ip);
    sock->peer_port = port;
    ip_addr_copy(sock->local_ip, sock->tcp->local_ip);
    sock->local_port = sock->tcp->local_port;
    sock->local = ip_addr_isloopback(ip) || ip_addr_cmp(ip, &sock->local_ip);
    return 0;
}

size_t tcp_queue_limit(const struct sock *sock)
{
    const size_t own = (size_t)sock->options.send_size;
    const size_t most = relief_room(&stack.packets);
    const size_t pieces = relief_room(&stack.private); /* those of small segments */
    const size_t room = most < pieces ? most : pieces;

    return own < room ? own : room;
}

bool tcp_writable(const struct sock *sock)
{
    const struct tcp_pcb *pcb = sock->tcp;
    const tcpwnd_size_t queued = TCP_SND_BUF - pcb->snd_buf;

    return !arena_exhausted(&stack.packets) &&
           queued <= (tcpwnd_size_t)tcp_queue_limit(sock) / 3 * 2 &&
           tcp_sndqueuelen(pcb) < TCP_SND_QUEUELEN / 2;
}

static void tcp_feed(struct object *object)
{
    struct sock *sock = (struct sock *)(void *)object;

    if (object->kind == OBJECT_STREAM && sock->no_space && sock->tcp != NULL &&
        tcp_writable(sock)) {
        sock->no_space = false;
        sock_changed(sock, EPOLLOUT);
    }
}

void tcp_feed_starved(void)
{
    if (stack.send_starved && !arena_exhausted(&stack.packets)) {
        stack.send_starved = false;
        object_each(tcp_feed);
    }
}

int tcp_shut(struct sock *sock, bool read, bool write)
{
    if (sock->state != SOCK_CONNECTED && sock->state != SOCK_CLOSED) {
        return -ENOTCONN;
    }
    if (sock->state == SOCK_CLOSED && !sock->once_connected) {
        return -ENOTCONN;
    }
    sock->shut_read |= read;
    if (write && !sock->shut_write) {
        sock->shut_write = true;
        if (sock->tcp != NULL) {
            loop_forget(sock);
            tcp_clear_flags(sock->tcp, TF_CORK);
            (void)tcp_shutdown(sock->tcp, 0,
                               1); /* without memory lwIP tries again by itself */
        }
        if (sock->eof) {
            tcp_detach(sock);
        }
    }
    sock_changed(sock, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
    return 0;
}

void tcp_end(struct sock *sock, bool reset)
{
    struct tcp_pcb *pcb = sock->tcp;
    const bool listener = sock->state == SOCK_LISTENING;

    if (pcb == NULL) {
        return;
    }
    if (listener) {
        sock->tcp = NULL;
        (void)tcp_close(pcb);
        return;
    }
    /* lwIP resets where its whole window is not free: what it lacks then is what nobody has read. */
    pcb->rcv_wnd += sock->withheld;
    sock->withheld = 0;
    tcp_detach(sock);
    if (reset) {
        tcp_abort(pcb);
    } else {
        tcp_clear_flags(pcb, TF_CORK);
        if (tcp_close(pcb) != ERR_OK) {
            tcp_abort(pcb);
        }
    }
}
