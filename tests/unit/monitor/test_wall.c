/*
 * The outer wall: in which order it is raised, that nothing of it is left out where something
 * fails, and which host calls the monitor has behind it. The filter is not installed here but
 * run (filter_run.h); that the kernel takes it, test_filter.c and the command's tests say.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

#include "backend/backend.h"
#include "base/privileges.h"
#include "fake_message.h"
#include "filter_run.h"
#include "gate/gate.h"
#include "wall.h"

#define OF_THE_BACKEND 900u /* numbers that no host call has */
#define OF_THE_HOSTS 901u
#define CALLS 1000u

static char steps[64]; /* what has been done, in order */
static int privileges_error, hosts_error;
static unsigned overflow; /* so many rules too many */
static struct filter loaded;

int privileges_drop(void)
{
    strcat(steps, "privileges ");
    return privileges_error;
}

int gate_enter(unsigned id, unsigned rights)
{
    assert_int_equal(id, 0);
    assert_int_equal(rights, UINT_MAX);
    strcat(steps, "hosts ");
    return hosts_error;
}

void gate_allow(unsigned id, unsigned rights, struct filter *filter)
{
    assert_int_equal(id, 0);
    assert_int_equal(rights, UINT_MAX);
    filter_allow(filter, OF_THE_HOSTS);
}

static void allow_own(struct filter *filter)
{
    filter_allow(filter, OF_THE_BACKEND);
    for (unsigned i = 0; i < overflow; i++) {
        filter_allow(filter, OF_THE_BACKEND);
    }
}

static const struct backend own = {.allow_calls = allow_own};
const struct backend *backend = &own;

int __wrap_filter_load(struct filter *filter);
int __wrap_filter_load(struct filter *filter)
{
    strcat(steps, "filter ");
    loaded = *filter;
    return 0;
}

static int raise_wall(void)
{
    message[0] = steps[0] = '\0';
    memset(&loaded, 0, sizeof(loaded));
    return wall_raise();
}

static bool allows(unsigned call, unsigned argument, uint64_t value)
{
    const uint32_t action =
        filter_run(&loaded, AUDIT_ARCH_X86_64, call, argument, value);

    assert_true(action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_KILL_PROCESS);
    return action == SECCOMP_RET_ALLOW;
}

/* Without privileges first, for the filter forbids to give them up. */
static void test_order(void **state)
{
    (void)state;
    assert_int_equal(raise_wall(), 0);
    assert_string_equal(steps, "privileges hosts filter ");
    privileges_error = -EPERM;
    assert_int_equal(raise_wall(), -EPERM);
    assert_string_equal(steps, "privileges ");
    assert_non_null(strstr(message, "cannot give up privileges: "));
    privileges_error = 0;
    hosts_error = -EACCES;
    assert_int_equal(raise_wall(), -EACCES);
    assert_string_equal(steps, "privileges hosts ");
    hosts_error = 0;
    overflow = FILTER_MAX;
    assert_int_equal(raise_wall(), -E2BIG);
    assert_string_equal(steps, "privileges hosts ");
    assert_non_null(strstr(message, "cannot install the seccomp filter: "));
    overflow = 0;
}

/* Whatever its arguments are: nothing that opens, makes or reaches something, or changes who may. */
static void test_calls(void **state)
{
    static const unsigned always[] = {
        SYS_read,      SYS_write,         SYS_pread64,         SYS_pwrite64,
        SYS_writev,    SYS_lseek,         SYS_fstat,           SYS_newfstatat,
        SYS_poll,      SYS_munmap,        SYS_madvise,         SYS_fallocate,
        SYS_brk,       SYS_clock_gettime, SYS_clock_nanosleep, SYS_nanosleep,
        SYS_getrandom, SYS_rt_sigreturn,  SYS_rt_sigprocmask,  SYS_restart_syscall,
        SYS_futex,     SYS_exit,          SYS_exit_group,      SYS_ppoll,
        SYS_getitimer, OF_THE_BACKEND,    OF_THE_HOSTS,
    };
    static const unsigned by_argument[] = {SYS_mmap, SYS_mprotect, SYS_setitimer};

    (void)state;
    assert_int_equal(raise_wall(), 0);
    for (unsigned call = 0; call < CALLS; call++) {
        bool expected = false;
        bool asks = false;
        for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
            expected |= always[i] == call;
        }
        for (size_t i = 0; i < sizeof(by_argument) / sizeof(by_argument[0]); i++) {
            asks |= by_argument[i] == call;
        }
        for (unsigned argument = 0; argument < 6 && !asks; argument++) {
            if (allows(call, argument, UINT64_MAX) != expected) {
                fail_msg("host call %u is %s", call, expected ? "missing" : "allowed");
            }
        }
    }
}

/* Nothing becomes executable any more. */
static void test_executable(void **state)
{
    static const unsigned calls[] = {SYS_mmap, SYS_mprotect};

    (void)state;
    assert_int_equal(raise_wall(), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_true(allows(calls[i], 2, PROT_READ | PROT_WRITE));
        assert_true(allows(calls[i], 2, PROT_NONE));
        assert_false(allows(calls[i], 2, PROT_EXEC));
        assert_false(allows(calls[i], 2, PROT_READ | PROT_EXEC));
        assert_false(allows(calls[i], 2, PROT_READ | PROT_WRITE | PROT_EXEC));
        assert_false(allows(calls[i], 2, UINT64_MAX));
    }
}

/* A terminal is asked two things, and only one timer is set. */
static void test_terminal_and_timer(void **state)
{
    static const unsigned requests[] = {TIOCSTI,    TIOCSCTTY, TCSETS,
                                        TIOCSWINSZ, TIOCLINUX, FIONBIO};

    (void)state;
    assert_int_equal(raise_wall(), 0);
    assert_true(allows(SYS_ioctl, 1, TCGETS));
    assert_true(allows(SYS_ioctl, 1, TIOCGWINSZ));
    assert_false(allows(SYS_ioctl, 1, TCGETS | UINT64_C(1) << 32));
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        assert_false(allows(SYS_ioctl, 1, requests[i]));
    }
    assert_true(allows(SYS_setitimer, 0, ITIMER_REAL));
    assert_false(allows(SYS_setitimer, 0, ITIMER_VIRTUAL));
    assert_false(allows(SYS_setitimer, 0, ITIMER_PROF));
}

/* In a process of its own, which has readable memory executable. */
static void test_check(void **state)
{
    const pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        const int persona = personality(0xffffffff);
        if (persona < 0 ||
            personality((unsigned long)persona | READ_IMPLIES_EXEC) < 0) {
            _exit(2);
        }
        _exit(wall_check() == -EPERM && strstr(message, "READ_IMPLIES_EXEC") != NULL
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(wall_check(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),      cmocka_unit_test(test_calls),
        cmocka_unit_test(test_executable), cmocka_unit_test(test_terminal_and_timer),
        cmocka_unit_test(test_check),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("wall", tests, NULL, NULL);
}
