/* UDP. */
#include "stack.h"

#include <cubicle/in.h>
#include <errno.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/ip6.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define DATAGRAM_MAX 65507u
#define DATAGRAM_OVERHEAD 256u /* what one counts for in SO_RCVBUF besides its bytes */

struct datagram {
    struct datagram *next;
    struct pbuf *p;
    struct datagram_from from;
};

static uint32_t datagram_cost(const struct datagram *datagram)
{
    return datagram->p->tot_len + DATAGRAM_OVERHEAD;
}

static void datagram_on_received(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                                 const ip_addr_t *ip, u16_t port)
{
    struct sock *sock = arg;

    (void)pcb;
    struct datagram *datagram =
        sock->received_bytes + p->tot_len > (uint32_t)sock->options.receive_size ||
                sock->shut_read
            ? NULL
            : arena_alloc(&stack.private, sizeof(*datagram));
    if (datagram == NULL) {
        pbuf_free(p);
        return;
    }
    *datagram = (struct datagram){.p = p, .from = {.port = port}};
    ip_addr_copy(datagram->from.ip, *ip);
    if (sock->datagrams != NULL) {
        sock->datagrams_last->next = datagram;
    } else {
        sock->datagrams = datagram;
    }
    sock->datagrams_last = datagram;
    sock->received_bytes += datagram_cost(datagram);
    sock_changed(sock, EPOLLIN);
}

/* ---- what ICMP says ---- */

/* What ICMP quotes of the packet that it answers: its addresses, and its UDP ports. */
struct quoted {
    ip_addr_t from, to;
    uint16_t from_port, to_port;
};

static bool quoted_read(const struct pbuf *p, bool is6, struct quoted *quoted)
{
    uint8_t bytes[8 + 60 + 8];
    const size_t size = pbuf_copy_partial(p, bytes, sizeof(bytes), 0);
    const uint8_t *ip = bytes + 8, *udp;
    size_t ip_size;

    memset(quoted, 0, sizeof(*quoted));
    if (size < 8 + IP6_HLEN + 8 && (is6 || size < 8 + IP_HLEN + 8)) {
        return false;
    }
    ip_size = is6 ? IP6_HLEN : (size_t)(ip[0] & 15) * 4;
    if ((is6 ? ip[6] : ip[9]) != IP_PROTO_UDP || ip_size < IP_HLEN ||
        size < 8 + ip_size + 8) {
        return false;
    }
    if (is6) {
        memcpy(ip_2_ip6(&quoted->from)->addr, ip + 8, 16);
        memcpy(ip_2_ip6(&quoted->to)->addr, ip + 24, 16);
        IP_SET_TYPE_VAL(quoted->from, IPADDR_TYPE_V6);
        IP_SET_TYPE_VAL(quoted->to, IPADDR_TYPE_V6);
    } else {
        memcpy(&ip_2_ip4(&quoted->from)->addr, ip + 12, 4);
        memcpy(&ip_2_ip4(&quoted->to)->addr, ip + 16, 4);
    }
    udp = ip + ip_size;
    quoted->from_port = (uint16_t)(udp[0] << 8 | udp[1]);
    quoted->to_port = (uint16_t)(udp[2] << 8 | udp[3]);
    return true;
}

void stack_unreachable(const struct pbuf *p, int is6)
{
    struct quoted quoted;

    if (!quoted_read(p, is6 != 0, &quoted)) {
        return;
    }
    for (struct udp_pcb *pcb = udp_pcbs; pcb != NULL; pcb = pcb->next) {
        struct sock *sock = pcb->recv == datagram_on_received ? pcb->recv_arg : NULL;
        if (sock != NULL && sock->state == SOCK_CONNECTED &&
            pcb->local_port == quoted.from_port && pcb->remote_port == quoted.to_port &&
            ip_addr_cmp_zoneless(&pcb->remote_ip, &quoted.to)) {
            sock->error = ECONNREFUSED;
            sock_changed(sock, EPOLLERR);
        }
    }
}

/* ---- operations ---- */

/* Makes sock->udp for both families, or one. */
static int datagram_ready_pcb(struct sock *sock)
{
    if (sock->udp != NULL) {
        return 0;
    }
    const u8_t type = sock->domain == AF_INET ? IPADDR_TYPE_V4
                      : sock->options.v6only  ? IPADDR_TYPE_V6
                                              : IPADDR_TYPE_ANY;
    struct udp_pcb *pcb = udp_new_ip_type(type);
    if (pcb == NULL) {
        return -ENOBUFS;
    }
    sock->udp = pcb;
    udp_recv(pcb, datagram_on_received, sock);
    return 0;
}

static void datagram_apply_options(struct sock *sock)
{
    struct udp_pcb *pcb = sock->udp;
    const struct sock_options *options = &sock->options;

    pcb->so_options &= (u8_t) ~(SOF_REUSEADDR | SOF_BROADCAST);
    pcb->so_options |=
        options->reuse_address || options->reuse_port ? SOF_REUSEADDR : 0;
    pcb->so_options |= options->broadcast ? SOF_BROADCAST : 0;
    pcb->tos = options->tos >= 0 ? (u8_t)options->tos : 0;
    pcb->ttl = options->ttl > 0 ? (u8_t)options->ttl : UDP_TTL;
}

/* Whether the port is somebody else's: with SO_REUSEADDR lwIP asks no further, and an exact address would get all. */
static bool datagram_taken(const struct sock *sock, const ip_addr_t *ip, uint16_t port)
{
    for (const struct udp_pcb *pcb = udp_pcbs; pcb != NULL; pcb = pcb->next) {
        const struct sock *other =
            pcb->recv == datagram_on_received ? pcb->recv_arg : NULL;
        if (other != NULL && pcb->local_port == port &&
            name_overlaps(&pcb->local_ip, ip) && !sock_same_program(other, sock)) {
            return true;
        }
    }
    return false;
}

int datagram_bind(struct sock *sock, const ip_addr_t *ip, uint16_t port)
{
    if (sock->bound) {
        return -EINVAL;
    }
    if (port != 0 && datagram_taken(sock, ip, port)) {
        return -EADDRINUSE;
    }
    const int error = datagram_ready_pcb(sock);
    if (error != 0) {
        return error;
    }
    datagram_apply_options(sock);
    const err_t result = udp_bind(sock->udp, ip, port);
    if (result != ERR_OK) {
        return error_of(result);
    }
    sock->bound = true;
    ip_addr_copy(sock->local_ip, *ip);
    sock->local_port = sock->udp->local_port;
    return 0;
}

/* A socket that sends or connects without a port gets one. */
static int datagram_ready(struct sock *sock)
{
    int error = datagram_ready_pcb(sock);

    if (error == 0 && sock->udp->local_port == 0) {
        const bool ok = udp_bind(sock->udp, &sock->udp->local_ip, 0) == ERR_OK;
        sock->local_port = sock->udp->local_port;
        error = ok ? 0 : -EAGAIN;
    }
    if (error == 0) {
        datagram_apply_options(sock);
    }
    return error;
}

int datagram_connect(struct sock *sock, const ip_addr_t *ip, uint16_t port)
{
    const int error = datagram_ready(sock);

    if (error != 0) {
        return error;
    }
    const err_t result = udp_connect(sock->udp, ip, port);
    if (result != ERR_OK) {
        return error_of(result);
    }
    if (ip_addr_isany(&sock->udp->local_ip)) {
        struct netif *netif = ip_route(&sock->udp->local_ip, ip);
        const ip_addr_t *local =
            netif != NULL ? ip_netif_get_local_ip(netif, ip) : NULL;
        if (local == NULL) {
            udp_disconnect(sock->udp);
            return -ENETUNREACH;
        }
        ip_addr_copy(sock->local_ip, *local);
    }
    sock->state = SOCK_CONNECTED;
    ip_addr_copy(sock->peer_ip, *ip);
    sock->peer_port = port;
    return 0;
}

int datagram_disconnect(struct sock *sock)
{
    if (sock->udp != NULL) {
        udp_disconnect(sock->udp);
    }
    sock->state = SOCK_FRESH;
    return 0;
}

ssize_t datagram_send(struct sock *sock, const void *from, size_t count,
                      const struct datagram_from *to)
{
    if (count > DATAGRAM_MAX) {
        return -EMSGSIZE;
    }
    if (to == NULL && sock->state != SOCK_CONNECTED) {
        return -EDESTADDRREQ;
    }
    const int error = datagram_ready(sock);
    if (error != 0) {
        return error;
    }
    struct pbuf *p = arena_scarce(&stack.packets)
                         ? NULL
                         : pbuf_alloc(PBUF_TRANSPORT, (u16_t)count, PBUF_RAM);
    if (p == NULL) {
        return -ENOBUFS;
    }
    if (cubicle_in_copy(p->payload, from, count) != 0) {
        pbuf_free(p);
        return -EFAULT;
    }
    const err_t result = to != NULL ? udp_sendto(sock->udp, p, &to->ip, to->port)
                                    : udp_send(sock->udp, p);
    pbuf_free(p);
    if (result == ERR_VAL) {
        return -EACCES; /* broadcast, without SO_BROADCAST */
    }
    return result == ERR_OK || result == ERR_MEM ? (ssize_t)count : error_of(result);
}

size_t datagram_next_size(const struct sock *sock)
{
    return sock->datagrams != NULL ? sock->datagrams->p->tot_len : 0;
}

ssize_t datagram_take(struct sock *sock, void *buf, size_t count, int flags,
                      struct datagram_from *from, size_t *size)
{
    struct datagram *datagram = sock->datagrams;
    const size_t whole = datagram->p->tot_len;
    const size_t n = count < whole ? count : whole;

    pbuf_copy_partial(datagram->p, buf, (u16_t)n, 0);
    *from = datagram->from;
    *size = whole;
    if ((flags & MSG_PEEK) == 0) {
        sock->datagrams = datagram->next;
        sock->received_bytes -= datagram_cost(datagram);
        pbuf_free(datagram->p);
        arena_free(&stack.private, datagram);
    }
    return (ssize_t)n;
}

void datagram_end(struct sock *sock)
{
    while (sock->datagrams != NULL) {
        struct datagram *datagram = sock->datagrams;
        sock->datagrams = datagram->next;
        pbuf_free(datagram->p);
        arena_free(&stack.private, datagram);
    }
    sock->received_bytes = 0;
    if (sock->udp != NULL) {
        udp_remove(sock->udp);
        sock->udp = NULL;
    }
}
