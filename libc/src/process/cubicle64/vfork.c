#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "syscall.h"

pid_t vfork(void)
{
    return __syscall_ret(-ENOSYS);
}
