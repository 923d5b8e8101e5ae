/* The few requests that some function of vfs answers. */
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>

#include "call_sockets.h"
#include "syscall.h"

long __call_ioctl(int fd, int request, long argument)
{
    switch (request) {
    case TIOCGWINSZ:
        return __call_winsize(fd, (void *)argument);
    case FIONBIO: {
        __call_sockets_change(fd);
        const int flags = vfs_fcntl(fd, F_GETFL, 0, CALL_SELF);
        if (flags < 0) {
            return flags;
        }
        const int other = *(int *)argument ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
        return vfs_fcntl(fd, F_SETFL, other, CALL_SELF);
    }
    case FIONREAD: {
        const long r = vfs_readable(fd, CALL_SELF);
        if (r < 0) {
            return __call_lie(r);
        }
        *(int *)argument = r < INT_MAX ? (int)r : INT_MAX;
        return 0;
    }
    case FIOCLEX:
        return vfs_fcntl(fd, F_SETFD, FD_CLOEXEC, CALL_SELF);
    case FIONCLEX:
        return vfs_fcntl(fd, F_SETFD, 0, CALL_SELF);
    default: {
        const int flags = vfs_fcntl(fd, F_GETFL, 0, CALL_SELF);
        return flags < 0 ? flags : -ENOTTY;
    }
    }
}
