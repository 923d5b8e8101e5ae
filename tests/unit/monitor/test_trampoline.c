/*
 * The table of trampolines, and what happens where one may not be written: its place stays
 * empty and another is tried. The backend is played; nothing that is written here runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "base/message.h"
#include "base/page.h"
#include "call/marshal.h"
#include "call/tracer.h"
#include "call/trampoline.h"
#include "call/trampoline_body.h"

static unsigned refusals; /* how many trampolines will not be accepted */
static unsigned messages;
static const struct descriptor_function functions[] = {
    {.name = "one"}, {.name = "two"}, {.name = "ranges"}};

/* --- what trampoline.c and trampoline_body.c ask of others ------------------------------- */

static bool fake_accepts(const uint8_t *code, size_t len)
{
    /* Asked about the stub first; a refused stub is the last that is asked about. */
    assert_true(len == STUB_SIZE || refusals == 0);
    (void)code;
    refusals -= refusals > 0;
    return refusals == 0;
}

static void fake_switch(struct emitter *e, unsigned id, bool returning)
{
    (void)returning;
    *e->at++ = (uint8_t)id;
}

static const struct backend fake = {
    BACKEND_MONITOR_LIKE_CUBICLES,
    BACKEND_RIGHTS_STAY,
    .emit_switch = fake_switch,
};
static struct backend table;
const struct backend *backend = &table;

int message_error(int error, const char *format, ...)
{
    (void)format;
    messages++;
    return error;
}

int page_claim(uint32_t page, uint32_t npages, unsigned owner, enum page_kind kind,
               unsigned rights)
{
    (void)page;
    (void)npages;
    (void)owner;
    (void)rights;
    return kind == PAGE_STUB ? 0 : -1;
}

struct cubicle *cubicle_get(unsigned id)
{
    (void)id;
    return NULL;
}

_Thread_local struct thread thread_self;

int32_t thread_disp(void)
{
    return -4096;
}

static bool has_ranges;

void marshal_plan(struct trampoline *t)
{
    t->nsteps++; /* once for each function */
    t->marshal = has_ranges;
}

int marshal_enter(struct call_frame *frame, const struct trampoline *t)
{
    (void)frame;
    (void)t;
    return 0;
}

void marshal_leave(struct call_frame *frame, struct trampoline *t)
{
    (void)frame;
    (void)t;
}

static int trace_enter(struct call_frame *frame, const struct trampoline *t)
{
    return marshal_enter(frame, t);
}

static void trace_leave(struct call_frame *frame, struct trampoline *t)
{
    marshal_leave(frame, t);
}

static void trace_trap(uint32_t page)
{
    (void)page;
}

static void trace_fault(unsigned id)
{
    (void)id;
}

static const struct tracer tracing = {trace_enter, trace_leave, trace_trap,
                                      trace_fault};

static void refuse(void)
{
}

static const struct trampoline_refusals refusals_to = {refuse, refuse, refuse};

/* --- tests ------------------------------------------------------------------------------ */

static struct trampoline *create(unsigned function)
{
    return trampoline_create(1, 2, "unit", &functions[function], 0x10000000, false);
}

static uint32_t slot(unsigned n)
{
    return STUBS_START + n * STUB_SIZE;
}

static bool is_empty(uint32_t entry)
{
    uint8_t traps[STUB_SIZE];

    memset(traps, 0xcc, sizeof(traps));
    return memcmp((const void *)(uintptr_t)entry, traps, sizeof(traps)) == 0;
}

/* Does the body of @t hold the address of @function? */
static bool calls(const struct trampoline *t, uint64_t function)
{
    return memmem((const void *)(uintptr_t)t->body, BODY_SIZE_MAX, &function,
                  sizeof(function)) != NULL;
}

/* Is there a hole between @from and @to that has not been filled? */
static bool has_hole(uint64_t from, uint64_t to)
{
    for (uint64_t at = from; at + 4 <= to; at++) {
        uint32_t bytes;
        memcpy(&bytes, (const void *)(uintptr_t)at, sizeof(bytes));
        if (bytes >> 16 == HOLE32(0) >> 16) {
            return true;
        }
    }
    return false;
}

/* Functions of all kinds of arguments and results, between all kinds of callers and callees. */
static void write_all(void)
{
    static struct descriptor_function many[13 * 11];
    static const unsigned sides[][2] = {{1, 2}, {0, 2}, {2, 0}, {256, 255}};
    for (unsigned i = 0; i < 13 * 11; i++) {
        struct descriptor_function *f = &many[i];
        f->name = "many";
        f->returns = i % 11;
        f->nargs = (uint8_t)(i / 11);
        for (unsigned a = 0; a < f->nargs; a++) {
            f->args[a].type = DESCRIPTOR_I8 + (i + 7 * a) % 10;
            f->args[a].kind = f->args[a].type == DESCRIPTOR_PTR ? DESCRIPTOR_OPAQUE
                                                                : DESCRIPTOR_VALUE;
            if (f->args[a].type == DESCRIPTOR_I32) {
                f->args[a].kind = DESCRIPTOR_CALLER;
            }
        }
        tracer = i % 3 == 0 ? &tracing : NULL;
        table.plain_fenv = i % 2 == 0;
        const unsigned *side = sides[i % 4];
        const struct trampoline *t =
            trampoline_create(side[0], side[1], "unit", f, 0x10000000, i % 5 == 0);
        assert_non_null(t);
        assert_false(has_hole(t->entry, t->entry + STUB_SIZE));
        assert_false(has_hole(t->body, t->body + BODY_SIZE_MAX));
        assert_true(t->leave > t->body && t->leave < t->body + BODY_SIZE_MAX);
    }
    tracer = NULL;
    table.plain_fenv = false;
}

/* One after the other, on one table: it cannot be emptied. */
/* The kernel knows the rights of pages. */
static bool kernel_can_write(uint64_t at)
{
    const int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    const bool can = read(zeros, (void *)(uintptr_t)at, 1) == 1;

    assert_true(can || errno == EFAULT);
    close(zeros);
    return can;
}

static void test_all(void **state)
{
    (void)state;
    table = fake;
    table.accepts = fake_accepts;
    assert_int_equal(counters_setup(-1), 0);
    assert_int_equal(trampoline_init(&refusals_to), 0);

    const struct trampoline *first = create(0);
    assert_non_null(first);
    assert_int_equal(first->id, 1);
    assert_ptr_equal(first->count, counters_edge(1, 1, 2));
    assert_int_equal(first->entry, slot(0));
    assert_ptr_equal(create(0), first);
    assert_ptr_equal(trampoline_at(slot(0)), first);
    assert_null(trampoline_at(slot(0) + 32));
    assert_false(is_empty(slot(0)));

    /* Two places will not do: they trap, and the third is taken. */
    refusals = 3;
    const struct trampoline *second = create(1);
    assert_non_null(second);
    assert_int_equal(second->id, 4);
    assert_int_equal(second->entry, slot(3));
    assert_true(is_empty(slot(1)) && is_empty(slot(2)) && !is_empty(slot(3)));
    assert_int_equal(trampoline_count(), 4);
    assert_int_equal(messages, 0);
    /* Nothing of their bodies is left between the two that are. */
    const uint8_t *body = (const uint8_t *)(uintptr_t)second->body;
    assert_int_equal(body[-1], 0xcc);
    assert_ptr_equal(create(1), second);

    /* Another for the same. */
    const struct trampoline *again = trampoline_renew(slot(0));
    assert_non_null(again);
    assert_ptr_not_equal(again, first);
    assert_int_equal(again->entry, slot(4));
    assert_int_equal(again->nsteps, 1);
    assert_true(again->caller == 1 && again->callee == 2 &&
                again->function == first->function);
    assert_ptr_equal(create(0), again);
    assert_null(trampoline_renew(slot(0) + 1));

    /* It ends with a message. */
    refusals = 1000;
    assert_null(trampoline_renew(slot(0)));
    assert_int_equal(messages, 1);
    assert_ptr_equal(create(0), again);
    refusals = 0;

    /* Plain calls go through the C code only where they are traced. */
    const uint64_t enter = (uint64_t)(uintptr_t)trace_enter;
    const uint64_t leave = (uint64_t)(uintptr_t)trace_leave;
    assert_false(again->marshal || calls(again, enter) || calls(again, leave));
    tracer = &tracing;
    const struct trampoline *traced =
        trampoline_create(3, 2, "unit", &functions[0], 0x10000000, false);
    assert_true(traced->marshal && calls(traced, enter) && calls(traced, leave));
    tracer = NULL;
    write_all();

    /* R8 */
    has_ranges = true;
    assert_null(trampoline_create(CUBICLE_MONITOR, 2, "unit", &functions[2], 0x10000000,
                                  false));
    assert_int_equal(messages, 2);
    assert_non_null(trampoline_create(2, CUBICLE_MONITOR, "unit", &functions[2],
                                      0x10000000, false));
    has_ranges = false;

    /* Another target is another trampoline; what is behind the last traps. */
    const struct trampoline *elsewhere =
        trampoline_create(3, 2, "unit", &functions[0], 0x10000020, false);
    assert_int_equal(elsewhere->target, 0x10000020);
    assert_ptr_equal(trampoline_create(3, 2, "unit", &functions[0], 0x10000000, false),
                     traced);
    assert_ptr_equal(trampoline_create(3, 2, "unit", &functions[0], 0x10000020, false),
                     elsewhere);
    for (uint32_t i = 0; i < STUB_SIZE; i++) {
        assert_int_equal(
            *(const uint8_t *)(uintptr_t)(elsewhere->entry + STUB_SIZE + i), 0xcc);
    }

    assert_true(kernel_can_write(elsewhere->entry + STUB_SIZE));
    assert_int_equal(trampoline_seal(), 0);
    assert_false(kernel_can_write(slot(0))); /* R6 */
    assert_false(kernel_can_write(elsewhere->entry));
    assert_false(kernel_can_write(again->body));
    assert_false(kernel_can_write(elsewhere->body));
    assert_null(trampoline_renew(slot(0)));
    assert_null(trampoline_create(2, 1, "unit", &functions[0], 0, false));
    assert_int_equal(messages, 2);
    assert_ptr_equal(create(0), again);
}

int main(void)
{
#ifdef __SANITIZE_ADDRESS__
    puts("1..0 # SKIP a sanitizer's shadow lies where the bodies of trampolines do");
    return 0;
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("trampoline", tests, NULL, NULL);
}
