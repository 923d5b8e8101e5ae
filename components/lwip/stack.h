/*
 * The stack's own structures. One thread, and one call at a time: an entry point (socket.c) works, or waits in
 * loop.c, until it returns; nothing else of this component runs in between.
 *
 *   socket.c             the interface: who may use what
 *   sock.c, connect.c, transfer.c   sockets of either kind: life, names, bytes; what waits
 *   tcp.c, stream.c      a TCP connection: its life; its bytes
 *   listen.c             listening and accepting
 *   datagram.c           UDP
 *   set.c                what epoll(7) knows of sockets
 *   name.c, option.c     addresses, options
 *   inquire.c            what is told of the stack itself
 *   complaint.c          how many errors of ICMP are sent
 *   relief.c             what is given up where memory is short
 *   loop.c               the event loop
 *   device.c, input.c, output.c, interface.c   the network device, and the interface on it
 *   handle.c             numbers of sockets and sets
 *   arena.c, chunk.c     memory
 */
#ifndef LWIP_STACK_H
#define LWIP_STACK_H

#include "arena.h"

#include <lwip/ip_addr.h>
#include <lwip/pbuf.h>
#include <lwip/tcp.h>
#include <lwip/udp.h>
#include <socket.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* ---- handles (handle.c) ---- */

enum object_kind { OBJECT_STREAM = 1, OBJECT_DATAGRAM, OBJECT_SET };

struct object {
    enum object_kind kind;
    int handle;         /* > 0 */
    int creator, owner; /* cubicles; 0 is our own */
};

/** Gives @object a number. It, or -ENFILE. */
int object_add(struct object *object, enum object_kind kind, int creator, int owner);
/** What @handle names, if @caller may use it; else NULL. */
struct object *object_get(int handle, int caller);
/** The number means nothing any more. */
void object_remove(struct object *object);
/** Calls @each for all objects, which it may remove. */
void object_each(void (*each)(struct object *object));

/* ---- sockets ---- */

enum sock_state {
    SOCK_FRESH,
    SOCK_LISTENING,
    SOCK_CONNECTING,
    SOCK_CONNECTED,
    SOCK_CLOSED
};

struct sock_options {
    bool reuse_address, reuse_port, keep_alive, no_delay, cork, v6only, broadcast,
        linger;
    int linger_s;
    int receive_size, send_size;                  /* SO_RCVBUF, SO_SNDBUF */
    int64_t receive_timeout_ns, send_timeout_ns;  /* 0: none */
    int keep_idle_s, keep_interval_s, keep_count; /* 0: the default */
    int defer_accept_s;
    int tos, ttl; /* -1: the default */
};

struct chunk;
struct datagram;
struct member;

struct sock {
    struct object object;
    struct tcp_pcb *tcp; /* also a listener's; NULL: none yet, or no more */
    struct udp_pcb *udp;
    enum sock_state state;
    uint8_t domain; /* AF_INET, AF_INET6 */
    bool nonblock;
    bool eof;                   /* the peer has sent its last byte */
    bool shut_read, shut_write; /* by shutdown(2) */
    bool bound;                 /* has a port, or will have when it listens */
    bool no_space;              /* somebody waits to write */
    bool local;                 /* the peer is in this stack, too */
    bool dirty;                 /* in a list of loop.c */
    bool once_connected;
    bool was_reset; /* it ended with an error */
    int error;      /* SO_ERROR: an errno, told once */
    struct sock_options options;
    ip_addr_t local_ip, peer_ip;
    uint16_t local_port, peer_port;

    /* Received: bytes of a stream (linked by `next`, each alone), or datagrams. */
    struct pbuf *received, *received_last;
    uint32_t received_bytes;
    uint16_t join_room; /* bytes of room in the last one, which stream.c has made */
    uint32_t withheld;  /* bytes of TCP's window that SO_RCVBUF leaves no room for */
    struct datagram *datagrams, *datagrams_last;

    struct chunk *chunk; /* the end of the send queue's bytes; has room, or NULL */

    /* A listener: its connections, of which some may be accepted, in a queue. */
    struct sock *children, *waiting, *waiting_last;
    uint32_t nwaiting, noffered, backlog;
    struct sock *partner; /* of listeners that share a pcb, a ring (SO_REUSEPORT) */
    /* A connection that has not been accepted yet. */
    struct sock *listener, *before, *behind, *waiting_next;
    bool offered;

    struct sock *dirty_next;
    struct member *members; /* of sets */
};

/** A socket without a protocol's control block, or an error. */
int sock_new(enum object_kind kind, int domain, int creator, int owner,
             struct sock **result);
/* Whether two sockets are of one program, and made by the same cubicle. */
bool sock_same_program(const struct sock *a, const struct sock *b);
/** Frees @sock, which nothing points to any more but sets and loop.c. */
void sock_free(struct sock *sock);
/** What is ready: EPOLL* bits. */
uint32_t sock_events(struct sock *sock);
/** Tells sets and who waits that @events may have become ready. */
void sock_changed(struct sock *sock, uint32_t events);
/** The pending error as a negative errno, which is then told; 0 none. */
int sock_take_error(struct sock *sock);
/** How long a call may wait, in nanoseconds (-1: for ever), by O_NONBLOCK, MSG_DONTWAIT and SO_RCVTIMEO or SO_SNDTIMEO. */
int64_t sock_receive_timeout(const struct sock *sock, int flags);
int64_t sock_send_timeout(const struct sock *sock, int flags);
/** Waits for @done. 0; -EAGAIN the time is over; -EINTR. */
int sock_await(struct sock *sock, bool (*done)(void *), int64_t timeout_ns);
/** close(2): frees @sock. */
void sock_close(struct sock *sock);

/* connect.c */
#define SOCK_CREATE_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)
int sock_bind(struct sock *sock, const void *address, size_t len);
int sock_accept(struct sock *sock, int flags, struct socket_address *peer);
int sock_connect(struct sock *sock, const void *address, size_t len);
int sock_shutdown(struct sock *sock, int how);
int sock_get_name(const struct sock *sock, bool peer, struct socket_address *name);

/* transfer.c */
ssize_t sock_send(struct sock *sock, const void *buf, size_t count, int flags,
                  const void *address, size_t address_len);
ssize_t sock_receive(struct sock *sock, void *buf, size_t count, int flags,
                     struct socket_message *message, int caller);

/** A negative errno for an error of lwIP's. */
int error_of(err_t error);

/* tcp.c */
int tcp_ready_pcb(struct sock *sock, uint8_t type); /* makes sock->tcp; 0, -ENOBUFS */
int tcp_bind_name(struct sock *sock, const ip_addr_t *ip, uint16_t port);
/* Whether a listener has the address already, or one that overlaps: lwIP asks only in listen(2), and of the same address. */
bool tcp_listened_to(const ip_addr_t *ip, uint16_t port);
int tcp_start_connect(struct sock *sock, const ip_addr_t *ip, uint16_t port);
void tcp_adopt(struct sock *sock, struct tcp_pcb *pcb); /* callbacks */
void tcp_detach(struct sock *sock); /* no more callbacks; the pcb goes its way */
int tcp_shut(struct sock *sock, bool read, bool write);
void tcp_end(struct sock *sock, bool reset); /* close(2), of any state */
void tcp_apply_options(struct sock *sock);
/** Only full segments leave, as MSG_MORE (@more) and TCP_CORK want it. */
void tcp_hold_back(struct sock *sock, bool more);
/** Bytes that a connection's send queue may have: SO_SNDBUF; less where memory is short (relief_room()). */
size_t tcp_queue_limit(const struct sock *sock);
bool tcp_writable(const struct sock *sock);
/** Tells sockets that had no memory to send, where there is some. */
void tcp_feed_starved(void);

/* stream.c */
int stream_put(struct sock *sock, const void *from, size_t count, bool more,
               size_t *done);
ssize_t stream_take(struct sock *sock, void *buf, size_t count, int flags, bool copied);
void stream_received(struct sock *sock, struct pbuf *p);
void stream_drop(struct sock *sock);
/** The window of a new connection, before anything is received; and after SO_RCVBUF has changed. */
void stream_limit_first(struct sock *sock);
void stream_limit(struct sock *sock);
/** Takes back what memory has no room for now of the window that the peer was told of: bytes beyond are dropped, and sent again. */
void stream_relieve(struct sock *sock);

/* relief.c */
/** Bytes that a connection may have of @arena in one direction: any number, less where it is half used, or scarce. So many
 *  peers that do not read cannot take what the others, and their acknowledgements, need. */
uint32_t relief_room(const struct arena *arena);
/** Where memory is scarce, gives up what has come out of order, takes back windows, and ends connections that stand still. */
void relief(void);

/* listen.c */
int listen_start(struct sock *sock, int backlog);
struct sock *listen_next(struct sock *sock);
void listen_end(struct sock *sock);
/** The listener at @ip and @port whose address @sock may share, as both have SO_REUSEPORT and one owner; NULL: none. */
struct sock *listen_partner(const struct sock *sock, const ip_addr_t *ip,
                            uint16_t port);
void listen_offer(struct sock *sock); /* a connection may be accepted */

/* datagram.c */
struct datagram_from {
    ip_addr_t ip;
    uint16_t port;
};
int datagram_bind(struct sock *sock, const ip_addr_t *ip, uint16_t port);
int datagram_connect(struct sock *sock, const ip_addr_t *ip, uint16_t port);
int datagram_disconnect(struct sock *sock);
ssize_t datagram_send(struct sock *sock, const void *from, size_t count,
                      const struct datagram_from *to);
/** Takes the next one: bytes copied, *size of it all. */
ssize_t datagram_take(struct sock *sock, void *buf, size_t count, int flags,
                      struct datagram_from *from, size_t *size);
void datagram_end(struct sock *sock);
size_t datagram_next_size(const struct sock *sock);

/* name.c */
int name_read(const struct sock *sock, const void *address, size_t len, ip_addr_t *ip,
              uint16_t *port);
void name_write(const struct sock *sock, const ip_addr_t *ip, uint16_t port,
                struct socket_address *name);
/* Whether some packets are for both addresses. */
bool name_overlaps(const ip_addr_t *a, const ip_addr_t *b);

/** Whether @ip is an address of this stack. */
bool name_is_local(const ip_addr_t *ip);

/* option.c */
void option_defaults(struct sock_options *options, enum object_kind kind);
int option_set(struct sock *sock, int level, int option, const void *value, size_t len);
ssize_t option_get(struct sock *sock, int level, int option, void *value, size_t size);

/* start.c */
/** A number for an address that nobody outside can guess. */
uint64_t stack_hash(const ip_addr_t *ip);

/* inquire.c: what is read with options of SOCKET_LEVEL */
ssize_t inquire(int option, void *value, size_t size);

/* set.c */
struct set;
int set_new(int creator, int owner);
void set_free(struct set *set);
int set_change(struct set *set, int operation, struct sock *sock, uint32_t events,
               uint64_t data);
size_t set_collect(struct set *set, struct socket_event *events, size_t nevents);
bool set_has_ready(void *set);
void set_sock_changed(struct sock *sock, uint32_t events);
void set_sock_gone(struct sock *sock);

/* chunk.c: the bytes of send queues */
struct chunk {
    uint32_t refs; /* pbufs that name bytes of it, and the socket that fills it */
    uint32_t used, size;
    uint32_t pad;
    uint8_t bytes[];
};
struct chunk *chunk_new(size_t want);
void chunk_put(struct chunk *chunk);

/* ---- the loop (loop.c) ---- */

struct stack {
    struct arena packets;  /* the device may read them */
    struct arena incoming; /* its buffers for what arrives: it may write to them */
    struct arena private;
    bool inside;       /* an entry point is at work */
    int64_t now_ns;    /* CLOCK_MONOTONIC when somebody last looked */
    bool woken;        /* something of ... */
    int waiting_owner; /* ... this cubicle's may have become ready; -1: nobody asks */
    struct chunk *filling; /* what tcp_write() is given bytes of */
    struct sock *dirty[2]; /* have something to send: to others; within the stack */
    bool send_failed;      /* lwIP had a segment that found no memory */
    bool send_starved;     /* a program had bytes to send that found none */
    unsigned impatience; /* how often somebody has asked in vain since the last wait */
};
extern struct stack stack;

/** Of tcp_ticks, in which lwIP counts the time of connections. */
#define TICKS_PER_S (1000u / TCP_SLOW_INTERVAL)

/** Brings stack.now_ns up to date: it stands still while a call waits, and while programs only talk within the stack. */
void loop_look_at_clock(void);
/** Has something to send. */
void loop_dirty(struct sock *sock);
void loop_forget(struct sock *sock);
/** Does what can be done without the device: what is sent within the stack arrives. */
void loop_settle(void);
/** For who asks again and again without ever waiting: looks at the device now and then. */
void loop_glance(void);
/** Works until @done(@arg), at most @timeout_ns (-1: for ever). 0; -EAGAIN the time is over; -EINTR. */
int loop_until(bool (*done)(void *arg), void *arg, int64_t timeout_ns);
/** Looks at the device and the timers once, without waiting. */
void loop_poll(void);
/** Sends what waits to be sent. */
void loop_flush(void);
/** Memory that the caller was given a result from, kept until the next call. */
void loop_hold(struct pbuf *p);
void loop_release_held(void);

/* ---- cubicles that ended (lifecycle.c) ---- */

/** Closes what they had. */
void lifecycle_mend(void);

/* ---- the end of programs (drain.c) ---- */

/** socket_drain(). */
int drain(int64_t quiet_ns, int64_t limit_ns);

/* ---- the device (device.c) ---- */

bool device_present(void);
/** Sends what is queued. */
void device_flush(void);
/** Sends what is queued, receives, waits up to @timeout_ns. 0, -EINTR. */
int device_exchange(int64_t timeout_ns);

#endif
