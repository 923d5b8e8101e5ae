/* A number that is not a constant would import every interface: only what needs none is
 * answered. */
#define _BSD_SOURCE
#include <errno.h>
#include <unistd.h>

#include "syscall.h"

#undef syscall

long syscall(long n, ...)
{
    return n == SYS_gettid || n == SYS_getpid ? 1 : __syscall_ret(-ENOSYS);
}
