/*
 * Ending calls from outside: U1 and U2 of unwind.h, with frames made by hand.
 *
 *   monitor -> boot -> app -> peer -> app -> peer
 */
#include "base/panic.h"
#include "call/entry.h"
#include "call/marshal.h"
#include "fault/unwind.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define VIEW(id) ((uint64_t)(id) << 32)
#define POISON(id) (VIEW(id) + 32)
#define STACK_OF(frame) (0x1000 * (uint64_t)(frame))
#define DEPTH 5

enum { BOOT = 1, APP, PEER };

/* Trampoline N of the frame N. */
static const struct {
    uint16_t caller, callee;
} calls[DEPTH + 1] = {{0, 0},      {CUBICLE_MONITOR, BOOT},
                      {BOOT, APP}, {APP, PEER},
                      {PEER, APP}, {APP, PEER}};

static struct trampoline trampolines[DEPTH + 1];
static struct call_frame frames[DEPTH + 2]; /* [0] is the bottom */
static struct descriptor_function function;
static struct unwind_target resumed;
static jmp_buf end;

/* ---- what unwind.c asks of others ---- */

struct trampoline *trampoline_get(uint32_t id)
{
    return id >= 1 && id <= DEPTH ? &trampolines[id] : NULL;
}

uint64_t marshal_error_result(const struct descriptor_function *f, int error)
{
    assert_ptr_equal(f, &function);
    return (uint64_t)(int64_t)error;
}

int entry_error(const struct trampoline *t)
{
    (void)t;
    return -EOWNERDEAD;
}

void panic(const char *what)
{
    fail_msg("panic: %s", what);
    longjmp(end, 1);
}

void unwind_resume(const struct unwind_target *target)
{
    resumed = *target;
    longjmp(end, 1);
}

/* ---- */

static int setup(void **state)
{
    static const char *const names[] = {"boot", "app", "peer"};
    (void)state;
    for (unsigned id = 1; cubicle_count() < 3; id++) {
        cubicle_create(names[id - 1])->view = VIEW(id);
    }
    for (unsigned id = BOOT; id <= PEER; id++) {
        cubicle_get(id)->state = CUBICLE_LIVE;
        thread_self.cubicle[id].stack = VIEW(id) + 0xf000;
    }
    memset(frames, 0, sizeof(frames));
    for (uint32_t i = 1; i <= DEPTH; i++) {
        trampolines[i] = (struct trampoline){.id = i,
                                             .caller = calls[i].caller,
                                             .callee = calls[i].callee,
                                             .function = &function,
                                             .leave = 0x9000 + i};
        frames[i] = (struct call_frame){.nbuffers = 1,
                                        .trampoline = i,
                                        .rsp = STACK_OF(i),
                                        .caller_stack = STACK_OF(i) + 8};
    }
    thread_self.control_start = frames;
    thread_self.control = &frames[DEPTH + 1];
    return 0;
}

/* The frames above @last were given up: nothing goes back. It is the top one. */
static void expect_abandoned(unsigned last, bool itself)
{
    for (unsigned i = 1; i <= DEPTH; i++) {
        assert_int_equal(frames[i].nbuffers == 0, i > last || (i == last && itself));
    }
    assert_ptr_equal(thread_self.control, &frames[last + 1]);
}

/* U1: every frame that would return into the dead one returns into nothing. */
static void test_u1_poison(void **state)
{
    (void)state;
    unwind_stop(cubicle_get(APP), CUBICLE_DEAD, 0);
    assert_int_equal(cubicle_get(APP)->state, CUBICLE_DEAD);
    assert_int_equal(thread_self.cubicle[APP].stack, POISON(APP));
    for (unsigned i = 1; i <= DEPTH; i++) {
        const bool into = calls[i].caller == APP;
        assert_int_equal(frames[i].rsp, into ? POISON(APP) : STACK_OF(i));
        assert_int_equal(frames[i].caller_stack, into ? POISON(APP) : STACK_OF(i) + 8);
    }
    assert_int_equal(thread_self.cubicle[PEER].stack, VIEW(PEER) + 0xf000);
}

/* U2: the innermost call into it ends; those that it had made are given up. */
static void test_u2_to_caller(void **state)
{
    struct unwind_target target;
    (void)state;
    unwind_stop(cubicle_get(APP), CUBICLE_DEAD, 0);
    assert_true(unwind_to_caller(cubicle_get(APP), &target));
    assert_ptr_equal(target.frame, &frames[4]);
    assert_int_equal(target.leave, 0x9004);
    assert_int_equal((int64_t)target.result, -EOWNERDEAD);
    expect_abandoned(4, true);
    /* The one given up was the dead one's own call: its stack stays away. */
    assert_int_equal(thread_self.cubicle[APP].stack, POISON(APP));
    assert_int_equal(cubicle_get(APP)->state, CUBICLE_DEAD);
}

/* A frame that is given up gives its caller's stack pointer back. */
static void test_u2_gives_stacks_back(void **state)
{
    struct unwind_target target;
    (void)state;
    unwind_stop(cubicle_get(BOOT), CUBICLE_DEAD, 0);
    assert_true(unwind_to_caller(cubicle_get(BOOT), &target));
    assert_ptr_equal(target.frame, &frames[1]);
    expect_abandoned(1, true);
    assert_int_equal(thread_self.cubicle[PEER].stack, STACK_OF(4) + 8);
    assert_int_equal(thread_self.cubicle[APP].stack, STACK_OF(3) + 8);
}

/* Only the outermost call of one that exits gets the status, and only once. */
static void test_u2_exit(void **state)
{
    struct unwind_target target;
    struct cubicle *app = cubicle_get(APP);
    (void)state;
    unwind_stop(app, CUBICLE_EXITED, 7);
    assert_true(unwind_to_caller(app, &target));
    assert_ptr_equal(target.frame, &frames[4]);
    assert_int_equal((int64_t)target.result, -EOWNERDEAD);
    assert_int_equal(app->state, CUBICLE_EXITED);
    thread_self.control = &frames[4]; /* the peer returns */
    assert_true(unwind_to_caller(app, &target));
    assert_ptr_equal(target.frame, &frames[2]);
    assert_int_equal(target.result, 7);
    assert_int_equal(app->state, CUBICLE_DEAD);
}

/* Frames that cannot be reached by unwinding return into nothing as well. */
static void test_u1_below_a_frame_of_nobody(void **state)
{
    struct unwind_target target;
    (void)state;
    frames[4].trampoline = 0;
    unwind_stop(cubicle_get(APP), CUBICLE_DEAD, 0);
    assert_int_equal(frames[3].rsp, POISON(APP));
    assert_int_equal(frames[5].rsp, POISON(APP));
    assert_false(unwind_to_caller(cubicle_get(BOOT), &target));
    assert_ptr_equal(thread_self.control, &frames[5]);
}

/* One that ends itself does not begin anew. */
static void test_u2_exit_is_final(void **state)
{
    (void)state;
    cubicle_get(APP)->may_restart = cubicle_get(PEER)->may_restart = true;
    unwind_stop(cubicle_get(APP), CUBICLE_EXITED, 0);
    unwind_stop(cubicle_get(PEER), CUBICLE_DEAD, 0);
    assert_false(cubicle_get(APP)->may_restart);
    assert_true(cubicle_get(PEER)->may_restart);
}

static void test_to_nobody(void **state)
{
    struct unwind_target target;
    (void)state;
    thread_self.control = &frames[2];
    assert_false(unwind_to_caller(cubicle_get(PEER), &target));
    assert_ptr_equal(thread_self.control, &frames[1]);
    assert_false(unwind_to_monitor(3, &target));
}

/* The end of the system: down to the monitor's own call, which is given up as well. */
static void test_to_monitor(void **state)
{
    (void)state;
    if (setjmp(end) == 0) {
        unwind_all(139);
    }
    assert_ptr_equal(resumed.frame, &frames[1]);
    assert_int_equal(resumed.leave, 0x9001);
    assert_int_equal(resumed.result, 139);
    assert_true(unwind_ending());
    assert_int_equal(unwind_end_status(), 139);
    expect_abandoned(1, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_u1_poison, setup),
        cmocka_unit_test_setup(test_u1_below_a_frame_of_nobody, setup),
        cmocka_unit_test_setup(test_u2_to_caller, setup),
        cmocka_unit_test_setup(test_u2_exit_is_final, setup),
        cmocka_unit_test_setup(test_u2_gives_stacks_back, setup),
        cmocka_unit_test_setup(test_u2_exit, setup),
        cmocka_unit_test_setup(test_to_nobody, setup),
        cmocka_unit_test_setup(test_to_monitor, setup),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("unwind", tests, NULL, NULL);
}
