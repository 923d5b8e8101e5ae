/*
 * Sockets (src/network/cubicle64/), for what reads and writes any descriptor. A program that has none does not have any of it.
 */
#ifndef CALL_SOCKETS_H
#define CALL_SOCKETS_H

struct iovec;

struct call_sockets {
    /* Whether @fd is known to be a socket: then these transfer. */
    int (*is)(int fd);
    long (*read)(int fd, void *buf, unsigned long count);
    long (*write)(int fd, const void *buf, unsigned long count);
    long (*readv)(int fd, const struct iovec *iov, int count);
    long (*writev)(int fd, const struct iovec *iov, int count);
    /* @fd is about to mean nothing, or something else. */
    void (*forget)(int fd);
    /* Sleeps while the stack works on. 0, -EINTR, or another error: it could not. */
    long (*sleep)(unsigned long ns);
    /* @fd gets other flags, or another descriptor of the same socket. */
    void (*change)(int fd);
    /* Tells the stack what was put off. */
    void (*tell)(void);
};

/* 0 until a socket is made. */
extern const struct call_sockets *__call_sockets __attribute__((__visibility__("hidden")));

/* clock_sleep_ns(), and what was sent goes on its way meanwhile. */
long __call_sleep(unsigned long ns) __attribute__((__visibility__("hidden")));

/* To be called before a wait. */
static inline void __call_sockets_tell(void)
{
    if (__call_sockets) {
        __call_sockets->tell();
    }
}

/* To be called before @fd gets other flags, or another descriptor of the same file; or where its socket may hold bytes
 * back. */
static inline void __call_sockets_change(int fd)
{
    if (__call_sockets) {
        __call_sockets->change(fd);
    }
}

/* The functions above, if @fd is one; else 0. */
static inline const struct call_sockets *__call_socket_at(int fd)
{
    const struct call_sockets *sockets = __call_sockets;
    return __builtin_expect(sockets != 0, 0) && sockets->is(fd) ? sockets : 0;
}

#endif
