/* What libc believes of an answer: a result that the interface does not allow is -EIO. */
#ifndef CUBICLE64_CALL_CHECK_H
#define CUBICLE64_CALL_CHECK_H

#define CALL_FD_MAX 65536u /* as RLIMIT_NOFILE says, */
#define CALL_FD_SOFT 1024u /* and at first */

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

/* Of writing @count bytes: some of them, or programs would try again for ever. */
CALL_INLINE long __call_written(long r, unsigned long count)
{
    return __builtin_expect(r == 0 && count != 0, 0) ? -EIO : __call_upto(r, count);
}

/* A new descriptor is below the soft limit of this module: programs have sets of that many bits. */
hidden extern unsigned __call_fd_end;

/* Of a module that is not alone in its cubicle, whose limit another may have raised. */
hidden long __call_fd_above(long) __attribute__((__cold__));

CALL_INLINE long __call_fd(long r)
{
    return __builtin_expect((unsigned long)r < __call_fd_end, 1) ? r : __call_fd_above(r);
}

#endif
