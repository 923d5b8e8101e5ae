/*
 * Files of the host: HF1-HF5 of monitor/gate/host_files.h, with the real kernel. A second process changes the directories
 * meanwhile.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <hostfiles.h>

#include "base/message.h"
#include "base/thread.h"
#include "gate/gate.h"
#include "gate/host_files.h"

#define ME 3
#define OTHER 4
#define RW HOSTFILES_ROOT(0)
#define RO HOSTFILES_ROOT(1)
#define THEIRS HOSTFILES_ROOT(2)
#define RW_TOO HOSTFILES_ROOT(3)
#define BOTH (HOSTFILES_READ | HOSTFILES_WRITE)
#define NOBODY 65534
#define RACES 20000

static char base[] = "/tmp/host_files.XXXXXX";
static char said[512]; /* the last message */
static struct monitor_directory directories[] = {
    {.module = "m", .path = "rw", .writable = true},
    {.module = "m", .path = "ro"},
    {.module = "o", .path = "theirs", .writable = true},
    {.module = "m", .path = "rw2", .writable = true},
    {.module = "m", .path = "/"},
    {.module = "m", .path = "dev"},
};
#define NDIRECTORIES (sizeof(directories) / sizeof(directories[0]))
#define SLASH HOSTFILES_ROOT(4)
#define DEV HOSTFILES_ROOT(5)

int message_error(int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(said, sizeof(said), format, arguments);
    va_end(arguments);
    return error;
}

static const void *gate(const char *name)
{
    for (size_t i = 0; i < host_files.interface->ngates; i++) {
        if (strcmp(host_files.interface->gates[i].name, name) == 0) {
            assert_int_equal(host_files.interface->gates[i].needs,
                             MONITOR_RIGHT_HOSTFILES);
            return host_files.interface->gates[i].function;
        }
    }
    fail_msg("no gate %s", name);
    return NULL;
}

/* The function of the interface, with the interface's type. */
#define CALL(name) ((__typeof__(hostfiles_##name) *)(uintptr_t)gate("hostfiles_" #name))

/* openat2(2) gives up with EAGAIN where anything on the machine was renamed while it walked a
 * "..", which other processes do: then once more. */
static int look(int dir, const char *path, int how)
{
    struct hostfiles_attr attr;
    int result = -EAGAIN;
    for (unsigned i = 0; i < 1000 && result == -EAGAIN; i++) {
        result = CALL(open)(dir, path, how, &attr);
    }
    return result;
}

static void put(const char *path, const char *text)
{
    const int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static int setup(void **state)
{
    (void)state;
    static struct monitor_config config = {.directories = directories,
                                           .ndirectories = NDIRECTORIES};
    umask(022);
    assert_non_null(mkdtemp(base));
    assert_int_equal(chdir(base), 0);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(mkdir(directories[i].path, 0777), 0);
    }
    assert_int_equal(symlink("/dev", "dev"), 0);
    put("secret", "outside");
    put("rw/file", "inside");
    put("ro/file", "inside");
    put("theirs/file", "theirs");
    assert_int_equal(mkdir("rw/sub", 0777), 0);
    put("rw/sub/deep", "deep");
    assert_int_equal(symlink("../secret", "rw/relative"), 0);
    assert_int_equal(symlink("/etc/passwd", "rw/absolute"), 0);
    assert_int_equal(symlink("..", "rw/up"), 0);
    assert_int_equal(symlink("sub", "rw/within"), 0);
    assert_int_equal(symlink("/proc/self/fd", "rw/magic"), 0);
    assert_int_equal(mkfifo("rw/fifo", 0666), 0);
    assert_int_equal(host_files.setup(&config), 0);
    for (unsigned i = 0; i < NDIRECTORIES; i++) {
        directories[i].fd = open(directories[i].path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(directories[i].fd >= 0);
        host_files_give(i, i == 2 ? OTHER : ME);
    }
    thread_self.running = ME;
    return 0;
}

static int teardown(void **state)
{
    char rm[] = "rm", rf[] = "-rf";
    char *const argv[] = {rm, rf, base, NULL};
    (void)state;
    assert_int_equal(chdir("/"), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        execvp("rm", argv);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    return 0;
}

/* HF1 */
static void test_whose(void **state)
{
    (void)state;
    struct hostfiles_attr attr;
    char buf[8];
    const int bad[] = {THEIRS,
                       HOSTFILES_ROOT((int)NDIRECTORIES),
                       HOSTFILES_ROOT(15),
                       HOSTFILES_ROOT(16),
                       INT_MIN,
                       INT_MIN + 1,
                       INT_MAX,
                       HOSTFILES_OPEN_MAX,
                       HOSTFILES_OPEN_MAX - 1};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(look(bad[i], "file", 0), -EBADF);
        assert_int_equal(look(bad[i], "file", BOTH), -EBADF);
        assert_int_equal(CALL(stat)(bad[i], &attr), -EBADF);
        assert_int_equal(CALL(close)(bad[i]), -EBADF);
        assert_int_equal(CALL(remove)(bad[i], "file", 0), -EBADF);
        assert_int_equal(CALL(rename)(bad[i], "file", RW, "x"), -EBADF);
        assert_int_equal(CALL(rename)(RW, "file", bad[i], "x"), -EBADF);
    }
    /* Numbers of another are not mine, and mine are not his. */
    thread_self.running = OTHER;
    const int theirs = look(THEIRS, "file", HOSTFILES_READ);
    assert_true(theirs >= 0);
    assert_int_equal(look(RW, "file", 0), -EBADF);
    thread_self.running = ME;
    assert_int_equal(CALL(read)(theirs, 0, buf, sizeof(buf)), -EBADF);
    const int mine = look(RW, "file", HOSTFILES_READ);
    assert_int_equal(mine, theirs); /* the same number, another file */
    assert_int_equal(CALL(read)(mine, 0, buf, sizeof(buf)), 6);
    assert_memory_equal(buf, "inside", 6);
    assert_int_equal(CALL(close)(HOSTFILES_OPEN_MAX), -EBADF);
    assert_int_equal(CALL(close)(HOSTFILES_OPEN_MAX * 2), -EBADF);
    CALL(close_all)();
    assert_int_equal(CALL(read)(mine, 0, buf, sizeof(buf)), -EBADF);
    thread_self.running = OTHER;
    assert_int_equal(CALL(read)(theirs, 0, buf, sizeof(buf)), 6);
    CALL(close_all)();
    /* Who has none has nothing, not even to close. */
    thread_self.running = 7;
    assert_int_equal(look(RW, "file", 0), -EBADF);
    assert_int_equal(CALL(close)(0), -EBADF);
    CALL(close_all)();
    thread_self.running = ME;
    assert_int_equal(look(RW, "file", 4), -EINVAL);
    assert_int_equal(look(RW, "file", -1), -EINVAL);
}

/* HF2 */
static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int error;
    } rows[] = {
        {"..", -EXDEV},          {"../secret", -EXDEV}, {"sub/../../secret", -EXDEV},
        {"/etc/passwd", -EXDEV}, {"/", -EXDEV},         {"up/secret", -ELOOP},
        {"within/deep", -ELOOP}, {"magic/0", -ELOOP},   {"", -ENOENT},
        {"file/", -ENOTDIR},     {"nothing", -ENOENT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int how = 0; how <= BOTH; how++) {
            assert_int_equal(look(RW, rows[i].path, how), rows[i].error);
        }
    }
    /* Links are seen, and not gone through. */
    static const char *const links[] = {"relative", "absolute", "up", "within",
                                        "magic"};
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        struct hostfiles_attr attr;
        char target[64] = "";
        const int link = CALL(open)(RW, links[i], 0, &attr);
        assert_true(link >= 0);
        assert_int_equal(attr.mode & S_IFMT, S_IFLNK);
        assert_true(CALL(target)(link, target, sizeof(target)) > 0);
        assert_int_equal(look(link, "secret", 0), -ENOTDIR);
        assert_int_equal(look(link, "..", 0), -ENOTDIR);
        assert_int_equal(look(RW, links[i], HOSTFILES_READ), -ENXIO);
        assert_int_equal(look(RW, links[i], BOTH), -ENXIO);
        assert_int_equal(CALL(close)(link), 0);
    }
    /* Other mounts. */
    const int error = look(SLASH, "proc/self/mem", HOSTFILES_READ);
    assert_true(error == -EXDEV || error == -ENOENT);
    assert_true(look(SLASH, "proc", 0) < 0);
    char longest[PATH_MAX];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(look(RW, longest, 0), -ENAMETOOLONG);
    CALL(close_all)();
}

/* HF2: every change takes one component. */
static void test_names(void **state)
{
    (void)state;
    static const char *const bad[] = {"",          ".",      "..",   "/",   "sub/deep",
                                      "../secret", "/etc/x", "up/x", "sub/"};
    struct hostfiles_attr attr;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(CALL(create)(RW, bad[i], 0644, &attr), -EINVAL);
        assert_int_equal(CALL(make_dir)(RW, bad[i], 0755), -EINVAL);
        assert_int_equal(CALL(make_link)(RW, bad[i], "x"), -EINVAL);
        assert_int_equal(CALL(remove)(RW, bad[i], 0), -EINVAL);
        assert_int_equal(CALL(remove)(RW, bad[i], 1), -EINVAL);
        assert_int_equal(CALL(rename)(RW, bad[i], RW, "x"), -EINVAL);
        assert_int_equal(CALL(rename)(RW, "file", RW, bad[i]), -EINVAL);
        assert_int_equal(CALL(link)(RW, bad[i], RW, "x"), -EINVAL);
        assert_int_equal(CALL(link)(RW, "file", RW, bad[i]), -EINVAL);
    }
    char name[300];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(CALL(create)(RW, name, 0644, &attr), -ENAMETOOLONG);
    /* A link is not followed to its file, also not to make it. */
    assert_int_equal(symlink("../made", "rw/dangling"), 0);
    assert_int_equal(CALL(create)(RW, "dangling", 0644, &attr), -EEXIST);
    assert_int_equal(CALL(link)(RW, "relative", RW, "linked"), 0);
    struct stat st;
    assert_int_equal(lstat("rw/linked", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(access("made", F_OK), -1);
    assert_int_equal(CALL(remove)(RW, "linked", 0), 0);
    assert_int_equal(CALL(remove)(RW, "dangling", 0), 0);
}

/* HF3 */
static void test_read_only(void **state)
{
    (void)state;
    struct hostfiles_attr attr;
    char buf[8];
    const int file = look(RO, "file", HOSTFILES_READ);
    assert_true(file >= 0);
    assert_int_equal(look(RO, "file", HOSTFILES_WRITE), -EROFS);
    assert_int_equal(look(RO, "file", BOTH), -EROFS);
    assert_int_equal(CALL(write)(file, 0, "x", 1), -EROFS);
    assert_int_equal(CALL(resize)(file, 0), -EROFS);
    assert_int_equal(CALL(set_mode)(file, 0777), -EROFS);
    assert_int_equal(CALL(set_times)(file, 0, 0), -EROFS);
    assert_int_equal(CALL(create)(RO, "new", 0644, &attr), -EROFS);
    assert_int_equal(CALL(make_dir)(RO, "new", 0755), -EROFS);
    assert_int_equal(CALL(make_link)(RO, "new", "x"), -EROFS);
    assert_int_equal(CALL(remove)(RO, "file", 0), -EROFS);
    assert_int_equal(CALL(rename)(RO, "file", RO, "new"), -EROFS);
    assert_int_equal(CALL(rename)(RO, "file", RW, "new"), -EROFS);
    assert_int_equal(CALL(rename)(RW, "file", RO, "new"), -EROFS);
    assert_int_equal(CALL(link)(RO, "file", RW, "new"), -EROFS);
    assert_int_equal(CALL(link)(RW, "file", RO, "new"), -EROFS);
    /* Nor between two that are writable: what one of them is may change. */
    assert_int_equal(CALL(rename)(RW, "file", RW_TOO, "new"), -EXDEV);
    assert_int_equal(CALL(link)(RW, "file", RW_TOO, "new"), -EXDEV);
    assert_int_equal(CALL(read)(file, 0, buf, sizeof(buf)), 6);
    assert_memory_equal(buf, "inside", 6);
    CALL(close_all)();
}

/* HF4 */
static void test_special(void **state)
{
    (void)state;
    struct hostfiles_attr attr;
    char buf[8];
    const int fifo = CALL(open)(RW, "fifo", 0, &attr);
    assert_true(fifo >= 0);
    assert_int_equal(attr.mode, S_IFSOCK);
    assert_int_equal(CALL(read)(fifo, 0, buf, 1), -EBADF);
    const int null = CALL(open)(DEV, "null", 0, &attr);
    assert_true(null >= 0);
    assert_int_equal(attr.mode, S_IFSOCK);
    const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "rw/socket"};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    for (int how = 1; how <= BOTH; how++) {
        alarm(10);
        assert_int_equal(look(RW, "fifo", how), -ENXIO);
        assert_int_equal(look(RW, "socket", how), -ENXIO);
        assert_int_equal(look(DEV, "null", how),
                         (how & HOSTFILES_WRITE) ? -EROFS : -ENXIO);
        alarm(0);
    }
    close(fd);
    assert_int_equal(CALL(remove)(RW, "socket", 0), 0);
    const int dir = look(RW, "sub", HOSTFILES_READ);
    assert_true(dir >= 0);
    assert_int_equal(CALL(read)(dir, 0, buf, 1), -EISDIR);
    assert_int_equal(look(RW, "sub", HOSTFILES_WRITE), -EISDIR);
    const int file = look(RW, "file", HOSTFILES_READ);
    assert_int_equal(CALL(list)(file, 0, buf, sizeof(buf)), -ENOTDIR);
    assert_int_equal(CALL(write)(file, 0, "x", 1),
                     -EBADF); /* it was opened for reading */
    assert_int_equal(CALL(resize)(file, 0), -EINVAL);
    CALL(close_all)();
}

/* HF5 */
static void test_set_id(void **state)
{
    (void)state;
    struct hostfiles_attr attr;
    static const uint32_t bad[] = {04644,  02755,      06777,
                                   010644, UINT32_MAX, S_IFREG | 0644};
    const int file = CALL(create)(RW, "mode", 01600, &attr);
    assert_true(file >= 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(CALL(create)(RW, "bad", bad[i], &attr), -EPERM);
        assert_int_equal(CALL(make_dir)(RW, "bad", bad[i]), -EPERM);
        assert_int_equal(CALL(set_mode)(file, bad[i]), -EPERM);
    }
    assert_int_equal(access("rw/bad", F_OK), -1);
    assert_int_equal(CALL(set_mode)(file, 0640), 0);
    assert_int_equal(CALL(stat)(file, &attr), 0);
    assert_int_equal(attr.mode, S_IFREG | 0640);
    assert_int_equal(CALL(remove)(RW, "mode", 0), 0);
    CALL(close_all)();
}

/* Runs @swap again and again in another process. */
static pid_t others(void (*swap)(void))
{
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            swap();
        }
    }
    return pid;
}

static void stop(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void exchange(const char *a, const char *b)
{
    (void)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */);
}

static void swap_dir(void)
{
    exchange("rw/race", "rw/race2");
}

/* HF2: a directory that is a link to elsewhere half of the time. */
static void test_race_link(void **state)
{
    (void)state;
    unsigned good = 0, refused = 0;
    assert_int_equal(mkdir("rw/race", 0777), 0);
    put("rw/race/secret", "inside");
    assert_int_equal(symlink("..", "rw/race2"), 0);
    const pid_t pid = others(swap_dir);
    for (int i = 0; i < RACES || ((good == 0 || refused == 0) && i < 50 * RACES); i++) {
        const int file =
            look(RW, "race/../race/secret", i % 2 == 0 ? BOTH : HOSTFILES_READ);
        char buf[8] = "";
        if (file < 0) {
            assert_true(file == -ELOOP || file == -EXDEV || file == -EAGAIN ||
                        file == -ENOENT || file == -ENOTDIR);
            refused++;
            continue;
        }
        assert_int_equal(CALL(read)(file, 0, buf, 6), 6);
        assert_memory_equal(buf, "inside", 6);
        assert_int_equal(CALL(close)(file), 0);
        good++;
    }
    stop(pid);
    print_message("# %u opened, %u refused\n", good, refused);
    assert_true(good > 0 && refused > 0);
    CALL(close_all)();
}

static void swap_fifo(void)
{
    exchange("rw/now", "rw/then");
}

/* HF4: a file that is a fifo half of the time, and nobody on its other side. */
static void test_race_fifo(void **state)
{
    (void)state;
    unsigned good = 0, refused = 0;
    put("rw/now", "inside");
    assert_int_equal(mkfifo("rw/then", 0666), 0);
    const pid_t pid = others(swap_fifo);
    alarm(60);
    for (int i = 0; i < RACES; i++) {
        struct hostfiles_attr attr;
        const int file = CALL(open)(RW, "now", 1 + i % 3, &attr);
        if (file < 0) {
            assert_true(file == -ENXIO);
            refused++;
            continue;
        }
        assert_true(S_ISREG(attr.mode));
        assert_int_equal(CALL(close)(file), 0);
        good++;
    }
    alarm(0);
    stop(pid);
    print_message("# %u opened, %u refused\n", good, refused);
    assert_true(good > 0 && refused > 0);
}

/* A file goes, or shrinks, while it is open; numbers at their edges. */
static void test_behind_the_back(void **state)
{
    (void)state;
    struct hostfiles_attr attr;
    char buf[8];
    put("rw/gone", "here");
    const int file = CALL(open)(RW, "gone", BOTH, &attr);
    assert_true(file >= 0);
    assert_int_equal(truncate("rw/gone", 1), 0);
    assert_int_equal(CALL(read)(file, 0, buf, 8), 1);
    assert_int_equal(CALL(read)(file, 100, buf, 8), 0);
    assert_int_equal(unlink("rw/gone"), 0);
    assert_int_equal(CALL(stat)(file, &attr), 0);
    assert_int_equal(attr.nlink, 0);
    assert_int_equal(CALL(write)(file, 1, "xyz", 3), 3);
    assert_int_equal(CALL(read)(file, 0, buf, 8), 4);
    assert_int_equal(CALL(read)(file, UINT64_MAX, buf, 8), -EINVAL);
    assert_int_equal(CALL(write)(file, UINT64_MAX, buf, 8), -EFBIG);
    assert_int_equal(CALL(resize)(file, UINT64_MAX), -EFBIG);
    assert_true(CALL(write)(file, INT64_MAX - 1, buf, 8) < 0);
    assert_int_equal(CALL(sync)(file), 0);
    static const int64_t times[] = {INT64_MAX, INT64_MIN + 1, -1, 0, 1, HOSTFILES_KEEP};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        assert_int_equal(CALL(set_times)(file, times[i], times[i]), 0);
        assert_int_equal(CALL(stat)(file, &attr), 0);
        /* File systems bring times that they cannot keep near to those that they can. */
        assert_true(times[i] == HOSTFILES_KEEP ||
                    (attr.mtime_ns < 0) == (times[i] < 0));
    }
    assert_int_equal(CALL(set_times)(file, 1500000000, -1500000000), 0);
    assert_int_equal(CALL(stat)(file, &attr), 0);
    assert_int_equal(attr.atime_ns, 1500000000);
    assert_int_equal(attr.mtime_ns, -1500000000);
    const int dir = look(RW, "sub", HOSTFILES_READ);
    char list[512];
    assert_true(CALL(list)(dir, 0, list, sizeof(list)) > 0);
    assert_int_equal(CALL(list)(dir, -1, list, sizeof(list)), -EINVAL);
    assert_true(CALL(list)(dir, INT64_MAX, list, sizeof(list)) <= 0);
    CALL(close_all)();
}

/* What the caller gets back is the directory's, and nothing that the monitor's buffer held of
 * other calls: not even between a name and the next entry, where the host writes nothing. */
static void test_list_gaps(void **state)
{
    (void)state;
    put("rw/sub/name", "");
    const int dir = look(RW, "sub", HOSTFILES_READ);
    _Alignas(struct dirent64) char list[512];
    memset(list, 0xa5, sizeof(list));
    const ssize_t n = CALL(list)(dir, 0, list, sizeof(list));
    assert_true(n > 0);
    unsigned gaps = 0;
    const struct dirent64 *entry;
    for (ssize_t at = 0; at < n; at += entry->d_reclen) {
        entry = (const struct dirent64 *)(list + at);
        for (const char *c = entry->d_name + strlen(entry->d_name);
             c < list + at + entry->d_reclen; c++, gaps++) {
            assert_int_equal(*c, 0);
        }
    }
    assert_true(gaps > 3); /* more than the ends of ".", ".." and "name" */
    assert_int_equal(unlink("rw/sub/name"), 0);
    CALL(close_all)();
}

static void test_limits(void **state)
{
    (void)state;
    struct hostfiles_attr attr;
    for (int i = 0; i < HOSTFILES_OPEN_MAX; i++) {
        assert_int_equal(look(RW, "file", i % 4), i);
    }
    assert_int_equal(look(RW, "file", 0), -EMFILE);
    assert_int_equal(CALL(create)(RW, "more", 0644, &attr), -EMFILE);
    assert_int_equal(access("rw/more", F_OK), -1);
    /* Another's are not used up. */
    thread_self.running = OTHER;
    assert_int_equal(look(THEIRS, "file", 0), 0);
    CALL(close_all)();
    thread_self.running = ME;
    assert_int_equal(CALL(close)(17), 0);
    assert_int_equal(look(RW, "file", 0), 17);
    CALL(close_all)();
    assert_int_equal(look(RW, "file", 0), 0);
    CALL(close_all)();
}

static bool as_root(void)
{
    if (geteuid() != 0) {
        print_message("# skipped: not root\n");
    }
    return geteuid() == 0;
}

/* The status of @run, in a process of its own. */
static int in_child(int (*run)(void))
{
    int status;
    const pid_t pid = fork();
    if (pid == 0) {
        _exit(run());
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run_full(void)
{
    struct hostfiles_attr attr;
    static char block[4096];
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("full", "rw2", "tmpfs", 0, "size=64k") != 0) {
        return 77;
    }
    /* A mount below a directory that was opened before is another mount. */
    if (look(SLASH, "tmp", 0) < 0 || look(RW_TOO, "x", 0) != -ENOENT) {
        return 1;
    }
    close(directories[3].fd);
    directories[3].fd = open("rw2", O_PATH | O_DIRECTORY);
    const int file = CALL(create)(RW_TOO, "x", 0644, &attr);
    for (uint64_t at = 0; file >= 0; at += sizeof(block)) {
        const ssize_t n = CALL(write)(file, at, block, sizeof(block));
        if (n != sizeof(block)) {
            return at == 65536 && n == -ENOSPC ? 0 : 2;
        }
    }
    return 3;
}

static void test_full(void **state)
{
    (void)state;
    if (!as_root()) {
        return;
    }
    const int status = in_child(run_full);
    if (status == 77) {
        print_message("# skipped: no mounts here\n");
        return;
    }
    assert_int_equal(status, 0);
}

/* Becomes who the monitor becomes, and enters. */
static int run_enter(void)
{
    struct rlimit limit = {.rlim_cur = 100, .rlim_max = 10000};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || setgroups(0, NULL) != 0 ||
        setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return 77;
    }
    if (host_files.enter(0) != 0) {
        fprintf(stderr, "%s\n", said);
        return 1;
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 4 * HOSTFILES_OPEN_MAX || limit.rlim_cur > 10000) {
        return 2;
    }
    struct hostfiles_attr attr;
    if (CALL(create)(RW, "by-nobody", 0600, &attr) < 0 || attr.uid != 0 ||
        attr.gid != 0 || CALL(open)(RO, "file", HOSTFILES_READ, &attr) < 0 ||
        attr.uid != HOSTFILES_OTHER || attr.gid != HOSTFILES_OTHER) {
        return 3;
    }
    /* Landlock: plain calls do not get elsewhere, nor change what is read-only. */
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 2) {
        if (open("secret", O_RDONLY) >= 0 || errno != EACCES) {
            return 4;
        }
        if (open("ro/new", O_CREAT | O_WRONLY, 0600) >= 0 || errno != EACCES) {
            return 5;
        }
        if (mkfifo("rw/new", 0600) == 0 || errno != EACCES) {
            return 6;
        }
    }
    /* Beyond what the user may write. */
    const struct rlimit small = {1000, 1000};
    const int file = CALL(create)(RW, "by-nobody2", 0600, &attr);
    if (setrlimit(RLIMIT_FSIZE, &small) != 0 || CALL(resize)(file, 2000) != -EFBIG ||
        CALL(write)(file, 2000, "x", 1) != -EFBIG) {
        return 7;
    }
    return 0;
}

/* Only the first four directories: / as a whole would allow everything. */
static void few(size_t first, size_t count)
{
    static struct monitor_config config;
    config = (struct monitor_config){.directories = directories + first,
                                     .ndirectories = count};
    assert_int_equal(host_files.setup(&config), 0);
    for (unsigned i = 0; i < count; i++) {
        host_files_give(i, first + i == 2 ? OTHER : ME);
    }
}

static int run_enter_four(void)
{
    few(0, 4);
    if (chmod(".", 0755) != 0) { /* so that permissions refuse nothing below */
        return 77;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (chmod(directories[i].path, 0777) != 0) {
            return 77;
        }
    }
    return run_enter();
}

static void test_enter(void **state)
{
    (void)state;
    if (as_root()) {
        assert_int_equal(in_child(run_enter_four), 0);
        assert_int_equal(chmod("ro", 0755), 0);
    }
}

/* The process of a cubicle, which has only its own directories open. */
static int enter_own(unsigned id, const char *own, const char *others)
{
    for (unsigned i = 0; i < 4; i++) {
        if ((i == 2) != (id == OTHER)) {
            close(directories[i].fd);
        }
    }
    if (host_files.enter(id) != 0) {
        fprintf(stderr, "%s\n", said);
        return 1;
    }
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 2 &&
        (open(others, O_RDONLY | O_DIRECTORY) >= 0 || errno != EACCES)) {
        return 2;
    }
    return open(own, O_RDONLY | O_DIRECTORY) >= 0 ? 0 : 3;
}

static int run_enter_mine(void)
{
    return enter_own(ME, "rw", "theirs");
}

static int run_enter_theirs(void)
{
    return enter_own(OTHER, "theirs", "rw");
}

/* One that is made by a process that has entered, for all. */
static int run_enter_later(void)
{
    if (host_files.enter(0) != 0) {
        return 4;
    }
    return in_child(run_enter_theirs);
}

static void test_enter_own(void **state)
{
    (void)state;
    if (as_root()) {
        few(0, 4);
        assert_int_equal(chmod(".", 0755), 0);
        assert_int_equal(in_child(run_enter_mine), 0);
        assert_int_equal(in_child(run_enter_theirs), 0);
        assert_int_equal(in_child(run_enter_later), 0);
        assert_int_equal(chmod("ro", 0755), 0);
    }
}

static int run_denied(void)
{
    if (setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) != 0) {
        return 77;
    }
    const int error = host_files.enter(0);
    if (error != -EACCES || strstr(said, "user 65534") == NULL ||
        strstr(said, "chown") == NULL) {
        fprintf(stderr, "%d %s\n", error, said);
        return 1;
    }
    return 0;
}

static int run_denied_read(void)
{
    few(1, 1);
    return chmod("ro", 0700) != 0 ? 77 : run_denied();
}

static int run_denied_write(void)
{
    few(0, 1);
    return chmod("rw", 0755) != 0 ? 77 : run_denied();
}

/* Who cannot use a directory is told before anything runs. */
static void test_denied(void **state)
{
    (void)state;
    if (as_root()) {
        assert_int_equal(in_child(run_denied_read), 0);
        assert_int_equal(in_child(run_denied_write), 0);
        assert_int_equal(chmod("ro", 0755), 0);
    }
}

static bool allows(const struct filter *filter, unsigned call)
{
    for (unsigned i = 0; i < filter->len; i++) {
        if (filter->code[i].code == (BPF_JMP | BPF_JEQ | BPF_K) &&
            filter->code[i].k == call) {
            return true;
        }
    }
    return false;
}

/* The filter has what the directories need, and nothing where there are none. */
static void test_filter(void **state)
{
    (void)state;
    static struct filter filter;
    few(0, 0);
    filter_begin(&filter);
    const unsigned none = filter.len;
    host_files.allow(0, &filter);
    assert_int_equal(filter.len, none);
    few(1, 1);
    filter_begin(&filter);
    host_files.allow(0, &filter);
    assert_true(allows(&filter, SYS_openat2) && !allows(&filter, SYS_unlinkat) &&
                !allows(&filter, SYS_fchmod) && !allows(&filter, SYS_ftruncate));
    few(0, 2);
    filter_begin(&filter);
    host_files.allow(0, &filter);
    assert_true(allows(&filter, SYS_openat2) && allows(&filter, SYS_unlinkat));
    assert_int_equal(filter_end(&filter), 0);
    /* In a cubicle's own process what others may write to does not count. */
    few(1, 2);
    filter_begin(&filter);
    host_files.allow(ME, &filter);
    assert_true(allows(&filter, SYS_openat2) && !allows(&filter, SYS_unlinkat));
    filter_begin(&filter);
    host_files.allow(OTHER, &filter);
    assert_true(allows(&filter, SYS_unlinkat));
    few(0, NDIRECTORIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whose),           cmocka_unit_test(test_paths),
        cmocka_unit_test(test_names),           cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_special),         cmocka_unit_test(test_set_id),
        cmocka_unit_test(test_race_link),       cmocka_unit_test(test_race_fifo),
        cmocka_unit_test(test_behind_the_back), cmocka_unit_test(test_list_gaps),
        cmocka_unit_test(test_limits),          cmocka_unit_test(test_full),
        cmocka_unit_test(test_enter),           cmocka_unit_test(test_enter_own),
        cmocka_unit_test(test_denied),          cmocka_unit_test(test_filter),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
