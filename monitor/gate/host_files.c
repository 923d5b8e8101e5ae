#include "host_files.h"
#include "host_files_table.h"
#include "hostfiles_gates.h"

#include <cubicle/host_files.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NS 1000000000
#define SAFE_MODE 01777u /* HF5 */

static int result_of(int result)
{
    return result == 0 ? 0 : -errno;
}

static int64_t time_ns(const struct statx_timestamp *t)
{
    int64_t ns;
    if (__builtin_mul_overflow(t->tv_sec, NS, &ns) ||
        __builtin_add_overflow(ns, t->tv_nsec, &ns)) {
        return t->tv_sec < 0 ? INT64_MIN + 1 : INT64_MAX;
    }
    return ns;
}

static bool group_is_mine(gid_t gid)
{
    for (int i = 0; i < host_identity.ngroups; i++) {
        if (host_identity.groups[i] == gid) {
            return true;
        }
    }
    return gid == host_identity.gid;
}

static int attr_read(int fd, struct hostfiles_attr *attr)
{
    struct statx st;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &st) != 0) {
        return -errno;
    }
    const unsigned type = st.stx_mode & S_IFMT;
    const bool known = type == S_IFREG || type == S_IFDIR || type == S_IFLNK;
    *attr = (struct hostfiles_attr){
        .device = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor,
        .inode = st.stx_ino,
        .born_ns = (st.stx_mask & STATX_BTIME) != 0 ? time_ns(&st.stx_btime) : 0,
        .size = st.stx_size,
        .blocks = st.stx_blocks,
        .atime_ns = time_ns(&st.stx_atime),
        .mtime_ns = time_ns(&st.stx_mtime),
        .ctime_ns = time_ns(&st.stx_ctime),
        .mode = known ? st.stx_mode : S_IFSOCK,
        .nlink = st.stx_nlink,
        .uid = st.stx_uid == host_identity.uid ? 0 : HOSTFILES_OTHER,
        .gid = group_is_mine(st.stx_gid) ? 0 : HOSTFILES_OTHER,
    };
    return 0;
}

/* Opens @path for reading or writing once it is known to be a file for that (HF4). */
static int file_open_data(int dir, const char *path, int how,
                          struct hostfiles_attr *attr)
{
    static const int access[] = {
        [HOSTFILES_READ] = O_RDONLY,
        [HOSTFILES_WRITE] = O_WRONLY,
        [HOSTFILES_READ | HOSTFILES_WRITE] = O_RDWR,
    };
    const int looked = host_files_openat(dir, path, O_PATH, 0);
    if (looked < 0) {
        return looked;
    }
    int error = attr_read(looked, attr);
    close(looked);
    if (error == 0 && !S_ISREG(attr->mode) && !S_ISDIR(attr->mode)) {
        error = -ENXIO;
    }
    if (error != 0) {
        return error;
    }
    /* Another may be there by now: O_NONBLOCK waits for no peer of a fifo or a device. */
    const int fd =
        host_files_openat(dir, path, (unsigned)access[how] | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) {
        return fd;
    }
    error = attr_read(fd, attr);
    if (error == 0 && !S_ISREG(attr->mode) && !S_ISDIR(attr->mode)) {
        error = -ENXIO;
    }
    if (error != 0) {
        close(fd);
        return error;
    }
    return fd;
}

static int number_free(const struct host_file *mine)
{
    for (int i = 0; i < HOSTFILES_OPEN_MAX; i++) {
        if (!mine[i].open) {
            return i;
        }
    }
    return -EMFILE;
}

int gate_hostfiles_open(int dir, const char *path, int how, struct hostfiles_attr *attr)
{
    struct host_file at;
    if (how < 0 || how > (HOSTFILES_READ | HOSTFILES_WRITE)) {
        return -EINVAL;
    }
    int error = (how & HOSTFILES_WRITE) != 0 ? host_file_change(dir, &at)
                                             : host_file_find(dir, &at);
    if (error != 0) {
        return error;
    }
    struct host_file *mine = host_file_mine();
    const int number = number_free(mine);
    if (number < 0) {
        return number;
    }
    const int fd = how == 0 ? host_files_openat(at.fd, path, O_PATH, 0)
                            : file_open_data(at.fd, path, how, attr);
    if (fd < 0) {
        return fd;
    }
    error = how == 0 ? attr_read(fd, attr) : 0;
    if (error != 0) {
        close(fd);
        return error;
    }
    mine[number] = (struct host_file){.open = true, .root = at.root, .fd = fd};
    return number;
}

int gate_hostfiles_create(int dir, const char *name, unsigned mode,
                          struct hostfiles_attr *attr)
{
    struct host_file at;
    int error = (mode & ~SAFE_MODE) != 0 ? -EPERM : host_file_place(dir, name, &at);
    if (error != 0) {
        return error;
    }
    struct host_file *mine = host_file_mine();
    const int number = number_free(mine);
    if (number < 0) {
        return number;
    }
    const int fd = host_files_openat(
        at.fd, name, O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK | O_NOCTTY, mode);
    if (fd < 0) {
        return fd;
    }
    error = attr_read(fd, attr);
    if (error != 0) {
        close(fd);
        return error;
    }
    mine[number] = (struct host_file){.open = true, .root = at.root, .fd = fd};
    return number;
}

int gate_hostfiles_close(int number)
{
    struct host_file *mine = host_file_mine();
    if (mine == NULL || number < 0 || number >= HOSTFILES_OPEN_MAX ||
        !mine[number].open) {
        return -EBADF;
    }
    mine[number].open = false;
    close(mine[number].fd);
    return 0;
}

void gate_hostfiles_close_all(void)
{
    for (int i = 0; i < HOSTFILES_OPEN_MAX; i++) {
        (void)gate_hostfiles_close(i);
    }
}

int gate_hostfiles_stat(int number, struct hostfiles_attr *attr)
{
    struct host_file file;
    const int error = host_file_find(number, &file);
    return error != 0 ? error : attr_read(file.fd, attr);
}

ssize_t gate_hostfiles_read(int number, uint64_t offset, void *buf, size_t count)
{
    struct host_file file;
    const int error = host_file_find(number, &file);
    if (error != 0 || offset > INT64_MAX) {
        return error != 0 ? error : -EINVAL;
    }
    const ssize_t n = pread(file.fd, buf, count, (off_t)offset);
    return n >= 0 ? n : -errno;
}

ssize_t gate_hostfiles_write(int number, uint64_t offset, const void *buf, size_t count)
{
    struct host_file file;
    const int error = host_file_change(number, &file);
    if (error != 0 || offset > INT64_MAX) {
        return error != 0 ? error : -EFBIG;
    }
    const ssize_t n = pwrite(file.fd, buf, count, (off_t)offset);
    return n >= 0 ? n : -errno;
}

ssize_t gate_hostfiles_list(int number, int64_t position, void *buf, size_t count)
{
    struct host_file file;
    const int error = host_file_find(number, &file);
    if (error != 0) {
        return error;
    }
    if (lseek(file.fd, position, SEEK_SET) < 0) {
        return -errno;
    }
    /* The host leaves bytes between a name's end and the next entry as they are: those of
     * another cubicle's call before. */
    memset(buf, 0, count);
    const ssize_t n = getdents64(file.fd, buf, count);
    return n >= 0 ? n : -errno;
}

int gate_hostfiles_resize(int number, uint64_t size)
{
    struct host_file file;
    const int error = host_file_change(number, &file);
    if (error != 0 || size > INT64_MAX) {
        return error != 0 ? error : -EFBIG;
    }
    return result_of(ftruncate(file.fd, (off_t)size));
}

int gate_hostfiles_set_mode(int number, unsigned mode)
{
    struct host_file file;
    const int error =
        (mode & ~SAFE_MODE) != 0 ? -EPERM : host_file_change(number, &file);
    return error != 0 ? error : result_of(fchmod(file.fd, mode));
}

static struct timespec time_of(int64_t ns)
{
    if (ns == HOSTFILES_KEEP) {
        return (struct timespec){.tv_nsec = UTIME_OMIT};
    }
    const int64_t before = ns % NS < 0; /* its second begins further from 1970 */
    return (struct timespec){.tv_sec = ns / NS - before,
                             .tv_nsec = ns % NS + before * NS};
}

int gate_hostfiles_set_times(int number, int64_t atime_ns, int64_t mtime_ns)
{
    struct host_file file;
    const int error = host_file_change(number, &file);
    const struct timespec times[] = {time_of(atime_ns), time_of(mtime_ns)};
    return error != 0 ? error : result_of(utimensat(file.fd, "", times, AT_EMPTY_PATH));
}

int gate_hostfiles_sync(int number)
{
    struct host_file file;
    const int error = host_file_find(number, &file);
    return error != 0 ? error : result_of(fsync(file.fd));
}

ssize_t gate_hostfiles_target(int number, char *buf, size_t count)
{
    struct host_file file;
    const int error = host_file_find(number, &file);
    if (error != 0) {
        return error;
    }
    const ssize_t n = readlinkat(file.fd, "", buf, count);
    return n >= 0 ? n : -errno;
}

int gate_hostfiles_space(int number, struct hostfiles_space *space)
{
    struct host_file file;
    struct statfs st;
    const int error = host_file_find(number, &file);
    if (error != 0) {
        return error;
    }
    if (fstatfs(file.fd, &st) != 0) {
        return -errno;
    }
    *space = (struct hostfiles_space){
        .block_size = (uint64_t)st.f_bsize,
        .blocks = st.f_blocks,
        .blocks_free = st.f_bavail,
        .nodes = st.f_files,
        .nodes_free = st.f_ffree,
        .name_max = (uint64_t)st.f_namelen,
    };
    return 0;
}

int gate_hostfiles_make_dir(int dir, const char *name, unsigned mode)
{
    struct host_file at;
    const int error =
        (mode & ~SAFE_MODE) != 0 ? -EPERM : host_file_place(dir, name, &at);
    return error != 0 ? error : result_of(mkdirat(at.fd, name, mode));
}

int gate_hostfiles_make_link(int dir, const char *name, const char *target)
{
    struct host_file at;
    const int error = host_file_place(dir, name, &at);
    return error != 0 ? error : result_of(symlinkat(target, at.fd, name));
}

/* Both ends of a rename or a link: below one root, so that what is read-only below one is not
 * writable below another (HF3). */
static int place_change_two(int dir, const char *name, int new_dir,
                            const char *new_name, struct host_file at[2])
{
    int error = host_file_place(dir, name, &at[0]);
    if (error == 0) {
        error = host_file_place(new_dir, new_name, &at[1]);
    }
    if (error == 0 && at[0].root != at[1].root) {
        error = -EXDEV;
    }
    return error;
}

int gate_hostfiles_link(int dir, const char *name, int new_dir, const char *new_name)
{
    struct host_file at[2];
    const int error = place_change_two(dir, name, new_dir, new_name, at);
    return error != 0 ? error
                      : result_of(linkat(at[0].fd, name, at[1].fd, new_name, 0));
}

int gate_hostfiles_rename(int dir, const char *name, int new_dir, const char *new_name)
{
    struct host_file at[2];
    const int error = place_change_two(dir, name, new_dir, new_name, at);
    return error != 0 ? error : result_of(renameat(at[0].fd, name, at[1].fd, new_name));
}

int gate_hostfiles_remove(int dir, const char *name, int is_dir)
{
    struct host_file at;
    const int error = host_file_place(dir, name, &at);
    return error != 0
               ? error
               : result_of(unlinkat(at.fd, name, is_dir != 0 ? AT_REMOVEDIR : 0));
}

#define GATE(function) {#function, gate_##function, MONITOR_RIGHT_HOSTFILES},
static const struct gate gates[] = {HOSTFILES_GATES(GATE)};
static const struct gate_interface interface = {
    .name = "hostfiles",
    .fingerprint = HOSTFILES_FINGERPRINT,
    .gates = gates,
    .ngates = sizeof(gates) / sizeof(gates[0]),
};
const struct gate_host host_files = {
    .interface = &interface,
    .right = MONITOR_RIGHT_HOSTFILES,
    .setup = host_files_setup,
    .enter = host_files_enter,
    .allow = host_files_allow,
};
