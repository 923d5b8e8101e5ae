/* The failing half of __syscall_ret(). */
#include <errno.h>

#include "syscall.h"

long __call_fail(unsigned long r)
{
    errno = -__call_lie(r);
    return -1;
}
