/*
 * Sockets, as a network stack (lwip) offers them to vfscore and to programs. Numbers, address structures, options and
 * errors are those of Linux (x86-64); errors are negative errno values.
 *
 * A socket has a creator (vfscore), who keeps the descriptor that names it and alone may close it, and an owner, the
 * client that vfscore has made it for. Both may use it, nobody else: to others its handle is -EBADF. A handle
 * is not soon used again. A socket without O_NONBLOCK waits where Linux would; the stack works on while it waits, and
 * -EINTR says that a signal for the application came.
 */
#ifndef CUBICLE_SOCKET_H
#define CUBICLE_SOCKET_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

CUBICLE_INTERFACE_MANY(socket);

/** Bytes. Of a stream a receive gives less than there is only where it gives at least so many. */
#define SOCKET_PIECE 8192
/** A flag of a receive that goes on with one before it: it does not wait, and leaves an error or the end of the stream for
 *  a call without it (-EAGAIN). */
#define SOCKET_REST 0x10000000

/** An address of any family, a struct sockaddr of @len bytes. */
struct socket_address {
    uint32_t len;
    uint8_t bytes[28];
};

/** What is told of a received datagram. */
struct socket_message {
    struct socket_address from; /* len 0: none */
    uint64_t size;              /* of the datagram, whatever was taken of it */
    uint32_t flags;             /* MSG_TRUNC */
    uint32_t pad;
};

/** What is ready of a member of a set. */
struct socket_event {
    uint32_t events; /* EPOLL* */
    uint32_t pad;
    uint64_t data; /* as it was added with */
};

/** An interface and one of its addresses. */
struct socket_interface {
    char name[16];            /* ends with a 0 byte */
    uint32_t index;           /* > 0 */
    uint32_t flags;           /* IFF_* */
    uint32_t mtu;             /* bytes; 0: none */
    uint16_t family, prefix;  /* AF_INET, AF_INET6; AF_PACKET: Ethernet's own address. Bits of the network; 0 of AF_PACKET */
    uint8_t address[16];
};

/** A level of options that is ours, unlike all of Linux's. Of any socket can be read: */
#define SOCKET_LEVEL 0x10000
#define SOCKET_INTERFACES 1   /* an array of struct socket_interface, as many as fit: one of AF_PACKET for each interface, and
                                 one for each address */
#define SOCKET_NAME_SERVERS 2 /* an array of struct in_addr: name servers that DHCP told of */

/** Takes network device @device (a provider of netif) into use; as Linux's "ip" and "dhclient" would. @options, words
 *  with spaces between them: see docs/networking.md. 0; -EBUSY there is one; -EINVAL; what the device answers. */
int socket_start(CUBICLE_STRING(64) const char *device, CUBICLE_STRING(1024) const char *options);

/** Makes a socket for @owner (0: for the caller). @type may contain SOCK_NONBLOCK. Its handle, > 0; errors of socket(2). */
int socket_create(int domain, int type, int protocol, int owner, CUBICLE_CALLER int caller);
/** Closes a socket or a set: to the creator's descriptor it is the last close(2). 0; -EBADF. */
int socket_close(int handle, CUBICLE_CALLER int caller);
/** Sets O_NONBLOCK or takes it away, of @flags. 0; -EBADF. */
int socket_set_flags(int handle, int flags, CUBICLE_CALLER int caller);
/** bind(2). */
int socket_bind_name(int handle, CUBICLE_IN(len) const void *address, size_t len, CUBICLE_CALLER int caller);
int socket_listen(int handle, int backlog, CUBICLE_CALLER int caller);
/** accept4(2) without the descriptor: the handle of the new socket, of the same creator and owner. */
int socket_accept(int handle, int flags, CUBICLE_OUT(sizeof(struct socket_address)) struct socket_address *peer,
                  CUBICLE_CALLER int caller);
int socket_connect(int handle, CUBICLE_IN(len) const void *address, size_t len, CUBICLE_CALLER int caller);
int socket_shutdown(int handle, int how, CUBICLE_CALLER int caller);
/** send(2), flags MSG_DONTWAIT, MSG_MORE, MSG_NOSIGNAL, MSG_OOB refused. What is taken leaves at once, and
 *  from a socket with O_NONBLOCK at the latest when its owner waits. */
ssize_t socket_send(int handle, CUBICLE_IN(count) CUBICLE_ON_DEMAND const void *buf, size_t count, int flags,
                    CUBICLE_CALLER int caller);
/** sendto(2): the same, and says to whom. */
ssize_t socket_send_to(int handle, CUBICLE_IN(count) CUBICLE_ON_DEMAND const void *buf, size_t count, int flags,
                       CUBICLE_IN(address_len) const void *address, size_t address_len, CUBICLE_CALLER int caller);
/** recv(2), flags MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, SOCKET_REST. */
ssize_t socket_receive(int handle, CUBICLE_OUT(count, ret) void *buf, size_t count, int flags, CUBICLE_CALLER int caller);
/** recvfrom(2): the same, and says of what. */
ssize_t socket_receive_from(int handle, CUBICLE_OUT(count, ret) void *buf, size_t count, int flags,
                            CUBICLE_OUT(sizeof(struct socket_message)) struct socket_message *message,
                            CUBICLE_CALLER int caller);
/** getsockname(2), or with @peer 1 getpeername(2). */
int socket_get_name(int handle, int peer, CUBICLE_OUT(sizeof(struct socket_address)) struct socket_address *name,
                    CUBICLE_CALLER int caller);
int socket_set_option(int handle, int level, int option, CUBICLE_IN(len) const void *value, size_t len,
                      CUBICLE_CALLER int caller);
/** How many bytes @value got. */
ssize_t socket_get_option(int handle, int level, int option, CUBICLE_OUT(size, ret) void *value, size_t size,
                          CUBICLE_CALLER int caller);
/** FIONREAD: bytes that can be read now; -EINVAL a listening socket. */
int64_t socket_readable(int handle, CUBICLE_CALLER int caller);

/** What is ready now: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDHUP. The numbers of poll(2) are the same. Of a
 *  set EPOLLIN says that socket_set_wait() has something to tell. */
int socket_poll(int handle, CUBICLE_CALLER int caller);
/** Lets the stack work until something may have become ready of a socket of @owner's (0: the caller's, -1: nobody's), at
 *  most @timeout_ns (-1: for ever). 1; 0 the time is over; -EINTR. */
int socket_wait(int owner, int64_t timeout_ns, CUBICLE_CALLER int caller);
/** The end of programs, whose sockets have been closed: lets the stack work until their peers have acknowledged all that
 *  was sent. 0; -ETIMEDOUT nothing was acknowledged for @quiet_ns, or not all within @limit_ns; -EINTR. */
int socket_drain(int64_t quiet_ns, int64_t limit_ns);

/** Makes an empty set for @owner (0: the caller): what epoll(7) knows of sockets. Its handle. */
int socket_set_create(int owner, CUBICLE_CALLER int caller);
/** epoll_ctl(2) with @operation EPOLL_CTL_*: @events with EPOLLET, EPOLLONESHOT. A socket that is closed leaves its sets. */
int socket_set_change(int set, int operation, int handle, uint32_t events, uint64_t data, CUBICLE_CALLER int caller);
/** epoll_wait(2): sends what waits to be sent, lets the stack work until a member is ready, at most @timeout_ns (0: looks
 *  once, -1: for ever), and fills @events. Bytes of them; 0 the time is over; -EINTR. */
ssize_t socket_set_wait(int set, CUBICLE_OUT(size, ret) struct socket_event *events, size_t size, int64_t timeout_ns,
                        CUBICLE_CALLER int caller);

#endif
