/* poll(2). */
#include "core.h"

#define ALWAYS (POLLERR | POLLHUP)
#define POLL_MAX FD_MAX

static int poll_once(struct pollfd *fds, size_t count, struct client *client,
                     struct wait *wait)
{
    int ready = 0;
    for (size_t i = 0; i < count; i++) {
        fds[i].revents = 0;
        if (fds[i].fd < 0) {
            continue;
        }
        const struct file *file = client_file(client, fds[i].fd);
        const int bits =
            file == NULL ? POLLNVAL
                         : wait_look(file, wait) & (fds[i].events | ALWAYS | POLLNVAL);
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
    struct deadline deadline = {
        .timeout_ns = timeout_ms < 0 ? -1 : timeout_ms * INT64_C(1000000)};
    for (;;) {
        struct wait wait = WAIT_NONE;
        const int ready = poll_once(fds, count, client, &wait);
        if (ready != 0 || timeout_ms == 0) {
            return ready;
        }
        const int64_t left_ns = deadline_left(&deadline);
        if (left_ns == 0) {
            return 0;
        }
        const int error = wait_step(&wait, client, left_ns);
        if (error != 0) {
            return error;
        }
    }
}
