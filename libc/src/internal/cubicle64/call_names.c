/* Checks answers that come in memory: a path ends within its buffer, and descriptors are in range.
 */
#include "syscall.h"

long __call_getcwd(char *buf, unsigned long size)
{
    const long r = vfs_getcwd(buf, size, CALL_SELF);
    return r > 0 && ((unsigned long)r > size || buf[r - 1] != '\0') ? -EIO : r;
}

long __call_pipe(int *fds, int flags)
{
    int made[2];
    const long r = __call_zero(vfs_pipe2(made, flags, CALL_SELF));
    if (r) {
        return r;
    }
    if (__call_fd(made[0]) < 0 || __call_fd(made[1]) < 0) {
        return -EIO;
    }
    fds[0] = __call_new(made[0]);
    fds[1] = __call_new(made[1]);
    return 0;
}
