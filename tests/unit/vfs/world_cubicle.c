#include "world.h"

#include <cubicle.h>
#include <stdio.h>
#include <stdlib.h>
#include <vfs.h>

#include "stubs.h"

#define ME WORLD_CLIENT

static long c_openat(int dirfd, const char *path, int flags, unsigned mode)
{
    return vfs_openat(dirfd, path, flags, mode, ME);
}
static long c_close(int fd)
{
    return vfs_close(fd, ME);
}
static long c_read(int fd, void *buf, size_t count)
{
    return vfs_read(fd, buf, count, ME);
}
static long c_write(int fd, const void *buf, size_t count)
{
    return vfs_write(fd, buf, count, ME);
}
static long c_pread(int fd, void *buf, size_t count, int64_t offset)
{
    return vfs_pread(fd, buf, count, offset, ME);
}
static long c_pwrite(int fd, const void *buf, size_t count, int64_t offset)
{
    return vfs_pwrite(fd, buf, count, offset, ME);
}
static long c_lseek(int fd, int64_t offset, int whence)
{
    return vfs_lseek(fd, offset, whence, ME);
}
static long c_fstat(int fd, struct stat *st)
{
    return vfs_fstat(fd, st, ME);
}
static long c_fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
    return vfs_fstatat(dirfd, path, st, flags, ME);
}
static long c_ftruncate(int fd, int64_t size)
{
    return vfs_ftruncate(fd, size, ME);
}
static long c_truncate(const char *path, int64_t size)
{
    return vfs_truncate(path, size, ME);
}
static long c_fsync(int fd)
{
    return vfs_fsync(fd, ME);
}
static long c_fcntl(int fd, int cmd, long argument)
{
    return vfs_fcntl(fd, cmd, argument, ME);
}
static long c_dup(int fd)
{
    return vfs_dup(fd, ME);
}
static long c_dup3(int fd, int new_fd, int flags)
{
    return vfs_dup3(fd, new_fd, flags, ME);
}
static long c_pipe2(int *fds, int flags)
{
    return vfs_pipe2(fds, flags, ME);
}
static long c_getdents(int fd, void *buf, size_t count)
{
    return vfs_getdents(fd, buf, count, ME);
}
static long c_unlinkat(int dirfd, const char *path, int flags)
{
    return vfs_unlinkat(dirfd, path, flags, ME);
}
static long c_mkdirat(int dirfd, const char *path, unsigned mode)
{
    return vfs_mkdirat(dirfd, path, mode, ME);
}
static long c_mknodat(int dirfd, const char *path, unsigned mode)
{
    return vfs_mknodat(dirfd, path, mode, 0, ME);
}
static long c_renameat(int old_dirfd, const char *old_path, int new_dirfd,
                       const char *new_path)
{
    return vfs_renameat(old_dirfd, old_path, new_dirfd, new_path, ME);
}
static long c_linkat(int old_dirfd, const char *old_path, int new_dirfd,
                     const char *new_path, int flags)
{
    return vfs_linkat(old_dirfd, old_path, new_dirfd, new_path, flags, ME);
}
static long c_symlinkat(const char *target, int dirfd, const char *path)
{
    return vfs_symlinkat(target, dirfd, path, ME);
}
static long c_readlinkat(int dirfd, const char *path, char *buf, size_t count)
{
    return vfs_readlinkat(dirfd, path, buf, count, ME);
}
static long c_faccessat(int dirfd, const char *path, int mode)
{
    return vfs_faccessat(dirfd, path, mode, 0, ME);
}
static long c_fchmod(int fd, unsigned mode)
{
    return vfs_fchmod(fd, mode, ME);
}
static long c_fchmodat(int dirfd, const char *path, unsigned mode)
{
    return vfs_fchmodat(dirfd, path, mode, ME);
}
static long c_fchownat(int dirfd, const char *path, unsigned uid, unsigned gid,
                       int flags)
{
    /* The user of the host's side is 65534, the one of the cubicles is 0. */
    uid = uid == 65534 ? 0 : uid;
    gid = gid == 65534 ? 0 : gid;
    return vfs_fchownat(dirfd, path, uid, gid, flags, ME);
}
static long c_utimensat(int dirfd, const char *path, const struct timespec *times,
                        int flags)
{
    return vfs_utimensat(dirfd, path, times, flags, ME);
}
static long c_chdir(const char *path)
{
    return vfs_chdir(path, ME);
}
static long c_fchdir(int fd)
{
    return vfs_fchdir(fd, ME);
}
static long c_getcwd(char *buf, size_t count)
{
    return vfs_getcwd(buf, count, ME);
}
static long c_umask(unsigned mask)
{
    return vfs_umask(mask, ME);
}

static long c_poke(int fd, int64_t offset, int byte)
{
    const long base = vfs_map(fd, offset & ~4095L, 4096, CUBICLE_WRITE, ME);
    if (base < 0) {
        return base;
    }
    char *at = (char *)base + (offset & 4095);
    const long before = byte < 0 ? 0 : *at;
    if (byte >= 0) {
        *at = (char)byte;
    }
    const int error = vfs_unmap((void *)base, 4096, ME);
    return error != 0 ? error : before;
}

const struct world cubicle_world = {
    "cubicles",   c_openat,    c_close,   c_read,     c_write,     c_pread,
    c_pwrite,     c_lseek,     c_fstat,   c_fstatat,  c_ftruncate, c_truncate,
    c_fsync,      c_fcntl,     c_dup,     c_dup3,     c_pipe2,     c_getdents,
    c_unlinkat,   c_mkdirat,   c_mknodat, c_renameat, c_linkat,    c_symlinkat,
    c_readlinkat, c_faccessat, c_fchmod,  c_fchmodat, c_fchownat,  c_utimensat,
    c_chdir,      c_fchdir,    c_getcwd,  c_umask,    c_poke,
};

void world_boot(void)
{
    if (vfs_mount("ramfs", "/", "", STUB_BOOT) != 0) {
        fputs("cannot mount ramfs\n", stderr);
        exit(1);
    }
}
