/*
 * Calls that compute too long: which ticks count, and for which call. The test delivers the
 * ticks, to the handler that the watchdog has installed.
 */
#include "backend/backend.h"
#include "base/cubicle.h"
#include "base/thread.h"
#include "call/trampoline.h"
#include "fault/fault.h"
#include "fault/stop.h"
#include "fault/watchdog.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>

#include <cmocka.h>

#define LIMIT 3

static struct call_frame frames[4];
static struct trampoline trampolines[3]; /* [1] calls `a`, [2] calls `b` */
static struct cubicle *a, *b;
static void (*tick)(int, siginfo_t *, void *);
static int tick_signal, refuse_handler;
static bool in_cubicle; /* the tick interrupts a cubicle's code */
static const struct cubicle *stopped;
static ucontext_t context;
_Thread_local struct thread thread_self;

static bool fake_interrupted(const ucontext_t *c)
{
    assert_ptr_equal(c, &context);
    return in_cubicle;
}

static const struct backend fake = {.interrupted_cubicle = fake_interrupted};
const struct backend *backend = &fake;

int fault_handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    assert_int_equal(flags, SA_RESTART);
    tick_signal = signal;
    tick = handler;
    if (refuse_handler != 0) {
        errno = refuse_handler;
        return -refuse_handler;
    }
    return 0;
}

void fault_stop_interrupted(void *c, struct cubicle *cubicle, const char *reason)
{
    assert_ptr_equal(c, &context);
    assert_string_equal(reason,
                        "the call computes longer than the cubicle's time limit");
    stopped = cubicle;
}

struct trampoline *trampoline_get(uint32_t id)
{
    return id >= 1 && id < 3 ? &trampolines[id] : NULL;
}

struct call_frame *thread_top_frame(void)
{
    struct call_frame *top = thread_self.control - 1;
    return top->trampoline != 0 ? top : NULL;
}

/* Calls through @trampoline, and returns. */
static void enter(uint32_t trampoline)
{
    *thread_self.control++ = (struct call_frame){.trampoline = trampoline};
    thread_self.running = trampolines[trampoline].callee;
}

static void leave(void)
{
    const struct call_frame *top = --thread_self.control - 1;
    thread_self.running =
        top->trampoline != 0 ? trampolines[top->trampoline].callee : 0;
}

/* Ticks until somebody is stopped, at most @most; how many it took, 0: nobody was. */
static unsigned ticks(unsigned most)
{
    stopped = NULL;
    for (unsigned i = 1; i <= most; i++) {
        tick(tick_signal, NULL, &context);
        if (stopped != NULL) {
            return i;
        }
    }
    return 0;
}

/* The first tick finds the call, LIMIT more are allowed. */
static void test_stops(void **state)
{
    (void)state;
    enter(1);
    assert_int_equal(ticks(100), LIMIT + 2);
    assert_ptr_equal(stopped, a);
    leave();
}

static void test_no_limit(void **state)
{
    (void)state;
    enter(2);
    assert_int_equal(ticks(100), 0);
    leave();
}

/* Calls that follow each other each have their own time. */
static void test_each_call(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        enter(1);
        assert_int_equal(ticks(LIMIT), 0);
        leave();
    }
}

/* What a callee computes does not count for its caller, which goes on counting afterwards. */
static void test_callees(void **state)
{
    (void)state;
    enter(1);
    assert_int_equal(ticks(LIMIT), 0);
    enter(2);
    assert_int_equal(ticks(100), 0);
    leave();
    assert_int_equal(ticks(100), 2);
    leave();
}

/* Nor do calls of the same function in between begin its time anew. */
static void test_nested(void **state)
{
    (void)state;
    enter(1);
    assert_int_equal(ticks(LIMIT), 0);
    enter(2);
    enter(1);
    assert_int_equal(ticks(LIMIT), 0);
    leave();
    leave();
    assert_int_equal(ticks(100), 2);
    leave();
}

/* The monitor's own work for the cubicle, in a trampoline or a call, is not the cubicle's. */
static void test_monitor(void **state)
{
    (void)state;
    enter(1);
    in_cubicle = false;
    assert_int_equal(ticks(100), 0);
    in_cubicle = true;
    leave();
}

/* Nothing runs, or what runs has ended: there is nobody to stop. */
static void test_nobody(void **state)
{
    (void)state;
    thread_self.running = CUBICLE_MONITOR;
    assert_int_equal(ticks(100), 0);
    enter(1);
    a->state = CUBICLE_DEAD;
    assert_int_equal(ticks(100), 0);
    a->state = CUBICLE_STARTING;
    assert_int_equal(ticks(100), LIMIT + 2);
    a->state = CUBICLE_LIVE;
    leave();
}

/* Cubicles without limits cost no timer; one with a limit makes it tick. */
static void test_start(void **state)
{
    struct itimerval timer;
    sigset_t set;

    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGVTALRM); /* nobody handles it here */
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    a->limit_ticks = 0;
    assert_int_equal(watchdog_start(), 0);
    assert_null(tick);
    a->limit_ticks = LIMIT;
    refuse_handler = EINVAL;
    assert_int_equal(watchdog_start(), -EINVAL);
    refuse_handler = 0;
    assert_int_equal(watchdog_start(), 0);
    assert_int_equal(tick_signal, SIGVTALRM);
    assert_int_equal(getitimer(ITIMER_VIRTUAL, &timer), 0);
    assert_int_equal(timer.it_interval.tv_sec, 0);
    assert_in_range(timer.it_interval.tv_usec, WATCHDOG_TICK_MS * 1000,
                    WATCHDOG_TICK_MS * 1000 + 10000); /* in the kernel's own ticks */
    memset(&timer, 0, sizeof(timer));
    assert_int_equal(setitimer(ITIMER_VIRTUAL, &timer, NULL), 0);
}

static int setup(void **state)
{
    (void)state;
    a = cubicle_create("a");
    b = cubicle_create("b");
    if (a == NULL || b == NULL) {
        return -1;
    }
    a->state = b->state = CUBICLE_LIVE;
    a->limit_ticks = LIMIT;
    for (unsigned i = 1; i < 3; i++) {
        trampolines[i].id = i;
        trampolines[i].callee = (uint16_t)i;
    }
    thread_self.control = frames + 1;
    in_cubicle = true;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start),    cmocka_unit_test(test_stops),
        cmocka_unit_test(test_no_limit), cmocka_unit_test(test_each_call),
        cmocka_unit_test(test_callees),  cmocka_unit_test(test_monitor),
        cmocka_unit_test(test_nobody),   cmocka_unit_test(test_nested),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("watchdog", tests, setup, NULL);
}
