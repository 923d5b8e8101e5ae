/*
 * Signals (src/signal/cubicle64/call_signal.c), for what waits. A program that neither handles nor blocks any has none of it.
 *
 * A call that may wait is made like this:  do { r = vfs_read(...); } while (__call_again(&r));
 */
#ifndef CALL_SIGNALS_H
#define CALL_SIGNALS_H

struct call_signals {
    /* A call has returned: runs handlers of what has come from outside. @waited: now, else only now and then. */
    void (*look)(int waited);
    /* A call failed with @r: runs handlers where that is why. 0: it is to be made again; else the error. */
    long (*ended)(long r, int restarts);
    /* Sends SIGPIPE. */
    void (*broken)(void);
    /* Blocks exactly @mask; returns what was blocked. *@ran: whether handlers ran. */
    unsigned long (*swap)(unsigned long mask, int *ran);
};

/* The EINTR that is being returned comes of a handler, and is no lie. */
extern int __call_interrupted __attribute__((__visibility__("hidden")));

/* 0 until the program sets or blocks a signal. */
extern const struct call_signals *__call_signals __attribute__((__visibility__("hidden")));

/* Whether a call that returned *@r is to be made again; else *@r is its result. Of those that Linux begins again after
 * a handler with SA_RESTART (@restarts), and others. */
int __call_finish(long *r, int restarts) __attribute__((__visibility__("hidden")));

static inline int __call_again(long *r)
{
    return __builtin_expect(*r < 0 || __call_signals != 0, 0) ? __call_finish(r, 1) : 0;
}

/* Of those that wait for something in any case, and end with a handler. */
static inline int __call_waited(long *r)
{
    return __builtin_expect(*r < 0 || __call_signals != 0, 0) ? __call_finish(r, 0) : 0;
}

/* The error of writing where nobody reads any more: SIGPIPE first. */
long __call_broken(long r) __attribute__((__visibility__("hidden"), __cold__));

#endif
