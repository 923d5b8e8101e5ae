/* Two clients of vfscore, by their cubicles' ids. After cmocka.h. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <fcntl.h>
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

#endif
