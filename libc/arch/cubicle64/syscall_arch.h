/*
 * System calls of musl as calls to the interfaces of CubicleOS.
 *
 * 1. Every number that reaches __syscall() is a constant, so the switch below folds to one call:
 *    an object file imports only what it uses. What takes more than a line is a function of
 *    src/internal/cubicle64.
 * 2. What is not listed answers -ENOSYS. Nothing that is not done answers success, except hints
 *    (fadvise, sched_yield, some madvise) whose contract is that nothing need happen.
 * 3. Results are those of the kernel: a negative errno or the value.
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

hidden long __call_ioctl(int, int, long);
hidden long __call_winsize(int, void *);
hidden long __call_dup2(int, int);
hidden long __call_readv(int, const void *, int);
hidden long __call_writev(int, const void *, int);
hidden long __call_preadv(int, const void *, int, long);
hidden long __call_pwritev(int, const void *, int, long);
hidden long __call_ppoll(struct pollfd *, unsigned long, const struct timespec *);
hidden long __call_protect(void *, unsigned long, int);
hidden long __call_clock_gettime(int, void *);
hidden long __call_clock_getres(int, void *);
hidden long __call_clock_nanosleep(int, int, const void *, void *);
hidden long __call_gettimeofday(void *);
hidden long __call_getrusage(int, void *);
hidden long __call_times(void *);
hidden long __call_uname(void *);
hidden long __call_sysinfo(void *);
hidden long __call_rlimit(int, const void *, void *);
hidden long __call_affinity(int, unsigned long, void *);
hidden long __call_futex(volatile int *, int, int);
hidden long __call_futex_timed(volatile int *, int, int, const void *);
hidden long __call_sigaction(int, const void *, void *);
hidden long __call_sigprocmask(int, const void *, void *);
hidden long __call_sigpending(void *);
hidden long __call_kill(int, int);
hidden long __call_getresid(void *, void *, void *);

#define CALL_P(x) ((void *)(x))

CALL_INLINE long __call_madvise(long advice)
{
    /* NORMAL, RANDOM, SEQUENTIAL, WILLNEED, FREE, HUGEPAGE, NOHUGEPAGE: hints. DONTNEED would have to zero. */
    return (advice >= 0 && advice <= 3) || advice == 8 || advice == 14 || advice == 15 ? 0 : -EINVAL;
}

CALL_INLINE long __call_files(long n, long a, long b, long c, long d, long e)
{
    switch (n) {
    case SYS_read: return vfs_read(a, CALL_P(b), c, CALL_SELF);
    case SYS_write: return vfs_write(a, CALL_P(b), c, CALL_SELF);
    case SYS_pread64: return vfs_pread(a, CALL_P(b), c, d, CALL_SELF);
    case SYS_pwrite64: return vfs_pwrite(a, CALL_P(b), c, d, CALL_SELF);
    case SYS_readv: return __call_readv(a, CALL_P(b), c);
    case SYS_writev: return __call_writev(a, CALL_P(b), c);
    case SYS_preadv: return __call_preadv(a, CALL_P(b), c, d);
    case SYS_pwritev: return __call_pwritev(a, CALL_P(b), c, d);
    case SYS_open: return vfs_openat(CALL_CWD, CALL_P(a), b & ~CALL_LARGEFILE, c, CALL_SELF);
    case SYS_openat: return vfs_openat(a, CALL_P(b), c & ~CALL_LARGEFILE, d, CALL_SELF);
    case SYS_close: return vfs_close(a, CALL_SELF);
    case SYS_lseek: return vfs_lseek(a, b, c, CALL_SELF);
    case SYS_ftruncate: return vfs_ftruncate(a, b, CALL_SELF);
    case SYS_truncate: return vfs_truncate(CALL_P(a), b, CALL_SELF);
    case SYS_fsync:
    case SYS_fdatasync: return vfs_fsync(a, CALL_SELF);
    case SYS_fcntl: return vfs_fcntl(a, b, c, CALL_SELF); /* locks: fcntl.c */
    case SYS_ioctl: return b == 0x5413 /* TIOCGWINSZ */ ? __call_winsize(a, CALL_P(c)) : __call_ioctl(a, b, c);
    case SYS_dup: return vfs_dup(a, CALL_SELF);
    case SYS_dup2: return __call_dup2(a, b);
    case SYS_dup3: return vfs_dup3(a, b, c, CALL_SELF);
    case SYS_pipe: return vfs_pipe2(CALL_P(a), 0, CALL_SELF);
    case SYS_pipe2: return vfs_pipe2(CALL_P(a), b, CALL_SELF);
    case SYS_poll: return b >> 16 ? -EINVAL : vfs_poll(CALL_P(a), b * 8, c, CALL_SELF);
    case SYS_ppoll: return __call_ppoll(CALL_P(a), b, CALL_P(c));
    case SYS_getdents64: return vfs_getdents(a, CALL_P(b), c, CALL_SELF);
    case SYS_fadvise64: return 0;
    case SYS_fallocate: return -EOPNOTSUPP;
    case SYS_fchmod: return vfs_fchmod(a, b, CALL_SELF);
    case SYS_fchown: return vfs_fchown(a, b, c, CALL_SELF);
    case SYS_fstat: return vfs_fstat(a, CALL_P(b), CALL_SELF);
    case SYS_fstatfs: return vfs_fstatfs(a, CALL_P(b), CALL_SELF);
    case SYS_fchdir: return vfs_fchdir(a, CALL_SELF);
    default: return -ENOSYS;
    }
}

CALL_INLINE long __call_names(long n, long a, long b, long c, long d, long e)
{
    switch (n) {
    case SYS_stat: return vfs_fstatat(CALL_CWD, CALL_P(a), CALL_P(b), 0, CALL_SELF);
    case SYS_lstat: return vfs_fstatat(CALL_CWD, CALL_P(a), CALL_P(b), CALL_NOFOLLOW, CALL_SELF);
    case SYS_newfstatat: return vfs_fstatat(a, CALL_P(b), CALL_P(c), d, CALL_SELF);
    case SYS_statfs: return vfs_statfs(CALL_P(a), CALL_P(b), CALL_SELF);
    case SYS_access: return vfs_faccessat(CALL_CWD, CALL_P(a), b, 0, CALL_SELF);
    case SYS_faccessat: return vfs_faccessat(a, CALL_P(b), c, 0, CALL_SELF);
    case SYS_faccessat2: return vfs_faccessat(a, CALL_P(b), c, d, CALL_SELF);
    case SYS_unlink: return vfs_unlinkat(CALL_CWD, CALL_P(a), 0, CALL_SELF);
    case SYS_rmdir: return vfs_unlinkat(CALL_CWD, CALL_P(a), CALL_REMOVEDIR, CALL_SELF);
    case SYS_unlinkat: return vfs_unlinkat(a, CALL_P(b), c, CALL_SELF);
    case SYS_mkdir: return vfs_mkdirat(CALL_CWD, CALL_P(a), b, CALL_SELF);
    case SYS_mkdirat: return vfs_mkdirat(a, CALL_P(b), c, CALL_SELF);
    case SYS_mknod: return vfs_mknodat(CALL_CWD, CALL_P(a), b, c, CALL_SELF);
    case SYS_mknodat: return vfs_mknodat(a, CALL_P(b), c, d, CALL_SELF);
    case SYS_rename: return vfs_renameat(CALL_CWD, CALL_P(a), CALL_CWD, CALL_P(b), CALL_SELF);
    case SYS_renameat: return vfs_renameat(a, CALL_P(b), c, CALL_P(d), CALL_SELF);
    case SYS_renameat2: return e ? -EINVAL : vfs_renameat(a, CALL_P(b), c, CALL_P(d), CALL_SELF);
    case SYS_link: return vfs_linkat(CALL_CWD, CALL_P(a), CALL_CWD, CALL_P(b), 0, CALL_SELF);
    case SYS_linkat: return vfs_linkat(a, CALL_P(b), c, CALL_P(d), e, CALL_SELF);
    case SYS_symlink: return vfs_symlinkat(CALL_P(a), CALL_CWD, CALL_P(b), CALL_SELF);
    case SYS_symlinkat: return vfs_symlinkat(CALL_P(a), b, CALL_P(c), CALL_SELF);
    case SYS_readlink: return vfs_readlinkat(CALL_CWD, CALL_P(a), CALL_P(b), c, CALL_SELF);
    case SYS_readlinkat: return vfs_readlinkat(a, CALL_P(b), CALL_P(c), d, CALL_SELF);
    case SYS_chmod: return vfs_fchmodat(CALL_CWD, CALL_P(a), b, CALL_SELF);
    case SYS_fchmodat: return vfs_fchmodat(a, CALL_P(b), c, CALL_SELF);
    case SYS_chown: return vfs_fchownat(CALL_CWD, CALL_P(a), b, c, 0, CALL_SELF);
    case SYS_lchown: return vfs_fchownat(CALL_CWD, CALL_P(a), b, c, CALL_NOFOLLOW, CALL_SELF);
    case SYS_fchownat: return vfs_fchownat(a, CALL_P(b), c, d, e, CALL_SELF);
    case SYS_utimensat: return vfs_utimensat(a, CALL_P(b), CALL_P(c), d, CALL_SELF);
    case SYS_chdir: return vfs_chdir(CALL_P(a), CALL_SELF);
    case SYS_getcwd: return vfs_getcwd(CALL_P(a), b, CALL_SELF);
    case SYS_umask: return vfs_umask(a, CALL_SELF);
    default: return __call_files(n, a, b, c, d, e);
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
    case SYS_prlimit64: return a == 0 || a == 1 ? __call_rlimit(b, CALL_P(c), CALL_P(d)) : -ESRCH;
    case SYS_getrlimit: return __call_rlimit(a, 0, CALL_P(b));
    case SYS_setrlimit: return __call_rlimit(a, CALL_P(b), 0);
    case SYS_sched_yield: return 0;
    case SYS_sched_getaffinity: return __call_affinity(a, b, CALL_P(c));
    case SYS_getpriority: return 20; /* nice 0 */
    case SYS_futex:
        return __builtin_constant_p(d) && d == 0 ? __call_futex(CALL_P(a), b, c)
                                                 : __call_futex_timed(CALL_P(a), b, c, CALL_P(d));
    case SYS_rt_sigaction: return __call_sigaction(a, CALL_P(b), CALL_P(c));
    case SYS_rt_sigprocmask: return __call_sigprocmask(a, CALL_P(b), CALL_P(c));
    case SYS_rt_sigpending: return __call_sigpending(CALL_P(a));
    case SYS_kill:
    case SYS_tkill: return __call_kill(a, b);
    case SYS_socket: return -EAFNOSUPPORT;
    default: return __call_names(n, a, b, c, d, e);
    }
}

CALL_INLINE long __syscall6(long n, long a, long b, long c, long d, long e, long f)
{
    switch (n) {
    case SYS_brk: return 0; /* there is no break to move: malloc takes pages from alloc */
    case SYS_munmap: return alloc_unmap(CALL_P(a), (b + 4095UL) & -4096UL, CALL_SELF);
    case SYS_mprotect: return __call_protect(CALL_P(a), b, c);
    case SYS_madvise: return __call_madvise(c);
    case SYS_clock_gettime: return __call_clock_gettime(a, CALL_P(b));
    case SYS_clock_getres: return __call_clock_getres(a, CALL_P(b));
    case SYS_gettimeofday: return __call_gettimeofday(CALL_P(a));
    case SYS_nanosleep: return __call_clock_nanosleep(0, 0, CALL_P(a), CALL_P(b));
    case SYS_clock_nanosleep: return __call_clock_nanosleep(a, b, CALL_P(c), CALL_P(d));
    case SYS_getrandom: return random_bytes(CALL_P(a), b);
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
 * src/internal/syscall.h declares these two as hidden functions afterwards; a declaration without
 * `static` keeps the linkage of the one before it. So there is no cancellation point between a
 * caller and the interface (one thread), and errno is set out of line only on failure.
 */
CALL_INLINE long __syscall_cp(long n, long a, long b, long c, long d, long e, long f)
{
    return __syscall6(n, a, b, c, d, e, f);
}

hidden long __call_fail(unsigned long) __attribute__((__cold__));

CALL_INLINE long __syscall_ret(unsigned long r)
{
    return __builtin_expect(r > -4096UL, 0) ? __call_fail(r) : (long)r;
}
