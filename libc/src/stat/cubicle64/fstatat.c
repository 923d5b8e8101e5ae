#define _BSD_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

#include "syscall.h"

int fstatat(int fd, const char *restrict path, struct stat *restrict st, int flag)
{
    if (flag & AT_EMPTY_PATH && !*path) {
        return fd == AT_FDCWD ? __syscall_ret(vfs_fstatat(fd, ".", st, 0, CALL_SELF))
                              : __syscall_ret(vfs_fstat(fd, st, CALL_SELF));
    }
    return __syscall_ret(vfs_fstatat(fd, path, st, flag & ~AT_EMPTY_PATH, CALL_SELF));
}

weak_alias(fstatat, fstatat64);
