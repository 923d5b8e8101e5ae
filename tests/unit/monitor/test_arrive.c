/*
 * Calls that come as messages: what of them is put on the callee's stack, and what is refused (CA1,
 * CA2). The stack and the channel are memory of this test; whoever has sent the message is hostile.
 */
#include "backend/ipc/ipc.h"
#include "base/copy.h"
#include "call/entry.h"
#include "call/marshal.h"
#include "call/marshal_call.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define STACK UINT64_C(0x40000000) /* as in a process: its addresses are offsets */
#define STACK_PAGES 4
#define TOP (STACK + STACK_PAGES * PAGE_SIZE)
#define LIMIT (STACK + PAGE_SIZE) /* below it no message writes anything */
#define AREA sizeof(((struct channel_side *)0)->area)
#define SENDER 3u

unsigned ipc_self = 1;
_Thread_local struct thread thread_self;

static struct cubicle callee = {
    .id = 1, .state = CUBICLE_LIVE, .stack_top = TOP, .stack_limit = LIMIT};
static struct descriptor_function function = {
    .name = "f", .nargs = 2, .returns = DESCRIPTOR_I64};
static struct trampoline call = {
    .id = 1, .callee = 1, .to = &callee, .function = &function, .nsteps = 1};
static struct channel_peer sender = {.id = SENDER};
static struct channel_side *side; /* the sender's */
static struct ipc_incoming incoming;
static struct call_frame frame;
static bool current; /* the sender lives */

static int plain_copy(void *to, const void *from, size_t size)
{
    memcpy(to, from, size);
    return 0;
}
copy_routine *copy_bytes = plain_copy;

bool channel_is_current(const struct channel_peer *peer, uint64_t number)
{
    assert_ptr_equal(peer, &sender);
    assert_int_equal(number, 77);
    return current;
}

void channel_refuse(struct channel_peer *peer, int error)
{
    (void)peer;
    (void)error;
}

int entry_error(const struct trampoline *t)
{
    assert_ptr_equal(t, &call);
    return -EAGAIN;
}

int marshal_fail(struct call_frame *f, const struct trampoline *t, int error)
{
    (void)t;
    f->nbuffers = 0;
    f->result = (uint64_t)(int64_t)error;
    return error;
}

uint64_t marshal_value(const struct descriptor_arg *arg, uint64_t value,
                       unsigned caller)
{
    (void)arg;
    assert_int_equal(caller, SENDER);
    return value;
}

int64_t marshal_size_behind(const struct call_frame *f, const struct trampoline *t,
                            const struct marshal_step *step)
{
    (void)f;
    (void)t;
    (void)step;
    return -1;
}

int marshal_scatter(struct call_frame *f, const struct trampoline *t, uint64_t *sp,
                    uint64_t limit)
{
    (void)f;
    (void)t;
    (void)sp;
    (void)limit;
    return -EFAULT;
}

/* A call with a range of @kind in argument 0, of as many bytes as argument 1 says; or a string. */
static int setup(void **state)
{
    (void)state;
    call.steps[0] = (struct marshal_step){
        .kind = DESCRIPTOR_IN,
        .size_kind = DESCRIPTOR_SIZE_ARG,
        .size_value = 1,
    };
    incoming =
        (struct ipc_incoming){.from = &sender, .line = {.call = 77, .nvalues = 2}};
    ipc_incoming = &incoming;
    memset(&frame, 0, sizeof(frame));
    memset((void *)(uintptr_t)STACK, 0x5a, STACK_PAGES * PAGE_SIZE);
    memset(side->area, 0x33, 2 * PAGE_SIZE);
    thread_self.cubicle[1].stack = TOP - 64;
    callee.state = CUBICLE_LIVE;
    sender.id = SENDER;
    current = true;
    return 0;
}

static int arrive(uint64_t first, uint64_t second, uint32_t offset)
{
    incoming.line.values[0] = first;
    incoming.line.values[1] = second;
    incoming.line.offset = offset;
    return ipc_arrive(&frame, &call);
}

/* Nothing of the stack has changed from @from to @to. */
static void assert_untouched(uint64_t from, uint64_t to)
{
    for (const uint8_t *at = (const uint8_t *)(uintptr_t)from;
         at < (const uint8_t *)(uintptr_t)to; at++) {
        assert_int_equal(*at, 0x5a);
    }
}

static void test_range(void **state)
{
    (void)state;
    memcpy(side->area + 32, "hello", 5);
    assert_int_equal(arrive(1, 5, 32), 0);
    const uint64_t at = frame.args[0];
    assert_in_range(at, LIMIT, TOP - 64 - 5);
    assert_int_equal(at % 16, 0);
    assert_memory_equal((const void *)(uintptr_t)at, "hello", 5);
    assert_int_equal(*(const uint64_t *)(uintptr_t)(at - MARSHAL_OUT_WORD_SIZE), 0);
    assert_int_equal(frame.args[1], 5);
    assert_int_equal(frame.nbuffers, 1);
    assert_true(frame.callee_rsp <= at - MARSHAL_OUT_WORD_SIZE &&
                frame.callee_rsp % 16 == 0);
    assert_untouched(TOP - 64, TOP); /* what the callee has there */
}

/* Room for a result holds zeros. */
static void test_result(void **state)
{
    static const uint8_t zeros[100];

    (void)state;
    call.steps[0].kind = DESCRIPTOR_OUT;
    assert_int_equal(arrive(1, 100, 0), 0);
    assert_memory_equal((const void *)(uintptr_t)frame.args[0], zeros, 100);
}

/* As much as there is room for above the limit, and not a byte more. */
static void test_stack(void **state)
{
    const uint64_t room = TOP - 64 - LIMIT - MARSHAL_OUT_WORD_SIZE - 16;

    (void)state;
    assert_int_equal(arrive(1, room + 1, 0), -ENOBUFS);
    assert_untouched(STACK, TOP);
    assert_int_equal(arrive(1, room, 0), 0);
    assert_true(frame.callee_rsp >= LIMIT);
    assert_untouched(STACK, LIMIT);
}

/* Only bytes of the area are read, wherever the message says that it begins. */
static void test_area(void **state)
{
    (void)state;
    assert_int_equal(arrive(1, 16, AREA - 16), 0);
    assert_int_equal(arrive(1, 17, AREA - 16), -EPROTO);
    assert_int_equal(arrive(1, 1, AREA), -EPROTO);
    assert_int_equal(arrive(1, 0, AREA + 16), -EPROTO);
    assert_int_equal(arrive(1, 1, UINT32_MAX & ~15u), -EPROTO);
    assert_int_equal(arrive(1, 1, 8), -EPROTO);
    assert_int_equal(arrive(1, SPACE_SIZE, 0), -EPROTO);
    assert_int_equal(arrive(1, SPACE_SIZE + 1, 0), -EFAULT);
    assert_int_equal(arrive(1, UINT64_MAX, 0), -EFAULT);
}

static void test_null(void **state)
{
    (void)state;
    assert_int_equal(arrive(0, 5, 0), -EFAULT);
    call.steps[0].or_null = true;
    assert_int_equal(arrive(0, 5, 0), 0);
    assert_int_equal(frame.args[0], 0);
}

/* Whatever stands in the channel, a string ends where it says, within its bound. */
static void test_string(void **state)
{
    (void)state;
    call.steps[0] = (struct marshal_step){.kind = DESCRIPTOR_STRING, .size_value = 8};
    assert_int_equal(arrive(8, 0, 0), 0);
    assert_memory_equal((const void *)(uintptr_t)frame.args[0],
                        "\x33\x33\x33\x33\x33\x33\x33", 8);
    assert_int_equal(arrive(9, 0, 0), -EPROTO);
    assert_int_equal(arrive(UINT64_MAX, 0, 0), -EPROTO);
    assert_int_equal(arrive(0, 0, 0), -EFAULT);
}

/* The callee runs, or is set up by the parent; else its sender is told. */
static void test_state(void **state)
{
    (void)state;
    callee.state = CUBICLE_STARTING;
    assert_int_equal(arrive(1, 5, 0), -EAGAIN);
    callee.state = CUBICLE_DEAD;
    assert_int_equal(arrive(1, 5, 0), -EAGAIN);
    assert_untouched(STACK, TOP);
}

/* The callee's stack pointer is where its stack is, or nothing is written. */
static void test_stack_pointer(void **state)
{
    static const uint64_t bad[] = {TOP + 16, LIMIT - 16, 0, UINT64_MAX & ~UINT64_C(15)};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        thread_self.cubicle[1].stack = bad[i];
        call.nsteps = 0;
        assert_int_equal(arrive(1, 5, 0), -ENOBUFS);
        call.nsteps = 1;
    }
}

/* CH9 */
static void test_abandoned(void **state)
{
    (void)state;
    current = false;
    assert_int_equal(arrive(1, 5, 0), -ECONNRESET);
    assert_int_equal(frame.nbuffers, 0);
}

static void test_slot(void **state)
{
    uint64_t next = AREA - 32;
    uint32_t slot = 1;

    (void)state;
    assert_int_equal(ipc_slot(&next, 17, &slot), 0);
    assert_int_equal(slot, AREA - 32);
    assert_int_equal(next, AREA);
    assert_int_equal(ipc_slot(&next, 0, &slot), 0);
    assert_int_equal(ipc_slot(&next, 1, &slot), -ENOBUFS);
    next = 0;
    assert_int_equal(ipc_slot(&next, SPACE_SIZE, &slot), -ENOBUFS);
}

static int setup_memory(void **state)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    const void *stack =
        mmap((void *)(uintptr_t)STACK, STACK_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE,
             flags | MAP_FIXED_NOREPLACE, -1, 0);

    (void)state;
    side = mmap(NULL, sizeof(*side), PROT_READ | PROT_WRITE, flags, -1, 0);
    sender.theirs = side;
    return stack == (void *)(uintptr_t)STACK && side != MAP_FAILED ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_range, setup),
        cmocka_unit_test_setup(test_result, setup),
        cmocka_unit_test_setup(test_stack, setup),
        cmocka_unit_test_setup(test_area, setup),
        cmocka_unit_test_setup(test_null, setup),
        cmocka_unit_test_setup(test_string, setup),
        cmocka_unit_test_setup(test_state, setup),
        cmocka_unit_test_setup(test_stack_pointer, setup),
        cmocka_unit_test_setup(test_abandoned, setup),
        cmocka_unit_test_setup(test_slot, setup),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("arrive", tests, setup_memory, NULL);
}
