/*
 * Every allocation of vfscore and ramfs fails once: each call answers an error or
 * succeeds, and the life of a program goes through afterwards. One child for each
 * allocation, since most are made once.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vfs.h>

#include <cmocka.h>

#include "fail_after.h"
#include "stubs.h"

#define ME 3
#define CWD AT_FDCWD
#define FAILURES_MAX 500

static unsigned errors;

/** A result that may be an error. */
static long after(long result)
{
    errors += result < 0;
    return result;
}

static void live(void)
{
    static char block[20000];
    char name[200];
    struct stat st;
    int pipes[2];
    const long fd = after(vfs_openat(CWD, "/f", O_CREAT | O_RDWR, 0644, ME));
    after(vfs_write((int)fd, block, sizeof(block), ME));
    after(vfs_pwrite((int)fd, block, sizeof(block), 1 << 30, ME));
    for (int i = 0; i < 12; i++) {
        after(vfs_lock((int)fd, VFS_LOCK(F_RDLCK, SEEK_SET, 0), i * 10, 5, ME));
        after(vfs_dup((int)fd, ME));
    }
    after(vfs_mkdirat(CWD, "/d", 0755, ME));
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "/d/%0*d", i % 2 == 0 ? 5 : 100, i);
        after(vfs_mknodat(CWD, name, S_IFREG | 0644, 0, ME));
        after(vfs_fstatat(CWD, name, &st, 0, ME));
    }
    after(vfs_symlinkat("/d", CWD, "/l", ME));
    after(vfs_renameat(CWD, "/l/00000", CWD, "/d/renamed", ME));
    after(vfs_linkat(CWD, "/f", CWD, "/d/hard", 0, ME));
    if (after(vfs_pipe2(pipes, 0, ME)) == 0) {
        after(vfs_write(pipes[1], block, 100, ME));
    }
    after(vfs_write(1, block, 1, ME));
    after(vfs_unlinkat(CWD, "/f", 0, ME));
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "/d/%0*d", i % 2 == 0 ? 5 : 100, i);
        after(vfs_unlinkat(CWD, name, 0, ME));
    }
    vfs_unlinkat(CWD, "/d/renamed", 0, ME);
    vfs_unlinkat(CWD, "/d/hard", 0, ME);
    vfs_unlinkat(CWD, "/l", 0, ME);
    for (int i = 3; i < 40; i++) {
        vfs_close(i, ME);
    }
    vfs_unlinkat(CWD, "/f", 0, ME); /* where the first attempt failed */
    vfs_unlinkat(CWD, "/d", AT_REMOVEDIR, ME);
}

/** Exit status: 0 all went well, 1 the failure came and everything works again, 2 not. */
static int child(long n)
{
    fail_once = true;
    fail_after = n;
    if (vfs_mount("ramfs", "/", "", STUB_BOOT) != 0 ||
        vfs_mkdirat(CWD, "/dev", 0755, STUB_BOOT) != 0 ||
        vfs_mount("devfs", "/dev", "", STUB_BOOT) != 0) {
        return fail_happened ? 1 : 2; /* the system does not start */
    }
    live();
    const bool came = fail_happened;
    fail_after = -1;
    errors = 0;
    live();
    live();
    /* One name was moved away each time: its removal finds nothing. */
    return errors != 2 ? 2 : came ? 1 : 0;
}

static void test_each_allocation(void **state)
{
    (void)state;
    for (long n = 0; n < FAILURES_MAX; n++) {
        int status;
        const pid_t pid = fork();
        if (pid == 0) {
            _exit(child(n));
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (!WIFEXITED(status) || WEXITSTATUS(status) == 2) {
            fail_msg("allocation %ld: status 0x%x", n, (unsigned)status);
        }
        if (WEXITSTATUS(status) == 0) {
            assert_true(n > 20);
            return;
        }
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_allocation)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
