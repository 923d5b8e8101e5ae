/*
 * Files as applications see them: descriptors, paths, offsets, locks, pipes, sockets, and what waits for them. Semantics
 * and structures are those of the Linux system calls of the same name (x86-64 layout); errors are negative errno values.
 * Descriptors, the current directory and the umask belong to the calling cubicle.
 *
 * A call that waits ends with -EINTR when a signal comes that the application catches (cubicle.h), and one that nothing
 * here could end with -EDEADLK.
 */
#ifndef CUBICLE_VFS_H
#define CUBICLE_VFS_H

#include <cubicle/interface.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <time.h>

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
 *  not in 0..65536. 1024 at first. */
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
/** FIONREAD: bytes that can be read now. -ENOTTY of what has no such number; -EINVAL a listening socket. */
int64_t vfs_readable(int fd, CUBICLE_CALLER int caller);
/** sendfile(2): from @in, a regular file, to @out, at most @count bytes from @offset on (-1: from its own offset, which
 *  moves). */
ssize_t vfs_sendfile(int out, int in, int64_t offset, size_t count, CUBICLE_CALLER int caller);
/** splice(2); offsets of -1: the descriptor's own. */
ssize_t vfs_splice(int in, int64_t in_offset, int out, int64_t out_offset, size_t count, int flags,
                   CUBICLE_CALLER int caller);

int vfs_eventfd(uint32_t initial, int flags, CUBICLE_CALLER int caller);
int vfs_timerfd_create(int clock, int flags, CUBICLE_CALLER int caller);
int vfs_timerfd_settime(int fd, int flags, CUBICLE_IN(sizeof(struct itimerspec)) const struct itimerspec *next,
                        CUBICLE_OUT(sizeof(struct itimerspec)) struct itimerspec *before, CUBICLE_CALLER int caller);
int vfs_timerfd_gettime(int fd, CUBICLE_OUT(sizeof(struct itimerspec)) struct itimerspec *now,
                        CUBICLE_CALLER int caller);

int vfs_epoll_create(int flags, CUBICLE_CALLER int caller);
int vfs_epoll_ctl(int epoll, int operation, int fd, uint32_t events, uint64_t data, CUBICLE_CALLER int caller);
/** epoll_wait(2) with @timeout_ns (-1: for ever). Bytes of @events that were filled; 0 the time is over. */
ssize_t vfs_epoll_wait(int epoll, CUBICLE_OUT(size, ret) struct epoll_event *events, size_t size, int64_t timeout_ns,
                       CUBICLE_CALLER int caller);

/** What the descriptor of a socket stands for. */
struct vfs_socket {
    int32_t handle; /* of the stack's, which the caller may use with socket.h; 0: vfs itself keeps the socket */
    int32_t domain, type, protocol; /* as socket(2) had them, without SOCK_NONBLOCK and SOCK_CLOEXEC */
    char stack[64];                 /* the provider of socket.h; "" where handle is 0 */
};
/** socket(2): the descriptor. -EAFNOSUPPORT there is no stack, or it does not know @domain. */
int vfs_socket(int domain, int type, int protocol, CUBICLE_OUT(sizeof(struct vfs_socket)) struct vfs_socket *socket,
               CUBICLE_CALLER int caller);
int vfs_socket_handle(int fd, CUBICLE_OUT(sizeof(struct vfs_socket)) struct vfs_socket *socket, CUBICLE_CALLER int caller);

struct vfs_accepted {
    int32_t handle; /* of the new socket, as above */
    uint32_t len;   /* of the peer's address */
    uint8_t bytes[28];
};
/** accept4(2): the new descriptor. */
int vfs_accept4(int fd, int flags, CUBICLE_OUT(sizeof(struct vfs_accepted)) struct vfs_accepted *accepted,
                CUBICLE_CALLER int caller);
/** socketpair(2), AF_UNIX. These sockets are vfs's own; the three functions below are for them. */
int vfs_socketpair(int domain, int type, int protocol, CUBICLE_OUT(2 * sizeof(int)) int *fds, CUBICLE_CALLER int caller);
/** send(2), flags MSG_DONTWAIT, MSG_NOSIGNAL, MSG_EOR. */
ssize_t vfs_send(int fd, CUBICLE_IN(count) CUBICLE_ON_DEMAND const void *buf, size_t count, int flags,
                 CUBICLE_CALLER int caller);
/** recv(2), flags MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC, MSG_WAITALL. *@size becomes that of the datagram, whatever was
 *  taken of it. */
ssize_t vfs_receive(int fd, CUBICLE_OUT(count, ret) void *buf, size_t count, int flags,
                    CUBICLE_OUT(sizeof(uint64_t)) uint64_t *size, CUBICLE_CALLER int caller);
int vfs_shutdown(int fd, int how, CUBICLE_CALLER int caller);

/** Takes network stack @stack into use, a provider of socket.h, with device @device ("": its own addresses only) and
 *  @options: docs/networking.md. */
CUBICLE_BOOT_ONLY
int vfs_network(CUBICLE_STRING(64) const char *stack, CUBICLE_STRING(64) const char *device,
                CUBICLE_STRING(1024) const char *options, CUBICLE_CALLER int caller);
/** The application has ended: closes all sockets, and lets the stack work until what was sent has arrived, for some seconds
 *  if need be. 0; -ETIMEDOUT not all has. */
CUBICLE_BOOT_ONLY
int vfs_network_end(CUBICLE_CALLER int caller);
/** Mounts file system provider @provider at @path. */
CUBICLE_BOOT_ONLY
int vfs_mount(CUBICLE_STRING(64) const char *provider, CUBICLE_STRING(PATH_MAX) const char *path,
              CUBICLE_STRING(256) const char *options, CUBICLE_CALLER int caller);

#endif
