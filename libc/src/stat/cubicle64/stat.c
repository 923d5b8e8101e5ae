#define _BSD_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

#include "syscall.h"

int stat(const char *restrict path, struct stat *restrict st)
{
    return __syscall_ret(vfs_fstatat(AT_FDCWD, path, st, 0, CALL_SELF));
}

weak_alias(stat, stat64);
