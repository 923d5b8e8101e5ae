/*
 * A file system that others change too: its nodes come without FS_NODE_CACHED, and what
 * vfscore remembers of them must not be believed. Here the test itself is the others:
 * it calls ramfs behind vfscore's back.
 */
#include <errno.h>
#include <fcntl.h>
#include <fs_ops.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vfs.h>

#include <cmocka.h>

#include "stubs.h"

#define ME 3
#define CWD AT_FDCWD
#define NOW 5

static uint64_t root;
static unsigned syncs;

static int shared(int result, struct fs_attr *attr)
{
    attr->flags &= ~(uint32_t)FS_NODE_CACHED;
    return result;
}

static int s_mount(const char *options, struct fs_attr *attr)
{
    const int result = shared(fs_mount(options, attr), attr);
    root = attr->node;
    return result;
}

static int s_lookup(uint64_t dir, const char *name, struct fs_attr *attr)
{
    return shared(fs_lookup(dir, name, attr), attr);
}

static int s_create(uint64_t dir, const char *name, uint32_t mode, int64_t now_ns,
                    struct fs_attr *attr)
{
    return shared(fs_create(dir, name, mode, now_ns, attr), attr);
}

static int s_getattr(uint64_t node, struct fs_attr *attr)
{
    return shared(fs_getattr(node, attr), attr);
}

static int s_sync(uint64_t node)
{
    syncs++;
    return fs_sync(node);
}

static const struct fs_ops ops = {
    .fs_mount = s_mount,
    .fs_lookup = s_lookup,
    .fs_create = s_create,
    .fs_symlink = fs_symlink,
    .fs_link = fs_link,
    .fs_unlink = fs_unlink,
    .fs_rename = fs_rename,
    .fs_readlink = fs_readlink,
    .fs_hold = fs_hold,
    .fs_drop = fs_drop,
    .fs_read = fs_read,
    .fs_write = fs_write,
    .fs_getattr = s_getattr,
    .fs_setattr = fs_setattr,
    .fs_readdir = fs_readdir,
    .fs_sync = s_sync,
    .fs_statfs = fs_statfs,
    .fs_map = fs_map,
    .fs_map_change = fs_map_change,
    .fs_mapping = fs_mapping,
    .fs_poll = fs_poll,
};

static int setup(void **state)
{
    (void)state;
    stub.provider = &ops;
    return vfs_mount("test", "/", "", STUB_BOOT);
}

static uint64_t number_of(const char *name)
{
    struct fs_attr attr;
    assert_int_equal(fs_lookup(root, name, &attr), 0);
    return attr.node;
}

static void test_sizes(void **state)
{
    (void)state;
    struct stat st;
    char buf[100];
    const int fd = vfs_openat(CWD, "/f", O_CREAT | O_RDWR, 0644, ME);
    assert_true(fd >= 0);
    assert_int_equal(vfs_write(fd, "0123456789", 10, ME), 10);
    const uint64_t f = number_of("f");
    assert_int_equal(fs_write(f, 10, "abc", 3), 3);
    assert_int_equal(vfs_lseek(fd, 0, SEEK_END, ME), 13);
    assert_int_equal(vfs_fstat(fd, &st, ME), 0);
    assert_int_equal(st.st_size, 13);
    assert_int_equal(vfs_pread(fd, buf, 100, 5, ME), 8);
    assert_int_equal(fs_write(f, 6, "xyz", 3), 3);
    assert_int_equal(vfs_pread(fd, buf, 4, 5, ME), 4); /* no remembered head */
    assert_memory_equal(buf, "5xyz", 4);
    assert_int_equal(vfs_fcntl(fd, F_SETFL, O_APPEND, ME), 0);
    assert_int_equal(fs_write(f, 13, "!", 1), 1);
    assert_int_equal(vfs_write(fd, "?", 1, ME), 1);
    assert_int_equal(vfs_pread(fd, buf, 4, 12, ME), 3);
    assert_memory_equal(buf, "c!?", 3);
    const struct fs_attr small = {.size = 2, .mode = 0400};
    assert_int_equal(fs_setattr(f, FS_SET_SIZE | FS_SET_MODE, &small), 0);
    assert_int_equal(vfs_pread(fd, buf, 4, 1, ME), 1);
    assert_int_equal(vfs_fstatat(CWD, "/f", &st, 0, ME), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0400);
    assert_int_equal(vfs_fsync(fd, ME), 0);
    assert_int_equal(syncs, 1);
    assert_int_equal(vfs_close(fd, ME), 0);
}

static void test_names(void **state)
{
    (void)state;
    struct fs_attr attr;
    struct stat st;
    char cwd[32];
    assert_int_equal(vfs_faccessat(CWD, "/late", F_OK, 0, ME), -ENOENT);
    assert_int_equal(fs_create(root, "late", S_IFREG | 0644, NOW, &attr), 0);
    assert_int_equal(vfs_faccessat(CWD, "/late", F_OK, 0, ME), 0);
    assert_int_equal(fs_unlink(root, "late", 0, NOW), 0);
    assert_int_equal(vfs_faccessat(CWD, "/late", F_OK, 0, ME), -ENOENT);
    /* The same name, another file. */
    assert_int_equal(fs_create(root, "late", S_IFDIR | 0755, NOW, &attr), 0);
    assert_int_equal(vfs_fstatat(CWD, "/late", &st, 0, ME), 0);
    assert_true(S_ISDIR(st.st_mode));
    /* A directory that moves, also while it is somebody's. */
    assert_int_equal(vfs_mkdirat(CWD, "/late/d", 0755, ME), 0);
    assert_int_equal(vfs_chdir("/late/d", ME), 0);
    assert_int_equal(fs_rename(attr.node, "d", root, "moved", NOW), 0);
    assert_int_equal(vfs_fstatat(CWD, "/moved", &st, 0, ME), 0);
    assert_int_equal(vfs_fstatat(CWD, "/late/d", &st, 0, ME), -ENOENT);
    assert_int_equal(vfs_getcwd(cwd, sizeof(cwd), ME), 7);
    assert_string_equal(cwd, "/moved");
    assert_int_equal(vfs_chdir("/", ME), 0);
    /* Removed behind our back while open. */
    const int fd = vfs_openat(CWD, "/moved/f", O_CREAT | O_RDWR, 0644, ME);
    assert_true(fd >= 0);
    assert_int_equal(fs_unlink(number_of("moved"), "f", 0, NOW), 0);
    assert_int_equal(vfs_write(fd, "x", 1, ME), -ESTALE);
    assert_int_equal(vfs_close(fd, ME), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_names),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, NULL);
}
