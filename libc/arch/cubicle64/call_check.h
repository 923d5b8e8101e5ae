/*
 * libc does not trust the components that answer its calls: a result that the interface does not
 * allow becomes -EIO.
 */
#ifndef CUBICLE64_CALL_CHECK_H
#define CUBICLE64_CALL_CHECK_H

#define CALL_FD_MAX 65536u /* the hard limit RLIMIT_NOFILE */
#define CALL_FD_SOFT 1024u /* the soft limit at the start */

/* @r if it is an errno, else -EIO. */
hidden long __call_lie(long) __attribute__((__cold__));

CALL_INLINE long __call_zero(long r)
{
    return __builtin_expect(r == 0, 1) ? 0 : __call_lie(r);
}

CALL_INLINE long __call_upto(long r, unsigned long max)
{
    return __builtin_expect((unsigned long)r <= max, 1) ? r : __call_lie(r);
}

/* The result of writing @count bytes. Writing none of them is no result: programs would try again
 * for ever. */
CALL_INLINE long __call_written(long r, unsigned long count)
{
    return __builtin_expect(r == 0 && count != 0, 0) ? -EIO : __call_upto(r, count);
}

/* A new descriptor must be below the soft limit of this module, because programs use it as an index
 * into bit sets of that size (fd_set). */
hidden extern unsigned __call_fd_end;

/* The same for a module that shares its cubicle: another module may have raised the limit. */
hidden long __call_fd_above(long) __attribute__((__cold__));

CALL_INLINE long __call_fd(long r)
{
    return __builtin_expect((unsigned long)r < __call_fd_end, 1) ? r : __call_fd_above(r);
}

#endif
