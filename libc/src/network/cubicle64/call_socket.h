/*
 * Sockets of a program: what its descriptors stand for. Private to this folder.
 *
 * 1. A descriptor of a socket of the network stack has a handle there, with which it is used without vfs. What is known of
 *    descriptors is forgotten when they are closed or come to mean something else.
 * 2. Other modules of the cubicle use the same descriptors: a module that is not alone asks vfs each time.
 */
#ifndef CALL_SOCKET_H
#define CALL_SOCKET_H

#include <sys/socket.h>

#include "call_signals.h"
#include "syscall.h"

#include "socket_ops.h"

struct call_socket {
    int handle; /* of the stack; 0: a socket of vfs's own */
    int type;   /* SOCK_*, 0: not known */
    int domain;
};

/* The functions of the stack, once there is a socket of it. */
extern struct socket_ops __call_stack __attribute__((__visibility__("hidden")));

/* What @fd stands for. 0, -EBADF, -ENOTSOCK, -EAFNOSUPPORT. */
long __call_socket_get(int fd, struct call_socket *socket)
    __attribute__((__visibility__("hidden")));

/* @fd has been made, for @socket. */
void __call_socket_put(int fd, const struct call_socket *socket)
    __attribute__((__visibility__("hidden")));

/* An answer of the stack: 0; or at most @max. */
#define CALL_STACK_ZERO(r, ...)          \
    do {                                 \
        (r) = __VA_ARGS__;               \
        (r) = (r) > 0 ? -EIO : (r);      \
    } while (__call_again(&(r)))

long __call_socket_send(int fd, const struct call_socket *s, const void *buf, unsigned long count,
                        int flags, const void *address, unsigned len)
    __attribute__((__visibility__("hidden")));
long __call_socket_receive(int fd, const struct call_socket *s, void *buf, unsigned long count, int flags,
                           struct socket_message *message) __attribute__((__visibility__("hidden")));
long __call_socket_sendv(int fd, const struct iovec *iov, int count, int flags,
                         const void *address, unsigned len) __attribute__((__visibility__("hidden")));
long __call_socket_receivev(int fd, const struct iovec *iov, int count, int flags,
                            struct socket_message *message) __attribute__((__visibility__("hidden")));

/* Gives @from to a caller's address of *@len bytes, as much as fits; NULL is fine. */
void __call_address_out(const struct socket_address *from, void *address, unsigned *len)
    __attribute__((__visibility__("hidden")));

#endif
