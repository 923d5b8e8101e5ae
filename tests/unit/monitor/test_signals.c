/* monitor/fault/signal_pending.c: what becomes of signals from outside, and who may say so (invariants SI1-SI3). */
#include "base/cubicle.h"
#include "base/thread.h"
#include "cubicle_gates.h"
#include "fault/fault.h"
#include "fault/signal_pending.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define BIT(signal) (UINT64_C(1) << ((signal)-1))
#define MS INT64_C(1000000)

enum { APP = 1, OTHER };

static int ended;  /* the last signal that ended everything */
static int wanted; /* the flags of the last handler */

int fault_handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    wanted = flags;
    return sigaction(signal, &action, NULL) == 0 ? 0 : -errno;
}

void fault_interrupt(int signal, void *context)
{
    (void)context;
    ended = signal;
}

/* @signal as kill(2) of process @from sends it. */
static void send_as(int signal, pid_t from)
{
    siginfo_t info = {.si_signo = signal, .si_code = SI_USER};
    info.si_pid = from;
    assert_int_equal(syscall(SYS_rt_sigqueueinfo, getpid(), signal, &info), 0);
}

/* @signal as process @from passes it on. */
static void pass_on(int signal, pid_t from)
{
    siginfo_t info = {.si_signo = MONITOR_SIGNAL_PASSED_ON, .si_code = SI_QUEUE};
    info.si_pid = from;
    info.si_value.sival_int = signal;
    assert_int_equal(
        syscall(SYS_rt_sigqueueinfo, getpid(), MONITOR_SIGNAL_PASSED_ON, &info), 0);
}

static void send(int signal)
{
    pass_on(signal, getppid());
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 * MS + now.tv_nsec;
}

static int setup(void **state)
{
    (void)state;
    ended = 0;
    cubicle_get(APP)->state = CUBICLE_LIVE;
    thread_self.running = APP;
    assert_int_equal(gate_cubicle_signal_set(0, 0, UINT64_MAX), BIT(SIGUSR1));
    assert_int_equal(gate_cubicle_signal_set(0, 0, 0), BIT(SIGUSR1));
    return 0;
}

/* True while a signal that the application catches has not been taken: a wait ends at once. */
static bool is_pending(void)
{
    return signal_wait(-1, 0, 0) == -EINTR;
}

/* SI1 */
static void test_who(void **state)
{
    uint64_t left[2];
    (void)state;
    assert_int_equal(gate_cubicle_signal_set(BIT(SIGTERM), 0, 0), BIT(SIGUSR1));
    send(SIGTERM);
    thread_self.running = OTHER;
    assert_int_equal(gate_cubicle_signal_set(0, 0, BIT(SIGTERM)), -EPERM);
    assert_int_equal(gate_cubicle_signal_take(UINT64_MAX), -EPERM);
    assert_int_equal(gate_cubicle_signal_wait(BIT(SIGTERM), 0), -EPERM);
    assert_int_equal(gate_cubicle_signal_timer(1, 0, left), -EPERM);
    assert_true(is_pending());
    thread_self.running = APP;
    assert_int_equal(gate_cubicle_signal_take(UINT64_MAX), BIT(SIGTERM));
}

/* SI2 */
static void test_default(void **state)
{
    static const int ends[] = {SIGTERM, SIGINT,  SIGQUIT, SIGHUP,
                               SIGUSR1, SIGUSR2, SIGALRM};
    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        send(ends[i]);
        assert_int_equal(ended, ends[i]);
        ended = 0;
        send_as(ends[i], getpid());
        assert_int_equal(ended, ends[i]);
    }
    ended = 0;
    send(SIGWINCH);
    assert_int_equal(ended, 0);
    assert_int_equal(gate_cubicle_signal_take(UINT64_MAX), 0);
    assert_int_equal(wanted, SA_RESTART);
}

static void test_ignored(void **state)
{
    (void)state;
    assert_int_equal(gate_cubicle_signal_set(BIT(SIGHUP), BIT(SIGINT), 0),
                     BIT(SIGUSR1));
    send(SIGHUP);
    send(SIGINT);
    assert_int_equal(
        gate_cubicle_signal_set(BIT(SIGHUP), BIT(SIGINT), BIT(SIGHUP) | BIT(SIGTERM)),
        BIT(SIGUSR1));
    assert_false(is_pending());
    send(SIGTERM);
    send(SIGHUP);
    assert_int_equal(ended, 0);
    assert_int_equal(gate_cubicle_signal_take(UINT64_MAX), BIT(SIGINT));
}

/* Not those that come to the whole process group: the command passes them on. */
static void test_once(void **state)
{
    (void)state;
    assert_int_equal(gate_cubicle_signal_set(BIT(SIGTERM), 0, 0), BIT(SIGUSR1));
    send_as(SIGTERM, getpid());
    assert_false(is_pending());
    pass_on(SIGTERM, getpid());
    assert_false(is_pending());
    assert_int_equal(ended, 0);
    send(SIGTERM);
    assert_true(is_pending());
    assert_int_equal(gate_cubicle_signal_take(BIT(SIGINT)), 0);
    assert_int_equal(gate_cubicle_signal_take(BIT(SIGTERM) | BIT(SIGINT)),
                     BIT(SIGTERM));
    assert_false(is_pending());
}

/* A program that does not look at a signal can be ended all the same, but not at once. */
static void test_overdue(void **state)
{
    (void)state;
    (void)gate_cubicle_signal_set(BIT(SIGTERM) | BIT(SIGUSR1), 0, 0);
    send(SIGTERM);
    send(SIGTERM);
    send(SIGUSR1);
    usleep(1100000);
    send(SIGUSR1);
    assert_int_equal(ended, 0);
    send(SIGTERM);
    assert_int_equal(ended, SIGTERM);
    ended = 0;
    assert_int_equal(gate_cubicle_signal_take(UINT64_MAX), BIT(SIGTERM) | BIT(SIGUSR1));
    send(SIGTERM);
    assert_int_equal(ended, 0);
    assert_int_equal(gate_cubicle_signal_take(UINT64_MAX), BIT(SIGTERM));
}

/* SI3 */
static void test_waits(void **state)
{
    int fds[2];
    uint64_t left[2];
    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_false(signal_wanted());
    assert_int_equal(gate_cubicle_signal_set(BIT(SIGALRM), BIT(SIGHUP), 0),
                     BIT(SIGUSR1));
    assert_true(signal_wanted());
    int64_t start = now_ns();
    assert_int_equal(signal_wait(fds[0], POLLIN, 20 * MS), 0);
    assert_true(now_ns() - start >= 20 * MS);
    /* held: nothing ends */
    send(SIGHUP);
    assert_int_equal(signal_wait(fds[0], POLLIN, 0), 0);
    assert_int_equal(gate_cubicle_signal_wait(BIT(SIGHUP), -1), 1);
    assert_int_equal(gate_cubicle_signal_take(BIT(SIGHUP)), BIT(SIGHUP));
    /* before the wait */
    send(SIGALRM);
    assert_int_equal(signal_wait(fds[0], POLLIN, -1), -EINTR);
    assert_int_equal(signal_wait(-1, 0, -1), -EINTR);
    assert_int_equal(gate_cubicle_signal_wait(0, -1), 1);
    assert_int_equal(gate_cubicle_signal_take(UINT64_MAX), BIT(SIGALRM));
    /* `wake` still has a count: it ends nothing any more */
    start = now_ns();
    assert_int_equal(signal_wait(fds[0], POLLIN, 20 * MS), 0);
    assert_true(now_ns() - start >= 20 * MS);
    /* in the wait */
    start = now_ns();
    assert_int_equal(gate_cubicle_signal_timer(20 * MS, 0, left), 0);
    assert_int_equal(signal_wait(fds[0], POLLIN, -1), -EINTR);
    assert_true(now_ns() - start >= 20 * MS);
    assert_int_equal(gate_cubicle_signal_take(UINT64_MAX), BIT(SIGALRM));
    /* what is waited for comes first where both are there */
    assert_int_equal(write(fds[1], "", 1), 1);
    assert_int_equal(signal_wait(fds[0], POLLIN, -1), POLLIN);
    send(SIGALRM);
    assert_int_equal(signal_wait(fds[1], POLLOUT, -1), POLLOUT);
    assert_int_equal(signal_wait(-1, 0, -1), -EINTR);
    close(fds[0]);
    close(fds[1]);
}

/* A signal that ends no wait does not make it longer, and what is both caught and ignored ends none. */
static void test_waits_go_on(void **state)
{
    uint64_t left[2];
    (void)state;
    assert_int_equal(
        gate_cubicle_signal_set(BIT(SIGALRM) | BIT(SIGTERM), 0, BIT(SIGALRM)),
        BIT(SIGUSR1));
    assert_int_equal(gate_cubicle_signal_timer(500 * MS, 0, left), 0);
    const int64_t start = now_ns();
    assert_int_equal(signal_wait(-1, 0, 600 * MS), 0);
    assert_true(now_ns() - start >= 600 * MS);
    assert_true(now_ns() - start < 1000 * MS);
    assert_int_equal(gate_cubicle_signal_set(BIT(SIGTERM), 0, BIT(SIGTERM)),
                     BIT(SIGUSR1));
    assert_false(signal_wanted());
}

static void test_timer(void **state)
{
    uint64_t left[2];
    (void)state;
    assert_int_equal(gate_cubicle_signal_timer(1, 0, left),
                     0); /* less than the clock knows: not never */
    assert_true(left[0] == 0 && left[1] == 0);
    while (ended == 0) {
    }
    assert_int_equal(ended, SIGALRM);
    assert_int_equal(gate_cubicle_signal_timer(50 * 1000 * MS, 3000 * MS, left), 0);
    assert_int_equal(gate_cubicle_signal_timer(UINT64_MAX, 0, left), 0);
    assert_true(left[0] > 40 * 1000 * MS && left[0] <= 51 * 1000 * MS);
    assert_int_equal(left[1], 3000 * MS);
    /* Alarms leave time for what is between them. */
    assert_int_equal(gate_cubicle_signal_timer(50 * 1000 * MS, 1, left), 0);
    assert_int_equal(gate_cubicle_signal_timer(UINT64_MAX, 0, left), 0);
    assert_int_equal(left[1], MS);
    assert_int_equal(gate_cubicle_signal_timer(0, 0, left), 0);
    assert_int_equal(gate_cubicle_signal_timer(UINT64_MAX, 0, left), 0);
    assert_true(left[0] == 0 && left[1] == 0);
}

/* An application that is gone catches nothing. */
static void test_gone(void **state)
{
    (void)state;
    assert_int_equal(gate_cubicle_signal_set(BIT(SIGTERM), 0, 0), BIT(SIGUSR1));
    cubicle_get(APP)->state = CUBICLE_DEAD;
    assert_false(signal_wanted());
    send(SIGTERM);
    assert_int_equal(ended, SIGTERM);
    ended = 0;
    cubicle_get(APP)->state = CUBICLE_LIVE;
    signal_forget(cubicle_get(APP));
    assert_false(signal_wanted());
    send(SIGTERM);
    assert_int_equal(ended, SIGTERM);
}

/* Between processes: what the application says is shared, and each that waits is woken. Nothing else may come after it. */
static void test_shared(void **state)
{
    static struct signal_state shared;
    uint64_t count;
    (void)state;
    assert_int_equal(signal_share(&shared, cubicle_get(APP)), 0);
    assert_int_equal(signal_add_process(OTHER), 0);
    assert_true(signal_descriptor(APP) >= 0 && signal_descriptor(OTHER) >= 0);
    assert_int_equal(signal_descriptor(OTHER + 1), -1);
    assert_int_equal(gate_cubicle_signal_set(BIT(SIGTERM), 0, 0), BIT(SIGUSR1));
    assert_true(shared.said && shared.catches == BIT(SIGTERM));
    send(SIGTERM);
    assert_int_equal(ended, 0);
    assert_int_equal(shared.noted, BIT(SIGTERM));
    assert_int_equal(read(signal_descriptor(OTHER), &count, sizeof(count)),
                     sizeof(count));
    signal_become(APP);
    assert_int_equal(signal_wait(-1, 0, -1), -EINTR);
    shared.said = false; /* as its process would have it: the default */
    send(SIGTERM);
    assert_int_equal(ended, SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_who, setup),
        cmocka_unit_test_setup(test_default, setup),
        cmocka_unit_test_setup(test_ignored, setup),
        cmocka_unit_test_setup(test_once, setup),
        cmocka_unit_test_setup(test_overdue, setup),
        cmocka_unit_test_setup(test_waits, setup),
        cmocka_unit_test_setup(test_waits_go_on, setup),
        cmocka_unit_test_setup(test_timer, setup),
        cmocka_unit_test_setup(test_gone, setup),
        cmocka_unit_test_setup(test_shared, setup),
    };
    cubicle_create("app")->is_app = true;
    cubicle_create("other");
    for (int number = 1; number < SIGRTMIN;
         number++) { /* a shell may have had some ignored */
        (void)signal(number, SIG_DFL);
    }
    (void)signal(SIGUSR1, SIG_IGN); /* as nohup(1) does with HUP */
    if (signal_setup() != 0) {
        return 1;
    }
    send(SIGUSR1);
    if (ended != 0) {
        return 1;
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
