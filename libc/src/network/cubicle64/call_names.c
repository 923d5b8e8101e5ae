/* Addresses, options and states of sockets. Sockets of vfs itself (socketpair) have no addresses,
 * and few options. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/un.h>

#include "call_socket.h"

#define ADDRESS_MAX 128
#define OPTION_MAX 4096
#define PAIR_BUFFER 131072

void __call_address_out(const struct socket_address *from, void *address, unsigned *len)
{
    const unsigned size = from->len <= sizeof from->bytes ? from->len : sizeof from->bytes;
    if (address && len) {
        memcpy(address, from->bytes, size < *len ? size : *len);
        *len = size;
    }
}

long __call_bind(int fd, const void *address, unsigned len)
{
    struct call_socket s;
    long r = __call_socket_get(fd, &s);
    if (r < 0) {
        return r;
    }
    if (len > ADDRESS_MAX || s.handle == 0) {
        return -EINVAL;
    }
    CALL_STACK_ZERO(r, __call_stack.socket_bind_name(s.handle, address, len, CALL_SELF));
    return r;
}

long __call_connect(int fd, const void *address, unsigned len)
{
    struct call_socket s;
    long r = __call_socket_get(fd, &s);
    if (r < 0) {
        return r;
    }
    if (len > ADDRESS_MAX || s.handle == 0) {
        return len > ADDRESS_MAX ? -EINVAL : -EISCONN;
    }
    CALL_STACK_ZERO(r, __call_stack.socket_connect(s.handle, address, len, CALL_SELF));
    return r;
}

long __call_listen(int fd, int backlog)
{
    struct call_socket s;
    const long r = __call_socket_get(fd, &s);
    if (r < 0) {
        return r;
    }
    return s.handle == 0
               ? -EINVAL
               : __call_zero(__call_stack.socket_listen(s.handle, backlog, CALL_SELF));
}

long __call_shutdown(int fd, int how)
{
    struct call_socket s;
    const long r = __call_socket_get(fd, &s);
    if (r < 0) {
        return r;
    }
    return __call_zero(s.handle == 0
                           ? vfs_shutdown(fd, how, CALL_SELF)
                           : __call_stack.socket_shutdown(s.handle, how, CALL_SELF));
}

long __call_getname(int fd, int peer, void *address, unsigned *len)
{
    struct call_socket s;
    struct socket_address name = {.len = sizeof(sa_family_t), .bytes = {AF_UNIX}};
    long r = __call_socket_get(fd, &s);
    if (r < 0) {
        return r;
    }
    if ((int)*len < 0) {
        return -EINVAL;
    }
    if (s.handle != 0) {
        r = __call_zero(__call_stack.socket_get_name(s.handle, peer, &name, CALL_SELF));
    }
    if (r == 0) {
        __call_address_out(&name, address, len);
    }
    return r;
}

static long pair_getsockopt(const struct call_socket *s, int level, int option, int *value)
{
    if (level != SOL_SOCKET) {
        return -EOPNOTSUPP;
    }
    switch (option) {
    case SO_TYPE: *value = s->type; return 0;
    case SO_DOMAIN: *value = s->domain; return 0;
    case SO_SNDBUF:
    case SO_RCVBUF: *value = PAIR_BUFFER; return 0;
    case SO_ERROR:
    case SO_PROTOCOL:
    case SO_ACCEPTCONN:
    case SO_KEEPALIVE:
    case SO_REUSEADDR: *value = 0; return 0;
    default: return -ENOPROTOOPT;
    }
}

long __call_getsockopt(int fd, int level, int option, void *value, unsigned *len)
{
    struct call_socket s;
    const long r = __call_socket_get(fd, &s);
    if (r < 0) {
        return r;
    }
    const unsigned room = *len;
    if ((int)room < 0) {
        return -EINVAL;
    }
    if (s.handle == 0) {
        int number;
        const long error = pair_getsockopt(&s, level, option, &number);
        if (error) {
            return error;
        }
        *len = room < sizeof number ? room : sizeof number;
        memcpy(value, &number, *len);
        return 0;
    }
    __call_cork_tell();
    const unsigned size = room < OPTION_MAX ? room : OPTION_MAX;
    const long got = __call_upto(
        __call_stack.socket_get_option(s.handle, level, option, value, size, CALL_SELF), size);
    if (got < 0) {
        return got;
    }
    *len = got;
    return 0;
}

long __call_setsockopt(int fd, int level, int option, const void *value, unsigned len)
{
    struct call_socket s;
    const long r = __call_socket_get(fd, &s);
    if (r < 0) {
        return r;
    }
    if (s.handle == 0) {
        int ignored; /* can be set, which changes nothing, because it can be read */
        return pair_getsockopt(&s, level, option, &ignored);
    }
    if (level == IPPROTO_TCP && option == TCP_CORK && len >= sizeof(int)) {
        int on;
        memcpy(&on, value, sizeof on);
        if (__call_cork(fd, on != 0)) {
            return 0;
        }
    }
    return len > OPTION_MAX ? -EINVAL
                            : __call_zero(__call_stack.socket_set_option(s.handle, level, option, value,
                                                                         len, CALL_SELF));
}
