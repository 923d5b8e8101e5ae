/*
 * syscall(). Its number is no constant, so serving all numbers would import every interface. It
 * serves those that programs use because a library had no function for them, or to be sure of a
 * plain call: ids, time, random bytes, futexes, signals to themselves, and everyday calls of files.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "syscall.h"

#undef syscall

#define ANSWER(number) \
    case number: return __syscall_ret(__syscall6(number, a, b, c, d, e, f))

long syscall(long n, ...)
{
    va_list list;
    va_start(list, n);
    const long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long);
    const long d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    switch (n) {
        ANSWER(SYS_getpid);
        ANSWER(SYS_gettid);
        ANSWER(SYS_getppid);
        ANSWER(SYS_getuid);
        ANSWER(SYS_geteuid);
        ANSWER(SYS_getgid);
        ANSWER(SYS_getegid);
        ANSWER(SYS_getcpu);
        ANSWER(SYS_sched_yield);
        ANSWER(SYS_membarrier);
        ANSWER(SYS_futex);
        ANSWER(SYS_tkill);
        ANSWER(SYS_tgkill);
        ANSWER(SYS_kill);
        ANSWER(SYS_exit_group);
        ANSWER(SYS_clock_gettime);
        ANSWER(SYS_clock_getres);
        ANSWER(SYS_clock_nanosleep);
        ANSWER(SYS_gettimeofday);
        ANSWER(SYS_getrandom);
        ANSWER(SYS_read);
        ANSWER(SYS_write);
        ANSWER(SYS_openat);
        ANSWER(SYS_close);
        ANSWER(SYS_lseek);
        ANSWER(SYS_fstat);
        ANSWER(SYS_newfstatat);
        ANSWER(SYS_getdents64);
        ANSWER(SYS_faccessat2);
        ANSWER(SYS_renameat2);
    case SYS_fork:
    case SYS_vfork:
    case SYS_clone:
    case SYS_clone3:
    case SYS_execve:
        return __syscall_ret(__call_lacking_process("syscall() for a process"));
    default:
        return __syscall_ret(-ENOSYS);
    }
}
