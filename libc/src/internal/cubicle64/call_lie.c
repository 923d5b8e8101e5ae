/* What is left of an answer that is not among those that the interface allows: an error that says so.
 * Errors are passed on, but for EINTR: nothing interrupts a call here, and programs try again on it, for
 * ever if they are told so for ever. */
#include "syscall.h"

/* The loader's: an absolute symbol, 1 where no other module is in the cubicle. */
extern const char __cubicle_alone[];

unsigned __call_fd_end = CALL_FD_SOFT;

long __call_lie(long r)
{
    return r < 0 && r >= -4095 && r != -EINTR ? r : -EIO;
}

long __call_fd_above(long r)
{
    const char *alone = __cubicle_alone;
    __asm__("" : "+r"(alone)); /* the compiler takes addresses for non-zero */
    return !alone && (unsigned long)r < CALL_FD_MAX ? r : __call_lie(r);
}
