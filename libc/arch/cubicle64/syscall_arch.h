/*
 * System calls of musl as calls to the interfaces of CubicleOS.
 *
 * 1. Every number that reaches __syscall() is a constant, so the switch below folds to
 *    one call: an object file imports only what it uses. A system call that takes more than
 *    a line is a function of src/internal/cubicle64.
 * 2. What is not listed answers -ENOSYS. Nothing that is not done answers success,
 *    except hints (fadvise, sched_yield, some madvise) whose contract is that nothing
 *    need happen.
 * 3. Results are those of the kernel: a negative errno or the value.
 * 4. The components that answer are not trusted: a result that the interface does not allow becomes
 *    -EIO. Such are a positive result of a function that returns 0, more bytes written than there
 *    were, a descriptor out of range, and a negative number that is no errno.
 */
#include "cubicle_calls.h"

#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)

#define CALL_INLINE static inline __attribute__((__always_inline__))

/* AT_FDCWD and friends; <fcntl.h> is not ours to include here. */
#define CALL_CWD (-100)
#define CALL_NOFOLLOW 0x100
#define CALL_REMOVEDIR 0x200
#define CALL_LARGEFILE 0100000
#define CALL_TIOCGWINSZ 0x5413

#include "call_check.h"

hidden long __call_stat(const char *, struct stat *);
hidden long __call_read(int, void *, unsigned long);
hidden long __call_write(int, const void *, unsigned long);
hidden long __call_long_read(int, void *, unsigned long);
hidden long __call_long_write(int, const void *, unsigned long);
hidden long __call_pread(int, void *, unsigned long, long);
hidden long __call_pwrite(int, const void *, unsigned long, long);
hidden long __call_random(void *, unsigned long);
hidden long __call_lseek(int, long, int);
hidden void __call_seek_settle(void);
hidden long __call_lock(int, const struct flock *, int);
hidden long __call_getdents(int, void *, unsigned long);
hidden long __call_close(int);
hidden long __call_dup3(int, int, int);
hidden long __call_new(long);
hidden long __call_duplicate(int, long);
hidden void __call_watch_end(int);
hidden long __call_watch_duplicate(int, int);
hidden long __call_ioctl(int, int, long);
hidden long __call_winsize(int, void *);
hidden long __call_dup2(int, int);
hidden long __call_readv(int, const void *, int);
hidden long __call_writev(int, const void *, int);
hidden long __call_preadv(int, const void *, int, long);
hidden long __call_pwritev(int, const void *, int, long);
hidden long __call_map(unsigned long);
hidden long __call_unmap(void *, unsigned long);
hidden long __call_map_room(unsigned long);
hidden long __call_map_again(unsigned long);
hidden long __call_map_fixed(void *, unsigned long, int);
hidden long __call_reserve(unsigned long);
hidden long __call_commit(void *, unsigned long, int);
hidden long __call_spans(char *, unsigned long, long (*)(void *, unsigned long));
hidden long __call_discard(void *, unsigned long);
hidden extern int __call_map_zeroed;
hidden long __call_getcwd(char *, unsigned long);
hidden long __call_pipe(int *, int);
hidden long __call_poll(struct pollfd *, unsigned long, int);
hidden long __call_ppoll(struct pollfd *, unsigned long, const struct timespec *, const void *);
hidden long __call_socket(int, int, int);
hidden long __call_socketpair(int, int, int, int *);
hidden long __call_accept(int, void *, unsigned *, int);
hidden long __call_bind(int, const void *, unsigned);
hidden long __call_connect(int, const void *, unsigned);
hidden long __call_listen(int, int);
hidden long __call_shutdown(int, int);
hidden long __call_getname(int, int, void *, unsigned *);
hidden long __call_getsockopt(int, int, int, void *, unsigned *);
hidden long __call_setsockopt(int, int, int, const void *, unsigned);
hidden long __call_sendto(int, const void *, unsigned long, int, const void *, unsigned);
hidden long __call_recvfrom(int, void *, unsigned long, int, void *, unsigned *);
hidden long __call_sendmsg(int, const void *, int);
hidden long __call_recvmsg(int, void *, int);
hidden long __call_recvmmsg(int, void *, unsigned, int, const void *);
hidden long __call_epoll_ctl(int, int, int, const void *);
hidden long __call_epoll_wait(int, void *, int, int, const void *);
hidden long __call_timerfd_settime(int, int, const void *, void *);
hidden long __call_sendfile(int, int, long *, unsigned long);
hidden long __call_splice(int, long *, int, long *, unsigned long, int);
hidden long __call_setitimer(int, const void *, void *);
hidden long __call_getitimer(int, void *);
hidden long __call_sigsuspend(const void *);
hidden long __call_pause(void);
hidden long __call_sigtimedwait(const void *, void *, const struct timespec *);
hidden long __call_protect(void *, unsigned long, int);
hidden long __call_msync(void *, unsigned long, int);
hidden long __call_clock_gettime(int, void *);
hidden long __call_clock_getres(int, void *);
hidden long __call_clock_nanosleep(int, int, const void *, void *);
hidden long __call_gettimeofday(void *);
hidden long __call_getrusage(int, void *);
hidden long __call_times(void *);
hidden long __call_uname(void *);
hidden long __call_sysinfo(void *);
hidden long __call_rlimit(int, const void *, void *);
hidden long __call_getcpu(unsigned *, unsigned *);
hidden long __call_membarrier(int);
hidden long __call_lacking_process(const char *);
hidden int __call_lacking_thread(const char *);
hidden long __call_affinity(int, unsigned long, void *);
hidden long __call_futex(volatile int *, int, int);
hidden long __call_futex_timed(volatile int *, int, int, const void *);
hidden long __call_sigaction(int, const void *, void *);
hidden long __call_sigprocmask(int, const void *, void *);
hidden long __call_sigpending(void *);
hidden long __call_sigaltstack(const void *, void *);
hidden long __call_kill(int, int);
hidden long __call_getresid(void *, void *, void *);

#define CALL_P(x) ((void *)(x))
/* The size of a buffer for a result that never needs more than one piece. */
#define CALL_ROOM(size) ((long)(size) > (long)CALL_PIECE ? (long)CALL_PIECE : (size))
#define CALL_VFS(name, ...) vfs_##name(__VA_ARGS__, CALL_SELF)
#define CALL_VFS_ZERO(name, ...) __call_zero(CALL_VFS(name, __VA_ARGS__))
#define CALL_VFS_FD(name, ...) __call_fd(CALL_VFS(name, __VA_ARGS__))

#define CALL_DONTNEED 4

CALL_INLINE long __call_madvise(void *base, unsigned long len, long advice)
{
    /* NORMAL, RANDOM, SEQUENTIAL, WILLNEED; FREE; (UN)MERGEABLE, (NO)HUGEPAGE, (DONT|DO)DUMP;
       COLD, PAGEOUT: hints. */
    const int is_hint = (advice >= 0 && advice <= 3) || advice == 8 ||
                        (advice >= 12 && advice <= 17) || advice == 20 || advice == 21;
    if ((unsigned long)base & 4095) {
        return -EINVAL;
    }
    return advice == CALL_DONTNEED ? __call_discard(base, len) : is_hint ? 0 : -EINVAL;
}

CALL_INLINE long __call_files(long n, long a, long b, long c, long d, long e)
{
    switch (n) {
    case SYS_read: return __call_read(a, CALL_P(b), c);
    case SYS_write: return __call_write(a, CALL_P(b), c);
    case SYS_pread64: return __call_pread(a, CALL_P(b), c, d);
    case SYS_pwrite64: return __call_pwrite(a, CALL_P(b), c, d);
    case SYS_readv: return __call_readv(a, CALL_P(b), c);
    case SYS_writev: return __call_writev(a, CALL_P(b), c);
    case SYS_preadv: return __call_preadv(a, CALL_P(b), c, d);
    case SYS_pwritev: return __call_pwritev(a, CALL_P(b), c, d);
    case SYS_open:
        return __call_new(CALL_VFS_FD(openat, CALL_CWD, CALL_P(a), b & ~CALL_LARGEFILE, c));
    case SYS_openat:
        return __call_new(CALL_VFS_FD(openat, a, CALL_P(b), c & ~CALL_LARGEFILE, d));
    case SYS_close: return __call_close(a);
    case SYS_lseek: return __call_lseek(a, b, c);
    case SYS_ftruncate: return CALL_VFS_ZERO(ftruncate, a, b);
    case SYS_truncate: return CALL_VFS_ZERO(truncate, CALL_P(a), b);
    case SYS_fsync:
    case SYS_fdatasync: return CALL_VFS_ZERO(fsync, a);
    case SYS_fcntl: return CALL_VFS(fcntl, a, b, c); /* locks: fcntl.c */
    case SYS_ioctl:
        return b == CALL_TIOCGWINSZ ? __call_winsize(a, CALL_P(c))
                                    : __call_ioctl(a, b, c);
    case SYS_dup: return __call_duplicate(a, CALL_VFS_FD(dup, a));
    case SYS_dup2: return __call_dup2(a, b);
    case SYS_dup3: return __call_dup3(a, b, c);
    case SYS_pipe: return __call_pipe(CALL_P(a), 0);
    case SYS_pipe2: return __call_pipe(CALL_P(a), b);
    case SYS_poll: return __call_poll(CALL_P(a), b, c);
    case SYS_ppoll: return __call_ppoll(CALL_P(a), b, CALL_P(c), CALL_P(d));
    case SYS_eventfd: return __call_new(CALL_VFS_FD(eventfd, a, 0));
    case SYS_eventfd2: return __call_new(CALL_VFS_FD(eventfd, a, b));
    case SYS_timerfd_create: return __call_new(CALL_VFS_FD(timerfd_create, a, b));
    case SYS_timerfd_settime: return __call_timerfd_settime(a, b, CALL_P(c), CALL_P(d));
    case SYS_timerfd_gettime: return CALL_VFS_ZERO(timerfd_gettime, a, CALL_P(b));
    case SYS_epoll_create: return a > 0 ? __call_new(CALL_VFS_FD(epoll_create, 0)) : -EINVAL;
    case SYS_epoll_create1: return __call_new(CALL_VFS_FD(epoll_create, a));
    case SYS_epoll_ctl: return __call_epoll_ctl(a, b, c, CALL_P(d));
    case SYS_epoll_wait: return __call_epoll_wait(a, CALL_P(b), c, d, 0);
    case SYS_epoll_pwait: return __call_epoll_wait(a, CALL_P(b), c, d, CALL_P(e));
    case SYS_sendfile: return __call_sendfile(a, b, CALL_P(c), d);
    case SYS_getdents64: return __call_getdents(a, CALL_P(b), c);
    case SYS_fadvise64: return 0;
    case SYS_fallocate: return -EOPNOTSUPP;
    case SYS_fchmod: return CALL_VFS_ZERO(fchmod, a, b);
    case SYS_fchown: return CALL_VFS_ZERO(fchown, a, b, c);
    case SYS_fstat: return CALL_VFS_ZERO(fstat, a, CALL_P(b));
    case SYS_fstatfs: return CALL_VFS_ZERO(fstatfs, a, CALL_P(b));
    case SYS_fchdir: return CALL_VFS_ZERO(fchdir, a);
    default: return -ENOSYS;
    }
}

CALL_INLINE long __call_names(long n, long a, long b, long c, long d, long e)
{
    switch (n) {
    case SYS_stat: return __call_stat(CALL_P(a), CALL_P(b));
    case SYS_lstat:
        return CALL_VFS_ZERO(fstatat, CALL_CWD, CALL_P(a), CALL_P(b), CALL_NOFOLLOW);
    case SYS_newfstatat: return CALL_VFS_ZERO(fstatat, a, CALL_P(b), CALL_P(c), d);
    case SYS_statfs: return CALL_VFS_ZERO(statfs, CALL_P(a), CALL_P(b));
    case SYS_access: return CALL_VFS_ZERO(faccessat, CALL_CWD, CALL_P(a), b, 0);
    case SYS_faccessat: return CALL_VFS_ZERO(faccessat, a, CALL_P(b), c, 0);
    case SYS_faccessat2: return CALL_VFS_ZERO(faccessat, a, CALL_P(b), c, d);
    case SYS_unlink: return CALL_VFS_ZERO(unlinkat, CALL_CWD, CALL_P(a), 0);
    case SYS_rmdir: return CALL_VFS_ZERO(unlinkat, CALL_CWD, CALL_P(a), CALL_REMOVEDIR);
    case SYS_unlinkat: return CALL_VFS_ZERO(unlinkat, a, CALL_P(b), c);
    case SYS_mkdir: return CALL_VFS_ZERO(mkdirat, CALL_CWD, CALL_P(a), b);
    case SYS_mkdirat: return CALL_VFS_ZERO(mkdirat, a, CALL_P(b), c);
    case SYS_mknod: return CALL_VFS_ZERO(mknodat, CALL_CWD, CALL_P(a), b, c);
    case SYS_mknodat: return CALL_VFS_ZERO(mknodat, a, CALL_P(b), c, d);
    case SYS_rename:
        return CALL_VFS_ZERO(renameat, CALL_CWD, CALL_P(a), CALL_CWD, CALL_P(b));
    case SYS_renameat: return CALL_VFS_ZERO(renameat, a, CALL_P(b), c, CALL_P(d));
    case SYS_renameat2:
        return e ? -EINVAL : CALL_VFS_ZERO(renameat, a, CALL_P(b), c, CALL_P(d));
    case SYS_link: return CALL_VFS_ZERO(linkat, CALL_CWD, CALL_P(a), CALL_CWD, CALL_P(b), 0);
    case SYS_linkat: return CALL_VFS_ZERO(linkat, a, CALL_P(b), c, CALL_P(d), e);
    case SYS_symlink: return CALL_VFS_ZERO(symlinkat, CALL_P(a), CALL_CWD, CALL_P(b));
    case SYS_symlinkat: return CALL_VFS_ZERO(symlinkat, CALL_P(a), b, CALL_P(c));
    case SYS_readlink: return CALL_VFS(readlinkat, CALL_CWD, CALL_P(a), CALL_P(b), CALL_ROOM(c));
    case SYS_readlinkat: return CALL_VFS(readlinkat, a, CALL_P(b), CALL_P(c), CALL_ROOM(d));
    case SYS_chmod: return CALL_VFS_ZERO(fchmodat, CALL_CWD, CALL_P(a), b);
    case SYS_fchmodat: return CALL_VFS_ZERO(fchmodat, a, CALL_P(b), c);
    case SYS_chown: return CALL_VFS_ZERO(fchownat, CALL_CWD, CALL_P(a), b, c, 0);
    case SYS_lchown:
        return CALL_VFS_ZERO(fchownat, CALL_CWD, CALL_P(a), b, c, CALL_NOFOLLOW);
    case SYS_fchownat: return CALL_VFS_ZERO(fchownat, a, CALL_P(b), c, d, e);
    case SYS_utimensat: return CALL_VFS_ZERO(utimensat, a, CALL_P(b), CALL_P(c), d);
    case SYS_chdir: return CALL_VFS_ZERO(chdir, CALL_P(a));
    case SYS_getcwd: return __call_getcwd(CALL_P(a), CALL_ROOM(b));
    case SYS_umask: return __call_upto(CALL_VFS(umask, a), 0777);
    default: return __call_files(n, a, b, c, d, e);
    }
}

CALL_INLINE long __call_network(long n, long a, long b, long c, long d, long e, long f)
{
    switch (n) {
    case SYS_socket: return __call_socket(a, b, c);
    case SYS_socketpair: return __call_socketpair(a, b, c, CALL_P(d));
    case SYS_accept: return __call_accept(a, CALL_P(b), CALL_P(c), 0);
    case SYS_accept4: return __call_accept(a, CALL_P(b), CALL_P(c), d);
    case SYS_bind: return __call_bind(a, CALL_P(b), c);
    case SYS_connect: return __call_connect(a, CALL_P(b), c);
    case SYS_listen: return __call_listen(a, b);
    case SYS_shutdown: return __call_shutdown(a, b);
    case SYS_getsockname: return __call_getname(a, 0, CALL_P(b), CALL_P(c));
    case SYS_getpeername: return __call_getname(a, 1, CALL_P(b), CALL_P(c));
    case SYS_getsockopt: return __call_getsockopt(a, b, c, CALL_P(d), CALL_P(e));
    case SYS_setsockopt: return __call_setsockopt(a, b, c, CALL_P(d), e);
    case SYS_sendto: return __call_sendto(a, CALL_P(b), c, d, CALL_P(e), f);
    case SYS_recvfrom: return __call_recvfrom(a, CALL_P(b), c, d, CALL_P(e), CALL_P(f));
    case SYS_sendmsg: return __call_sendmsg(a, CALL_P(b), c);
    case SYS_recvmsg: return __call_recvmsg(a, CALL_P(b), c);
    case SYS_recvmmsg: return __call_recvmmsg(a, CALL_P(b), c, d, CALL_P(e));
    case SYS_splice: return __call_splice(a, CALL_P(b), c, CALL_P(d), e, f);
    default: return -ENOSYS;
    }
}

CALL_INLINE long __call_process(long n, long a, long b, long c, long d, long e)
{
    switch (n) {
    case SYS_exit:
    case SYS_exit_group: cubicle_exit(a);
    case SYS_getpid:
    case SYS_gettid:
    case SYS_set_tid_address: return 1;
    case SYS_getppid: return 0;
    case SYS_getpgrp: return 1;
    case SYS_getpgid:
    case SYS_getsid: return a == 0 || a == 1 ? 1 : -ESRCH;
    case SYS_setsid: return -EPERM; /* pid 1 leads its session already */
    case SYS_getuid:
    case SYS_geteuid:
    case SYS_getgid:
    case SYS_getegid: return 0;
    case SYS_getresuid:
    case SYS_getresgid: return __call_getresid(CALL_P(a), CALL_P(b), CALL_P(c));
    case SYS_getgroups: return 0;
    case SYS_wait4:
    case SYS_waitid: return -ECHILD;
    case SYS_uname: return __call_uname(CALL_P(a));
    case SYS_sysinfo: return __call_sysinfo(CALL_P(a));
    case SYS_getrusage: return __call_getrusage(a, CALL_P(b));
    case SYS_times: return __call_times(CALL_P(a));
    case SYS_prlimit64:
        return a == 0 || a == 1 ? __call_rlimit(b, CALL_P(c), CALL_P(d)) : -ESRCH;
    case SYS_getrlimit: return __call_rlimit(a, 0, CALL_P(b));
    case SYS_setrlimit: return __call_rlimit(a, CALL_P(b), 0);
    case SYS_sched_yield: return 0;
    case SYS_sched_getaffinity: return __call_affinity(a, b, CALL_P(c));
    case SYS_getpriority: return 20; /* nice 0 */
    case SYS_futex:
        return __builtin_constant_p(d) && d == 0
                   ? __call_futex(CALL_P(a), b, c)
                   : __call_futex_timed(CALL_P(a), b, c, CALL_P(d));
    case SYS_rt_sigaction: return __call_sigaction(a, CALL_P(b), CALL_P(c));
    case SYS_rt_sigprocmask: return __call_sigprocmask(a, CALL_P(b), CALL_P(c));
    case SYS_rt_sigpending: return __call_sigpending(CALL_P(a));
    case SYS_sigaltstack: return __call_sigaltstack(CALL_P(a), CALL_P(b));
    case SYS_kill:
    case SYS_tkill: return __call_kill(a, b);
    case SYS_tgkill: return a == 1 ? __call_kill(b, c) : -ESRCH;
    case SYS_getcpu: return __call_getcpu(CALL_P(a), CALL_P(b));
    case SYS_membarrier: return __call_membarrier(a);
    case SYS_setitimer: return __call_setitimer(a, CALL_P(b), CALL_P(c));
    case SYS_getitimer: return __call_getitimer(a, CALL_P(b));
    case SYS_rt_sigsuspend: return __call_sigsuspend(CALL_P(a));
    case SYS_pause: return __call_pause();
    case SYS_rt_sigtimedwait: return __call_sigtimedwait(CALL_P(a), CALL_P(b), CALL_P(c));
    default: return __call_names(n, a, b, c, d, e);
    }
}

CALL_INLINE long __syscall6(long n, long a, long b, long c, long d, long e, long f)
{
    switch (n) {
    case SYS_brk: return 0; /* no break to move: malloc takes pages from alloc */
    case SYS_munmap: return __call_unmap(CALL_P(a), (b + 4095UL) & -4096UL);
    case SYS_mprotect: return __call_protect(CALL_P(a), b, c);
    case SYS_msync: return __call_msync(CALL_P(a), b, c);
    case SYS_madvise: return __call_madvise(CALL_P(a), b, c);
    case SYS_clock_gettime: return __call_clock_gettime(a, CALL_P(b));
    case SYS_clock_getres: return __call_clock_getres(a, CALL_P(b));
    case SYS_gettimeofday: return __call_gettimeofday(CALL_P(a));
    case SYS_nanosleep: return __call_clock_nanosleep(0, 0, CALL_P(a), CALL_P(b));
    case SYS_clock_nanosleep: return __call_clock_nanosleep(a, b, CALL_P(c), CALL_P(d));
    case SYS_getrandom: return __call_random(CALL_P(a), b);
    case SYS_socket:
    case SYS_socketpair:
    case SYS_accept:
    case SYS_accept4:
    case SYS_bind:
    case SYS_connect:
    case SYS_listen:
    case SYS_shutdown:
    case SYS_getsockname:
    case SYS_getpeername:
    case SYS_getsockopt:
    case SYS_setsockopt:
    case SYS_sendto:
    case SYS_recvfrom:
    case SYS_sendmsg:
    case SYS_recvmsg:
    case SYS_recvmmsg:
    case SYS_splice: return __call_network(n, a, b, c, d, e, f);
    default: return __call_process(n, a, b, c, d, e);
    }
}

CALL_INLINE long __syscall0(long n)
{
    return __syscall6(n, 0, 0, 0, 0, 0, 0);
}

CALL_INLINE long __syscall1(long n, long a)
{
    return __syscall6(n, a, 0, 0, 0, 0, 0);
}

CALL_INLINE long __syscall2(long n, long a, long b)
{
    return __syscall6(n, a, b, 0, 0, 0, 0);
}

CALL_INLINE long __syscall3(long n, long a, long b, long c)
{
    return __syscall6(n, a, b, c, 0, 0, 0);
}

CALL_INLINE long __syscall4(long n, long a, long b, long c, long d)
{
    return __syscall6(n, a, b, c, d, 0, 0);
}

CALL_INLINE long __syscall5(long n, long a, long b, long c, long d, long e)
{
    return __syscall6(n, a, b, c, d, e, 0);
}

/*
 * src/internal/syscall.h declares these two as hidden functions afterwards; a
 * declaration without `static` keeps the linkage of the one before it. So there is no
 * cancellation point between a caller and the interface (one thread), and errno is set
 * out of line and only on failure.
 */
CALL_INLINE long __syscall_cp(long n, long a, long b, long c, long d, long e, long f)
{
    return __syscall6(n, a, b, c, d, e, f);
}

hidden long __call_fail(unsigned long) __attribute__((__cold__));

CALL_INLINE long __syscall_ret(unsigned long r)
{
    return __builtin_expect((long)r < 0, 0) ? __call_fail(r) : (long)r;
}
