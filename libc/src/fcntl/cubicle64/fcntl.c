/*
 * Locks come first, because databases call them most. The third argument is declared here,
 * though fcntl() takes variable arguments: in the calling convention both arrive in the same
 * register, and va_arg would go through memory.
 */
#define fcntl fcntl_as_declared
#include <fcntl.h>
#undef fcntl
#include "call_sockets.h"
#include "syscall.h"

int fcntl(int fd, int cmd, unsigned long argument);

static int fcntl_query(int fd, struct flock *lock)
{
    struct vfs_lock_info info;
    if (lock->l_whence == SEEK_CUR) {
        __call_seek_settle();
    }
    const long r = __call_zero(vfs_lock_query(fd, VFS_LOCK(lock->l_type, lock->l_whence, 0),
                                 lock->l_start, lock->l_len, &info, CALL_SELF));
    if (r < 0) {
        return __syscall_ret(r);
    }
    lock->l_type = info.type;
    if (info.type != F_UNLCK) {
        lock->l_whence = SEEK_SET;
        lock->l_start = info.start;
        lock->l_len = info.len;
        lock->l_pid = info.pid;
    }
    return 0;
}

int fcntl(int fd, int cmd, unsigned long argument)
{
    struct flock *lock = (struct flock *)argument;

    switch (cmd) {
    case F_SETLK:
    case F_SETLKW:
        return __syscall_ret(__call_lock(fd, lock, cmd == F_SETLKW));
    case F_GETLK:
        return fcntl_query(fd, lock);
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return __syscall_ret(__call_duplicate(fd, CALL_VFS_FD(fcntl, fd, cmd, (int)argument)));
    case F_SETFL:
        __call_sockets_change(fd);
        /* fall through */
    default:
        return __syscall_ret(vfs_fcntl(fd, cmd, (int)argument, CALL_SELF));
    }
}
