/*
 * poll(2). Nothing changes while a call waits but time and what comes from outside: the
 * console. So a wait is either for the console, or for the time limit; one that could
 * never end is answered EDEADLK.
 */
#include "core.h"

#include <clock.h>
#include <poll.h>

#define ALWAYS (POLLERR | POLLHUP)
#define POLL_MAX FD_MAX

/** Bits that are ready for @file; *@device is set where waiting can help. */
static int file_poll(const struct file *file, const struct file **device)
{
    const struct node *node = file->node;
    if ((file->flags & O_PATH) != 0) {
        return POLLNVAL;
    }
    if (node->pipe != NULL) {
        return pipe_poll(file);
    }
    if ((node->flags & FS_NODE_STREAM) == 0) {
        return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
    }
    int ready;
    PROVIDER(ready, node->ops->fs_poll(node->number, 0));
    if (ready < 0) {
        return POLLERR;
    }
    *device = file;
    return ready & (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM | POLLHUP | POLLERR);
}

static int poll_once(struct pollfd *fds, size_t count, struct client *client,
                     const struct file **device)
{
    int ready = 0;
    for (size_t i = 0; i < count; i++) {
        fds[i].revents = 0;
        if (fds[i].fd < 0) {
            continue;
        }
        const struct file *file = client_file(client, fds[i].fd);
        const int bits = file == NULL ? POLLNVAL
                                      : file_poll(file, device) &
                                            (fds[i].events | ALWAYS | POLLNVAL);
        fds[i].revents = (short)bits;
        ready += bits != 0;
    }
    return ready;
}

int vfs_poll(struct pollfd *fds, size_t size, int timeout_ms, int caller)
{
    const size_t count = size / sizeof(*fds);
    struct client *client = client_get(caller);
    if (client == NULL) {
        return -EDEADLK;
    }
    if (size % sizeof(*fds) != 0 || count > POLL_MAX) {
        return -EINVAL;
    }
    const struct file *device = NULL;
    int ready = poll_once(fds, count, client, &device);
    if (ready != 0 || timeout_ms == 0) {
        return ready;
    }
    if (device != NULL) {
        int ignored; /* the second look tells */
        PROVIDER(ignored, device->node->ops->fs_poll(device->node->number, timeout_ms));
        (void)ignored;
        return poll_once(fds, count, client, &device);
    }
    if (timeout_ms < 0) {
        return -EDEADLK;
    }
    int error;
    PROVIDER(error, clock_sleep_ns((uint64_t)timeout_ms * 1000000));
    return checked(error);
}
