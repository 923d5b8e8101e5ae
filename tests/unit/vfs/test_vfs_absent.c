/* What clients may remember of absent files: vfs_absent() and the epoch. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <vfs.h>

#include <cmocka.h>

#include "clients.h"
#include "stubs.h"

/* Of a vfscore before this one: clients may remember it, or an earlier one. */
#define EPOCH_BEFORE 41

static int setup(void **state)
{
    (void)state;
    stub_boot();
    stub.epoch = EPOCH_BEFORE;
    return 0;
}

static int create_plainly(void)
{
    return vfs_close(open_file("/none", O_CREAT | O_RDWR, B), B);
}

static int create_directory(void)
{
    return vfs_mkdirat(CWD, "/none", 0755, B);
}

static int create_link(void)
{
    return vfs_linkat(CWD, "/there", CWD, "/none", 0, B);
}

static int create_symlink(void)
{
    return vfs_symlinkat("/there", CWD, "/none", B);
}

static int create_pipe(void)
{
    return vfs_mknodat(CWD, "/none", S_IFIFO | 0600, 0, B);
}

static int rename_there(void)
{
    assert_int_equal(vfs_linkat(CWD, "/there", CWD, "/other", 0, B), 0);
    return vfs_renameat(CWD, "/other", CWD, "/none", B);
}

static int bar_the_way(void)
{
    return vfs_fchmodat(CWD, "/", 0700, B);
}

/* What a client may remember of a path that names nothing ends before it does. */
static void test_absence(void **state)
{
    static int (*const ways[])(void) = {create_plainly, create_directory, create_link,
                                        create_symlink, create_pipe,      rename_there,
                                        bar_the_way};
    struct vfs_absence absence;
    struct stat st;

    (void)state;
    assert_int_equal(vfs_close(open_file("/there", O_CREAT | O_RDWR, A), A), 0);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        assert_int_equal(vfs_fstatat(CWD, "/none", &st, 0, A), -ENOENT);
        assert_int_equal(vfs_absent("/none", &absence, A), 0);
        assert_int_equal(absence.cubicle, STUB_SELF);
        assert_true(absence.epoch > EPOCH_BEFORE && absence.epoch == stub.epoch);
        /* What does not matter does not end it. */
        assert_int_equal(vfs_fstatat(CWD, "/none", &st, 0, B), -ENOENT);
        assert_int_equal(vfs_fstatat(CWD, "/there", &st, 0, B), 0);
        assert_int_equal(absence.epoch, stub.epoch);
        assert_int_equal(ways[i](), 0);
        assert_int_not_equal(absence.epoch, stub.epoch);
        (void)!vfs_unlinkat(CWD, "/none", i == 1 ? AT_REMOVEDIR : 0, A);
    }
    /* What vfscore does not know by itself, nobody else may remember. */
    assert_int_equal(vfs_absent("/there", &absence, A), -ENOENT);
    assert_int_equal(vfs_absent("/there/none", &absence, A), -ENOENT);
    assert_int_equal(vfs_absent("/never/looked/for", &absence, A), -ENOENT);
    assert_int_equal(vfs_absent("none", &absence, A), -EINVAL);
    assert_int_equal(vfs_absent("", &absence, A), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absence),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("vfs_absent", tests, setup, NULL);
}
