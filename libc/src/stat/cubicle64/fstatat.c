#define _BSD_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

#include "syscall.h"

int fstatat(int fd, const char *restrict path, struct stat *restrict st, int flag)
{
    if (flag & AT_EMPTY_PATH && !*path) {
        return fd == AT_FDCWD ? __syscall_ret(CALL_VFS_ZERO(fstatat, fd, ".", st, 0))
                              : __syscall_ret(CALL_VFS_ZERO(fstat, fd, st));
    }
    return __syscall_ret(CALL_VFS_ZERO(fstatat, fd, path, st, flag & ~AT_EMPTY_PATH));
}

weak_alias(fstatat, fstatat64);
