/* struct stat is what vfs fills: nothing to convert. */
#define _BSD_SOURCE
#include <sys/stat.h>

#include "syscall.h"

int fstat(int fd, struct stat *st)
{
    return __syscall_ret(CALL_VFS_ZERO(fstat, fd, st));
}

weak_alias(fstat, fstat64);
