/*
 * The result for the program where a component's answer is not an expected one. An errno is passed
 * on, all other answers become EIO. So does EINTR where no signal was handled: a program makes the
 * call again, and a component that answers EINTR each time would hold it for ever.
 */
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
