/*
 * Two worlds with the same calls: the host's kernel on a tmpfs, and vfscore on ramfs. A
 * differential test does the same in both and compares. Every call answers a result or
 * -errno.
 */
#ifndef WORLD_H
#define WORLD_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#define WORLD_CLIENT 3 /* the cubicle that calls vfscore */

struct world {
    const char *name;
    long (*openat)(int dirfd, const char *path, int flags, unsigned mode);
    long (*close)(int fd);
    long (*read)(int fd, void *buf, size_t count);
    long (*write)(int fd, const void *buf, size_t count);
    long (*pread)(int fd, void *buf, size_t count, int64_t offset);
    long (*pwrite)(int fd, const void *buf, size_t count, int64_t offset);
    long (*lseek)(int fd, int64_t offset, int whence);
    long (*fstat)(int fd, struct stat *st);
    long (*fstatat)(int dirfd, const char *path, struct stat *st, int flags);
    long (*ftruncate)(int fd, int64_t size);
    long (*truncate)(const char *path, int64_t size);
    long (*fsync)(int fd);
    long (*fcntl)(int fd, int cmd, long argument);
    long (*dup)(int fd);
    long (*dup3)(int fd, int new_fd, int flags);
    long (*pipe2)(int *fds, int flags);
    long (*getdents)(int fd, void *buf, size_t count);
    long (*unlinkat)(int dirfd, const char *path, int flags);
    long (*mkdirat)(int dirfd, const char *path, unsigned mode);
    long (*mknodat)(int dirfd, const char *path, unsigned mode);
    long (*renameat)(int old_dirfd, const char *old_path, int new_dirfd,
                     const char *new_path);
    long (*linkat)(int old_dirfd, const char *old_path, int new_dirfd,
                   const char *new_path, int flags);
    long (*symlinkat)(const char *target, int dirfd, const char *path);
    long (*readlinkat)(int dirfd, const char *path, char *buf, size_t count);
    long (*faccessat)(int dirfd, const char *path, int mode);
    long (*fchmod)(int fd, unsigned mode);
    long (*fchmodat)(int dirfd, const char *path, unsigned mode);
    long (*fchownat)(int dirfd, const char *path, unsigned uid, unsigned gid,
                     int flags);
    long (*utimensat)(int dirfd, const char *path, const struct timespec *times,
                      int flags);
    long (*chdir)(const char *path);
    long (*fchdir)(int fd);
    long (*getcwd)(char *buf, size_t count);
    long (*umask)(unsigned mask);
    /** Maps the page of @offset, shared and with all rights; stores @byte there unless it is
     *  negative, and ends the mapping. What was there, or -errno. */
    long (*poke)(int fd, int64_t offset, int byte);
};

extern const struct world host_world, cubicle_world;

/**
 * Makes an empty directory the root of both worlds for the calling process, which
 * should be a child made for that: the host's side in a fresh directory of a tmpfs,
 * entered by chroot(2) as a user without privileges. NULL, or why that cannot be.
 */
const char *world_enter(void);

/** Mounts ramfs as the only file system. */
void world_boot(void);

#endif
