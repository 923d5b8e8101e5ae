/* struct stat is what vfs fills: nothing to convert. */
#define _BSD_SOURCE
#include <sys/stat.h>

#include "syscall.h"

int fstat(int fd, struct stat *st)
{
    return __syscall_ret(vfs_fstat(fd, st, CALL_SELF));
}

weak_alias(fstat, fstat64);
