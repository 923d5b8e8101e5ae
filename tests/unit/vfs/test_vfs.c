/* vfscore over ramfs and devfs: what the comparison with a host cannot show. Clients
 * are cubicle ids. */
#include <cubicle.h>
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
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vfs.h>

#include <cmocka.h>

#include "clients.h"
#include "stubs.h"

static int setup(void **state)
{
    (void)state;
    struct stat st;
    /* Before anything is mounted there are no files. */
    assert_int_equal(vfs_fstatat(CWD, "/", &st, 0, A), -ENOENT);
    assert_int_equal(vfs_openat(CWD, "x", O_CREAT | O_RDWR, 0600, A), -ENOENT);
    assert_int_equal(vfs_write(1, "x", 1, A), -EBADF);
    assert_int_equal(vfs_getcwd((char *)&st, sizeof(st), A), -ENOENT);
    assert_int_equal(vfs_mount("ramfs", "/dir", "", STUB_BOOT), -ENOENT);
    assert_int_equal(vfs_mount("nothing", "/", "", STUB_BOOT), -ENODEV);
    stub_boot();
    return 0;
}

static void test_clients_are_apart(void **state)
{
    (void)state;
    const int a = open_file("/apart", O_CREAT | O_RDWR, A);
    assert_int_equal(a, 3);
    assert_int_equal(vfs_write(a, "x", 1, B), -EBADF);
    assert_int_equal(open_file("/apart", O_RDONLY, B), 3);
    assert_int_equal(vfs_umask(077, A), 022);
    assert_int_equal(vfs_umask(022, A), 077);
    assert_int_equal(vfs_umask(022, B), 022);
    assert_int_equal(vfs_mkdirat(CWD, "/home", 0755, A), 0);
    assert_int_equal(vfs_chdir("/home", A), 0);
    char cwd[32];
    assert_int_equal(vfs_getcwd(cwd, sizeof(cwd), A), 6);
    assert_string_equal(cwd, "/home");
    assert_int_equal(vfs_getcwd(cwd, sizeof(cwd), B), 2);
    assert_int_equal(vfs_chdir("/", A), 0);
    assert_int_equal(vfs_close(a, A), 0);
    assert_int_equal(vfs_close(3, B), 0);
    /* Ids that no cubicle has. */
    assert_int_equal(vfs_close(3, -1), -EBADF);
    assert_int_equal(vfs_close(3, INT32_MAX), -EBADF);
    assert_int_equal(vfs_chdir("/", -5), -EDEADLK);
    assert_int_equal(vfs_unlinkat(CWD, "/apart", 0, 1 << 20), -EDEADLK);
}

static void test_descriptor_limit(void **state)
{
    (void)state;
    const int client = 9;
    const int first = open_file("/limit", O_CREAT | O_RDWR, client);
    int last = first;
    for (;;) {
        const int fd = vfs_dup(first, client);
        if (fd < 0) {
            assert_int_equal(fd, -EMFILE);
            break;
        }
        last = fd;
    }
    assert_int_equal(last, 1023);
    int ends[2];
    assert_int_equal(vfs_pipe2(ends, 0, client), -EMFILE);
    assert_int_equal(vfs_openat(CWD, "/limit", O_RDONLY, 0, client), -EMFILE);
    assert_int_equal(vfs_close(500, client), 0);
    assert_int_equal(vfs_pipe2(ends, 0, client), -EMFILE); /* needs two */
    assert_int_equal(vfs_fcntl(first, F_DUPFD, 501, client), -EMFILE);
    assert_int_equal(vfs_fcntl(first, F_DUPFD, 1024, client), -EINVAL);
    assert_int_equal(vfs_fcntl(first, F_DUPFD, -1, client), -EINVAL);
    assert_int_equal(vfs_dup(first, client), 500);
    assert_int_equal(vfs_dup3(first, 1024, 0, client), -EBADF);
    assert_int_equal(vfs_dup3(first, 1023, O_CLOEXEC, client), 1023);
    assert_int_equal(vfs_fcntl(1023, F_GETFD, 0, client), FD_CLOEXEC);
    assert_int_equal(vfs_fcntl(1023, F_SETFD, 0, client), 0);
    assert_int_equal(vfs_fcntl(1023, F_GETFD, 0, client), 0);
    assert_int_equal(vfs_write(first, "abc", 3, client), 3);
    assert_int_equal(vfs_lseek(700, 0, SEEK_CUR, client), 3); /* one description */
    for (int fd = 3; fd < 1024; fd++) {
        assert_int_equal(vfs_close(fd, client), 0);
    }
    assert_int_equal(open_file("/limit", O_RDONLY, client), 3);
}

/* A limit of the client's own: nothing is made or cut for a descriptor that is not given. */
static void test_own_limit(void **state)
{
    (void)state;
    const int client = 10;
    struct stat st;
    int ends[2];
    assert_int_equal(vfs_limit(-1, client), -EINVAL);
    assert_int_equal(vfs_limit(65537, client), -EINVAL);
    assert_int_equal(vfs_limit(4, -1), -EDEADLK);
    assert_int_equal(open_file("/own", O_CREAT | O_RDWR, client), 3);
    assert_int_equal(vfs_write(3, "abc", 3, client), 3);
    assert_int_equal(vfs_dup3(3, 9, 0, client), 9);
    assert_int_equal(vfs_limit(4, client), 0);
    assert_int_equal(vfs_dup(3, client), -EMFILE);
    assert_int_equal(vfs_pipe2(ends, 0, client), -EMFILE);
    assert_int_equal(vfs_openat(CWD, "/own", O_RDWR | O_TRUNC, 0, client), -EMFILE);
    assert_int_equal(vfs_fstat(3, &st, client), 0);
    assert_int_equal(st.st_size, 3);
    assert_int_equal(vfs_openat(CWD, "/new", O_RDWR | O_CREAT, 0644, client), -EMFILE);
    assert_int_equal(vfs_fstatat(CWD, "/new", &st, 0, client), -ENOENT);
    assert_int_equal(vfs_dup3(3, 4, 0, client), -EBADF);
    assert_int_equal(vfs_fcntl(3, F_DUPFD, 4, client), -EINVAL);
    assert_int_equal(vfs_write(9, "d", 1, client), 1); /* those above stay */
    assert_int_equal(vfs_dup(3, B), -EBADF);           /* of nobody else */
    const int other = open_file("/own", O_RDONLY, B);
    assert_true(other >= 0);
    assert_int_equal(vfs_close(other, B), 0);
    assert_int_equal(vfs_limit(1024, client), 0);
    assert_int_equal(vfs_dup(3, client), 4);
    assert_int_equal(vfs_close(3, client), 0);
    assert_int_equal(vfs_limit(0, client), 0);
    assert_int_equal(vfs_openat(CWD, "/own", O_RDONLY, 0, client), -EMFILE);
}

static void test_console(void **state)
{
    (void)state;
    char buf[16];
    struct stat st;
    stub.input = "typed";
    stub.input_len = 5;
    stub.output_len = 0;
    assert_int_equal(vfs_write(2, "err", 3, B), 3);
    assert_int_equal(stub.last_stream, 2);
    assert_int_equal(vfs_write(1, "out", 3, B), 3);
    assert_int_equal(stub.last_stream, 1);
    assert_memory_equal(stub.output, "errout", 6);
    struct pollfd poll = {.fd = 0, .events = POLLIN};
    assert_int_equal(vfs_poll(&poll, sizeof(poll), 0, B), 1);
    assert_int_equal(vfs_read(0, buf, sizeof(buf), B), 5);
    assert_int_equal(vfs_poll(&poll, sizeof(poll), 0, B), 0);
    assert_int_equal(vfs_read(0, buf, sizeof(buf), B), 0);
    assert_int_equal(vfs_fstat(1, &st, B), 0);
    assert_true(S_ISCHR(st.st_mode));
    assert_int_equal(vfs_isatty(1, B), -ENOTTY);
    assert_int_equal(vfs_close(1, B), 0);
    assert_int_equal(vfs_write(1, "x", 1, B), -EBADF);
    stub.is_terminal = true;
    const int tty = open_file("/dev/tty", O_RDWR, B);
    assert_int_equal(tty, 1);
    assert_int_equal(vfs_isatty(tty, B), 1);
    assert_int_equal(vfs_winsize(tty, B), 24 << 16 | 80);
    assert_int_equal(vfs_lseek(tty, 0, SEEK_SET, B), -ESPIPE);
    assert_int_equal(vfs_pread(tty, buf, 1, 0, B), -ESPIPE);
    stub.is_terminal = false;
}

static void test_devices(void **state)
{
    (void)state;
    char buf[100], zero[100] = {0};
    struct stat st;
    const int null = open_file("/dev/null", O_RDWR | O_TRUNC | O_APPEND, A);
    assert_int_equal(vfs_read(null, buf, sizeof(buf), A), 0);
    assert_int_equal(vfs_write(null, buf, sizeof(buf), A), 100);
    assert_int_equal(vfs_lseek(null, 50, SEEK_SET, A), 0);
    assert_int_equal(vfs_fsync(null, A), -EINVAL);
    assert_int_equal(vfs_ftruncate(null, 0, A), -EINVAL);
    const int z = open_file("/dev/zero", O_RDWR, A);
    memset(buf, 1, sizeof(buf));
    assert_int_equal(vfs_pread(z, buf, sizeof(buf), 1000, A), 100);
    assert_memory_equal(buf, zero, sizeof(buf));
    const int full = open_file("/dev/full", O_RDWR, A);
    assert_int_equal(vfs_write(full, buf, 1, A), -ENOSPC);
    const int random = open_file("/dev/urandom", O_RDONLY, A);
    assert_int_equal(vfs_read(random, buf, sizeof(buf), A), 100);
    assert_memory_not_equal(buf, zero, sizeof(buf));
    assert_int_equal(vfs_fstatat(CWD, "/dev/null", &st, 0, A), 0);
    assert_int_equal(st.st_rdev, 1 << 8 | 3);
    assert_int_equal(vfs_unlinkat(CWD, "/dev/null", 0, A), -EROFS);
    assert_int_equal(vfs_openat(CWD, "/dev/new", O_CREAT | O_RDWR, 0600, A), -EROFS);
    assert_int_equal(vfs_mkdirat(CWD, "/dev/new", 0700, A), -EROFS);
    assert_int_equal(vfs_fchmodat(CWD, "/dev/null", 0, A), -EROFS);
    assert_int_equal(vfs_fchmod(null, 0, A), -EROFS);
    assert_int_equal(vfs_read(null, NULL, SIZE_MAX, A), -EINVAL);
    for (int fd = null; fd <= random; fd++) {
        assert_int_equal(vfs_close(fd, A), 0);
    }
}

static void test_mounts(void **state)
{
    (void)state;
    struct stat st, dev;
    struct statfs fs;
    char cwd[64];
    assert_int_equal(vfs_chdir("/dev", A), 0);
    assert_int_equal(vfs_getcwd(cwd, sizeof(cwd), A), 5);
    assert_string_equal(cwd, "/dev");
    assert_int_equal(vfs_fstatat(CWD, "..", &st, 0, A), 0);
    assert_int_equal(vfs_fstatat(CWD, ".", &dev, 0, A), 0);
    assert_true(st.st_dev != dev.st_dev);
    assert_int_equal(vfs_fstatat(CWD, "../dev/../dev/null", &st, 0, A), 0);
    assert_int_equal(vfs_chdir("/", A), 0);
    assert_int_equal(vfs_unlinkat(CWD, "/dev", AT_REMOVEDIR, A), -EBUSY);
    assert_int_equal(vfs_renameat(CWD, "/dev", CWD, "/other", A), -EBUSY);
    assert_int_equal(vfs_mkdirat(CWD, "/dev", 0755, A), -EEXIST);
    open_file("/cross", O_CREAT | O_RDWR, A);
    assert_int_equal(vfs_renameat(CWD, "/cross", CWD, "/dev/cross", A), -EXDEV);
    assert_int_equal(vfs_linkat(CWD, "/cross", CWD, "/dev/cross", 0, A), -EXDEV);
    assert_int_equal(vfs_statfs("/dev/null", &fs, A), 0);
    assert_int_equal(fs.f_type, 0x1373);
    assert_int_equal(vfs_statfs("/", &fs, A), 0);
    assert_int_equal(fs.f_type, 0x01021994);
    assert_int_equal(vfs_mount("devfs", "/", "", STUB_BOOT), -EBUSY);
    assert_int_equal(vfs_mount("devfs", "/cross", "", STUB_BOOT), -ENOTDIR);
    assert_int_equal(vfs_mount("devfs", "/absent", "", STUB_BOOT), -ENOENT);
    assert_int_equal(vfs_mount("ramfs", "/home", "", STUB_BOOT),
                     -EBUSY); /* one per module */
    assert_int_equal(vfs_mount("devfs", "/dev", "", STUB_BOOT), -EBUSY);
    assert_int_equal(vfs_mount("devfs", "/home", "", STUB_BOOT), -EBUSY);
    assert_int_equal(vfs_close(3, A), 0);
}

static void test_pipes(void **state)
{
    (void)state;
    static char big[100000];
    int fds[2];
    struct stat st;
    assert_int_equal(vfs_pipe2(fds, O_APPEND, A), -EINVAL);
    assert_int_equal(vfs_pipe2(fds, O_CLOEXEC, A), 0);
    assert_int_equal(vfs_fstat(fds[0], &st, A), 0);
    assert_true(S_ISFIFO(st.st_mode));
    assert_int_equal(vfs_read(fds[0], big, 1, A),
                     -EDEADLK); /* nobody else runs meanwhile */
    assert_int_equal(vfs_fcntl(fds[0], F_SETFL, O_NONBLOCK, A), 0);
    assert_int_equal(vfs_read(fds[0], big, 1, A), -EAGAIN);
    assert_int_equal(vfs_write(fds[1], big, sizeof(big), A), 65536);
    assert_int_equal(vfs_write(fds[1], big, 1, A), -EDEADLK);
    assert_int_equal(vfs_read(fds[0], big, 1000, A), 1000);
    assert_int_equal(vfs_write(fds[1], big, 4096, A),
                     -EDEADLK); /* whole or not at all */
    assert_int_equal(vfs_write(fds[1], big, 5000, A), 1000);
    assert_int_equal(vfs_lseek(fds[0], 0, SEEK_SET, A), -ESPIPE);
    assert_int_equal(vfs_fcntl(fds[0], F_GETPIPE_SZ, 0, A), 65536);
    struct pollfd polls[2] = {{.fd = fds[0], .events = POLLIN},
                              {.fd = fds[1], .events = POLLOUT}};
    assert_int_equal(vfs_poll(polls, sizeof(polls), -1, A), 1);
    assert_int_equal(polls[0].revents, POLLIN);
    assert_int_equal(vfs_read(fds[1], big, 1, A), -EBADF);
    assert_int_equal(vfs_write(fds[0], big, 1, A), -EBADF);
    assert_int_equal(vfs_close(fds[0], A), 0);
    assert_int_equal(vfs_write(fds[1], big, 1, A), -EPIPE);
    assert_int_equal(vfs_poll(&polls[1], sizeof(polls[1]), 0, A), 1);
    assert_true((polls[1].revents & POLLERR) != 0);
    assert_int_equal(vfs_close(fds[1], A), 0);
    /* End of data once the writer is gone. */
    assert_int_equal(vfs_pipe2(fds, 0, A), 0);
    assert_int_equal(vfs_write(fds[1], "ab", 2, A), 2);
    assert_int_equal(vfs_close(fds[1], A), 0);
    assert_int_equal(vfs_read(fds[0], big, 10, A), 2);
    assert_int_equal(vfs_read(fds[0], big, 10, A), 0);
    assert_int_equal(vfs_close(fds[0], A), 0);
    /* Between two cubicles, by name. */
    assert_int_equal(vfs_mknodat(CWD, "/fifo", S_IFIFO | 0600, 0, A), 0);
    assert_int_equal(vfs_openat(CWD, "/fifo", O_RDONLY, 0, A), -EDEADLK);
    assert_int_equal(vfs_openat(CWD, "/fifo", O_WRONLY | O_NONBLOCK, 0, A), -ENXIO);
    const int reader = open_file("/fifo", O_RDONLY | O_NONBLOCK, A);
    const int writer = open_file("/fifo", O_WRONLY, B);
    assert_int_equal(vfs_write(writer, "hello", 5, B), 5);
    assert_int_equal(vfs_read(reader, big, 10, A), 5);
    assert_int_equal(vfs_close(reader, A), 0);
    assert_int_equal(vfs_close(writer, B), 0);
}

static void test_poll_arguments(void **state)
{
    (void)state;
    struct pollfd fds[2] = {{.fd = -1, .revents = 7}, {.fd = 99, .events = POLLIN}};
    assert_int_equal(vfs_poll(fds, sizeof(fds), 0, A), 1);
    assert_int_equal(fds[0].revents, 0);
    assert_int_equal(fds[1].revents, POLLNVAL);
    assert_int_equal(vfs_poll(fds, 7, 0, A), -EINVAL);
    stub.slept_ns = 0;
    assert_int_equal(vfs_poll(fds, 8, 20, A), 0); /* only time can pass */
    assert_int_equal(stub.slept_ns, 20000000);
    assert_int_equal(vfs_poll(fds, 8, -1, A), -EDEADLK);
}

static void test_times(void **state)
{
    (void)state;
    struct stat before, after;
    stub.clock_ns = INT64_C(1700000000000000000);
    stub.clock_step_ns = 1000000000;
    const int fd = open_file("/times", O_CREAT | O_RDWR, A);
    assert_int_equal(vfs_fstat(fd, &before, A), 0);
    assert_true(before.st_mtime >= 1700000000);
    const uint64_t calls = stub.clock_calls;
    assert_int_equal(vfs_fstat(fd, &after, A), 0);
    assert_int_equal(stub.clock_calls, calls); /* nothing changed: nobody is asked */
    assert_memory_equal(&before, &after, sizeof(after));
    assert_int_equal(vfs_write(fd, "x", 1, A), 1);
    assert_int_equal(vfs_write(fd, "x", 1, A), 1);
    assert_int_equal(vfs_fstat(fd, &after, A), 0);
    assert_int_equal(stub.clock_calls, calls + 1);
    assert_true(after.st_mtime > before.st_mtime);
    assert_int_equal(after.st_mtime, after.st_ctime);
    assert_int_equal(after.st_atime, before.st_atime);
    /* Nor does a log ask for each line; its lines count as changes all the same. */
    assert_int_equal(vfs_fcntl(fd, F_SETFL, O_APPEND, A), 0);
    before = after;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(vfs_write(fd, "line", 4, A), 4);
    }
    assert_int_equal(stub.clock_calls, calls + 1);
    assert_int_equal(vfs_fstat(fd, &after, A), 0);
    assert_int_equal(stub.clock_calls, calls + 2);
    assert_int_equal(after.st_size, before.st_size + 12);
    assert_true(after.st_mtime > before.st_mtime);
    assert_int_equal(vfs_fcntl(fd, F_SETFL, 0, A), 0);
    /* The last close of a written file fixes its time. */
    assert_int_equal(vfs_write(fd, "x", 1, A), 1);
    assert_int_equal(vfs_close(fd, A), 0);
    const int64_t closed = stub.clock_ns;
    stub.clock_ns += INT64_C(3600000000000);
    assert_int_equal(vfs_fstatat(CWD, "/times", &after, 0, A), 0);
    assert_int_equal(after.st_mtim.tv_sec, closed / 1000000000);
    /* A clock that is set back does not take files' times back. */
    stub.clock_ns = INT64_C(1000000000000000000);
    assert_int_equal(vfs_truncate("/times", 0, A), 0);
    assert_int_equal(vfs_fstatat(CWD, "/times", &before, 0, A), 0);
    assert_true(before.st_mtime >= after.st_mtime);
    /* utimensat can. */
    const struct timespec times[2] = {{-5, 999999999}, {7, 0}};
    assert_int_equal(vfs_utimensat(CWD, "/times", times, 0, A), 0);
    assert_int_equal(vfs_fstatat(CWD, "/times", &after, 0, A), 0);
    assert_int_equal(after.st_atim.tv_sec, -5);
    assert_int_equal(after.st_mtim.tv_sec, 7);
    const struct timespec bad[2] = {{0, 1000000000}, {0, 0}};
    assert_int_equal(vfs_utimensat(CWD, "/times", bad, 0, A), -EINVAL);
    assert_int_equal(vfs_utimensat(-1, NULL, NULL, 0, A), -EBADF);
    stub.clock_step_ns = 1000;
}

static void test_many_names_are_forgotten_well(void **state)
{
    (void)state;
    char path[64];
    struct stat st;
    const struct timespec times[2] = {{11, 0}, {22, 33}};
    assert_int_equal(vfs_mkdirat(CWD, "/many", 0755, A), 0);
    for (int i = 0; i < 30000; i++) {
        snprintf(path, sizeof(path), "/many/%d", i);
        assert_int_equal(vfs_mknodat(CWD, path, S_IFREG | 0644, 0, A), 0);
        if (i % 1000 == 0) {
            assert_int_equal(vfs_utimensat(CWD, path, times, 0, A), 0);
        }
    }
    for (int i = 0; i < 60000; i++) {
        snprintf(path, sizeof(path), "/many/%d", i);
        const int result = vfs_fstatat(CWD, path, &st, 0, A);
        assert_int_equal(result, i < 30000 ? 0 : -ENOENT);
        if (i < 30000 &&
            i % 1000 == 0) { /* the file system was told before it was forgotten */
            assert_int_equal(st.st_mtim.tv_sec, 22);
            assert_int_equal(st.st_mtim.tv_nsec, 33);
        }
    }
    assert_int_equal(vfs_unlinkat(CWD, "/many", AT_REMOVEDIR, A), -ENOTEMPTY);
    for (int i = 0; i < 30000; i++) {
        snprintf(path, sizeof(path), "/many/%d", i);
        assert_int_equal(vfs_unlinkat(CWD, path, 0, A), 0);
    }
    assert_int_equal(vfs_unlinkat(CWD, "/many", AT_REMOVEDIR, A), 0);
}

static void test_deep_and_removed(void **state)
{
    (void)state;
    static char cwd[8192];
    const int depth = 3000;
    for (int i = 0; i < depth; i++) {
        assert_int_equal(vfs_mkdirat(CWD, "d", 0755, A), 0);
        assert_int_equal(vfs_chdir("d", A), 0);
    }
    assert_int_equal(vfs_getcwd(cwd, sizeof(cwd), A), -ENAMETOOLONG);
    for (int i = 0; i < depth; i++) { /* every parent is kept by its removed child */
        const int up = open_file("..", O_RDONLY | O_DIRECTORY, A);
        assert_int_equal(vfs_unlinkat(up, "d", AT_REMOVEDIR, A), 0);
        assert_int_equal(vfs_fchdir(up, A), 0);
        assert_int_equal(vfs_close(up, A), 0);
    }
    assert_int_equal(vfs_chdir("/", A), 0);
}

static void test_paths(void **state)
{
    (void)state;
    static char path[PATH_MAX + 100];
    struct stat st;
    memset(path, '/', sizeof(path));
    strcpy(path + PATH_MAX - 2, "d");
    assert_int_equal(vfs_mkdirat(CWD, "/d", 0755, A), 0);
    assert_int_equal(vfs_fstatat(CWD, path, &st, 0, A), 0);
    memset(path, '/', sizeof(path));
    strcpy(path + PATH_MAX - 1, "d");
    assert_int_equal(vfs_fstatat(CWD, path, &st, 0, A), -ENAMETOOLONG);
    /* Forty links are followed, not one more. */
    char from[16], to[16];
    strcpy(to, "d");
    for (int i = 0; i <= 40; i++) {
        snprintf(from, sizeof(from), "/l%d", i);
        assert_int_equal(vfs_symlinkat(to, CWD, from, A), 0);
        assert_int_equal(vfs_fstatat(CWD, from, &st, 0, A), i < 40 ? 0 : -ELOOP);
        strcpy(to, from);
    }
    assert_int_equal(vfs_symlinkat("self", CWD, "/self", A), 0);
    assert_int_equal(vfs_openat(CWD, "/self", O_RDONLY, 0, A), -ELOOP);
    assert_int_equal(vfs_openat(CWD, "/self", O_CREAT | O_RDWR, 0600, A), -ELOOP);
    assert_int_equal(vfs_fstatat(CWD, "/self/x", &st, 0, A), -ELOOP);
    /* A dangling link is created through. */
    assert_int_equal(vfs_symlinkat("/d/target", CWD, "/dangling", A), 0);
    assert_int_equal(vfs_close(open_file("/dangling", O_CREAT | O_RDWR, A), A), 0);
    assert_int_equal(vfs_fstatat(CWD, "/d/target", &st, 0, A), 0);
    assert_int_equal(vfs_openat(CWD, "/dangling", O_CREAT | O_EXCL | O_RDWR, 0600, A),
                     -EEXIST);
    assert_int_equal(vfs_openat(CWD, "/d", 020000000 | O_DIRECTORY | O_RDWR, 0600, A),
                     -EOPNOTSUPP);
}

/** Names are looked at eight bytes at a time, but never beyond the page they end in. */
static void test_paths_at_the_end_of_memory(void **state)
{
    (void)state;
    struct stat st;
    char *const memory =
        mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    assert_int_equal(mprotect(memory + 4096, 4096, PROT_NONE), 0);
    assert_int_equal(vfs_mkdirat(CWD, "/abcdefghijkl", 0755, A), 0);
    assert_int_equal(
        vfs_mknodat(CWD, "/abcdefghijkl/mnopqrstuvwxyz", S_IFREG | 0644, 0, A), 0);
    static const char *const paths[] = {"/",
                                        "/x",
                                        "/abcdefghijkl",
                                        "/abcdefghijkl/",
                                        "x/",
                                        ".",
                                        "/abcdefghijkl/mnopqrstuvwxyz"};
    static const int results[] = {0, -ENOENT, 0, 0, -ENOENT, 0, 0};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        char *const path = memory + 4096 - strlen(paths[i]) - 1;
        strcpy(path, paths[i]);
        for (int twice = 0; twice < 2; twice++) { /* asked for, and from the cache */
            assert_int_equal(vfs_fstatat(CWD, path, &st, 0, A), results[i]);
        }
    }
    munmap(memory, 8192);
}

/** Maps two pages of @fd for @client; they are to be where they are for others. */
static char *map(int fd, int rights, int client)
{
    const int64_t base = vfs_map(fd, 0, 8192, rights, client);
    assert_true(base > 0);
    return (char *)(uintptr_t)base;
}

/* Two clients have a file mapped; vfscore remembers nothing that they change, even where it
 * forgets the file and meets it again. */
static void test_mappings(void **state)
{
    (void)state;
    char buf[16] = "", name[32];
    struct stat st;
    const struct timespec old[2] = {{1000, 0}, {1000, 0}};
    int fd = open_file("/mapped", O_CREAT | O_RDWR, A);
    assert_int_equal(vfs_pwrite(fd, "head", 4, 0, A), 4);
    assert_int_equal(vfs_pread(fd, buf, 4, 0, A), 4); /* the head is remembered */
    char *at = map(fd, CUBICLE_WRITE, A);
    assert_int_equal(vfs_fstat(fd, &st, A), 0);
    assert_int_equal(st.st_blocks, 8);
    memcpy(at, "HEAD", 4);
    assert_int_equal(vfs_pread(fd, buf, 4, 0, A), 4);
    assert_string_equal(buf, "HEAD");
    assert_int_equal(vfs_utimensat(fd, NULL, old, 0, A), 0);
    assert_int_equal(vfs_close(fd, A), 0);
    /* Forgotten, but for the mapping. */
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "/none/%d", i);
        vfs_fstatat(CWD, name + (i % 2) * 5, &st, 0, B);
    }
    assert_int_equal(vfs_map_sync(at + 5, A), 0);
    fd = open_file("/mapped", O_RDONLY, B);
    assert_int_equal(vfs_fstat(fd, &st, B), 0);
    assert_int_not_equal(st.st_mtime, 1000);
    assert_int_equal(vfs_pread(fd, buf, 4, 0, B), 4);
    at[0] = 'h';
    assert_int_equal(vfs_pread(fd, buf, 4, 0, B), 4);
    assert_string_equal(buf, "hEAD");
    /* The other client: the same pages, with its own rights. */
    assert_int_equal(vfs_map(fd, 0, 8192, CUBICLE_WRITE, B), -EACCES);
    assert_ptr_equal(map(fd, CUBICLE_READ, B), at);
    assert_int_equal(stub_window_rights(A, at), CUBICLE_WRITE);
    assert_int_equal(stub_window_rights(B, at), CUBICLE_READ);
    assert_int_equal(vfs_map_protect(at, 8192, CUBICLE_WRITE, B), -EACCES);
    assert_int_equal(vfs_map_protect(at, 8192, 2, B), -EINVAL);
    assert_int_equal(vfs_unmap(at, 8192, B), 0);
    assert_int_equal(vfs_unmap(at, 8192, B), -EINVAL);
    assert_int_equal(stub_window_rights(B, at), 0);
    assert_int_equal(vfs_unlinkat(CWD, "/mapped", 0, B), 0);
    /* In its place, it can grow; what ends is the whole of it. */
    assert_int_equal(vfs_map_grow(at, 8192, 12288, A), 0);
    assert_int_equal(stub_window_rights(A, at + 8192), CUBICLE_WRITE);
    assert_int_equal(vfs_map_grow(at, 8192, 8192, A), -EINVAL);
    assert_int_equal(vfs_map_grow(at, 12288, (size_t)1 << 33, A), -ENOMEM);
    assert_int_equal(vfs_map_grow(at, 16384, 20480, A), -EINVAL);
    at[12287] = 'x';
    assert_int_equal(vfs_unmap(at, 12288, A), 0);
    assert_int_equal(stub_windows_used(), 0);
    /* The head may be remembered again. */
    assert_int_equal(vfs_pread(fd, buf, 4, 0, B), 4);
    assert_string_equal(buf, "hEAD");
    assert_int_equal(vfs_close(fd, B), 0);
}

/** Every function with senseless numbers: an error or an answer, never harm (run with
 * sanitizers). */
static void test_senseless_numbers(void **state)
{
    (void)state;
    static char buf[70000];
    static const int64_t odd[] = {
        0,         1,         -1,        2,         3,
        4,         7,         1023,      1024,      4096,
        INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN, (int64_t)1 << 32,
        -100,      0x1000,    0x200};
    const size_t n = sizeof(odd) / sizeof(odd[0]);
    const int client = 11;
    srand(5);
    for (int i = 0; i < 4; i++) {
        open_file(i == 0 ? "/" : "/odd", i == 0 ? O_RDONLY : O_CREAT | O_RDWR, client);
    }
    for (int step = 0; step < 300000; step++) {
        const int64_t a = odd[(size_t)rand() % n], b = odd[(size_t)rand() % n];
        const int64_t c = odd[(size_t)rand() % n];
        const int fd = rand() % 4 == 0 ? (int)a : 3 + rand() % 6;
        const size_t size = (uint64_t)b < sizeof(buf) ? (size_t)b : 100;
        struct vfs_lock_info info;
        struct stat st;
        switch (rand() % 27) {
        case 24:
            vfs_map(fd, c, size, (int)a % 5, client);
            break;
        case 25: {
            const int64_t base = vfs_map(fd, 0, 9000, CUBICLE_READ, client);
            vfs_map_protect((void *)(uintptr_t)base, (size_t)b, (int)c, client);
            vfs_map_grow((void *)(uintptr_t)base, (size_t)b, (size_t)c, client);
            vfs_unmap((void *)(uintptr_t)base, (size_t)c, client);
            break;
        }
        case 26:
            vfs_unmap((void *)(uintptr_t)a, (size_t)b, client);
            vfs_map_sync((void *)(uintptr_t)b, client);
            break;
        case 0:
            vfs_read(fd, buf, size, client);
            break;
        case 1:
            vfs_pread(fd, buf, size, c, client);
            break;
        case 2:
            vfs_pwrite(fd, buf, size, c, client);
            break;
        case 3:
            vfs_lseek(fd, b, (int)c, client);
            break;
        case 4:
            vfs_ftruncate(fd, b, client);
            break;
        case 5:
            vfs_fcntl(fd, (int)b, c, client);
            break;
        case 6:
            vfs_lock(fd, (int)a, b, c, client);
            break;
        case 7:
            vfs_lock_query(fd, (int)a, b, c, &info, client);
            break;
        case 8:
            vfs_dup3(fd, (int)b, (int)c, client);
            break;
        case 9:
            vfs_getdents(fd, buf, size, client);
            break;
        case 10:
            vfs_fstatat(fd, "x", &st, (int)c, client);
            break;
        case 11:
            vfs_openat(fd, "odd", (int)c & ~O_DIRECTORY, (uint32_t)b, client);
            break;
        case 12:
            vfs_unlinkat(fd, "x", (int)b, client);
            break;
        case 13:
            vfs_mkdirat(fd, "m", (uint32_t)c, client);
            break;
        case 14:
            vfs_mknodat(fd, "n", (uint32_t)c, (uint64_t)b, client);
            break;
        case 15:
            vfs_faccessat(fd, "x", (int)b, (int)c, client);
            break;
        case 16:
            vfs_fchmod(fd, (uint32_t)b | 0600, client);
            break;
        case 17:
            vfs_fchownat(fd, "", (uint32_t)b, (uint32_t)c, (int)a, client);
            break;
        case 18:
            vfs_readlinkat(fd, "x", buf, size, client);
            break;
        case 19:
            vfs_close(9 + rand() % 1000, client);
            break;
        case 20:
            vfs_pipe2((int *)buf, (int)c, client);
            break;
        case 21:
            vfs_write(fd, buf, size, client);
            break;
        case 22:
            vfs_linkat(fd, "odd", fd, "l", (int)c, client);
            break;
        default:
            vfs_utimensat(fd, NULL, NULL, (int)c, client);
            break;
        }
    }
    for (int fd = 0; fd < 1024; fd++) {
        vfs_close(fd, client);
    }
    vfs_truncate("/odd", 0, client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clients_are_apart),
        cmocka_unit_test(test_descriptor_limit),
        cmocka_unit_test(test_own_limit),
        cmocka_unit_test(test_console),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_mounts),
        cmocka_unit_test(test_pipes),
        cmocka_unit_test(test_poll_arguments),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_many_names_are_forgotten_well),
        cmocka_unit_test(test_deep_and_removed),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_paths_at_the_end_of_memory),
        cmocka_unit_test(test_mappings),
        cmocka_unit_test(test_senseless_numbers),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, NULL);
}
