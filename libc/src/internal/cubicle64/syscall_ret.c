/* The failing half of __syscall_ret(). */
#include <errno.h>

#include "call_signals.h"
#include "syscall.h"

int __call_interrupted;

long __call_fail(unsigned long r)
{
    errno = (long)r == -EINTR && __call_interrupted ? EINTR : -__call_lie(r);
    __call_interrupted = 0;
    return -1;
}
