/* Descriptors as such: copies and flags. */
#include "core.h"

#define SETTABLE (O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME)

static int duplicate(struct client *client, struct file *file, int from,
                     bool close_on_exec)
{
    const int fd = client_install(client, from, file, close_on_exec);
    if (fd >= 0) {
        file->refs++;
    }
    return fd;
}

int vfs_dup(int fd, int caller)
{
    struct file *file = file_of(fd, caller);
    return file == NULL ? -EBADF : duplicate(&core.clients[caller], file, 0, false);
}

int vfs_dup3(int fd, int new_fd, int flags, int caller)
{
    if ((flags & ~O_CLOEXEC) != 0 || fd == new_fd) {
        return -EINVAL;
    }
    if (new_fd < 0 || new_fd >= FD_MAX) {
        return -EBADF;
    }
    struct file *file = file_of(fd, caller);
    if (file == NULL) {
        return -EBADF;
    }
    file->refs++;
    const int result = client_replace(&core.clients[caller], new_fd, file, flags != 0);
    if (result < 0) {
        file_put(file);
    }
    return result;
}

int vfs_fcntl(int fd, int cmd, int64_t argument, int caller)
{
    struct file *file = file_of(fd, caller);
    if (file == NULL) {
        return -EBADF;
    }
    struct client *client = &core.clients[caller];
    if ((file->flags & O_PATH) != 0 && cmd != F_DUPFD && cmd != F_DUPFD_CLOEXEC &&
        cmd != F_GETFD && cmd != F_SETFD && cmd != F_GETFL) {
        return -EBADF;
    }
    switch (cmd) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (argument < 0 || argument >= client->limit) {
            return -EINVAL;
        }
        return duplicate(client, file, (int)argument, cmd == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return client_close_on_exec(client, fd) ? FD_CLOEXEC : 0;
    case F_SETFD:
        client_set_close_on_exec(client, fd, (argument & FD_CLOEXEC) != 0);
        return 0;
    case F_GETFL:
        return (int)file->flags;
    case F_SETFL:
        file->flags =
            (file->flags & ~(uint32_t)SETTABLE) | ((uint32_t)argument & SETTABLE);
        return file->special == &special_socket ? socket_flags_changed(file) : 0;
    case F_GETPIPE_SZ:
        return (int)pipe_size(file->node);
    default:
        return -EINVAL;
    }
}
