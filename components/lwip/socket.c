/*
 * The interface `socket`. Every function begins with enter() and ends with leave(). In between nothing else of this
 * component runs: a device or a clock that calls back then is refused.
 */
#include "device.h"

#include <cubicle.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>

/* ---- entry and exit ---- */

static int enter(void)
{
    if (stack.inside) {
        return -EDEADLK;
    }
    stack.inside = true;
    loop_release_held();
    lifecycle_mend();
    return 0;
}

static int64_t leave(int64_t result)
{
    stack.inside = false;
    return result;
}

/* enter() for a function of a socket's. *@sock: what @handle names. */
static int enter_sock(int handle, int caller, struct sock **sock)
{
    const int error = enter();

    if (error != 0) {
        return error;
    }
    struct object *object = object_get(handle, caller);
    if (object == NULL || object->kind == OBJECT_SET) {
        return (int)leave(-EBADF);
    }
    *sock = (struct sock *)object;
    return 0;
}

static int enter_set(int handle, int caller, struct set **set)
{
    const int error = enter();

    if (error != 0) {
        return error;
    }
    struct object *object = object_get(handle, caller);
    if (object == NULL || object->kind != OBJECT_SET) {
        return (int)leave(-EBADF);
    }
    *set = (struct set *)object;
    return 0;
}

/* ---- making and ending ---- */

int socket_start(const char *device, const char *options)
{
    const int error = enter();

    return error != 0 ? error : (int)leave(interface_start(device, options));
}

int socket_create(int domain, int type, int protocol, int owner, int caller)
{
    struct sock *sock;
    const int kind = type & ~SOCK_CREATE_FLAGS;
    const int error = enter();

    if (error != 0) {
        return error;
    }
    if (domain != AF_INET && domain != AF_INET6) {
        return (int)leave(-EAFNOSUPPORT);
    }
    if (kind != SOCK_STREAM && kind != SOCK_DGRAM) {
        return (int)leave(kind == SOCK_RAW                 ? -EPERM
                          : kind < 0 || kind > SOCK_PACKET ? -EINVAL
                                                           : -ESOCKTNOSUPPORT);
    }
    const int only = kind == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    if (protocol != 0 && protocol != only) {
        return (int)leave(-EPROTONOSUPPORT);
    }
    if (owner < 0) {
        return (int)leave(-EINVAL);
    }
    const int result = sock_new(kind == SOCK_STREAM ? OBJECT_STREAM : OBJECT_DATAGRAM,
                                domain, caller, owner != 0 ? owner : caller, &sock);
    if (result != 0) {
        return (int)leave(result);
    }
    sock->nonblock = (type & SOCK_NONBLOCK) != 0;
    return (int)leave(sock->object.handle);
}

int socket_close(int handle, int caller)
{
    const int error = enter();

    if (error != 0) {
        return error;
    }
    struct object *object = object_get(handle, caller);
    if (object == NULL || object->creator != caller) {
        return (int)leave(-EBADF);
    }
    if (object->kind == OBJECT_SET) {
        set_free((struct set *)object);
    } else {
        const bool at_once = !((struct sock *)object)->nonblock;
        sock_close((struct sock *)object);
        if (at_once) {
            loop_flush();
        }
    }
    return (int)leave(0);
}

int socket_set_flags(int handle, int flags, int caller)
{
    struct sock *sock;
    const int error = enter_sock(handle, caller, &sock);

    if (error != 0) {
        return error;
    }
    sock->nonblock = (flags & SOCK_NONBLOCK) != 0;
    return (int)leave(0);
}

/* ---- names and connections ---- */

int socket_bind_name(int handle, const void *address, size_t len, int caller)
{
    struct sock *sock;
    const int error = enter_sock(handle, caller, &sock);

    return error != 0 ? error : (int)leave(sock_bind(sock, address, len));
}

int socket_listen(int handle, int backlog, int caller)
{
    struct sock *sock;
    const int error = enter_sock(handle, caller, &sock);

    if (error != 0) {
        return error;
    }
    return (int)leave(sock->object.kind == OBJECT_STREAM ? listen_start(sock, backlog)
                                                         : -EOPNOTSUPP);
}

int socket_accept(int handle, int flags, struct socket_address *peer, int caller)
{
    struct sock *sock;
    const int error = enter_sock(handle, caller, &sock);

    return error != 0 ? error : (int)leave(sock_accept(sock, flags, peer));
}

int socket_connect(int handle, const void *address, size_t len, int caller)
{
    struct sock *sock;
    const int error = enter_sock(handle, caller, &sock);

    return error != 0 ? error : (int)leave(sock_connect(sock, address, len));
}

int socket_shutdown(int handle, int how, int caller)
{
    struct sock *sock;
    const int error = enter_sock(handle, caller, &sock);

    if (error != 0) {
        return error;
    }
    const int result = sock_shutdown(sock, how);
    if (result == 0 && !sock->nonblock) {
        loop_flush();
    }
    return (int)leave(result);
}

int socket_get_name(int handle, int peer, struct socket_address *name, int caller)
{
    struct sock *sock;
    const int error = enter_sock(handle, caller, &sock);

    return error != 0 ? error : (int)leave(sock_get_name(sock, peer != 0, name));
}

/* ---- bytes ---- */

static ssize_t send_bytes(int handle, const void *buf, size_t count, int flags,
                          const void *address, size_t address_len, int caller)
{
    struct sock *sock;
    const int error = enter_sock(handle, caller, &sock);

    if (error != 0) {
        return error;
    }
    const ssize_t sent = sock_send(sock, buf, count, flags, address, address_len);
    if (sent >= 0 && !sock->nonblock && (flags & MSG_MORE) == 0) {
        loop_flush();
    }
    return leave(sent);
}

ssize_t socket_send(int handle, const void *buf, size_t count, int flags, int caller)
{
    return send_bytes(handle, buf, count, flags, NULL, 0, caller);
}

ssize_t socket_send_to(int handle, const void *buf, size_t count, int flags,
                       const void *address, size_t address_len, int caller)
{
    return send_bytes(handle, buf, count, flags, address, address_len, caller);
}

ssize_t socket_receive(int handle, void *buf, size_t count, int flags, int caller)
{
    struct sock *sock;
    const int error = enter_sock(handle, caller, &sock);

    return error != 0 ? error
                      : leave(sock_receive(sock, buf, count, flags, NULL, caller));
}

ssize_t socket_receive_from(int handle, void *buf, size_t count, int flags,
                            struct socket_message *message, int caller)
{
    struct sock *sock;
    const int error = enter_sock(handle, caller, &sock);

    return error != 0 ? error
                      : leave(sock_receive(sock, buf, count, flags, message, caller));
}

int64_t socket_readable(int handle, int caller)
{
    struct sock *sock;
    const int error = enter_sock(handle, caller, &sock);

    if (error != 0) {
        return error;
    }
    if (sock->state == SOCK_LISTENING) {
        return leave(-EINVAL);
    }
    loop_settle();
    return leave(sock->object.kind == OBJECT_STREAM
                     ? sock->received_bytes
                     : (int64_t)datagram_next_size(sock));
}

/* ---- options ---- */

int socket_set_option(int handle, int level, int option, const void *value, size_t len,
                      int caller)
{
    struct sock *sock;
    const int error = enter_sock(handle, caller, &sock);

    return error != 0 ? error : (int)leave(option_set(sock, level, option, value, len));
}

ssize_t socket_get_option(int handle, int level, int option, void *value, size_t size,
                          int caller)
{
    struct sock *sock;
    const int error = enter_sock(handle, caller, &sock);

    if (error != 0) {
        return error;
    }
    loop_settle();
    return leave(option_get(sock, level, option, value, size));
}

/* ---- waiting ---- */

int socket_poll(int handle, int caller)
{
    const int error = enter();

    if (error != 0) {
        return error;
    }
    struct object *object = object_get(handle, caller);
    if (object == NULL) {
        return (int)leave(-EBADF);
    }
    loop_settle();
    if (object->kind == OBJECT_SET) {
        return (int)leave(set_has_ready(object) ? EPOLLIN : 0);
    }
    return (int)leave(sock_events((struct sock *)object));
}

static bool owner_woken(void *arg)
{
    (void)arg;
    return stack.woken;
}

int socket_wait(int owner, int64_t timeout_ns, int caller)
{
    int error = enter();

    if (error != 0) {
        return error;
    }
    stack.woken = false;
    stack.waiting_owner = owner != 0 ? owner : caller;
    error = loop_until(owner_woken, NULL, timeout_ns < 0 ? -1 : timeout_ns);
    stack.waiting_owner = -1;
    return (int)leave(error == 0 ? 1 : error == -EAGAIN ? 0 : error);
}

int socket_drain(int64_t quiet_ns, int64_t limit_ns)
{
    const int error = enter();

    if (error != 0) {
        return error;
    }
    return (int)leave(quiet_ns < 0 || limit_ns < 0 ? -EINVAL
                                                   : drain(quiet_ns, limit_ns));
}

int socket_set_create(int owner, int caller)
{
    const int error = enter();

    if (error != 0) {
        return error;
    }
    return (int)leave(owner < 0 ? -EINVAL
                                : set_new(caller, owner != 0 ? owner : caller));
}

int socket_set_change(int set, int operation, int handle, uint32_t events,
                      uint64_t data, int caller)
{
    struct set *of;
    const int error = enter_set(set, caller, &of);

    if (error != 0) {
        return error;
    }
    struct object *object = object_get(handle, caller);
    if (object == NULL || object->kind == OBJECT_SET) {
        return (int)leave(-EBADF);
    }
    return (int)leave(set_change(of, operation, (struct sock *)object, events, data));
}

ssize_t socket_set_wait(int set, struct socket_event *events, size_t size,
                        int64_t timeout_ns, int caller)
{
    struct set *of;
    const size_t nevents = size / sizeof(*events);
    int error = enter_set(set, caller, &of);

    if (error != 0) {
        return error;
    }
    if (nevents == 0) {
        return leave(-EINVAL);
    }
    error = loop_until(set_has_ready, of, timeout_ns < 0 ? -1 : timeout_ns);
    if (error != 0) {
        return leave(error == -EAGAIN ? 0 : error);
    }
    return leave((int64_t)(set_collect(of, events, nevents) * sizeof(*events)));
}
