/*
 * Cubicles that end and are begun anew, as vfscore sees it. The file system that crashes
 * is ramfs as a shared object: loaded again, it knows nothing and gives the same numbers
 * once more. The argument says where it is mounted: "root", or "below" another ramfs
 * that goes on. On it are mounted devfs and, in "root", the ramfs that goes on.
 */
#include <cubicle.h>
#include <errno.h>
#include <fcntl.h>
#include <fs_ops.h>
#include <lifecycle.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>
#include <vfs.h>

#include <cmocka.h>

#include "again.h"
#include "clients.h"
#include "stubs.h"

static const char *library; /* path of the shared object */
static bool is_root;
static unsigned generation;
static int crash_in = -1; /* calls until one crashes; -1: none does */
static int mounts_refused, makes_refused;
static bool only_says;   /* returns ECONNRESET without having crashed */
static int ends_in_call; /* a client that ends in the next call */
static unsigned drops;

/* ---- what vfscore's own objects have on the heap ---- */

static long allocated;
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *p);

void *__wrap_malloc(size_t size)
{
    allocated++;
    return __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size)
{
    allocated++;
    return __real_calloc(count, size);
}
void *__wrap_realloc(void *old, size_t size)
{
    allocated += old == NULL;
    return __real_realloc(old, size);
}
void __wrap_free(void *p)
{
    allocated -= p != NULL;
    __real_free(p);
}

/* ---- the file system ---- */

static void fs_begin(void)
{
    fs_again(library);
    generation++;
}

/* As the monitor does when the cubicle dies. */
static void fs_restart(void)
{
    assert_int_equal(lifecycle_ended(FS), 0);
    fs_begin();
    assert_int_equal(lifecycle_restarted(FS), 0);
}

/* In each call: true when the file system dies in it. */
static bool dies(void)
{
    if (ends_in_call != 0) {
        struct stat st;
        assert_int_equal(lifecycle_ended(ends_in_call), 0);
        assert_int_equal(lifecycle_restarted(ends_in_call), 0);
        assert_int_equal(vfs_fstat(3, &st, ends_in_call), -EBADF);
        assert_int_equal(vfs_fstatat(CWD, "/", &st, 0, ends_in_call), -EDEADLK);
        ends_in_call = 0;
    }
    if (crash_in < 0 || crash_in-- > 0) {
        return only_says;
    }
    fs_restart();
    return true;
}

int fs_before(const char *name, const char *options)
{
    drops += strcmp(name, "drop") == 0;
    if (options != NULL) {
        assert_string_equal(options, "size=64M");
        if (mounts_refused > 0) {
            mounts_refused--;
            return -ENOMEM;
        }
    }
    if (strcmp(name, "create") == 0 && makes_refused > 0) {
        makes_refused--;
        return -ENOSPC;
    }
    return dies() ? -ECONNRESET : 0;
}

/* ---- the world ---- */

/* @path in the file system that crashes. */
static const char *at(const char *path)
{
    static char paths[8][128];
    static unsigned turn;
    char *text = paths[turn++ % 8];
    snprintf(text, sizeof(paths[0]), "%s%s", is_root ? "" : "/mnt", path);
    return text[0] == '\0' ? "/" : text;
}

static void must_mount(const char *provider, const char *path, const char *options)
{
    assert_int_equal(vfs_mount(provider, path, options, STUB_BOOT), 0);
}

static int setup(void **state)
{
    (void)state;
    fs_begin();
    stub.provider = &fs_asking;
    if (is_root) {
        must_mount("test", "/", "size=64M");
        assert_int_equal(vfs_mkdirat(CWD, "/keep", 0755, STUB_BOOT), 0);
        assert_int_equal(vfs_mkdirat(CWD, "/keep/deep", 0700, STUB_BOOT), 0);
        must_mount("ramfs", "/keep/deep", "");
    } else {
        must_mount("ramfs", "/", "");
        assert_int_equal(vfs_mkdirat(CWD, "/mnt", 0755, STUB_BOOT), 0);
        assert_int_equal(vfs_mkdirat(CWD, "/keep", 0755, STUB_BOOT), 0);
        assert_int_equal(vfs_mkdirat(CWD, "/keep/deep", 0755, STUB_BOOT), 0);
        must_mount("test", "/mnt", "size=64M");
    }
    assert_int_equal(vfs_mkdirat(CWD, at("/dev"), 0755, STUB_BOOT), 0);
    must_mount("devfs", at("/dev"), "");
    return 0;
}

static int clean(void **state)
{
    (void)state;
    struct stat st;
    crash_in = -1;
    mounts_refused = makes_refused = ends_in_call = 0;
    only_says = false;
    lifecycle_ended(A);
    lifecycle_ended(B);
    fs_restart();
    assert_int_equal(vfs_fstatat(CWD, at("/dev/null"), &st, 0, A), 0);
    return 0;
}

static void file_write(const char *path, const char *text, int client)
{
    const int fd = open_file(path, O_CREAT | O_WRONLY | O_TRUNC, client);
    assert_int_equal(vfs_write(fd, text, strlen(text), client), strlen(text));
    assert_int_equal(vfs_close(fd, client), 0);
}

static void file_is(const char *path, const char *text, int client)
{
    char buf[256];
    const int fd = open_file(path, O_RDONLY, client);
    assert_int_equal(vfs_read(fd, buf, sizeof(buf), client), strlen(text));
    assert_memory_equal(buf, text, strlen(text));
    assert_int_equal(vfs_close(fd, client), 0);
}

/* The call that it dies in is the only one to say so. */
static void crash(void)
{
    struct statfs st;
    crash_in = 0;
    assert_int_equal(vfs_statfs(at(""), &st, A), -ECONNRESET);
    crash_in = -1;
}

/* The mounts on it are where they were, with what they held. */
static void check_mounts(void)
{
    struct stat st;
    assert_int_equal(vfs_fstatat(CWD, at("/dev/null"), &st, 0, A), 0);
    assert_true(S_ISCHR(st.st_mode));
    file_is("/keep/deep/kept", "kept", A);
    assert_int_equal(vfs_unlinkat(CWD, at("/dev"), AT_REMOVEDIR, A), -EBUSY);
}

/* ---- file systems ---- */

static long call_write(int fd)
{
    return vfs_pwrite(fd, "x", 1, 0, A);
}
static long call_long_write(int fd)
{
    static char long_one[200000];
    return vfs_pwrite(fd, long_one, sizeof(long_one), 0, A);
}
static long call_read_far(int fd)
{
    char buf[8];
    return vfs_pread(fd, buf, sizeof(buf), 4096, A);
}
static long call_truncate(int fd)
{
    return vfs_ftruncate(fd, 5, A);
}
static long call_chmod(int fd)
{
    return vfs_fchmod(fd, 0600, A);
}
static long call_statfs(int fd)
{
    struct statfs st;
    return vfs_fstatfs(fd, &st, A);
}
static long call_create(int fd)
{
    (void)fd;
    return vfs_openat(CWD, at("/new"), O_CREAT | O_EXCL | O_RDWR, 0600, A);
}
static long call_mkdir(int fd)
{
    (void)fd;
    return vfs_mkdirat(CWD, at("/new"), 0700, A);
}
static long call_lookup(int fd)
{
    struct stat st;
    (void)fd;
    return vfs_fstatat(CWD, at("/never"), &st, 0, A);
}
static long call_symlink(int fd)
{
    (void)fd;
    return vfs_symlinkat("f", CWD, at("/new"), A);
}
static long call_link(int fd)
{
    (void)fd;
    return vfs_linkat(CWD, at("/f"), CWD, at("/new"), 0, A);
}
static long call_rename(int fd)
{
    (void)fd;
    return vfs_renameat(CWD, at("/f"), CWD, at("/new"), A);
}
static long call_rename_over(int fd)
{
    (void)fd;
    return vfs_renameat(CWD, at("/g"), CWD, at("/f"), A); /* holds, then renames */
}
static long call_unlink(int fd)
{
    (void)fd;
    return vfs_unlinkat(CWD, at("/f"), 0, A);
}
static long call_readlink(int fd)
{
    char buf[8];
    (void)fd;
    return vfs_readlinkat(CWD, at("/l"), buf, sizeof(buf), A);
}
static long call_follow(int fd)
{
    (void)fd;
    return vfs_openat(CWD, at("/l"), O_RDWR, 0, A);
}
static long call_open_truncate(int fd)
{
    (void)fd;
    return vfs_openat(CWD, at("/f"), O_RDWR | O_TRUNC, 0, A);
}

/* Every call, dying in every call of the file system that it makes: ECONNRESET, and an
 * empty file system afterwards. */
static void test_every_call(void **state)
{
    static long (*const calls[])(int) = {
        call_write,  call_long_write,    call_read_far,    call_truncate, call_chmod,
        call_statfs, call_create,        call_mkdir,       call_lookup,   call_symlink,
        call_link,   call_rename,        call_rename_over, call_unlink,   call_readlink,
        call_follow, call_open_truncate,
    };
    static char page[8192];
    struct stat st;
    (void)state;
    file_write("/keep/deep/kept", "kept", A);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        for (int n = 0;; n++) {
            file_write(at("/g"), "g", A);
            file_write(at("/f"), "f", A);
            assert_int_equal(vfs_symlinkat("f", CWD, at("/l"), A), 0);
            const int fd = open_file(at("/f"), O_RDWR, A);
            assert_int_equal(vfs_pwrite(fd, page, sizeof(page), 0, A), sizeof(page));
            const unsigned before = generation;
            crash_in = n;
            const long result = calls[i](fd);
            crash_in = -1;
            if (generation == before) {
                assert_true(n > 0 && (result >= 0 || result == -ENOENT));
                crash();
                assert_int_equal(clean(NULL), 0);
                break;
            }
            /* What was moved before is told, as when a disk is full. */
            assert_true(result == -ECONNRESET ||
                        (calls[i] == call_long_write && result > 0));
            assert_int_equal(vfs_fstat(fd, &st, A), -ESTALE);
            assert_int_equal(vfs_fstatat(CWD, at("/f"), &st, 0, A), -ENOENT);
            assert_int_equal(vfs_close(fd, A), 0);
            check_mounts();
        }
    }
}

/* Descriptors of what is lost answer ESTALE for ever, also when the new file system has
 * files of the same numbers, and can be closed. */
static void test_descriptors(void **state)
{
    (void)state;
    char buf[256];
    struct stat st;
    struct statfs sfs;
    int fds[4];
    file_write(at("/f"), "old", A);
    fds[0] = open_file(at("/f"), O_RDWR, A);
    fds[1] = open_file(at("/removed"), O_CREAT | O_RDWR, A);
    fds[2] = open_file(at("/f"), O_RDWR | O_APPEND, A);
    assert_int_equal(vfs_mkdirat(CWD, at("/d"), 0700, A), 0);
    fds[3] = open_file(at("/d"), O_RDONLY | O_DIRECTORY, A);
    const int top = open_file(at(""), O_RDONLY | O_DIRECTORY, A);
    assert_int_equal(vfs_write(fds[1], "removed", 7, A), 7);
    assert_int_equal(vfs_unlinkat(CWD, at("/removed"), 0, A), 0);
    assert_int_equal(vfs_pread(fds[0], buf, 3, 0, A), 3); /* the head is remembered */
    assert_int_equal(vfs_fstat(fds[0], &st, A), 0);
    const ino_t number = st.st_ino;
    const dev_t dev = st.st_dev;
    crash();
    drops = 0;
    file_write(at("/f"), "new", A);
    file_write(at("/2"), "2", A);
    file_write(at("/3"), "3", A);
    assert_int_equal(vfs_fstatat(CWD, at("/f"), &st, 0, A), 0);
    if (!is_root) {
        /* No mount points were made before it: the same number again. */
        assert_int_equal(st.st_ino, number);
    }
    assert_true(st.st_dev != dev);
    for (int i = 0; i < 3; i++) {
        const int fd = fds[i];
        assert_int_equal(vfs_fstat(fd, &st, A), -ESTALE);
        assert_int_equal(vfs_read(fd, buf, 3, A), -ESTALE);
        assert_int_equal(vfs_pread(fd, buf, 3, 0, A), -ESTALE);
        assert_int_equal(vfs_pread(fd, buf, 3, 1 << 20, A), -ESTALE);
        assert_int_equal(vfs_write(fd, "bad", 3, A), -ESTALE);
        assert_int_equal(vfs_pwrite(fd, "bad", 3, 0, A), -ESTALE);
        assert_int_equal(vfs_ftruncate(fd, 0, A), -ESTALE);
        assert_int_equal(vfs_fsync(fd, A), -ESTALE);
        assert_int_equal(vfs_fchmod(fd, 0, A), -ESTALE);
        assert_int_equal(vfs_fchown(fd, 0, 0, A), -ESTALE);
        assert_int_equal(vfs_utimensat(fd, NULL, NULL, 0, A), -ESTALE);
        assert_int_equal(vfs_fstatfs(fd, &sfs, A), -ESTALE);
        assert_int_equal(vfs_lseek(fd, 0, SEEK_END, A), -ESTALE);
        const int copy = vfs_dup(fd, A);
        assert_int_equal(vfs_fstat(copy, &st, A), -ESTALE);
        assert_int_equal(vfs_close(copy, A), 0);
    }
    const int dirs[] = {fds[3], top};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(vfs_getdents(dirs[i], buf, sizeof(buf), A), -ESTALE);
        assert_int_equal(vfs_openat(dirs[i], "f", O_RDONLY, 0, A), -ESTALE);
        assert_int_equal(vfs_openat(dirs[i], "x", O_RDWR | O_CREAT, 0600, A), -ESTALE);
        assert_int_equal(vfs_mkdirat(dirs[i], "x", 0700, A), -ESTALE);
        assert_int_equal(vfs_fstatat(dirs[i], "../f", &st, 0, A), -ESTALE);
        assert_int_equal(vfs_fstatat(dirs[i], ".", &st, 0, A), -ESTALE);
        assert_int_equal(vfs_fchdir(dirs[i], A), -ESTALE);
        assert_int_equal(vfs_close(dirs[i], A), 0);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(vfs_close(fds[i], A), 0);
    }
    assert_int_equal(drops, 0); /* none was held there */
    file_is(at("/f"), "new", A);
    file_is(at("/2"), "2", A);
    file_is(at("/3"), "3", A);
}

/* A mapping of what is lost is nobody's; new files can be mapped. */
static void test_mappings(void **state)
{
    (void)state;
    file_write(at("/f"), "old", A);
    const int old = open_file(at("/f"), O_RDWR, A);
    const int64_t base = vfs_map(old, 0, 4096, CUBICLE_WRITE, A);
    assert_true(base > 0);
    crash();
    stub_windows_forget(A);
    file_write(at("/f"), "new", A);
    assert_int_equal(vfs_map(old, 0, 4096, CUBICLE_READ, A), -ESTALE);
    assert_int_equal(vfs_map_sync((void *)(uintptr_t)base, A), -EINVAL);
    assert_int_equal(vfs_unmap((void *)(uintptr_t)base, 4096, A), -EINVAL);
    const int fd = open_file(at("/f"), O_RDWR, A);
    char *now = (char *)(uintptr_t)vfs_map(fd, 0, 4096, CUBICLE_WRITE, A);
    assert_memory_equal(now, "new", 4);
    assert_int_equal(vfs_unmap(now, 4096, A), 0);
    assert_int_equal(vfs_close(fd, A), 0);
    assert_int_equal(vfs_close(old, A), 0);
}

/* Nobody need be in the middle of a call into it (a cubicle of several modules). */
static void test_between_calls(void **state)
{
    (void)state;
    struct stat st;
    struct vfs_absence absence;
    char buf[8];
    file_write(at("/f"), "old", A);
    const int fd = open_file(at("/f"), O_RDWR, A);
    assert_int_equal(vfs_fstatat(CWD, at("/f"), &st, 0, A), 0);
    assert_int_equal(vfs_fstatat(CWD, at("/none"), &st, 0, A), -ENOENT);
    assert_int_equal(vfs_absent(at("/none"), &absence, A), 0);
    fs_restart();
    assert_int_equal(vfs_fstatat(CWD, at("/f"), &st, 0, A), -ENOENT);
    assert_int_not_equal(absence.epoch, stub.epoch);
    assert_int_equal(vfs_read(fd, buf, 3, A), -ESTALE);
    fs_restart();
    assert_int_equal(vfs_read(fd, buf, 3, A), -ESTALE);
    assert_int_equal(vfs_close(fd, A), 0);
    file_write(at("/none"), "new", B);
    file_is(at("/none"), "new", A);
}

static void test_directories(void **state)
{
    (void)state;
    char buf[256];
    struct stat st;
    assert_int_equal(vfs_mkdirat(CWD, at("/d"), 0700, A), 0);
    assert_int_equal(vfs_chdir(at("/d"), A), 0);
    assert_int_equal(vfs_chdir(at(""), B), 0);
    assert_int_equal(vfs_chdir("/keep/deep", STUB_BOOT), 0);
    crash();
    /* Its root is its root again, another directory as one that was removed. */
    file_write("f", "new", B);
    file_is(at("/f"), "new", B);
    assert_true(vfs_getcwd(buf, sizeof(buf), B) > 0);
    assert_string_equal(buf, at(""));
    assert_int_equal(vfs_getcwd(buf, sizeof(buf), A), -ENOENT);
    assert_int_equal(vfs_openat(CWD, "f", O_CREAT | O_RDWR, 0600, A), -ENOENT);
    assert_int_equal(vfs_fstatat(CWD, "..", &st, 0, A), -ENOENT);
    assert_int_equal(vfs_mkdirat(CWD, at("/d"), 0700, A), 0);
    assert_int_equal(vfs_fstatat(CWD, ".", &st, 0, A), -ENOENT); /* not this one */
    assert_int_equal(vfs_chdir(at("/d"), A), 0);
    assert_int_equal(vfs_fstatat(CWD, "../f", &st, 0, A), 0);
    assert_int_equal(vfs_chdir("/", A), 0);
    /* One in a file system that goes on is the same, and so is its path. */
    assert_true(vfs_getcwd(buf, sizeof(buf), STUB_BOOT) > 0);
    assert_string_equal(buf, "/keep/deep");
    assert_int_equal(vfs_fstatat(CWD, "../deep", &st, 0, STUB_BOOT), 0);
}

/* What is mounted on it goes on, descriptors included, and so do pipes. */
static void test_others(void **state)
{
    (void)state;
    char buf[256];
    struct stat st;
    int fds[2];
    file_write("/keep/deep/kept", "kept", A);
    const int kept = open_file("/keep/deep/kept", O_RDWR, A);
    const int full = open_file(at("/dev/full"), O_RDWR, A);
    assert_int_equal(vfs_pipe2(fds, 0, A), 0);
    assert_int_equal(vfs_mknodat(CWD, at("/fifo"), S_IFIFO | 0600, 0, A), 0);
    const int fifo = open_file(at("/fifo"), O_RDWR, A);
    assert_int_equal(vfs_write(fifo, "fifo", 4, A), 4);
    assert_int_equal(vfs_write(fds[1], "pipe", 4, A), 4);
    crash();
    assert_int_equal(vfs_read(fds[0], buf, 10, A), 4);
    assert_int_equal(vfs_read(fifo, buf, 10, A), 4);
    assert_int_equal(vfs_write(full, buf, 1, A), -ENOSPC);
    assert_int_equal(vfs_pread(kept, buf, 10, 0, A), 4);
    assert_int_equal(vfs_fstat(kept, &st, A), 0);
    check_mounts();
    if (is_root) {
        assert_int_equal(vfs_fstatat(CWD, "/keep", &st, 0, A), 0);
        assert_int_equal(st.st_mode, S_IFDIR | 0755);
    }
    for (int fd = kept; fd <= fifo; fd++) {
        assert_int_equal(vfs_close(fd, A), 0);
    }
}

/* While it cannot be mounted, its calls fail; nothing else does. */
static void test_mount_fails(void **state)
{
    (void)state;
    struct stat st;
    char buf[8];
    file_write("/keep/deep/kept", "kept", A);
    const int kept = open_file("/keep/deep/kept", O_RDONLY, A);
    for (int refused = 1; refused < 4; refused++) {
        crash();
        mounts_refused = refused;
        for (int i = 0; i < refused; i++) {
            assert_int_equal(vfs_fstatat(CWD, at("/f"), &st, 0, A), -ESTALE);
        }
        assert_int_equal(vfs_pread(kept, buf, 8, 0, A), 4);
        assert_int_equal(vfs_fstatat(CWD, at("/f"), &st, 0, A), -ENOENT);
        check_mounts();
        /* Nor need the mount points be possible at once. */
        crash();
        makes_refused = refused;
        for (int i = 0; i < 4 && makes_refused > 0; i++) {
            const int result = vfs_fstatat(CWD, at("/dev/null"), &st, 0, A);
            assert_true(result == 0 || (result == -ENOENT && (i < 3)));
        }
        assert_int_equal(makes_refused, 0);
        assert_int_equal(vfs_pread(kept, buf, 8, 0, A), 4);
        check_mounts();
    }
    assert_int_equal(vfs_close(kept, A), 0);
}

/* It dies again in each call that mounting it again makes. */
static void test_dies_again(void **state)
{
    (void)state;
    struct stat st;
    file_write("/keep/deep/kept", "kept", A);
    for (int n = 0; n < 12; n++) {
        crash();
        crash_in = n;
        const int result = vfs_fstatat(CWD, at("/f"), &st, 0, A);
        assert_true(result == -ENOENT || result == -ESTALE || result == -ECONNRESET);
        crash_in = -1;
        assert_int_equal(vfs_fstatat(CWD, at("/f"), &st, 0, A), -ENOENT);
        check_mounts();
    }
}

/* A file system that only says so has lost nothing. */
static void test_only_says(void **state)
{
    (void)state;
    struct stat st;
    file_write(at("/f"), "old", A);
    const int fd = open_file(at("/f"), O_RDWR, A);
    only_says = true;
    assert_int_equal(vfs_ftruncate(fd, 1, A), -ECONNRESET);
    only_says = false;
    assert_int_equal(vfs_fstat(fd, &st, A), 0);
    assert_int_equal(st.st_size, 3);
    file_is(at("/f"), "old", A);
    /* Nor does anything go when another cubicle ends. */
    assert_int_equal(lifecycle_ended(500), 0);
    assert_int_equal(lifecycle_ended(-1), -EINVAL);
    assert_int_equal(lifecycle_ended(1024), -EINVAL);
    file_is(at("/f"), "old", A);
    assert_int_equal(vfs_close(fd, A), 0);
}

/* ---- clients ---- */

static void check_fresh(int client)
{
    char buf[64];
    struct stat st;
    for (int fd = 3; fd < 100; fd++) {
        assert_int_equal(vfs_fstat(fd, &st, client), -EBADF);
    }
    assert_true(vfs_getcwd(buf, sizeof(buf), client) > 0);
    assert_string_equal(buf, "/");
    assert_int_equal(vfs_umask(022, client), 022);
    assert_int_equal(open_file(at("/f"), O_RDWR | O_CREAT, client), 3);
}

static void client_fill(int client, int *fds)
{
    assert_int_equal(open_file(at("/f"), O_RDWR | O_CREAT, client), 3);
    assert_int_equal(vfs_lock(3, VFS_LOCK(F_WRLCK, SEEK_SET, 0), 0, 0, client), 0);
    assert_int_equal(vfs_pipe2(fds, 0, client), 0);
    assert_int_equal(vfs_dup3(3, 99, O_CLOEXEC, client), 99);
    assert_int_equal(vfs_chdir("/keep", client), 0);
    vfs_umask(077, client);
    assert_int_equal(vfs_limit(3, client), 0);
    vfs_close(0, client);
}

static void test_clients(void **state)
{
    (void)state;
    int fds[2];
    const int mine = open_file(at("/f"), O_RDWR | O_CREAT, A);
    client_fill(B, fds);
    assert_int_equal(vfs_lock(mine, VFS_LOCK(F_RDLCK, SEEK_SET, 0), 0, 1, A), -EAGAIN);
    assert_int_equal(lifecycle_ended(B), 0);
    assert_int_equal(lifecycle_restarted(B), 0);
    assert_int_equal(vfs_lock(mine, VFS_LOCK(F_RDLCK, SEEK_SET, 0), 0, 1, A), 0);
    assert_int_equal(vfs_lock(mine, VFS_LOCK(F_UNLCK, SEEK_SET, 0), 0, 0, A), 0);
    check_fresh(B);
    /* In the middle of another's call, and of a call that fails. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lifecycle_ended(B), 0);
        client_fill(B, fds);
        ends_in_call = B;
        crash_in = i - 1;
        assert_int_equal(vfs_write(mine, "x", 1, A), i == 0 ? 1 : -ECONNRESET);
        crash_in = -1;
        assert_int_equal(ends_in_call, 0);
        check_fresh(B);
    }
    assert_int_equal(vfs_close(mine, A), 0);
}

/* A file removed while only the client that ends has it open is dropped. */
static void test_client_held(void **state)
{
    (void)state;
    open_file(at("/gone"), O_RDWR | O_CREAT, B);
    assert_int_equal(vfs_unlinkat(CWD, at("/gone"), 0, A), 0);
    drops = 0;
    assert_int_equal(lifecycle_ended(B), 0);
    struct stat st;
    assert_int_equal(vfs_fstatat(CWD, "/", &st, 0, A), 0);
    assert_int_equal(drops, 1);
}

/* ---- over and over ---- */

static void life(void)
{
    int fds[2];
    char buf[64];
    struct stat st;
    file_write(at("/f"), "old", A);
    client_fill(B, fds);
    assert_int_equal(vfs_mkdirat(CWD, at("/d"), 0700, A), 0);
    assert_int_equal(vfs_chdir(at("/d"), A), 0);
    const int fd = open_file("removed", O_RDWR | O_CREAT, A);
    assert_int_equal(vfs_unlinkat(CWD, "removed", 0, A), 0);
    crash_in = 0;
    assert_int_equal(vfs_write(fd, buf, 10, A), -ECONNRESET);
    crash_in = -1;
    lifecycle_ended(B);
    assert_int_equal(vfs_fstat(fd, &st, A), -ESTALE);
    assert_int_equal(vfs_close(fd, A), 0);
    assert_int_equal(vfs_chdir("/", A), 0);
}

static void test_flat(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        life();
    }
    const long before = allocated;
    for (int i = 0; i < 300; i++) {
        life();
    }
    assert_true(allocated <= before + 2);
}

/* Random calls and random deaths: a descriptor reads what was written through it or
 * answers ESTALE, and nothing but the documented errors comes. */
static void test_random(void **state)
{
    enum { FDS = 24, NAMES = 6 };
    struct open {
        int fd, client;
        unsigned generation, id;
    } open[FDS] = {{0}};
    unsigned id = 0;
    (void)state;
    srandom(3);
    file_write("/keep/deep/kept", "kept", A);
    for (int step = 0; step < 20000; step++) {
        struct open *o = &open[random() % FDS];
        char path[32], text[32], buf[32];
        snprintf(path, sizeof(path), "/%ld", random() % NAMES);
        crash_in = random() % 40 == 0 ? (int)(random() % 8) : -1;
        const unsigned before = generation;
        if (o->fd == 0) {
            const int client = random() % 2 == 0 ? A : B;
            const int fd =
                vfs_openat(CWD, at(path), O_RDWR | O_CREAT | O_EXCL, 0600, client);
            if (fd >= 0) {
                *o = (struct open){fd, client, generation, ++id};
                const int len = snprintf(text, sizeof(text), "%08u", id);
                crash_in = -1;
                const ssize_t done = vfs_pwrite(fd, text, (size_t)len, 0, client);
                assert_true(done == len || (done == -ESTALE && before != generation));
            } else if (fd == -EEXIST) {
                crash_in = -1;
                (void)!vfs_unlinkat(CWD, at(path), 0, client);
            } else {
                assert_true(before != generation &&
                            (fd == -ECONNRESET || fd == -ESTALE));
            }
        } else {
            const ssize_t done = vfs_pread(o->fd, buf, 8, 0, o->client);
            snprintf(text, sizeof(text), "%08u", o->id);
            if (done == 8) {
                assert_memory_equal(buf, text, 8);
                assert_int_equal(before, o->generation);
            } else {
                assert_true(done == -ESTALE ||
                            (done == -ECONNRESET && before != generation));
                assert_true(o->generation != generation);
            }
            if (random() % 3 == 0 || done != 8) {
                crash_in = -1;
                assert_int_equal(vfs_close(o->fd, o->client), 0);
                o->fd = 0;
            }
        }
        if (step % 100 == 0) {
            crash_in = -1;
            check_mounts();
        }
    }
    assert_true(generation > 100);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_every_call, clean),
        cmocka_unit_test_teardown(test_descriptors, clean),
        cmocka_unit_test_teardown(test_mappings, clean),
        cmocka_unit_test_teardown(test_between_calls, clean),
        cmocka_unit_test_teardown(test_directories, clean),
        cmocka_unit_test_teardown(test_others, clean),
        cmocka_unit_test_teardown(test_mount_fails, clean),
        cmocka_unit_test_teardown(test_dies_again, clean),
        cmocka_unit_test_teardown(test_only_says, clean),
        cmocka_unit_test_teardown(test_clients, clean),
        cmocka_unit_test_teardown(test_client_held, clean),
        cmocka_unit_test_teardown(test_flat, clean),
        cmocka_unit_test_teardown(test_random, clean),
    };
    if (argc != 3) {
        fprintf(stderr, "usage: %s LIBRARY root|below\n", argv[0]);
        return 2;
    }
    library = argv[1];
    is_root = strcmp(argv[2], "root") == 0;
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, NULL);
}
