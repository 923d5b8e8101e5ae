/*
 * Files that no file system has: sockets, epoll(7), eventfd(2), timerfd(2). All of one kind share a node. Private to vfscore.
 *
 * Invariants:
 *  1. What is ready is asked, never remembered: a poll function looks. Only for EPOLLET a set remembers the count of
 *     changes at its last report.
 *  2. A file that is closed leaves its sets first.
 *  3. What the network stack answers is checked like a file system's answer (core.h, invariant 5). A handle that it does
 *     not know any more has been lost with it: ECONNRESET.
 */
#ifndef VFSCORE_SPECIAL_H
#define VFSCORE_SPECIAL_H

#include <poll.h>
#include <socket_ops.h>

struct special {
    ssize_t (*read)(struct file *file, void *buf, size_t count);
    ssize_t (*write)(struct file *file, const void *buf, size_t count);
    /** What is ready of it: POLL* bits. */
    int (*poll)(const struct file *file);
    /** Grows with all that may make it ready. */
    uint64_t (*changes)(const struct file *file);
    /** Bytes that can be read, or an error. */
    int64_t (*readable)(const struct file *file);
    /** The last descriptor is closed. */
    void (*close)(struct file *file);
    uint32_t mode; /* of its node */
};

extern const struct special special_epoll, special_eventfd, special_timerfd,
    special_socket, special_pair;

/** An open file without its object; NULL: no memory. */
struct file *special_new(const struct special *special, uint32_t flags);
/** Gives it the lowest free descriptor of @client's; closes it where that fails. The descriptor or an error. */
int special_install(struct client *client, struct file *file, bool close_on_exec);
ssize_t special_no_read(struct file *file, void *buf, size_t count);
ssize_t special_no_write(struct file *file, const void *buf, size_t count);
int64_t special_not_readable(const struct file *file);

/* ---- wait.c ---- */

/** What could end a wait. */
struct wait {
    const struct file *device; /* a console */
    bool sockets;
    int64_t limit_ns; /* when the next timerfd expires, from now on; -1: none does */
};

#define WAIT_NONE ((struct wait){.limit_ns = -1})

/** When a wait ends. */
struct deadline {
    int64_t timeout_ns; /* -1: never */
    int64_t end_ns;     /* CLOCK_MONOTONIC; 0: not asked for yet */
};

/** What is ready of @file, POLL* bits; notes in @wait what could make it ready. */
int wait_look(const struct file *file, struct wait *wait);
/** The longest that one step of a wait may take, up to @left_ns (-1: for ever). */
int64_t wait_limit(const struct wait *wait, int64_t left_ns);
/** Waits for something of @wait for @client, up to @left_ns. 0: look again; -EDEADLK nothing could
 * end it; another error. */
int wait_step(const struct wait *wait, const struct client *client, int64_t left_ns);
/** Waits until a stream that is read without O_NONBLOCK has something; at once where there are no sockets, that had to
 *  go on meanwhile. 0, -EINTR. */
int wait_for_input(const struct file *file);
/** What is left of @deadline; 0: it has come. */
int64_t deadline_left(struct deadline *deadline);

/* ---- epoll.c ---- */

/** @file is closed: it leaves its sets. */
void epoll_forget(struct file *file);
struct wait;
/** POLLIN, if epoll_wait(2) has something to tell of the set that is @file; what it would wait for goes to @wait. */
int epoll_ready(const struct file *file, struct wait *wait);

/* ---- timerfd.c ---- */

/** Nanoseconds until timer @file expires next, whether or not it has before; -1: never. */
int64_t timerfd_due_ns(const struct file *file);

/* ---- pair.c ---- */

/** SOCK_* of one end. */
int pair_type(const struct file *file);

/* ---- socket.c ---- */

extern struct stack {
    struct socket_ops ops;
    bool bound;
    char name[64];
    char device[64];
    char options[1024];
    uint32_t nsockets; /* descriptions of its sockets */
} stack;

/** Of sockets: what the stack answered, where errors of a lost handle are one. */
static inline ssize_t stack_checked(ssize_t result, size_t max)
{
    if (unlikely(result == -EBADF || result == -EOWNERDEAD)) {
        return -ECONNRESET;
    }
    return checked_count(result, max);
}

/** Makes the stack of a begun-anew cubicle what it was; it knows no socket any more. */
void socket_mend(void);
/** O_NONBLOCK of @file, a socket, has changed. */
int socket_flags_changed(const struct file *file);
/** send(2) to @file, a socket. */
ssize_t socket_file_send(const struct file *file, const void *buf, size_t count,
                         int flags);

#endif
