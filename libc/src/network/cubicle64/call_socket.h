/*
 * Sockets of a program: what its descriptors stand for. Private to this folder.
 *
 * 1. A socket of the network stack has a handle there, by which libc uses it without vfs. libc
 *    forgets what it knows of a descriptor when the descriptor is closed or comes to mean another
 *    file.
 * 2. Other modules of the cubicle use the same descriptors, so a module that shares its cubicle
 *    asks vfs each time.
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
    /* Of call_cork.c. */
    char may_wait; /* its corks are told at once */
    char corked;   /* as the stack knows */
    char more;     /* the last send said that more follows */
};

/* The functions of the stack, once there is a socket of it. */
extern struct socket_ops __call_stack __attribute__((__visibility__("hidden")));

/* What @fd stands for. 0, -EBADF, -ENOTSOCK, -EAFNOSUPPORT. */
long __call_socket_get(int fd, struct call_socket *socket)
    __attribute__((__visibility__("hidden")));

/* What is known of @fd; 0: nothing. */
struct call_socket *__call_socket_entry(int fd) __attribute__((__visibility__("hidden")));

/* Notes that TCP_CORK of @fd is set or cleared. 1: that is all; 0: the stack must be told. */
int __call_cork(int fd, int on) __attribute__((__visibility__("hidden")));

/* Tells the stack of the cork that is put off. */
void __call_cork_tell(void) __attribute__((__visibility__("hidden")));

/* A send was cut short, or said that @more follows, or the one before it did. */
void __call_cork_sent(int fd, int more) __attribute__((__visibility__("hidden")));

/* Drops a cork of @fd that is put off: the descriptor is forgotten. */
void __call_cork_forget(int fd) __attribute__((__visibility__("hidden")));

/* Notes that @fd, a new descriptor, stands for @socket. */
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

/* Copies as much of @from as fits into the caller's address of *@len bytes; NULL: the caller wants
 * none. */
void __call_address_out(const struct socket_address *from, void *address, unsigned *len)
    __attribute__((__visibility__("hidden")));

#endif
