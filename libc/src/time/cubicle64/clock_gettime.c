#include <time.h>

#include "syscall.h"

int __clock_gettime(clockid_t clock, struct timespec *time)
{
    return syscall(SYS_clock_gettime, clock, time);
}

weak_alias(__clock_gettime, clock_gettime);
