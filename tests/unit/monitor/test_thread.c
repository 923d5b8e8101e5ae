/*
 * The state of a thread: T1 to T3 begin with what thread_init() leaves, and every stack of the
 * monitor ends at memory that traps.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/thread.h"

/* Can the kernel write one byte at @at? It knows the rights of pages. */
static bool is_writable(uint64_t at)
{
    const int zeros = open("/dev/zero", O_RDONLY);
    const bool can = read(zeros, (void *)(uintptr_t)at, 1) == 1;

    assert_true(can || errno == EFAULT);
    close(zeros);
    return can;
}

/* [@start, @end) is memory, and neither neighbour is. */
static void check_guarded(uint64_t start, uint64_t end)
{
    assert_int_equal(start % PAGE_SIZE, 0);
    assert_int_equal(end % PAGE_SIZE, 0);
    assert_true(is_writable(start));
    assert_true(is_writable(end - 1));
    assert_false(is_writable(start - 1));
    assert_false(is_writable(end));
}

static uint64_t address(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

static void test_stacks(void **state)
{
    (void)state;
    check_guarded(address(thread_self.control_start), address(thread_self.control_end));
    check_guarded(thread_self.monitor_stack - (UINT64_C(1) << 18),
                  thread_self.monitor_stack);
    check_guarded(address(thread_self.signal_stack),
                  address(thread_self.signal_stack) + thread_self.signal_stack_size);
}

/* Room for every call that may be in progress, and for the monitor's own behind them. */
static void test_control_stack(void **state)
{
    (void)state;
    assert_true(thread_self.control_end - thread_self.control_start > CONTROL_DEPTH);
    assert_ptr_equal(thread_self.control, thread_self.control_start + 1);
    assert_int_equal(thread_self.control_start->trampoline, 0);
}

static void test_top_frame(void **state)
{
    (void)state;
    assert_null(thread_top_frame());
    thread_self.control->trampoline = 7;
    thread_self.control++;
    assert_non_null(thread_top_frame());
    assert_int_equal(thread_top_frame()->trampoline, 7);
    thread_self.control--;
    assert_null(thread_top_frame());
}

/* Signals arrive on the alternate stack, wherever the interrupted one points. */
static volatile uint64_t handled_on;

static void handler(int signal)
{
    (void)signal;
    handled_on = address(__builtin_frame_address(0));
}

static void test_signal_stack(void **state)
{
    const struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};

    (void)state;
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_in_range(handled_on, address(thread_self.signal_stack),
                    address(thread_self.signal_stack) + thread_self.signal_stack_size);
}

/* Trampolines find the state by what they have built in: a distance from FS. */
static void test_displacement(void **state)
{
    uint64_t running;

    (void)state;
    thread_self.running = 0x1234;
    __asm__ volatile("movq %%fs:(%1), %0"
                     : "=r"(running)
                     : "r"((int64_t)THREAD_DISP(running)));
    assert_int_equal(running, 0x1234);
    thread_self.running = 0;
}

/* What verified code may read is a page of its own, so that the rest can be kept from it. */
static void test_shown(void **state)
{
    (void)state;
    assert_int_equal(address(&thread_self) % PAGE_SIZE, 0);
    assert_int_equal(offsetof(struct thread, shown), 0);
    assert_true(offsetof(struct thread, control) >= PAGE_SIZE);
    assert_ptr_equal(&thread_self.shown.running, &thread_self.running);
    assert_ptr_equal(&thread_self.shown.tp, &thread_self.tp);
}

/* In a process of its own: there is no memory for the stacks. */
static void test_no_memory(void **state)
{
    const pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        const struct rlimit none = {0, 0};
        _exit(setrlimit(RLIMIT_AS, &none) == 0 && thread_init() == -ENOMEM ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static int setup(void **state)
{
    (void)state;
    return thread_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stacks),       cmocka_unit_test(test_control_stack),
        cmocka_unit_test(test_top_frame),    cmocka_unit_test(test_signal_stack),
        cmocka_unit_test(test_displacement), cmocka_unit_test(test_shown),
        cmocka_unit_test(test_no_memory),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("thread", tests, setup, NULL);
}
