/* Two clients of vfscore, by their cubicles' ids. After cmocka.h. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <fcntl.h>
#include <sys/epoll.h>
#include <vfs.h>

#define A 3
#define B 4
#define CWD AT_FDCWD

static inline int open_file(const char *path, int flags, int client)
{
    const int fd = vfs_openat(CWD, path, flags, 0644, client);
    assert_true(fd >= 0);
    return fd;
}

/* How many events A's epoll set @set has; or a negative errno. */
static inline int wait_events(int set, struct epoll_event *events, int room,
                              int64_t timeout_ns)
{
    const ssize_t size =
        vfs_epoll_wait(set, events, (size_t)room * sizeof(*events), timeout_ns, A);
    return size < 0 ? (int)size : (int)(size / (ssize_t)sizeof(*events));
}

#endif
