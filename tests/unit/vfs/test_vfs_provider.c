/*
 * vfscore and the file system below it: how often it is asked, and what happens when it
 * lies. The provider here is ramfs behind functions that count, and lie when told to.
 */
#include <cubicle.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fs_ops.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vfs.h>

#include <cmocka.h>

#include "stubs.h"

#define ME 3
#define CWD AT_FDCWD

enum lie {
    HONEST,
    TOO_MUCH,   /* more than was asked for */
    ODD_ERROR,  /* no errno */
    POSITIVE,   /* a result where there is none */
    BAD_TYPE,   /* attributes of no file */
    OTHER_TYPE, /* not what was created */
    HUGE_SIZE,
    NUMBER_ZERO,
    ROOT_INSIDE, /* the root as a child: a loop */
    BAD_RECORD,  /* directory records: length, name */
    LONG_RECORD,
    SLASH_RECORD,
    CALLS_BACK, /* calls vfscore from inside */
};

static enum lie lie;
static unsigned calls, reads, writes;
static uint64_t root_number;

static long answer(long honest, long asked)
{
    calls++;
    switch (lie) {
    case TOO_MUCH:
        return asked + 1;
    case ODD_ERROR:
        return -5000;
    case POSITIVE:
        return 1;
    case CALLS_BACK: {
        struct stat st;
        assert_int_equal(vfs_close(3, ME), -EBADF);
        assert_int_equal(vfs_fstat(3, &st, ME), -EBADF);
        assert_int_equal(vfs_unlinkat(CWD, "/f", 0, ME), -EDEADLK);
        assert_int_equal(vfs_openat(CWD, "/f", O_RDONLY, 0, ME), -EDEADLK);
        return honest;
    }
    default:
        return honest;
    }
}

static int describe(int result, struct fs_attr *attr)
{
    if (result != 0) {
        return result;
    }
    switch (lie) {
    case BAD_TYPE:
        attr->mode = 0777;
        break;
    case OTHER_TYPE:
        attr->mode ^= S_IFREG ^ S_IFDIR;
        break;
    case HUGE_SIZE:
        attr->size = UINT64_MAX;
        break;
    case NUMBER_ZERO:
        attr->node = 0;
        break;
    case ROOT_INSIDE:
        attr->node = root_number;
        attr->mode = S_IFDIR | 0755;
        break;
    default:
        break;
    }
    return result;
}

static int t_mount(const char *options, struct fs_attr *root)
{
    const int result = fs_mount(options, root);
    root_number = root->node;
    return result;
}
static int t_lookup(uint64_t dir, const char *name, struct fs_attr *attr)
{
    return describe((int)answer(fs_lookup(dir, name, attr), 0), attr);
}
static int t_create(uint64_t dir, const char *name, uint32_t mode, int64_t now,
                    struct fs_attr *attr)
{
    return describe((int)answer(fs_create(dir, name, mode, now, attr), 0), attr);
}
static int t_symlink(uint64_t dir, const char *name, const char *target, int64_t now,
                     struct fs_attr *attr)
{
    return describe((int)answer(fs_symlink(dir, name, target, now, attr), 0), attr);
}
static int t_link(uint64_t dir, const char *name, uint64_t node, int64_t now)
{
    return (int)answer(fs_link(dir, name, node, now), 0);
}
static int t_unlink(uint64_t dir, const char *name, int is_dir, int64_t now)
{
    return (int)answer(fs_unlink(dir, name, is_dir, now), 0);
}
static int t_rename(uint64_t a, const char *b, uint64_t c, const char *d, int64_t now)
{
    return (int)answer(fs_rename(a, b, c, d, now), 0);
}
static ssize_t t_readlink(uint64_t node, char *buf, size_t count)
{
    return answer(fs_readlink(node, buf, count), (long)count);
}
static int t_hold(uint64_t node)
{
    return (int)answer(fs_hold(node), 0);
}
static int t_drop(uint64_t node)
{
    return (int)answer(fs_drop(node), 0);
}
static ssize_t t_read(uint64_t node, uint64_t offset, void *buf, size_t count,
                      int caller)
{
    reads++;
    return answer(fs_read(node, offset, buf, count, caller), (long)count);
}
static ssize_t t_write(uint64_t node, uint64_t offset, const void *buf, size_t count)
{
    writes++;
    return answer(fs_write(node, offset, buf, count), (long)count);
}
static int t_getattr(uint64_t node, struct fs_attr *attr)
{
    return describe((int)answer(fs_getattr(node, attr), 0), attr);
}
static int t_setattr(uint64_t node, uint32_t which, const struct fs_attr *attr)
{
    return (int)answer(fs_setattr(node, which, attr), 0);
}
static ssize_t t_readdir(uint64_t dir, uint64_t cookie, void *buf, size_t count)
{
    const ssize_t got = fs_readdir(dir, cookie, buf, count);
    struct fs_dirent *entry = buf;
    if (got > 0 && lie == BAD_RECORD) {
        entry->reclen = 3;
    } else if (got > 0 && lie == LONG_RECORD) {
        entry->reclen = 60000;
    } else if (got > 0 && lie == SLASH_RECORD) {
        entry->name[0] = '/';
    }
    return answer(got, (long)count);
}
static int t_sync(uint64_t node)
{
    return (int)answer(fs_sync(node), 0);
}
static int t_statfs(uint64_t node, struct fs_stat *stat)
{
    return (int)answer(fs_statfs(node, stat), 0);
}
static int64_t t_map(uint64_t node, uint64_t offset, size_t size, int rights, int limit,
                     int client)
{
    return answer(fs_map(node, offset, size, rights, limit, client), 0);
}
static int t_map_change(void *base, size_t size, int rights, int client)
{
    return (int)answer(fs_map_change(base, size, rights, client), 0);
}
static int t_mapping(const void *base, int client, struct fs_mapping *mapping)
{
    return (int)answer(fs_mapping(base, client, mapping), 0);
}
static int t_poll(uint64_t node, int timeout)
{
    return (int)answer(fs_poll(node, timeout), 0);
}

static const struct fs_ops ops = {
    t_mount,    t_lookup, t_create, t_symlink, t_link,       t_unlink,  t_rename,
    t_readlink, t_hold,   t_drop,   t_read,    t_write,      t_getattr, t_setattr,
    t_readdir,  t_sync,   t_statfs, t_mapping, t_map_change, t_map,     t_poll,
};

static int setup(void **state)
{
    (void)state;
    stub.provider = &ops;
    return vfs_mount("test", "/", "", STUB_BOOT);
}

static int open_file(const char *path, int flags)
{
    const int fd = vfs_openat(CWD, path, flags, 0644, ME);
    assert_true(fd >= 0);
    return fd;
}

static int teardown(void **state)
{
    (void)state;
    lie = HONEST;
    for (int fd = 3; fd < 20; fd++) {
        vfs_close(fd, ME);
    }
    return 0;
}

/* ---- how often it is asked ---- */

static void test_answers_alone(void **state)
{
    (void)state;
    struct stat st;
    char page[4096] = {1};
    const int fd = open_file("/f", O_CREAT | O_RDWR);
    const int dir = open_file("/", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(vfs_write(fd, page, sizeof(page), ME), sizeof(page));
    }
    assert_int_equal(vfs_faccessat(CWD, "/f-journal", F_OK, 0, ME), -ENOENT);
    calls = 0;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(vfs_lseek(fd, 0, SEEK_END, ME), 16384);
        assert_int_equal(vfs_fstat(fd, &st, ME), 0);
        assert_int_equal(st.st_size, 16384);
        assert_int_equal(st.st_blocks, 32);
        assert_int_equal(vfs_fstatat(CWD, "/f", &st, 0, ME), 0);
        assert_int_equal(vfs_faccessat(CWD, "/f", R_OK | W_OK, 0, ME), 0);
        assert_int_equal(vfs_faccessat(CWD, "/f-journal", F_OK, 0, ME), -ENOENT);
        assert_int_equal(vfs_fstatat(CWD, "/f-wal", &st, 0, ME), -ENOENT);
        assert_int_equal(vfs_lock(fd, VFS_LOCK(F_RDLCK, 0, 0), 1 << 30, 1, ME), 0);
        assert_int_equal(vfs_lock(fd, VFS_LOCK(F_UNLCK, 0, 0), 0, 0, ME), 0);
        assert_int_equal(vfs_fsync(fd, ME), 0);
        assert_int_equal(vfs_fsync(dir, ME), 0);
        assert_int_equal(vfs_close(open_file("/f", O_RDWR), ME), 0);
        assert_int_equal(vfs_read(fd, page, sizeof(page), ME), 0); /* at the end */
    }
    assert_int_equal(calls, 1); /* the first question for /f-wal */
    reads = writes = calls = 0;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(vfs_pread(fd, page, sizeof(page), 4096, ME), sizeof(page));
        assert_int_equal(vfs_pwrite(fd, page, sizeof(page), 4096, ME), sizeof(page));
        assert_int_equal(vfs_fstat(fd, &st, ME), 0);
    }
    assert_int_equal(reads, 100);
    assert_int_equal(writes, 100);
    assert_int_equal(calls, 200); /* one each, none for fstat */
}

static void test_header_is_remembered(void **state)
{
    (void)state;
    char buf[100], page[4096];
    memset(page, 'p', sizeof(page));
    const int fd = open_file("/header", O_CREAT | O_RDWR);
    assert_int_equal(vfs_write(fd, page, sizeof(page), ME), sizeof(page));
    reads = 0;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(vfs_seek_read(fd, buf, 16, 24, ME), 16);
        assert_memory_equal(buf, page, 16);
    }
    assert_true(reads <= 1);
    page[30] = 'x';
    assert_int_equal(vfs_pwrite(fd, page + 20, 100, 20, ME), 100); /* a write is seen */
    assert_int_equal(vfs_pread(fd, buf, 16, 24, ME), 16);
    assert_memory_equal(buf, page + 24, 16);
    assert_int_equal(vfs_ftruncate(fd, 30, ME), 0); /* and so is a cut */
    assert_int_equal(vfs_pread(fd, buf, 16, 24, ME), 6);
    assert_int_equal(vfs_ftruncate(fd, 60, ME), 0);
    assert_int_equal(vfs_pread(fd, buf, 16, 24, ME), 16);
    assert_memory_equal(buf, page + 24, 6);
    assert_memory_equal(buf + 6, "\0\0\0\0\0\0\0\0\0", 10);
    assert_true(reads <= 3);
    assert_int_equal(vfs_seek_write(fd, "ab", 2, 50, ME), 2);
    assert_int_equal(vfs_lseek(fd, 0, SEEK_CUR, ME), 52);
    assert_int_equal(vfs_seek_read(fd, buf, 2, -1, ME), -EINVAL);
    assert_int_equal(vfs_lseek(fd, 0, SEEK_CUR, ME), 52);
}

static void test_journal_of_a_transaction(void **state)
{
    (void)state;
    char page[4096] = {1};
    vfs_unlinkat(CWD, "/journal", 0, ME);
    calls = 0;
    const int fd = open_file("/journal", O_CREAT | O_RDWR);
    assert_int_equal(vfs_write(fd, page, 512, ME), 512);
    assert_int_equal(vfs_fsync(fd, ME), 0);
    assert_int_equal(vfs_close(fd, ME), 0);
    assert_int_equal(vfs_unlinkat(CWD, "/journal", 0, ME), 0);
    assert_int_equal(calls, 3); /* create, write, unlink */
    /* Removed while open: held, and dropped with the last descriptor. */
    const int open = open_file("/journal", O_CREAT | O_RDWR);
    assert_int_equal(vfs_unlinkat(CWD, "/journal", 0, ME), 0);
    assert_int_equal(vfs_write(open, page, 10, ME), 10);
    assert_int_equal(vfs_pread(open, page, 10, 0, ME), 10);
    calls = 0;
    assert_int_equal(vfs_close(open, ME), 0);
    assert_int_equal(calls, 1);
}

/* ---- lies ---- */

static void test_counts(void **state)
{
    (void)state;
    char buf[100];
    const int fd = open_file("/f", O_CREAT | O_RDWR);
    assert_int_equal(vfs_pwrite(fd, buf, 100, 100, ME), 100);
    assert_int_equal(vfs_lseek(fd, 100, SEEK_SET, ME), 100);
    static const enum lie lies[] = {TOO_MUCH, ODD_ERROR};
    for (size_t i = 0; i < 2; i++) {
        lie = lies[i];
        assert_int_equal(vfs_read(fd, buf, 50, ME), -EIO);
        assert_int_equal(vfs_write(fd, buf, 50, ME), -EIO);
        assert_int_equal(vfs_pread(fd, buf, 50, 100, ME), -EIO);
        assert_int_equal(vfs_pwrite(fd, buf, 50, 100, ME), -EIO);
        assert_int_equal(vfs_lseek(fd, 0, SEEK_CUR, ME), 100);
    }
}

static void test_results(void **state)
{
    (void)state;
    struct statfs fs;
    const int fd = open_file("/f", O_CREAT | O_RDWR);
    static const enum lie lies[] = {POSITIVE, ODD_ERROR};
    for (size_t i = 0; i < 2; i++) {
        lie = lies[i];
        assert_int_equal(vfs_ftruncate(fd, 5, ME), -EIO);
        assert_int_equal(vfs_fchmod(fd, 0600, ME), -EIO);
        assert_int_equal(vfs_mkdirat(CWD, "/new", 0700, ME), -EIO);
        assert_int_equal(vfs_openat(CWD, "/newer", O_CREAT | O_RDWR, 0600, ME), -EIO);
        assert_int_equal(vfs_renameat(CWD, "/f", CWD, "/g", ME), -EIO);
        assert_int_equal(vfs_fstatfs(fd, &fs, ME), -EIO);
        assert_int_equal(vfs_faccessat(CWD, "/unknown", F_OK, 0, ME), -EIO);
    }
}

/* What is no address, and mappings that nobody knows. */
static void test_addresses(void **state)
{
    (void)state;
    const int fd = open_file("/f", O_CREAT | O_RDWR);
    const int64_t base = vfs_map(fd, 0, 4096, CUBICLE_WRITE, ME);
    assert_true(base > 0);
    void *at = (void *)(uintptr_t)base;
    static const enum lie lies[] = {TOO_MUCH, ODD_ERROR, POSITIVE};
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        lie = lies[i];
        assert_int_equal(vfs_map(fd, 0, 4096, CUBICLE_WRITE, ME), -EIO);
        assert_int_equal(vfs_unmap(at, 4096, ME), -EINVAL);
        assert_int_equal(vfs_map_protect(at, 4096, CUBICLE_READ, ME), -EINVAL);
        assert_int_equal(vfs_map_grow(at, 4096, 8192, ME), -EINVAL);
        assert_int_equal(vfs_map_sync(at, ME), -EINVAL);
    }
    lie = CALLS_BACK;
    assert_int_equal(vfs_map(fd, 0, 4096, CUBICLE_WRITE, ME), base);
    assert_int_equal(vfs_unmap(at, 4096, ME), 0);
}

static void test_attributes(void **state)
{
    (void)state;
    struct stat st;
    lie = HONEST;
    assert_int_equal(vfs_close(open_file("/known", O_CREAT | O_RDWR), ME), 0);
    static const enum lie lies[] = {BAD_TYPE, OTHER_TYPE, HUGE_SIZE, NUMBER_ZERO,
                                    ROOT_INSIDE};
    char name[] = "/new0";
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        lie = lies[i];
        name[4] = (char)('0' + i);
        assert_int_equal(vfs_openat(CWD, name, O_CREAT | O_RDWR, 0600, ME), -EIO);
        lie = HONEST;
        assert_int_equal(vfs_fstatat(CWD, "/known", &st, 0, ME), 0);
    }
    /* A root inside itself is refused when it is looked up, too. */
    assert_int_equal(vfs_mkdirat(CWD, "/dir", 0755, ME), 0);
    lie = ROOT_INSIDE;
    assert_int_equal(vfs_mkdirat(CWD, "/dir/loop", 0755, ME), -EIO);
    assert_int_equal(vfs_fstatat(CWD, "/dir/loop", &st, 0, ME), -ENOENT);
    lie = HONEST;
    assert_int_equal(vfs_close(open_file("/dir/file", O_CREAT | O_RDWR), ME), 0);
}

static void test_records(void **state)
{
    (void)state;
    char buf[1024];
    static const enum lie lies[] = {BAD_RECORD, LONG_RECORD, SLASH_RECORD, TOO_MUCH};
    const int fd = open_file("/", O_RDONLY | O_DIRECTORY);
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        lie = lies[i];
        assert_int_equal(vfs_lseek(fd, 2, SEEK_SET, ME), 2); /* after the dots */
        assert_int_equal(vfs_getdents(fd, buf, sizeof(buf), ME), -EIO);
    }
}

static void test_calls_back(void **state)
{
    (void)state;
    char buf[10] = "abc";
    const int fd = open_file("/f", O_CREAT | O_RDWR);
    lie = CALLS_BACK;
    assert_int_equal(vfs_write(fd, buf, 10, ME), 10);
    assert_int_equal(vfs_pread(fd, buf, 10, 0, ME), 10);
    assert_int_equal(vfs_mkdirat(CWD, "/made", 0755, ME), 0);
    assert_int_equal(vfs_unlinkat(CWD, "/made", AT_REMOVEDIR, ME), 0);
    lie = HONEST;
    assert_int_equal(vfs_lseek(fd, 0, SEEK_CUR, ME), 10); /* all as before */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_answers_alone, teardown),
        cmocka_unit_test_teardown(test_header_is_remembered, teardown),
        cmocka_unit_test_teardown(test_journal_of_a_transaction, teardown),
        cmocka_unit_test_teardown(test_counts, teardown),
        cmocka_unit_test_teardown(test_results, teardown),
        cmocka_unit_test_teardown(test_addresses, teardown),
        cmocka_unit_test_teardown(test_attributes, teardown),
        cmocka_unit_test_teardown(test_records, teardown),
        cmocka_unit_test_teardown(test_calls_back, teardown),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, NULL);
}
