/* Names of sockets, and how two of them are connected. */
#include "stack.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

int sock_bind(struct sock *sock, const void *address, size_t len)
{
    ip_addr_t ip;
    uint16_t port;
    const int error = name_read(sock, address, len, &ip, &port);

    if (error != 0) {
        return error;
    }
    if (!ip_addr_isany(&ip) && !name_is_local(&ip)) {
        return -EADDRNOTAVAIL;
    }
    if (sock->domain == AF_INET6 && IP_IS_V6(&ip) && ip_addr_isany(&ip) &&
        !sock->options.v6only) {
        IP_SET_TYPE_VAL(ip, IPADDR_TYPE_ANY);
    }
    return sock->object.kind == OBJECT_STREAM ? tcp_bind_name(sock, &ip, port)
                                              : datagram_bind(sock, &ip, port);
}

static bool sock_acceptable(void *arg)
{
    return ((struct sock *)arg)->waiting != NULL;
}

int sock_accept(struct sock *sock, int flags, struct socket_address *peer)
{
    int error = 0;

    if (sock->object.kind != OBJECT_STREAM) {
        return -EOPNOTSUPP;
    }
    if (sock->state != SOCK_LISTENING || (flags & ~SOCK_CREATE_FLAGS) != 0) {
        return -EINVAL;
    }
    if (sock->waiting == NULL) {
        error = sock_await(sock, sock_acceptable, sock_receive_timeout(sock, 0));
    }
    if (error != 0) {
        return error;
    }
    struct sock *accepted = listen_next(sock);
    accepted->nonblock = (flags & SOCK_NONBLOCK) != 0;
    name_write(accepted, &accepted->peer_ip, accepted->peer_port, peer);
    return accepted->object.handle;
}

static bool sock_decided(void *arg)
{
    return ((struct sock *)arg)->state != SOCK_CONNECTING;
}

/* The rest of connect(2), for a stream that has begun to. */
static int sock_finish_connect(struct sock *sock, int busy)
{
    int error = sock_await(sock, sock_decided, sock_send_timeout(sock, 0));

    if (sock->state == SOCK_CONNECTED) {
        return 0;
    }
    if (sock->state == SOCK_CONNECTING) {
        return error == -EAGAIN ? busy : error;
    }
    error = sock_take_error(sock);
    sock->state = SOCK_FRESH;
    sock->eof = false;
    sock->bound = false;
    return error != 0 ? error : -ECONNABORTED;
}

static int stream_connect(struct sock *sock, const ip_addr_t *ip, uint16_t port)
{
    switch (sock->state) {
    case SOCK_LISTENING:
    case SOCK_CONNECTED:
        return -EISCONN;
    case SOCK_CONNECTING:
        return sock_finish_connect(sock, -EALREADY);
    case SOCK_CLOSED:
        if (sock->error != 0 || !sock->once_connected) {
            return sock_finish_connect(sock, -EALREADY);
        }
        return -EISCONN;
    default:
        break;
    }
    const int error = tcp_start_connect(sock, ip, port);
    return error != 0 ? error : sock_finish_connect(sock, -EINPROGRESS);
}

int sock_connect(struct sock *sock, const void *address, size_t len)
{
    ip_addr_t ip;
    uint16_t port;
    sa_family_t family;

    if (len < sizeof(family)) {
        return -EINVAL;
    }
    memcpy(&family, address, sizeof(family));
    if (family == AF_UNSPEC && sock->object.kind == OBJECT_DATAGRAM) {
        return datagram_disconnect(sock);
    }
    const int error = name_read(sock, address, len, &ip, &port);
    if (error != 0) {
        return error;
    }
    if (ip_addr_isany(&ip)) { /* as on Linux: this machine */
        if (IP_IS_V6(&ip)) {
            IP_ADDR6_HOST(&ip, 0, 0, 0, 1);
        } else {
            IP_ADDR4(&ip, 127, 0, 0, 1);
        }
    }
    return sock->object.kind == OBJECT_STREAM ? stream_connect(sock, &ip, port)
                                              : datagram_connect(sock, &ip, port);
}

int sock_shutdown(struct sock *sock, int how)
{
    const bool read = how != SHUT_WR, write = how != SHUT_RD;

    if (how < SHUT_RD || how > SHUT_RDWR) {
        return -EINVAL;
    }
    if (sock->object.kind == OBJECT_STREAM) {
        return tcp_shut(sock, read, write);
    }
    if (sock->state != SOCK_CONNECTED) {
        return -ENOTCONN;
    }
    sock->shut_read |= read;
    sock->shut_write |= write;
    sock_changed(sock, EPOLLIN | EPOLLRDHUP | EPOLLHUP);
    return 0;
}

/* Whether the socket knows its peer, as getpeername(2) sees it. */
static bool sock_has_peer(const struct sock *sock)
{
    return sock->state == SOCK_CONNECTED ||
           (sock->state == SOCK_CLOSED && sock->once_connected && sock->tcp == NULL &&
            !sock->was_reset);
}

int sock_get_name(const struct sock *sock, bool peer, struct socket_address *name)
{
    if (peer && !sock_has_peer(sock)) {
        return -ENOTCONN;
    }
    name_write(sock, peer ? &sock->peer_ip : &sock->local_ip,
               peer ? sock->peer_port : sock->local_port, name);
    return 0;
}
