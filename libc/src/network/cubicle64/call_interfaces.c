#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "call_interfaces.h"

int __call_interfaces(struct socket_interface *list)
{
    socklen_t len = CALL_INTERFACES_MAX * sizeof *list;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    const int r = getsockopt(fd, SOCKET_LEVEL, SOCKET_INTERFACES, list, &len);
    const int error = errno;
    close(fd);
    errno = error;
    if (r != 0) {
        return -1;
    }
    const int count = len / sizeof *list;
    for (int i = 0; i < count; i++) {
        if (!memchr(list[i].name, '\0', sizeof list[i].name) || list[i].index == 0) {
            errno = EIO;
            return -1;
        }
    }
    return count;
}
