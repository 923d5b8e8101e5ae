#include <fcntl.h>

#include "syscall.h"

/* Unlike dup3, dup2 accepts two equal descriptors, and fails where they are not open. */
long __call_dup2(int fd, int new_fd)
{
    if (fd == new_fd) {
        const int flags = vfs_fcntl(fd, F_GETFD, 0, CALL_SELF);
        return flags < 0 ? -EBADF : fd;
    }
    return __call_dup3(fd, new_fd, 0);
}
