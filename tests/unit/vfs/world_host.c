#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static long answer(long result)
{
    return result == -1 ? -errno : result;
}

static long host_openat(int dirfd, const char *path, int flags, unsigned mode)
{
    return answer(openat(dirfd, path, flags, mode));
}

static long host_close(int fd)
{
    return answer(close(fd));
}

static long host_read(int fd, void *buf, size_t count)
{
    return answer(read(fd, buf, count));
}

static long host_write(int fd, const void *buf, size_t count)
{
    return answer(write(fd, buf, count));
}

static long host_pread(int fd, void *buf, size_t count, int64_t offset)
{
    return answer(pread(fd, buf, count, offset));
}

static long host_pwrite(int fd, const void *buf, size_t count, int64_t offset)
{
    return answer(pwrite(fd, buf, count, offset));
}

static long host_lseek(int fd, int64_t offset, int whence)
{
    return answer(lseek(fd, offset, whence));
}

static long host_fstat(int fd, struct stat *st)
{
    return answer(fstat(fd, st));
}

static long host_fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
    return answer(fstatat(dirfd, path, st, flags));
}

static long host_ftruncate(int fd, int64_t size)
{
    return answer(ftruncate(fd, size));
}

static long host_truncate(const char *path, int64_t size)
{
    return answer(truncate(path, size));
}

static long host_fsync(int fd)
{
    return answer(fsync(fd));
}

static long host_fcntl(int fd, int cmd, long argument)
{
    return answer(fcntl(fd, cmd, argument));
}

static long host_dup(int fd)
{
    return answer(dup(fd));
}

static long host_dup3(int fd, int new_fd, int flags)
{
    return answer(dup3(fd, new_fd, flags));
}

static long host_pipe2(int *fds, int flags)
{
    return answer(pipe2(fds, flags));
}

static long host_getdents(int fd, void *buf, size_t count)
{
    return answer(syscall(SYS_getdents64, fd, buf, count));
}

static long host_unlinkat(int dirfd, const char *path, int flags)
{
    return answer(unlinkat(dirfd, path, flags));
}

static long host_mkdirat(int dirfd, const char *path, unsigned mode)
{
    return answer(mkdirat(dirfd, path, mode));
}

static long host_mknodat(int dirfd, const char *path, unsigned mode)
{
    return answer(mknodat(dirfd, path, mode, 0));
}

static long host_renameat(int old_dirfd, const char *old_path, int new_dirfd,
                          const char *new_path)
{
    return answer(renameat(old_dirfd, old_path, new_dirfd, new_path));
}

static long host_linkat(int old_dirfd, const char *old_path, int new_dirfd,
                        const char *new_path, int flags)
{
    return answer(linkat(old_dirfd, old_path, new_dirfd, new_path, flags));
}

static long host_symlinkat(const char *target, int dirfd, const char *path)
{
    return answer(symlinkat(target, dirfd, path));
}

static long host_readlinkat(int dirfd, const char *path, char *buf, size_t count)
{
    return answer(readlinkat(dirfd, path, buf, count));
}

static long host_faccessat(int dirfd, const char *path, int mode)
{
    return answer(syscall(SYS_faccessat, dirfd, path, mode));
}

static long host_fchmod(int fd, unsigned mode)
{
    return answer(fchmod(fd, mode));
}

static long host_fchmodat(int dirfd, const char *path, unsigned mode)
{
    return answer(fchmodat(dirfd, path, mode, 0));
}

static long host_fchownat(int dirfd, const char *path, unsigned uid, unsigned gid,
                          int flags)
{
    return answer(fchownat(dirfd, path, uid, gid, flags));
}

static long host_utimensat(int dirfd, const char *path, const struct timespec *times,
                           int flags)
{
    return answer(syscall(SYS_utimensat, dirfd, path, times, flags));
}

static long host_chdir(const char *path)
{
    return answer(chdir(path));
}

static long host_fchdir(int fd)
{
    return answer(fchdir(fd));
}

static long host_getcwd(char *buf, size_t count)
{
    return answer(syscall(SYS_getcwd, buf, count));
}

static long host_umask(unsigned mask)
{
    return answer((long)umask(mask));
}

static long host_poke(int fd, int64_t offset, int byte)
{
    char *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset & ~4095L);
    if (page == MAP_FAILED) {
        return -errno;
    }
    const long before = byte < 0 ? 0 : page[offset & 4095];
    if (byte >= 0) {
        page[offset & 4095] = (char)byte;
    }
    munmap(page, 4096);
    return before;
}

const struct world host_world = {
    "host",         host_openat,   host_close,    host_read,      host_write,
    host_pread,     host_pwrite,   host_lseek,    host_fstat,     host_fstatat,
    host_ftruncate, host_truncate, host_fsync,    host_fcntl,     host_dup,
    host_dup3,      host_pipe2,    host_getdents, host_unlinkat,  host_mkdirat,
    host_mknodat,   host_renameat, host_linkat,   host_symlinkat, host_readlinkat,
    host_faccessat, host_fchmod,   host_fchmodat, host_fchownat,  host_utimensat,
    host_chdir,     host_fchdir,   host_getcwd,   host_umask,     host_poke,
};

/** Privileges gone, the mode bits count. */
static const char *become_nobody(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};
    if (setgroups(0, NULL) != 0 || setresgid(65534, 65534, 65534) != 0 ||
        setresuid(65534, 65534, 65534) != 0) {
        return "cannot become nobody";
    }
    return syscall(SYS_capset, &header, none) != 0 ? "cannot drop capabilities" : NULL;
}

const char *world_enter(void)
{
    /* Root, for in a user namespace chown() to ids of others fails in other ways. */
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0) {
        return "not root: no file system of its own to compare with";
    }
    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    if (mount("none", "/tmp", "tmpfs", 0, "mode=0755,uid=65534,gid=65534") != 0) {
        return "cannot mount a tmpfs";
    }
    if (chroot("/tmp") != 0 || chdir("/") != 0) {
        return "cannot enter the tmpfs";
    }
    const char *failure = become_nobody();
    if (failure != NULL) {
        return failure;
    }
    umask(022);
    world_boot();
    return NULL;
}
