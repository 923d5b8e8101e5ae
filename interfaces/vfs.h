/*
 * Files as applications see them: descriptors, paths, offsets, locks, pipes. Semantics and structures are those of
 * the Linux system calls of the same name (x86-64 layout); errors are negative errno values. Descriptors, the
 * current directory and the umask belong to the calling cubicle.
 */
#ifndef CUBICLE_VFS_H
#define CUBICLE_VFS_H

#include <cubicle/interface.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/types.h>

CUBICLE_INTERFACE(vfs);

/** @how of vfs_lock: type (F_RDLCK, F_WRLCK, F_UNLCK), whence and waiting in one integer. */
#define VFS_LOCK(type, whence, wait) ((type) | (whence) << 8 | (wait) << 16)

struct vfs_lock_info {
    int64_t start, len; /* len 0: to the end of the file */
    int32_t type, pid;
};

int vfs_openat(int dirfd, CUBICLE_STRING(PATH_MAX) const char *path, int flags, uint32_t mode, CUBICLE_CALLER int caller);
int vfs_close(int fd, CUBICLE_CALLER int caller);
ssize_t vfs_read(int fd, CUBICLE_OUT(count, ret) void *buf, size_t count, CUBICLE_CALLER int caller);
ssize_t vfs_write(int fd, CUBICLE_IN(count) CUBICLE_ON_DEMAND const void *buf, size_t count, CUBICLE_CALLER int caller);
ssize_t vfs_pread(int fd, CUBICLE_OUT(count, ret) void *buf, size_t count, int64_t offset, CUBICLE_CALLER int caller);
ssize_t vfs_pwrite(int fd, CUBICLE_IN(count) CUBICLE_ON_DEMAND const void *buf, size_t count, int64_t offset, CUBICLE_CALLER int caller);
/** lseek(2) with SEEK_SET and then read(2) or write(2), in one call; where the seek fails, nothing else is done. */
ssize_t vfs_seek_read(int fd, CUBICLE_OUT(count, ret) void *buf, size_t count, int64_t offset, CUBICLE_CALLER int caller);
ssize_t vfs_seek_write(int fd, CUBICLE_IN(count) CUBICLE_ON_DEMAND const void *buf, size_t count, int64_t offset,
                       CUBICLE_CALLER int caller);
int64_t vfs_lseek(int fd, int64_t offset, int whence, CUBICLE_CALLER int caller);
int vfs_fstat(int fd, CUBICLE_OUT(sizeof(struct stat)) struct stat *st, CUBICLE_CALLER int caller);
int vfs_fstatat(int dirfd, CUBICLE_STRING(PATH_MAX) const char *path, CUBICLE_OUT(sizeof(struct stat)) struct stat *st,
                int flags, CUBICLE_CALLER int caller);
/** What vfs_absent() tells: as long as cubicle_epoch(@cubicle) is @epoch, the path names nothing. */
struct vfs_absence {
    uint64_t epoch;
    int32_t cubicle, pad;
};
/**
 * Says that the absolute path @path names nothing, as a stat(2) of it would find, and until when. 0; -ENOENT it is
 * not known for how long; -EINVAL not absolute.
 */
int vfs_absent(CUBICLE_STRING(PATH_MAX) const char *path,
               CUBICLE_OUT(sizeof(struct vfs_absence)) struct vfs_absence *absence, CUBICLE_CALLER int caller);
int vfs_ftruncate(int fd, int64_t size, CUBICLE_CALLER int caller);
int vfs_truncate(CUBICLE_STRING(PATH_MAX) const char *path, int64_t size, CUBICLE_CALLER int caller);
int vfs_fsync(int fd, CUBICLE_CALLER int caller);
/** fcntl commands with an integer argument: F_DUPFD*, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETPIPE_SZ. */
int vfs_fcntl(int fd, int cmd, int64_t argument, CUBICLE_CALLER int caller);
/** fcntl F_SETLK and F_SETLKW. */
int vfs_lock(int fd, int how, int64_t start, int64_t len, CUBICLE_CALLER int caller);
/** fcntl F_GETLK: fills @info with the lock in the way, type F_UNLCK where there is none. */
int vfs_lock_query(int fd, int how, int64_t start, int64_t len,
                   CUBICLE_OUT(sizeof(struct vfs_lock_info)) struct vfs_lock_info *info, CUBICLE_CALLER int caller);
int vfs_dup(int fd, CUBICLE_CALLER int caller);
int vfs_dup3(int fd, int new_fd, int flags, CUBICLE_CALLER int caller);
int vfs_pipe2(CUBICLE_OUT(2 * sizeof(int)) int *fds, int flags, CUBICLE_CALLER int caller);
/** struct dirent records of Linux getdents64. */
ssize_t vfs_getdents(int fd, CUBICLE_OUT(count, ret) void *buf, size_t count, CUBICLE_CALLER int caller);
int vfs_unlinkat(int dirfd, CUBICLE_STRING(PATH_MAX) const char *path, int flags, CUBICLE_CALLER int caller);
int vfs_mkdirat(int dirfd, CUBICLE_STRING(PATH_MAX) const char *path, uint32_t mode, CUBICLE_CALLER int caller);
int vfs_mknodat(int dirfd, CUBICLE_STRING(PATH_MAX) const char *path, uint32_t mode, uint64_t rdev,
                CUBICLE_CALLER int caller);
int vfs_renameat(int old_dirfd, CUBICLE_STRING(PATH_MAX) const char *old_path, int new_dirfd,
                 CUBICLE_STRING(PATH_MAX) const char *new_path, CUBICLE_CALLER int caller);
int vfs_linkat(int old_dirfd, CUBICLE_STRING(PATH_MAX) const char *old_path, int new_dirfd,
               CUBICLE_STRING(PATH_MAX) const char *new_path, int flags, CUBICLE_CALLER int caller);
int vfs_symlinkat(CUBICLE_STRING(PATH_MAX) const char *target, int dirfd, CUBICLE_STRING(PATH_MAX) const char *path,
                  CUBICLE_CALLER int caller);
ssize_t vfs_readlinkat(int dirfd, CUBICLE_STRING(PATH_MAX) const char *path, CUBICLE_OUT(count, ret) char *buf,
                       size_t count, CUBICLE_CALLER int caller);
int vfs_faccessat(int dirfd, CUBICLE_STRING(PATH_MAX) const char *path, int mode, int flags, CUBICLE_CALLER int caller);
int vfs_fchmod(int fd, uint32_t mode, CUBICLE_CALLER int caller);
int vfs_fchmodat(int dirfd, CUBICLE_STRING(PATH_MAX) const char *path, uint32_t mode, CUBICLE_CALLER int caller);
int vfs_fchown(int fd, uint32_t uid, uint32_t gid, CUBICLE_CALLER int caller);
int vfs_fchownat(int dirfd, CUBICLE_STRING(PATH_MAX) const char *path, uint32_t uid, uint32_t gid, int flags,
                 CUBICLE_CALLER int caller);
/** @path NULL: the file behind @dirfd. Times as in utimensat(2), UTIME_NOW and UTIME_OMIT included. */
int vfs_utimensat(int dirfd, CUBICLE_STRING(PATH_MAX) CUBICLE_OR_NULL const char *path,
                  CUBICLE_IN(2 * sizeof(struct timespec)) CUBICLE_OR_NULL const struct timespec *times, int flags,
                  CUBICLE_CALLER int caller);
int vfs_chdir(CUBICLE_STRING(PATH_MAX) const char *path, CUBICLE_CALLER int caller);
int vfs_fchdir(int fd, CUBICLE_CALLER int caller);
/** Returns the length with the NUL, as the system call does. */
ssize_t vfs_getcwd(CUBICLE_OUT(count, ret) char *buf, size_t count, CUBICLE_CALLER int caller);
int vfs_umask(uint32_t mask, CUBICLE_CALLER int caller);
/** From now on the caller is given no descriptor of number @limit or above; those it has stay. 0; -EINVAL @limit is
 *  not in 0..1024. */
int vfs_limit(int limit, CUBICLE_CALLER int caller);
int vfs_isatty(int fd, CUBICLE_CALLER int caller);
/** rows << 16 | columns, or -ENOTTY. */
int vfs_winsize(int fd, CUBICLE_CALLER int caller);
int vfs_poll(CUBICLE_INOUT(size) struct pollfd *fds, size_t size, int timeout_ms, CUBICLE_CALLER int caller);
int vfs_statfs(CUBICLE_STRING(PATH_MAX) const char *path, CUBICLE_OUT(sizeof(struct statfs)) struct statfs *st,
               CUBICLE_CALLER int caller);
int vfs_fstatfs(int fd, CUBICLE_OUT(sizeof(struct statfs)) struct statfs *st, CUBICLE_CALLER int caller);
/**
 * Maps [@offset, @offset + @size) of the file for the caller, shared with the file: fs_map() says how. @rights 0,
 * CUBICLE_READ or CUBICLE_WRITE. The descriptor may be closed meanwhile. Returns the address; -EBADF; -EACCES not
 * open for reading, or with CUBICLE_WRITE for writing too; -ENODEV; -EINVAL; -ENOMEM. The address is the file
 * system's word alone: cubicle_window_lender() knows whether it lends the pages there.
 */
int64_t vfs_map(int fd, int64_t offset, size_t size, int rights, CUBICLE_CALLER int caller);
/** Ends the caller's mapping of whole pages [@base, @base + @size). 0; -EINVAL they are not all mapped; -ENOMEM it
 *  cannot be divided further. */
int vfs_unmap(CUBICLE_OPAQUE void *base, size_t size, CUBICLE_CALLER int caller);
/** Changes the caller's rights. As vfs_unmap(), and -EACCES the descriptor did not allow it. */
int vfs_map_protect(CUBICLE_OPAQUE void *base, size_t size, int rights, CUBICLE_CALLER int caller);
/** Lengthens the caller's mapping in its place, from @size to @new_size bytes. 0, -EINVAL, -ENOMEM no room there. */
int vfs_map_grow(CUBICLE_OPAQUE void *base, size_t size, size_t new_size, CUBICLE_CALLER int caller);
/** Says that the mapping was written to up to now: the file's times follow. 0, -EINVAL nothing is mapped at @base. */
int vfs_map_sync(CUBICLE_OPAQUE void *base, CUBICLE_CALLER int caller);
/** Mounts file system provider @provider at @path. */
CUBICLE_BOOT_ONLY
int vfs_mount(CUBICLE_STRING(64) const char *provider, CUBICLE_STRING(PATH_MAX) const char *path,
              CUBICLE_STRING(256) const char *options, CUBICLE_CALLER int caller);

#endif
