/*
 * Signals (src/signal/cubicle64/call_signal.c), for the functions that wait. They call it by way of
 * a table, so that a program which neither handles nor blocks a signal does not link it.
 *
 * A call that may wait is made like this:  do { r = vfs_read(...); } while (__call_again(&r));
 */
#ifndef CALL_SIGNALS_H
#define CALL_SIGNALS_H

struct call_signals {
    /* After a call: runs the handlers of signals that have come from outside. Looks for such
     * signals in every call where @waited, else only in every few, because looking costs a call. */
    void (*look)(int waited);
    /* After a call that failed with @r: runs handlers where signals are the reason. 0: the call is
     * to be made again; else the error. */
    long (*ended)(long r, int restarts);
    /* Sends SIGPIPE. */
    void (*broken)(void);
    /* Blocks exactly @mask; returns what was blocked. *@ran: whether handlers ran. */
    unsigned long (*swap)(unsigned long mask, int *ran);
};

/* Is the -EINTR that is being returned the result of a handler? Otherwise a component made it up.
 */
extern int __call_interrupted __attribute__((__visibility__("hidden")));

/* 0 until the program sets or blocks a signal. */
extern const struct call_signals *__call_signals __attribute__((__visibility__("hidden")));

/* Is a call that returned *@r to be made again? If not, *@r is its result. @restarts: it is a call
 * that Linux begins again after a handler with SA_RESTART. */
int __call_finish(long *r, int restarts) __attribute__((__visibility__("hidden")));

static inline int __call_again(long *r)
{
    return __builtin_expect(*r < 0 || __call_signals != 0, 0) ? __call_finish(r, 1) : 0;
}

/* The same for calls that only wait, such as poll(): after a handler they end, on Linux too. */
static inline int __call_waited(long *r)
{
    return __builtin_expect(*r < 0 || __call_signals != 0, 0) ? __call_finish(r, 0) : 0;
}

/* For a write to a pipe or socket that has no reader any more: sends SIGPIPE, and returns the
 * error. */
long __call_broken(long r) __attribute__((__visibility__("hidden"), __cold__));

#endif
