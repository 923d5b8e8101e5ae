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

CALL_INLINE long __call_fd(long r)
{
    return __call_upto(r, CALL_FD_MAX - 1);
}

#endif
