/*
 * Sockets (src/network/cubicle64/), for the functions that read and write any descriptor. They call
 * it by way of a table, so that a program without sockets does not link it.
 */
#ifndef CALL_SOCKETS_H
#define CALL_SOCKETS_H

struct iovec;

struct call_sockets {
    /* Is @fd known to be a socket? If so, the next four functions transfer its data. */
    int (*is)(int fd);
    long (*read)(int fd, void *buf, unsigned long count);
    long (*write)(int fd, const void *buf, unsigned long count);
    long (*readv)(int fd, const struct iovec *iov, int count);
    long (*writev)(int fd, const struct iovec *iov, int count);
    /* To be called before @fd is closed, or comes to mean another file. */
    void (*forget)(int fd);
    /* Sleeps while the network stack goes on. 0; -EINTR; another error: it could not sleep. */
    long (*sleep)(unsigned long ns);
    /* To be called before @fd gets other flags, or a duplicate. */
    void (*change)(int fd);
    /* Tells the network stack what was put off (call_cork.c). */
    void (*tell)(void);
};

/* 0 until the program makes a socket. */
extern const struct call_sockets *__call_sockets __attribute__((__visibility__("hidden")));

/* clock_sleep_ns(), during which the network stack sends what it still holds. */
long __call_sleep(unsigned long ns) __attribute__((__visibility__("hidden")));

/* To be called before a wait. */
static inline void __call_sockets_tell(void)
{
    if (__call_sockets) {
        __call_sockets->tell();
    }
}

/* To be called before @fd gets other flags or a duplicate, and where its socket may hold bytes
 * back. */
static inline void __call_sockets_change(int fd)
{
    if (__call_sockets) {
        __call_sockets->change(fd);
    }
}

/* The table above if @fd is a socket; else 0. */
static inline const struct call_sockets *__call_socket_at(int fd)
{
    const struct call_sockets *sockets = __call_sockets;
    return __builtin_expect(sockets != 0, 0) && sockets->is(fd) ? sockets : 0;
}

#endif
