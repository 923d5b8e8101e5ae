#define _BSD_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

#include "syscall.h"

int lstat(const char *restrict path, struct stat *restrict st)
{
    return __syscall_ret(CALL_VFS_ZERO(fstatat, AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW));
}

weak_alias(lstat, lstat64);
