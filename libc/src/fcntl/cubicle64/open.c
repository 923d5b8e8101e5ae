/* O_CLOEXEC needs no second call, unlike on old kernels. */
#include <fcntl.h>
#include <stdarg.h>

#include "syscall.h"

int open(const char *filename, int flags, ...)
{
    mode_t mode = 0;

    if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) {
        va_list ap;
        va_start(ap, flags);
        mode = va_arg(ap, mode_t);
        va_end(ap);
    }
    return __syscall_ret(__call_new(
        CALL_VFS_FD(openat, AT_FDCWD, filename, flags & ~O_LARGEFILE, mode)));
}

weak_alias(open, open64);
