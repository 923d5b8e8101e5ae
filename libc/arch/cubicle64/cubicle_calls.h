/*
 * The interface functions that libc calls instead of the kernel.
 *
 * libc cannot include interfaces/<name>.h everywhere: those pull in <sys/stat.h>,
 * <poll.h> and others, and this header is seen by every file of musl that makes a
 * system call. So the same functions are declared here with musl's underlying types.
 * tests/unit/libc_calls.c includes both and fails to compile when one differs.
 *
 * CALL_SELF is what we pass where the trampoline puts the caller's id.
 */
#ifndef CUBICLE64_CALLS_H
#define CUBICLE64_CALLS_H

#define CALL_SELF 0

/* What one call moves at most, in bytes: longer transfers are done in pieces. */
#define CALL_PIECE 65536ul

struct flock;
struct stat;
struct statfs;
struct pollfd;
struct timespec;
struct itimerspec;
struct epoll_event;

#ifndef CUBICLE_VFS_H
#define VFS_LOCK(type, whence, wait) ((type) | (whence) << 8 | (wait) << 16)

struct vfs_lock_info {
    long start, len;
    int type, pid;
};

struct vfs_absence {
    unsigned long epoch;
    int cubicle, pad;
};

struct vfs_socket {
    int handle, domain, type, protocol;
    char stack[64];
};

struct vfs_accepted {
    int handle;
    unsigned len;
    unsigned char bytes[28];
};
#endif

#ifndef CUBICLE_CUBICLE_H
#define CUBICLE_READ 1
#define CUBICLE_WRITE 3
#endif

/* vfs: descriptors */
int vfs_openat(int, const char *, int, unsigned, int);
int vfs_close(int, int);
long vfs_read(int, void *, unsigned long, int);
long vfs_write(int, const void *, unsigned long, int);
long vfs_pread(int, void *, unsigned long, long, int);
long vfs_pwrite(int, const void *, unsigned long, long, int);
long vfs_seek_read(int, void *, unsigned long, long, int);
long vfs_seek_write(int, const void *, unsigned long, long, int);
long vfs_lseek(int, long, int, int);
int vfs_ftruncate(int, long, int);
int vfs_fsync(int, int);
int vfs_fcntl(int, int, long, int);
int vfs_lock(int, int, long, long, int);
int vfs_lock_query(int, int, long, long, struct vfs_lock_info *, int);
int vfs_dup(int, int);
int vfs_dup3(int, int, int, int);
int vfs_pipe2(int *, int, int);
long vfs_getdents(int, void *, unsigned long, int);
int vfs_isatty(int, int);
int vfs_winsize(int, int);
int vfs_poll(struct pollfd *, unsigned long, int, int);

long vfs_readable(int, int);
long vfs_sendfile(int, int, long, unsigned long, int);
long vfs_splice(int, long, int, long, unsigned long, int, int);

/* vfs: what waits */
int vfs_eventfd(unsigned, int, int);
int vfs_timerfd_create(int, int, int);
int vfs_timerfd_settime(int, int, const struct itimerspec *, struct itimerspec *, int);
int vfs_timerfd_gettime(int, struct itimerspec *, int);
int vfs_epoll_create(int, int);
int vfs_epoll_ctl(int, int, int, unsigned, unsigned long, int);
long vfs_epoll_wait(int, struct epoll_event *, unsigned long, long, int);

/* vfs: sockets */
int vfs_socket(int, int, int, struct vfs_socket *, int);
int vfs_socket_handle(int, struct vfs_socket *, int);
int vfs_accept4(int, int, struct vfs_accepted *, int);
int vfs_socketpair(int, int, int, int *, int);
long vfs_send(int, const void *, unsigned long, int, int);
long vfs_receive(int, void *, unsigned long, int, unsigned long *, int);
int vfs_shutdown(int, int, int);

long vfs_map(int, long, unsigned long, int, int);
int vfs_unmap(void *, unsigned long, int);
int vfs_map_protect(void *, unsigned long, int, int);
int vfs_map_grow(void *, unsigned long, unsigned long, int);
int vfs_map_sync(void *, int);

/* vfs: attributes and names */
int vfs_fstat(int, struct stat *, int);
int vfs_fstatat(int, const char *, struct stat *, int, int);
int vfs_absent(const char *, struct vfs_absence *, int);
int vfs_statfs(const char *, struct statfs *, int);
int vfs_fstatfs(int, struct statfs *, int);
int vfs_truncate(const char *, long, int);
int vfs_unlinkat(int, const char *, int, int);
int vfs_mkdirat(int, const char *, unsigned, int);
int vfs_mknodat(int, const char *, unsigned, unsigned long, int);
int vfs_renameat(int, const char *, int, const char *, int);
int vfs_linkat(int, const char *, int, const char *, int, int);
int vfs_symlinkat(const char *, int, const char *, int);
long vfs_readlinkat(int, const char *, char *, unsigned long, int);
int vfs_faccessat(int, const char *, int, int, int);
int vfs_fchmod(int, unsigned, int);
int vfs_fchmodat(int, const char *, unsigned, int);
int vfs_fchown(int, unsigned, unsigned, int);
int vfs_fchownat(int, const char *, unsigned, unsigned, int, int);
int vfs_utimensat(int, const char *, const struct timespec *, int, int);
int vfs_chdir(const char *, int);
int vfs_fchdir(int, int);
long vfs_getcwd(char *, unsigned long, int);
int vfs_umask(unsigned, int);
int vfs_limit(int, int);

/* alloc, clock, random, plat */
long alloc_map(unsigned long, int);
long alloc_map_room(unsigned long, unsigned long, int);
long alloc_map_again(unsigned long, int);
int alloc_grow(void *, unsigned long, unsigned long, int);
int alloc_unmap(void *, unsigned long, int);
long alloc_reserve(unsigned long, int);
int alloc_commit(void *, unsigned long, int);
int alloc_decommit(void *, unsigned long, int);
long alloc_span(const void *, unsigned long, int);
long clock_now_ns(int);
long clock_resolution_ns(int);
int clock_sleep_ns(unsigned long);
long random_bytes(void *, unsigned long);
long plat_argument(int, char *, unsigned long);
long plat_environment(int, char *, unsigned long);

/* monitor */
int cubicle_find(const char *);
int cubicle_window_lender(const void *, unsigned long, int);
int cubicle_page_protect(void *, unsigned long, int);
int cubicle_page_discard(void *, unsigned long);
int cubicle_page_rights(const void *, unsigned long);
int cubicle_thread_pointer_set(void *);
unsigned long cubicle_fenv_get(void);
int cubicle_fenv_set(unsigned long);
unsigned long cubicle_epoch(int);
long cubicle_clock(int);
long cubicle_signal_set(unsigned long, unsigned long, unsigned long);
long cubicle_signal_take(unsigned long);
int cubicle_signal_wait(unsigned long, long);
int cubicle_signal_timer(unsigned long, unsigned long, unsigned long *);
void cubicle_exit(int) __attribute__((__noreturn__));
void cubicle_abort(const char *) __attribute__((__noreturn__));

#endif
