/*
 * The filter of host calls, run here instruction by instruction as the kernel would: every
 * number of a call, every bit of an argument, other ABIs. And once by the kernel.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

#include "base/filter.h"
#include "filter_run.h"

#define X32 0x40000000u
#define ALLOW SECCOMP_RET_ALLOW
#define KILL SECCOMP_RET_KILL_PROCESS

static struct filter filter;

static uint32_t run(uint32_t arch, uint32_t call, unsigned argument, uint64_t value)
{
    return filter_run(&filter, arch, call, argument, value);
}

static uint32_t call(uint32_t number)
{
    return run(AUDIT_ARCH_X86_64, number, 0, 0);
}

static void test_numbers(void **state)
{
    (void)state;
    filter_begin(&filter);
    filter_allow(&filter, 0);
    filter_allow_if(&filter, 7, 2, UINT64_MAX, 5); /* never: the argument is 0 */
    filter_allow(&filter, 3);
    filter_allow(&filter, 334);
    assert_int_equal(filter_end(&filter), 0);
    for (uint32_t i = 0; i < 2000; i++) {
        const bool allowed = i == 0 || i == 3 || i == 334;
        assert_int_equal(call(i), allowed ? ALLOW : KILL);
        assert_int_equal(call(i | X32), KILL);
        assert_int_equal(call(i | 0x80000000u), KILL);
        assert_int_equal(run(AUDIT_ARCH_I386, i, 0, 0), KILL);
        assert_int_equal(run(AUDIT_ARCH_X86_64 ^ 1, i, 0, 0), KILL);
    }
    assert_int_equal(call(UINT32_MAX), KILL);
}

/* A whole argument: what differs in any bit of 64 is refused. */
static void test_equal(void **state)
{
    const uint64_t wanted = UINT64_C(0x123456789abcdef0);

    (void)state;
    for (unsigned argument = 0; argument < 6; argument++) {
        filter_begin(&filter);
        filter_allow_if(&filter, 16, argument, UINT64_MAX, wanted);
        assert_int_equal(filter_end(&filter), 0);
        assert_int_equal(run(AUDIT_ARCH_X86_64, 16, argument, wanted), ALLOW);
        assert_int_equal(run(AUDIT_ARCH_X86_64, 17, argument, wanted), KILL);
        assert_int_equal(run(AUDIT_ARCH_X86_64, 16, (argument + 1) % 6, wanted), KILL);
        for (unsigned bit = 0; bit < 64; bit++) {
            const uint64_t other = wanted ^ UINT64_C(1) << bit;
            assert_int_equal(run(AUDIT_ARCH_X86_64, 16, argument, other), KILL);
        }
    }
}

/* Some bits of an argument: the others do not matter. */
static void test_masked(void **state)
{
    (void)state;
    for (unsigned masked = 0; masked < 64; masked++) {
        filter_begin(&filter);
        filter_allow_if(&filter, 9, 2, UINT64_C(1) << masked, 0);
        filter_allow(&filter, 10); /* with the number in place again */
        assert_int_equal(filter_end(&filter), 0);
        for (unsigned bit = 0; bit < 64; bit++) {
            const uint64_t value = UINT64_C(1) << bit;
            assert_int_equal(run(AUDIT_ARCH_X86_64, 9, 2, value),
                             bit == masked ? KILL : ALLOW);
            assert_int_equal(run(AUDIT_ARCH_X86_64, 10, 2, value), ALLOW);
        }
        assert_int_equal(run(AUDIT_ARCH_X86_64, 9, 2, ~(UINT64_C(1) << masked)), ALLOW);
    }
}

/* A call that needs something, and more than that: neither alone is enough. Others are not asked. */
static void test_required(void **state)
{
    const uint64_t wanted = UINT64_C(0x100000022);

    (void)state;
    filter_begin(&filter);
    filter_require(&filter, 9, 3, ~UINT64_C(0x10), wanted);
    filter_allow_if(&filter, 9, 2, 4, 0);
    filter_allow(&filter, 10); /* with the number in place again */
    assert_int_equal(filter_end(&filter), 0);
    assert_int_equal(run(AUDIT_ARCH_X86_64, 9, 3, wanted), ALLOW);
    assert_int_equal(run(AUDIT_ARCH_X86_64, 9, 3, wanted | 0x10), ALLOW);
    assert_int_equal(run(AUDIT_ARCH_X86_64, 9, 2, 0), KILL);
    assert_int_equal(run(AUDIT_ARCH_X86_64, 10, 3, 0), ALLOW);
    assert_int_equal(run(AUDIT_ARCH_X86_64, 11, 3, wanted), KILL);
    for (unsigned bit = 0; bit < 64; bit++) {
        assert_int_equal(run(AUDIT_ARCH_X86_64, 9, 3, wanted ^ UINT64_C(1) << bit),
                         bit == 4 ? ALLOW : KILL);
    }
    filter_begin(&filter);
    filter_require(&filter, 9, 3, UINT64_MAX, 0);
    filter_allow_if(&filter, 9, 2, 4, 0);
    assert_int_equal(filter_end(&filter), 0);
    assert_int_equal(run(AUDIT_ARCH_X86_64, 9, 2, 3), ALLOW);
    assert_int_equal(run(AUDIT_ARCH_X86_64, 9, 2, 4), KILL);
}

/* Two rules for one call: either of them. */
static void test_alternatives(void **state)
{
    (void)state;
    filter_begin(&filter);
    filter_allow_if(&filter, 16, 1, UINT64_MAX, 100);
    filter_allow_if(&filter, 16, 1, UINT64_MAX, 200);
    assert_int_equal(filter_end(&filter), 0);
    assert_int_equal(run(AUDIT_ARCH_X86_64, 16, 1, 100), ALLOW);
    assert_int_equal(run(AUDIT_ARCH_X86_64, 16, 1, 200), ALLOW);
    assert_int_equal(run(AUDIT_ARCH_X86_64, 16, 1, 300), KILL);
}

/* A program that does not fit is never loaded in part. */
static void test_full(void **state)
{
    (void)state;
    filter_begin(&filter);
    const unsigned room = FILTER_MAX - filter.len - 1;
    for (unsigned i = 0; i < room / 2; i++) {
        filter_allow(&filter, i);
    }
    assert_int_equal(filter_end(&filter), 0);
    assert_true(filter.len >= FILTER_MAX - 1);
    filter_begin(&filter);
    for (unsigned i = 0; i < FILTER_MAX; i++) {
        filter_allow(&filter, i);
    }
    assert_int_equal(filter_end(&filter), -E2BIG);
}

/* In a process of its own: @number is called behind the filter. Its status. */
static int in_kernel(long number, long argument)
{
    const pid_t child = fork();
    int status;

    if (child == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && filter_load(&filter) == 0) {
            syscall(number, 0, 0, argument, 0, 0, 0);
            syscall(SYS_exit_group,
                    7); /* what _exit() does under a sanitizer is not allowed */
        }
        _exit(8);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_kernel(void **state)
{
    (void)state;
    filter_begin(&filter);
    filter_allow(&filter, SYS_exit_group);
    filter_allow_if(&filter, SYS_mprotect, 2, PROT_EXEC, 0);
    assert_int_equal(filter_end(&filter), 0);
    assert_int_equal(WEXITSTATUS(in_kernel(SYS_mprotect, PROT_READ)), 7);
    assert_int_equal(WTERMSIG(in_kernel(SYS_mprotect, PROT_READ | PROT_EXEC)), SIGSYS);
    assert_int_equal(WTERMSIG(in_kernel(SYS_getpid, 0)), SIGSYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),  cmocka_unit_test(test_equal),
        cmocka_unit_test(test_masked),   cmocka_unit_test(test_alternatives),
        cmocka_unit_test(test_full),     cmocka_unit_test(test_kernel),
        cmocka_unit_test(test_required),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
