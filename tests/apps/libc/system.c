/* Who and where the program is, and what it is refused. */
#define _GNU_SOURCE
#include "groups.h"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void test_identity(void)
{
    struct utsname name;
    uid_t r, e, s;
    CHECK_INT(uname(&name), 0);
    CHECK_STRING(name.machine, "x86_64");
    CHECK(getpid() == 1 && getppid() == 0 && getuid() == 0 && getegid() == 0);
    CHECK(getresuid(&r, &e, &s) == 0 && r == 0 && e == 0 && s == 0);
    CHECK_INT(setuid(0), 0);
    CHECK_ERROR(setuid(1000), EPERM);
    CHECK_ERROR(setegid(5), EPERM);
    CHECK_INT(setreuid(-1, 0), 0);
    CHECK_INT(getpgrp(), 1);
    CHECK_INT(sysconf(_SC_NPROCESSORS_ONLN), 1);
    CHECK(sysconf(_SC_PHYS_PAGES) > 0 && sysconf(_SC_CLK_TCK) == 100);
    CHECK_INT(sched_yield(), 0);
}

static void test_limits(void)
{
    struct rlimit limit;
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK(limit.rlim_cur >= 64);
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_INT(getrlimit(RLIMIT_STACK, &limit), 0);
    CHECK_INT(limit.rlim_cur, 8 << 20);
    CHECK_ERROR(getrlimit(RLIM_NLIMITS, &limit), EINVAL);
}

/* Sets a soft limit, the hard one stays; what setrlimit() says. */
static int soft(int resource, rlim_t value)
{
    struct rlimit limit;

    getrlimit(resource, &limit);
    limit.rlim_cur = value;
    return setrlimit(resource, &limit);
}

static void test_limits_rules(void)
{
    struct rlimit limit, old;
    CHECK_ERROR(soft(RLIMIT_NOFILE, 65537), EINVAL);
    limit = (struct rlimit){65537, 65537};
    CHECK_ERROR(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
    limit = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
    CHECK_ERROR(setrlimit(RLIMIT_STACK, &limit), EPERM);
    CHECK_ERROR(setrlimit(RLIMIT_CORE, &limit), EPERM);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
    CHECK_ERROR(soft(RLIMIT_FSIZE, 4096), EPERM);
    CHECK_ERROR(soft(RLIMIT_CPU, 1), EPERM);
    /* The hard limit goes down, and not up again. */
    limit = (struct rlimit){100, 200};
    CHECK_INT(prlimit(0, RLIMIT_NPROC, &limit, &old), 0);
    CHECK(old.rlim_cur == RLIM_INFINITY && old.rlim_max == RLIM_INFINITY);
    CHECK_INT(soft(RLIMIT_NPROC, 200), 0);
    limit.rlim_max = 201;
    CHECK_ERROR(setrlimit(RLIMIT_NPROC, &limit), EPERM);
    CHECK_INT(prlimit(1, RLIMIT_NPROC, NULL, &old), 0);
    CHECK(old.rlim_cur == 200 && old.rlim_max == 200);
    CHECK_ERROR(prlimit(2, RLIMIT_NPROC, NULL, &old), ESRCH);
}

static void test_limit_of_descriptors(void)
{
    const int first = dup(0), second = dup(0);
    struct stat st;
    CHECK(first > 2 && second == first + 1);
    CHECK_INT(soft(RLIMIT_NOFILE, second), 0);
    CHECK_INT(sysconf(_SC_OPEN_MAX), second);
    CHECK_ERROR(dup(0), EMFILE);
    CHECK_ERROR(open("/tmp/made", O_CREAT | O_RDWR, 0600), EMFILE);
    CHECK_ERROR(stat("/tmp/made", &st), ENOENT);
    CHECK_ERROR(dup2(0, second), EBADF);
    CHECK_ERROR(fcntl(0, F_DUPFD, second), EINVAL);
    CHECK_INT(fcntl(second, F_GETFD), 0); /* it stays */
    CHECK_INT(close(first), 0);
    CHECK_INT(dup(0), first);
    CHECK_INT(soft(RLIMIT_NOFILE, 1024), 0);
    CHECK_INT(dup(0), second + 1);
    for (int fd = first; fd <= second + 1; fd++) {
        close(fd);
    }
}

static void test_limit_of_memory(int resource)
{
    const size_t large = (size_t)64 << 20;
    void *volatile block = malloc(large);
    CHECK(block != NULL);
    free(block);
    CHECK_INT(soft(resource, large / 2), 0);
    errno = 0;
    block = malloc(large);
    CHECK(block == NULL && errno == ENOMEM);
    CHECK(mmap(NULL, large, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
               0) == MAP_FAILED);
    block = malloc(large / 8);
    CHECK(block != NULL);
    free(block);
    CHECK_INT(soft(resource, 0), 0);
    CHECK(malloc(large / 8) == NULL);
    CHECK_INT(soft(resource, RLIM_INFINITY), 0);
    for (int i = 0; i < 100; i++) { /* what is freed does not count */
        block = malloc(large);
        CHECK(block != NULL);
        free(block);
    }
    CHECK_INT(soft(resource, large + large / 2), 0);
    block = malloc(large);
    CHECK(block != NULL);
    free(block);
    CHECK_INT(soft(resource, RLIM_INFINITY), 0);
}

/* syscall(): by number what has no other name, and the rest as it is known. */
static void test_by_number(void)
{
    struct timespec now = {0};
    unsigned char bytes[16] = {0};
    unsigned cpu = 9, node = 9;
    int word = 1;
    CHECK_INT(syscall(SYS_gettid), 1);
    CHECK_INT(syscall(SYS_getpid), getpid());
    CHECK_INT(syscall(SYS_getuid), 0);
    CHECK(syscall(SYS_getcpu, &cpu, &node, NULL) == 0 && cpu == 0 && node == 0);
    CHECK_INT(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now), 0);
    CHECK(now.tv_sec != 0 || now.tv_nsec != 0);
    CHECK_INT(syscall(SYS_getrandom, bytes, sizeof bytes, 0), sizeof bytes);
    CHECK_INT(syscall(SYS_futex, &word, 1 /* WAKE */, 1, NULL, NULL, 0), 0);
    CHECK_ERROR(syscall(SYS_futex, &word, 0 /* WAIT */, 2, NULL, NULL, 0), EAGAIN);
    CHECK(syscall(SYS_membarrier, 0, 0) & 8);
    CHECK_INT(syscall(SYS_membarrier, 8, 0), 0);
    CHECK_ERROR(syscall(SYS_membarrier, 1 << 20, 0), EINVAL);
    CHECK_INT(syscall(SYS_tgkill, 1, 1, 0), 0);
    CHECK_ERROR(syscall(SYS_tgkill, 2, 1, 0), ESRCH);
    CHECK_INT(syscall(SYS_write, 1, "", 0), 0);
    const long fd =
        syscall(SYS_openat, AT_FDCWD, "/tmp/number", O_CREAT | O_RDWR, 0600);
    CHECK(fd > 2);
    CHECK_INT(syscall(SYS_write, fd, "abc", 3), 3);
    CHECK_INT(syscall(SYS_close, fd), 0);
    CHECK_INT(syscall(SYS_renameat2, AT_FDCWD, "/tmp/number", AT_FDCWD, "/tmp/n", 0),
              0);
    CHECK_INT(unlink("/tmp/n"), 0);
    CHECK_ERROR(syscall(SYS_fork), ENOSYS);
    CHECK_ERROR(syscall(SYS_io_uring_setup, 1, NULL), ENOSYS);
    CHECK_ERROR(syscall(-1), ENOSYS);
    CHECK_ERROR(syscall(100000), ENOSYS);
}

static void test_random(void)
{
    unsigned char a[64] = {0}, b[64] = {0};
    CHECK_INT(getrandom(a, sizeof a, 0), sizeof a);
    CHECK_INT(getentropy(b, sizeof b), 0);
    CHECK(memcmp(a, b, sizeof a) != 0);
}

static void test_refusals(void)
{
    pid_t pid;
    char *const argv[] = {"sh", NULL};
    CHECK_ERROR(fork(), ENOSYS);
    CHECK_ERROR(execv("/bin/sh", argv), ENOSYS);
    CHECK_INT(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ), ENOSYS);
    CHECK_INT(system("true"), -1);
    CHECK_ERROR(wait(NULL), ECHILD);
    CHECK_ERROR(socket(AF_UNIX, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK(sbrk(0) != (void *)-1);
    CHECK_ERROR(sbrk(4096), ENOMEM);
    CHECK_ERROR(chroot("/"), ENOSYS);
}

void test_system(void)
{
    test_identity();
    test_limits();
    test_limits_rules();
    test_limit_of_descriptors();
    test_limit_of_memory(RLIMIT_AS);
    test_limit_of_memory(RLIMIT_DATA);
    test_by_number();
    test_random();
    test_refusals();
}
