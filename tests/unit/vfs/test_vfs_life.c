/*
 * The program of tests/apps/restart over vfscore and ramfs that die at random. Both are
 * shared objects: loaded again, they know nothing of before. The program's system calls
 * come here by other names (meson.build); where vfscore is loaded again, its mounts are
 * made again, as boot does.
 *
 *     test_vfs_life VFSCORE RAMFS
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fs_ops.h>
#include <lifecycle.h>
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

#include "again.h"
#include "stubs.h"

#define ME 3
#define CWD (-100)
#define STEPS "20000"

const char *in_unreadable;
static const char *vfscore_library, *ramfs_library;
static void *vfscore;
static unsigned fs_deaths, vfs_deaths;
static unsigned fs_odds, vfs_odds; /* one call in so many dies; 0: none */

int program_main(int argc, char **argv);

/* ---- ramfs ---- */

#define VFS(name) ((__typeof__(name) *)dlsym(vfscore, #name))

static bool fs_dies(void)
{
    if (fs_odds == 0 || (unsigned)random() % fs_odds != 0) {
        return false;
    }
    fs_deaths++;
    assert_int_equal(VFS(lifecycle_ended)(FS), 0);
    fs_again(ramfs_library);
    assert_int_equal(VFS(lifecycle_restarted)(FS), 0);
    return true;
}

int fs_before(const char *name, const char *options)
{
    (void)name;
    (void)options;
    return fs_dies() ? -ECONNRESET : 0;
}

/* ---- vfscore ---- */

static void vfs_begin(void)
{
    const unsigned odds = fs_odds;
    fs_odds = 0;
    vfscore = library_again(vfscore, vfscore_library);
    ((struct stub *)dlsym(vfscore, "stub"))->provider = &fs_asking;
    assert_int_equal(VFS(vfs_mount)("test", "/", "", STUB_BOOT), 0);
    const int error = VFS(vfs_mkdirat)(CWD, "/dev", 0755, STUB_BOOT);
    assert_true(error == 0 || error == -EEXIST);
    assert_int_equal(VFS(vfs_mount)("devfs", "/dev", "", STUB_BOOT), 0);
    fs_odds = odds;
}

static bool vfs_dies(void)
{
    if (vfs_odds == 0 || (unsigned)random() % vfs_odds != 0) {
        return false;
    }
    vfs_deaths++;
    vfs_begin();
    return true;
}

static long answer(long result)
{
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

/* ---- what the program calls ---- */

#define ANSWER(name, ...)                                                 \
    return (__typeof__(name(__VA_ARGS__)))answer(vfs_dies() ? -ECONNRESET \
                                                            : VFS(name)(__VA_ARGS__))

int program_open(const char *path, int flags, unsigned mode);
int program_close(int fd);
ssize_t program_read(int fd, void *buf, size_t count);
ssize_t program_pread(int fd, void *buf, size_t count, off_t offset);
ssize_t program_write(int fd, const void *buf, size_t count);
off_t program_lseek(int fd, off_t offset, int whence);
int program_unlink(const char *path);
int program_stat(const char *path, struct stat *st);
int program_fstat(int fd, struct stat *st);
int program_pipe(int *fds);

int program_open(const char *path, int flags, unsigned mode)
{
    ANSWER(vfs_openat, CWD, path, flags, mode, ME);
}
int program_close(int fd)
{
    ANSWER(vfs_close, fd, ME);
}
ssize_t program_read(int fd, void *buf, size_t count)
{
    ANSWER(vfs_read, fd, buf, count, ME);
}
ssize_t program_pread(int fd, void *buf, size_t count, off_t offset)
{
    ANSWER(vfs_pread, fd, buf, count, offset, ME);
}
ssize_t program_write(int fd, const void *buf, size_t count)
{
    if (fd == 1) { /* what it says, as a comment of TAP */
        printf("# %.*s", (int)count, (const char *)buf);
        return (ssize_t)count;
    }
    ANSWER(vfs_write, fd, buf, count, ME);
}
off_t program_lseek(int fd, off_t offset, int whence)
{
    ANSWER(vfs_lseek, fd, offset, whence, ME);
}
int program_unlink(const char *path)
{
    ANSWER(vfs_unlinkat, CWD, path, 0, ME);
}
int program_stat(const char *path, struct stat *st)
{
    ANSWER(vfs_fstatat, CWD, path, st, 0, ME);
}
int program_fstat(int fd, struct stat *st)
{
    ANSWER(vfs_fstat, fd, st, ME);
}
int program_pipe(int *fds)
{
    ANSWER(vfs_pipe2, fds, 0, ME);
}

/* ---- tests ---- */

static int life(int seed, unsigned fs_one_in, unsigned vfs_one_in)
{
    char text[16], name[] = "program", steps[] = STEPS, none[] = "none";
    char *argv[] = {name, steps, text, none, NULL};
    const bool dies = fs_one_in + vfs_one_in != 0;
    snprintf(text, sizeof(text), "%d", seed);
    srandom((unsigned)seed);
    fs_again(ramfs_library);
    vfs_begin();
    fs_odds = fs_one_in;
    vfs_odds = vfs_one_in;
    const int status = program_main(dies ? 3 : 4, argv);
    fflush(stdout);
    return status == 0 && (fs_deaths != 0) == (fs_one_in != 0) &&
                   (vfs_deaths != 0) == (vfs_one_in != 0)
               ? 0
               : 1;
}

/* The program runs once in a process. */
static void live(unsigned fs_one_in, unsigned vfs_one_in)
{
    for (int seed = 1; seed <= 3; seed++) {
        int status;
        fflush(stdout);
        const pid_t child = fork();
        if (child == 0) {
            _exit(life(seed, fs_one_in, vfs_one_in));
        }
        assert_true(child > 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

static void test_nothing_dies(void **state)
{
    (void)state;
    live(0, 0);
}

static void test_ramfs_dies(void **state)
{
    (void)state;
    live(300, 0);
    live(20, 0);
}

static void test_vfscore_dies(void **state)
{
    (void)state;
    live(0, 300);
    live(0, 50);
}

static void test_both_die(void **state)
{
    (void)state;
    live(300, 300);
    live(20, 50);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_dies),
        cmocka_unit_test(test_ramfs_dies),
        cmocka_unit_test(test_vfscore_dies),
        cmocka_unit_test(test_both_die),
    };
    if (argc != 3) {
        fprintf(stderr, "usage: %s VFSCORE RAMFS\n", argv[0]);
        return 2;
    }
    vfscore_library = argv[1];
    ramfs_library = argv[2];
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
