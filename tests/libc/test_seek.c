/*
 * What libc remembers of descriptors, over a vfs that counts: seeks that wait for the
 * transfer behind them, and a vfs that is begun anew in between.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "syscall.h"

static int seeks, transfers; /* calls of vfs */
static long at;              /* where the last transfer was; -1: at its offset */
static int result;           /* of transfers */

long vfs_lseek(int fd, long offset, int whence, int caller)
{
    (void)fd, (void)whence, (void)caller;
    seeks++;
    return offset;
}
static long transfer(long offset)
{
    transfers++;
    at = offset;
    return result;
}
long vfs_read(int fd, void *buf, unsigned long count, int caller)
{
    (void)fd, (void)buf, (void)count, (void)caller;
    return transfer(-1);
}
long vfs_write(int fd, const void *buf, unsigned long count, int caller)
{
    (void)fd, (void)buf, (void)count, (void)caller;
    return transfer(-1);
}
long vfs_seek_read(int fd, void *buf, unsigned long count, long offset, int caller)
{
    (void)fd, (void)buf, (void)count, (void)caller;
    return transfer(offset);
}
long vfs_seek_write(int fd, const void *buf, unsigned long count, long offset,
                    int caller)
{
    (void)fd, (void)buf, (void)count, (void)caller;
    return transfer(offset);
}
int vfs_close(int fd, int caller)
{
    (void)fd, (void)caller;
    return 0;
}
int vfs_dup3(int fd, int new_fd, int flags, int caller)
{
    (void)fd, (void)flags, (void)caller;
    return new_fd;
}
long vfs_getcwd(char *buf, unsigned long size, int caller)
{
    (void)buf, (void)size, (void)caller;
    return -ENOENT;
}
int vfs_pipe2(int *fds, int flags, int caller)
{
    (void)flags, (void)caller;
    fds[0] = 3;
    fds[1] = 4;
    return 0;
}
long __call_long_read(int fd, void *buf, unsigned long count)
{
    (void)fd, (void)buf;
    return (long)count;
}
long __call_long_write(int fd, const void *buf, unsigned long count)
{
    (void)fd, (void)buf;
    return (long)count;
}

/* 3 is known to seek, and one to 100 is pending. */
static int setup(void **state)
{
    (void)state;
    result = 1;
    __call_close(3);
    assert_int_equal(__call_lseek(3, 50, SEEK_SET), 50);
    seeks = transfers = 0;
    assert_int_equal(__call_lseek(3, 100, SEEK_SET), 100);
    assert_int_equal(seeks, 0);
    return 0;
}

static void test_seek_waits(void **state)
{
    char buf[4] = {0};
    (void)state;
    assert_int_equal(__call_read(3, buf, 4), 1);
    assert_int_equal(at, 100);
    assert_int_equal(__call_read(3, buf, 4), 1);
    assert_int_equal(at, -1);
    assert_int_equal(seeks, 0);
}

/* The transfer fails, as when a file system is begun anew: the seek was done. */
static void test_failed_transfer(void **state)
{
    char buf[4] = {0};
    (void)state;
    result = -ECONNRESET;
    assert_int_equal(__call_write(3, buf, 4), -ECONNRESET);
    assert_int_equal(seeks, 1);
}

/* A vfs that was begun anew gives the number out again: nothing of before counts. */
static void check_new(void)
{
    char buf[4] = {0};
    assert_int_equal(__call_read(3, buf, 4), 1);
    assert_int_equal(at, -1);
    assert_int_equal(seeks, 0);
    assert_int_equal(__call_lseek(3, 7, SEEK_SET), 7);
    assert_int_equal(seeks, 1);
}

static void test_opened_anew(void **state)
{
    (void)state;
    assert_int_equal(__call_new(3), 3);
    check_new();
}

static void test_pipe_anew(void **state)
{
    int fds[2];
    (void)state;
    assert_int_equal(__call_pipe(fds, 0), 0);
    check_new();
}

/* Errors are passed on, and other descriptors take nothing away. */
static void test_others(void **state)
{
    (void)state;
    assert_int_equal(__call_new(-ENOENT), -ENOENT);
    assert_int_equal(__call_new(4), 4);
    assert_int_equal(__call_new(5000), 5000);
    test_seek_waits(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_seek_waits, setup),
        cmocka_unit_test_setup(test_failed_transfer, setup),
        cmocka_unit_test_setup(test_opened_anew, setup),
        cmocka_unit_test_setup(test_pipe_anew, setup),
        cmocka_unit_test_setup(test_others, setup),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
