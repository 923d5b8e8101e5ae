/* What a process has left when it has given up privileges: asked of the kernel, in a child. */
#include "base/privileges.h"

#include <errno.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOBODY 65534u

/* Where in the child something is not as it should be; 0: nowhere. */
#define EXPECT(condition)    \
    do {                     \
        if (!(condition)) {  \
            return __LINE__; \
        }                    \
    } while (false)

static bool was_root;

static int in_child(int (*check)(void))
{
    int ends[2], line = -1, status;

    was_root = geteuid() == 0;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        line = check();
        _exit(write(ends[1], &line, sizeof(line)) == sizeof(line) ? 0 : 1);
    }
    close(ends[1]);
    const bool told = read(ends[0], &line, sizeof(line)) == sizeof(line);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return told ? line : -1;
}

/* Not even root gets its identity back, for that is one of the three that a process has. */
static int check_identity(void)
{
    uid_t uid[3];
    gid_t gid[3];
    const gid_t before[] = {1, 2};

    EXPECT(!was_root || setgroups(2, before) == 0);
    EXPECT(privileges_drop() == 0);
    EXPECT(getresuid(&uid[0], &uid[1], &uid[2]) == 0);
    EXPECT(getresgid(&gid[0], &gid[1], &gid[2]) == 0);
    for (int i = 0; i < 3 && was_root; i++) {
        EXPECT(uid[i] == NOBODY && gid[i] == NOBODY);
    }
    EXPECT(!was_root || getgroups(0, NULL) == 0);
    EXPECT(!was_root || (setuid(0) == -1 && errno == EPERM));
    return 0;
}

static void test_identity(void **state)
{
    (void)state;
    assert_int_equal(in_child(check_identity), 0);
}

/* No new privileges, no core file, and nobody of the same identity may look into it. */
static int check_process(void)
{
    struct rlimit core;

    EXPECT(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
    EXPECT(privileges_drop() == 0);
    EXPECT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    EXPECT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    EXPECT(getrlimit(RLIMIT_CORE, &core) == 0);
    EXPECT(core.rlim_cur == 0 && core.rlim_max == 0);
    return 0;
}

static void test_process(void **state)
{
    (void)state;
    assert_int_equal(in_child(check_process), 0);
}

/* Where no change of identity makes the kernel do it. */
static int check_not_root(void)
{
    EXPECT(!was_root || setresuid(1, 1, 1) == 0);
    EXPECT(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
    EXPECT(privileges_drop() == 0);
    EXPECT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    EXPECT(geteuid() != 0 && geteuid() != NOBODY);
    return 0;
}

static void test_not_root(void **state)
{
    (void)state;
    if (geteuid() == NOBODY) {
        skip();
    }
    assert_int_equal(in_child(check_not_root), 0);
}

/* The signal of its parent's end stays what it was, though a change of identity loses it. */
static int check_parent(void)
{
    int number = -1;

    EXPECT(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
    EXPECT(privileges_drop() == 0);
    EXPECT(prctl(PR_GET_PDEATHSIG, &number, 0, 0, 0) == 0);
    EXPECT(number == SIGKILL);
    return 0;
}

static int check_no_parent(void)
{
    int number = -1;

    EXPECT(privileges_drop() == 0);
    EXPECT(prctl(PR_GET_PDEATHSIG, &number, 0, 0, 0) == 0);
    EXPECT(number == 0);
    return 0;
}

static void test_parent(void **state)
{
    (void)state;
    assert_int_equal(in_child(check_parent), 0);
    assert_int_equal(in_child(check_no_parent), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_process),
        cmocka_unit_test(test_not_root),
        cmocka_unit_test(test_parent),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("privileges", tests, NULL, NULL);
}
