/* File locks of vfscore. Clients are cubicle ids. */
#include <errno.h>
#include <fcntl.h>
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

#include "clients.h"
#include "stubs.h"

static int setup(void **state)
{
    (void)state;
    stub_boot();
    return 0;
}

/* ---- against a model: one state per byte and owner ---- */

#define BYTES 40
static char held[2][BYTES]; /* F_RDLCK + 1, F_WRLCK + 1, or 0 */

static bool conflicts(int me, int type, int start, int end)
{
    for (int i = start; i < end; i++) {
        const char other = held[1 - me][i];
        if (other != 0 && (type == F_WRLCK || other == F_WRLCK + 1)) {
            return true;
        }
    }
    return false;
}

static void test_locks_like_a_model(void **state)
{
    (void)state;
    int fd[2];
    fd[0] = open_file("/locks", O_CREAT | O_RDWR, A);
    fd[1] = open_file("/locks", O_RDWR, B);
    assert_int_equal(vfs_ftruncate(fd[0], 20, A), 0);
    srand(3);
    for (int step = 0; step < 200000; step++) {
        const int me = rand() % 2, client = me == 0 ? A : B;
        const int type = rand() % 3;
        /* The last byte stands for all that follow. */
        const int start = rand() % (BYTES - 1), len = rand() % (BYTES - start);
        const int end = len == 0 ? BYTES : start + len;
        const int whence = rand() % 3;
        const int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? 5 : 20;
        vfs_lseek(fd[me], 5, SEEK_SET, client);
        if (step % 5000 == 4999) { /* any close drops all of this client */
            const int other = open_file("/locks", O_RDONLY, client);
            assert_int_equal(vfs_close(other, client), 0);
            memset(held[me], 0, BYTES);
        }
        if (rand() % 4 == 0 && type != F_UNLCK) {
            struct vfs_lock_info info;
            assert_int_equal(vfs_lock_query(fd[me], VFS_LOCK(type, whence, 0),
                                            start - base, len, &info, client),
                             0);
            const bool conflict = conflicts(me, type, start, end);
            assert_int_equal(info.type == F_UNLCK, !conflict);
            if (conflict) {
                assert_int_equal(info.pid, me == 0 ? B : A);
                assert_true(info.start < end);
                assert_int_equal(held[1 - me][info.start], info.type + 1);
            }
            continue;
        }
        const int wait = rand() % 2;
        int expected = 0;
        if (type != F_UNLCK && conflicts(me, type, start, end)) {
            expected = wait ? -EDEADLK : -EAGAIN;
        } else {
            for (int i = start; i < end; i++) {
                held[me][i] = type == F_UNLCK ? 0 : (char)(type + 1);
            }
        }
        assert_int_equal(
            vfs_lock(fd[me], VFS_LOCK(type, whence, wait), start - base, len, client),
            expected);
    }
    assert_int_equal(vfs_close(fd[0], A), 0);
    assert_int_equal(vfs_close(fd[1], B), 0);
}

static void test_lock_arguments(void **state)
{
    (void)state;
    struct vfs_lock_info info;
    const int fd = open_file("/locks", O_RDONLY, A);
    assert_int_equal(vfs_lock(fd, VFS_LOCK(F_WRLCK, 0, 0), 0, 0, A), -EBADF);
    assert_int_equal(vfs_lock(fd, VFS_LOCK(3, 0, 0), 0, 0, A), -EINVAL);
    assert_int_equal(vfs_lock(fd, VFS_LOCK(F_RDLCK, 3, 0), 0, 0, A), -EINVAL);
    assert_int_equal(vfs_lock(fd, -1, 0, 0, A), -EINVAL);
    assert_int_equal(vfs_lock(fd, 1 << 20, 0, 0, A), -EINVAL);
    assert_int_equal(vfs_lock(fd, VFS_LOCK(F_RDLCK, 0, 0), -1, 0, A), -EINVAL);
    assert_int_equal(vfs_lock(fd, VFS_LOCK(F_RDLCK, 0, 0), 5, -6, A), -EINVAL);
    assert_int_equal(vfs_lock(fd, VFS_LOCK(F_RDLCK, 0, 0), INT64_MAX, 2, A),
                     -EOVERFLOW);
    assert_int_equal(vfs_lock(fd, VFS_LOCK(F_RDLCK, 0, 0), INT64_MAX, 1, A), 0);
    assert_int_equal(vfs_lock(fd, VFS_LOCK(F_RDLCK, 0, 0), 5, -5, A),
                     0); /* bytes 0 to 4 */
    assert_int_equal(vfs_lock(fd, VFS_LOCK(F_RDLCK, 0, 0), 5, INT64_MIN, A), -EINVAL);
    assert_int_equal(vfs_lock(fd, VFS_LOCK(F_RDLCK, SEEK_END, 0), INT64_MAX, 0, A),
                     -EOVERFLOW);
    assert_int_equal(vfs_lock_query(fd, VFS_LOCK(F_UNLCK, 0, 0), 0, 0, &info, A),
                     -EINVAL);
    assert_int_equal(vfs_lock(99, VFS_LOCK(F_RDLCK, 0, 0), 0, 0, A), -EBADF);
    for (int64_t i = 0; i < 20000;
         i++) { /* a record each; at some point it is enough */
        const int result = vfs_lock(fd, VFS_LOCK(F_RDLCK, 0, 0), 100 + 2 * i, 1, A);
        if (result != 0) {
            assert_int_equal(result, -ENOLCK);
            assert_true(i > 8000);
            break;
        }
    }
    assert_int_equal(vfs_close(fd, A), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_locks_like_a_model),
        cmocka_unit_test(test_lock_arguments),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("vfs_locks", tests, setup, NULL);
}
