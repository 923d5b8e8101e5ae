/* Who and where the program is, and what it is refused. */
#define _GNU_SOURCE
#include "check.h"

#include <sched.h>
#include <spawn.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
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
    limit.rlim_cur--;
    CHECK_ERROR(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
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
    CHECK_ERROR(syscall(SYS_write, 1, "", 0), ENOSYS);
    CHECK_INT(syscall(SYS_gettid), 1);
    CHECK(sbrk(0) != (void *)-1);
    CHECK_ERROR(sbrk(4096), ENOMEM);
    CHECK_ERROR(chroot("/"), ENOSYS);
}

void test_system(void)
{
    test_identity();
    test_limits();
    test_random();
    test_refusals();
}
