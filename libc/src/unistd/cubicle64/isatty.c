#include <errno.h>
#include <unistd.h>

#include "syscall.h"

int isatty(int fd)
{
    const int r = vfs_isatty(fd, CALL_SELF);
    if (r == 1) {
        return 1;
    }
    errno = r < 0 ? -r : ENOTTY;
    return 0;
}
