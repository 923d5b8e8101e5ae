/*
 * Ranges and arguments across a call: M1-M4 of marshal.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "base/copy.h"
#include "base/page.h"
#include "call/entry.h"
#include "marshal_world.h"

/* What a trampoline needs is worked out once. */
static void test_plan(void **state)
{
    (void)state;
    begin(DESCRIPTOR_I32);
    value(DESCRIPTOR_I64, 0);
    enter();
    assert_false(trampoline.marshal);
    assert_int_equal(trampoline.nsteps, 0);

    /* Sizes behind pointers come after the integers that they point to. */
    begin(DESCRIPTOR_I32);
    pointer(DESCRIPTOR_OUT, HEAP, DESCRIPTOR_SIZE_DEREF, 1)->size_width = 4;
    pointer(DESCRIPTOR_INOUT, HEAP, DESCRIPTOR_SIZE_CONST, 4);
    pointer(DESCRIPTOR_STRING, HEAP, DESCRIPTOR_SIZE_NONE, 64);
    pointer(DESCRIPTOR_OPAQUE, 0, DESCRIPTOR_SIZE_NONE, 0);
    enter();
    assert_true(trampoline.marshal);
    assert_false(trampoline.stacked);
    assert_int_equal(trampoline.nsteps, 3);
    assert_int_equal(trampoline.steps[0].arg, 1);
    assert_int_equal(trampoline.steps[1].arg, 2);
    assert_int_equal(trampoline.steps[2].arg, 0);

    begin(DESCRIPTOR_VOID);
    for (int i = 0; i < 7; i++) {
        value(DESCRIPTOR_U64, 0);
    }
    frame->rsp = caller.view + HEAP;
    enter();
    assert_true(trampoline.marshal && trampoline.stacked);
}

static void test_error_results(void **state)
{
    static const struct {
        enum descriptor_type returns;
        uint64_t value;
    } rows[] = {
        {DESCRIPTOR_VOID, 0},
        {DESCRIPTOR_PTR, 0},
        {DESCRIPTOR_F64, UINT64_C(0x7ff8000000000000)},
        {DESCRIPTOR_I8, (uint64_t)-EFAULT},
        {DESCRIPTOR_I32, (uint64_t)-EFAULT},
        {DESCRIPTOR_U32, (uint64_t)-EFAULT},
        {DESCRIPTOR_I64, (uint64_t)-EFAULT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(rows[i].returns);
        assert_int_equal(marshal_error_result(&function, -EFAULT), rows[i].value);
    }
}

/* M2, M3: an `in` range arrives byte for byte, and nothing beside it. */
static void test_in(void **state)
{
    static const uint32_t sizes[] = {1,   2,   3,   4,   7,   8,    15,   16,
                                     17,  31,  32,  33,  63,  64,   65,   100,
                                     127, 128, 129, 255, 256, 4095, 4096, 5000};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (uint32_t shift = 0; shift < 3; shift++) {
            begin(DESCRIPTOR_I32);
            pointer(DESCRIPTOR_IN, HEAP + shift, DESCRIPTOR_SIZE_ARG, 1);
            value(DESCRIPTOR_U64, sizes[i]);
            for (uint32_t k = 0; k < sizes[i]; k++) {
                at(&caller, HEAP + shift)[k] = (uint8_t)(k * 7 + 1);
            }
            assert_int_equal(enter(), 0);
            const uint8_t *copy = received(0);
            for (uint32_t k = 0; k < sizes[i]; k++) {
                assert_int_equal(copy[k], (uint8_t)(k * 7 + 1));
            }
            const size_t behind =
                (size_t)(STACK + STACK_SIZE - frame->args[0] - sizes[i]);
            assert_bytes(copy + sizes[i], 's', behind);
            memset(received(0), 'x', sizes[i]); /* the callee's own copy */
            leave(0);
            assert_int_equal(frame->result, 0);
            assert_int_equal(at(&caller, HEAP + shift)[0], 1);
            assert_int_equal(trampoline.count->bytes_in, sizes[i]);
            assert_int_equal(trampoline.count->bytes_out, 0);
        }
    }
}

/* M3: an `out` range starts as zeros, and all of it goes back; nothing beside it, and
 * nothing at all with an error. */
static void test_out(void **state)
{
    (void)state;
    begin(DESCRIPTOR_I32);
    pointer(DESCRIPTOR_OUT, HEAP + 5, DESCRIPTOR_SIZE_CONST, 100);
    assert_int_equal(enter(), 0);
    memset(received(0), 'x', 50);
    leave(-EIO);
    assert_int_equal((int64_t)frame->result, -EIO);
    assert_bytes(at(&caller, HEAP), 'a', 205);
    assert_int_equal(trampoline.count->bytes_out, 0);

    begin(DESCRIPTOR_I32);
    pointer(DESCRIPTOR_OUT, HEAP + 5, DESCRIPTOR_SIZE_CONST, 100);
    assert_int_equal(enter(), 0);
    assert_bytes(received(0), 0, 100);
    memset(received(0), 'x', 50);
    leave(7);
    assert_int_equal((int64_t)frame->result, 7);
    assert_bytes(at(&caller, HEAP), 'a', 5);
    assert_bytes(at(&caller, HEAP + 5), 'x', 50);
    assert_bytes(at(&caller, HEAP + 55), 0, 50);
    assert_bytes(at(&caller, HEAP + 105), 'a', 100);
    assert_int_equal(trampoline.count->bytes_out, 100);
}

/* M3: `ret` bounds what goes back, and a lie is refused. */
static void test_out_ret(void **state)
{
    static const struct {
        int64_t result, expected;
        size_t copied;
    } rows[] = {
        {0, 0, 0},         {1, 1, 1},
        {99, 99, 99},      {100, 100, 100},
        {101, -EPROTO, 0}, {INT64_MAX, -EPROTO, 0},
        {-1, -1, 0},       {INT64_MIN, INT64_MIN, 0},
    };

    (void)state;
    for (unsigned kind = DESCRIPTOR_OUT; kind <= DESCRIPTOR_INOUT; kind++) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            begin(DESCRIPTOR_I64);
            pointer(kind, HEAP, DESCRIPTOR_SIZE_ARG, 1)->ret = true;
            value(DESCRIPTOR_U32, 100);
            assert_int_equal(enter(), 0);
            if (kind == DESCRIPTOR_INOUT) {
                assert_bytes(received(0), 'a', 100);
            }
            memset(received(0), 'x', 100);
            leave(rows[i].result);
            assert_int_equal((int64_t)frame->result, rows[i].expected);
            assert_bytes(at(&caller, HEAP), 'x', rows[i].copied);
            assert_bytes(at(&caller, HEAP + rows[i].copied), 'a', 200);
        }
    }
    /* The upper half of the register is not part of an int. */
    begin(DESCRIPTOR_I32);
    pointer(DESCRIPTOR_OUT, HEAP, DESCRIPTOR_SIZE_CONST, 100)->ret = true;
    assert_int_equal(enter(), 0);
    memset(received(0), 'x', 100);
    leave((int64_t)(UINT64_C(0xdead00000000) | 5));
    assert_bytes(at(&caller, HEAP), 'x', 5);
    assert_bytes(at(&caller, HEAP + 5), 'a', 100);
}

/* M4: the caller's rights on each byte decide. */
static void test_not_the_callers(void **state)
{
    static const struct {
        enum descriptor_kind kind;
        uint32_t base, size;
    } rows[] = {
        {DESCRIPTOR_IN, HEAP - 1, 2},
        {DESCRIPTOR_IN, HEAP - 1, 1},
        {DESCRIPTOR_IN, HEAP + HEAP_SIZE, 1},
        {DESCRIPTOR_IN, HEAP + HEAP_SIZE - 1, 2},
        {DESCRIPTOR_IN, HEAP + HEAP_SIZE - 40, 41},
        {DESCRIPTOR_IN, HEAP + HEAP_SIZE - 4000, 4500},
        {DESCRIPTOR_IN, 16, 16},
        {DESCRIPTOR_IN, 0x7f000000, 16},
        {DESCRIPTOR_INOUT, HEAP + HEAP_SIZE - 1, 2},
        {DESCRIPTOR_INOUT, LOCKED, 8},
        {DESCRIPTOR_OUT, LOCKED, 8},
        {DESCRIPTOR_OUT, LOCKED - 100, 101},
        {DESCRIPTOR_OUT, HEAP + HEAP_SIZE, 1},
        {DESCRIPTOR_OUT, 16, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(DESCRIPTOR_I32);
        pointer(rows[i].kind, rows[i].base, DESCRIPTOR_SIZE_ARG, 1);
        value(DESCRIPTOR_U32, rows[i].size);
        refused(-EFAULT);
    }
    /* What is taken away during the call gets no result. */
    begin(DESCRIPTOR_I32);
    pointer(DESCRIPTOR_OUT, HEAP + PAGE_SIZE, DESCRIPTOR_SIZE_CONST, 8);
    assert_int_equal(enter(), 0);
    assert_int_equal(mprotect(at(&caller, HEAP + PAGE_SIZE), PAGE_SIZE, PROT_READ), 0);
    leave(0);
    assert_int_equal((int64_t)frame->result, -EFAULT);
    assert_int_equal(
        mprotect(at(&caller, HEAP + PAGE_SIZE), PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
    begin(DESCRIPTOR_I32); /* reading what may be read is fine */
    pointer(DESCRIPTOR_IN, LOCKED, DESCRIPTOR_SIZE_CONST, 4096);
    assert_int_equal(enter(), 0);
}

/* Ranges that wrap, are impossible or negative; NULL. */
static void test_bad_ranges(void **state)
{
    static const struct {
        enum descriptor_type type;
        uint64_t base, size;
        bool or_null;
        int error;
    } rows[] = {
        {DESCRIPTOR_I64, HEAP, (uint64_t)-1, false, -EFAULT},
        {DESCRIPTOR_I32, HEAP, 0x80000000, false, -EFAULT},
        {DESCRIPTOR_I32, HEAP, 0xffffffff, false, -EFAULT},
        {DESCRIPTOR_I16, HEAP, 0x8000, false, -EFAULT},
        {DESCRIPTOR_I8, HEAP, 0x80, false, -EFAULT},
        {DESCRIPTOR_U64, HEAP, INT64_MAX, false, -EFAULT},
        {DESCRIPTOR_U64, HEAP, SPACE_SIZE, false, -EFAULT},
        {DESCRIPTOR_U64, HEAP, SPACE_SIZE - HEAP + 1, false, -EFAULT},
        {DESCRIPTOR_U64, 0xffffffff, 2, false, -EFAULT},
        {DESCRIPTOR_U64, 0xffffffff, 1, false, -EFAULT}, /* the guard */
        {DESCRIPTOR_U64, LAST_PAGE + 4095, 1, false, 0},
        {DESCRIPTOR_U64, 0, 1, false, -EFAULT},
        {DESCRIPTOR_U64, 0, 0, false, 0},
        {DESCRIPTOR_U64, 0, 1, true, 0},
        {DESCRIPTOR_U64, 0, UINT64_MAX, true, 0},
        {DESCRIPTOR_U64, UINT64_C(0xdeadbeef00000000), 1, false, -EFAULT},
        {DESCRIPTOR_U64, UINT64_C(0xdeadbeef00000000) | HEAP, 16, false, 0},
        {DESCRIPTOR_U8, HEAP, 0xffffff10, false, 0}, /* 16 */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(DESCRIPTOR_I32);
        pointer(DESCRIPTOR_IN, rows[i].base, DESCRIPTOR_SIZE_ARG, 1)->or_null =
            rows[i].or_null;
        value(rows[i].type, rows[i].size);
        if (rows[i].error != 0) {
            refused(rows[i].error);
            continue;
        }
        assert_int_equal(enter(), 0);
        if ((uint32_t)rows[i].base == 0 && rows[i].or_null) {
            assert_int_equal(frame->args[0], 0);
        }
        leave(0);
    }
}

/* M1: a size behind a pointer is read once, from the callee's copy. */
static void test_deref(void **state)
{
    static const uint8_t widths[] = {1, 2, 4, 8};

    (void)state;
    for (size_t i = 0; i < sizeof(widths); i++) {
        begin(DESCRIPTOR_I32);
        pointer(DESCRIPTOR_OUT, HEAP + 64, DESCRIPTOR_SIZE_DEREF, 1)->size_width =
            widths[i];
        pointer(DESCRIPTOR_INOUT, HEAP, DESCRIPTOR_SIZE_CONST, widths[i]);
        memset(at(&caller, HEAP), 0, 8);
        memset(at(&caller, HEAP + widths[i]), 0xff, 8 - widths[i]); /* not part of it */
        *at(&caller, HEAP) = 40;
        assert_int_equal(enter(), 0);
        memset(at(&caller, HEAP), 0xff, 8); /* too late */
        memset(received(0), 'x', 40);
        *received(1) = 200; /* the callee's word, not its size */
        leave(0);
        assert_int_equal(frame->result, 0);
        assert_bytes(at(&caller, HEAP + 64), 'x', 40);
        assert_bytes(at(&caller, HEAP + 104), 'a', 100);
        assert_int_equal(*at(&caller, HEAP), 200);
    }
    begin(DESCRIPTOR_I32); /* no size to be read */
    pointer(DESCRIPTOR_OUT, HEAP + 64, DESCRIPTOR_SIZE_DEREF, 1)->size_width = 4;
    pointer(DESCRIPTOR_IN, 0, DESCRIPTOR_SIZE_CONST, 4)->or_null = true;
    refused(-EFAULT);
}

static void test_strings(void **state)
{
    static const struct {
        uint64_t base;
        const char *text; /* put at base, without NUL when bound is its length */
        uint32_t bound;
        bool or_null;
        int error;
    } rows[] = {
        {HEAP, "", 1, false, 0},
        {HEAP, "abc", 4, false, 0},
        {HEAP, "abc", 3, false, -ENAMETOOLONG},
        {HEAP, "abc", 64, false, 0},
        {HEAP + HEAP_SIZE - 4 - PAGE_SIZE, "abc", 4, false, 0},
        {LAST_PAGE + 4093, "ab", 4096, false, 0},
        {0, NULL, 64, false, -EFAULT},
        {0, NULL, 64, true, 0},
        {16, NULL, 64, false, -EFAULT},
        {HEAP + HEAP_SIZE - 3, NULL, 64, false, -EFAULT}, /* no NUL before the end */
        {HEAP + HEAP_SIZE - 3, NULL, 3, false, -ENAMETOOLONG},
        {0xffffffff, NULL, 64, false, -EFAULT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(DESCRIPTOR_I32);
        pointer(DESCRIPTOR_STRING, rows[i].base, DESCRIPTOR_SIZE_NONE, rows[i].bound)
            ->or_null = rows[i].or_null;
        if (rows[i].text != NULL) {
            memcpy(at(&caller, rows[i].base), rows[i].text, strlen(rows[i].text) + 1);
        }
        if (rows[i].error != 0) {
            refused(rows[i].error);
            continue;
        }
        assert_int_equal(enter(), 0);
        if (rows[i].text != NULL) {
            assert_string_equal((const char *)received(0), rows[i].text);
        } else {
            assert_int_equal(frame->args[0], 0);
        }
        leave(0);
    }
}

/* However long: what the callee gets is its own memory, and what is behind is the caller's. */
static void test_long(void **state)
{
    static const struct {
        enum descriptor_kind kind;
        int before, after;
    } rows[] = {{DESCRIPTOR_IN, 'a', 'a'},
                {DESCRIPTOR_OUT, 0, 'z'},
                {DESCRIPTOR_INOUT, 'a', 'z'}};
    static const uint32_t sizes[] = {(64u << 10) - 1, 64u << 10, (64u << 10) + 1,
                                     500000};

    (void)state;
    for (size_t i = 0; i < 3 * sizeof(sizes) / sizeof(sizes[0]); i++) {
        const uint32_t size = sizes[i / 3];
        begin(DESCRIPTOR_I32);
        memset(at(&caller, BIG), 'a', BIG_SIZE);
        pointer(rows[i % 3].kind, BIG + 3, DESCRIPTOR_SIZE_CONST, size);
        assert_int_equal(enter(), 0);
        assert_bytes(received(0), rows[i % 3].before, size);
        memset(received(0), 'z', size);
        leave(0);
        assert_bytes(at(&caller, BIG), 'a', 3);
        assert_bytes(at(&caller, BIG + 3), rows[i % 3].after, size);
        assert_bytes(at(&caller, BIG + 3 + size), 'a', PAGE_SIZE);
    }
}

/* Copies for the monitor are in its own memory. */
static void test_to_the_monitor(void **state)
{
    (void)state;
    begin(DESCRIPTOR_I64);
    for (unsigned i = 0; i < 6; i++) {
        pointer(DESCRIPTOR_INOUT, BIG + i * MARSHAL_MONITOR_MAX, DESCRIPTOR_SIZE_CONST,
                MARSHAL_MONITOR_MAX);
    }
    memset(at(&caller, BIG), 'a', 6 * MARSHAL_MONITOR_MAX);
    assert_int_equal(enter_to(NULL), 0);
    for (unsigned i = 0; i < 6; i++) {
        uint8_t *copy = (uint8_t *)(uintptr_t)frame->args[i];
        assert_int_equal(copy[0], 'a');
        assert_int_equal(copy[MARSHAL_MONITOR_MAX - 1], 'a');
        memset(copy, (int)('A' + i), MARSHAL_MONITOR_MAX); /* none overlaps another */
    }
    leave(0);
    for (unsigned i = 0; i < 6; i++) {
        assert_bytes(at(&caller, BIG + i * MARSHAL_MONITOR_MAX), (int)('A' + i),
                     MARSHAL_MONITOR_MAX);
    }
    begin(DESCRIPTOR_I64);
    pointer(DESCRIPTOR_IN, BIG, DESCRIPTOR_SIZE_CONST, MARSHAL_MONITOR_MAX + 1);
    assert_int_not_equal(enter_to(NULL), 0);
    assert_int_equal((int64_t)frame->result, -E2BIG);
}

/* The callee's stack must hold the copies and leave it a quarter to run on. */
static void test_callee_stack(void **state)
{
    static const struct {
        uint32_t size;
        bool fits;
    } rows[] = {{STACK_SIZE / 4 * 3 - 64, true},
                {STACK_SIZE / 4 * 3, false},
                {STACK_SIZE, false},
                {0x7fffffff, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(DESCRIPTOR_I32);
        pointer(DESCRIPTOR_IN, BIG, DESCRIPTOR_SIZE_CONST, rows[i].size);
        if (rows[i].fits) {
            assert_int_equal(enter(), 0);
            assert_true(frame->callee_rsp - callee.view >= STACK + STACK_SIZE / 4);
        } else {
            refused(rows[i].size > BIG_SIZE ? -EFAULT : -ENOBUFS);
        }
    }
    /* The caller has called back, and little is left. */
    for (uint32_t used = 0; used <= STACK_SIZE; used += PAGE_SIZE) {
        begin(DESCRIPTOR_I32);
        pointer(DESCRIPTOR_IN, BIG, DESCRIPTOR_SIZE_CONST, 16);
        callee_used = used;
        if (used < STACK_SIZE / 4 * 3) {
            assert_int_equal(enter(), 0);
        } else {
            refused(-ENOBUFS);
        }
    }
    /* It called out with a stack pointer above its stack: its own memory, or not. */
    begin(DESCRIPTOR_I32);
    pointer(DESCRIPTOR_IN, BIG, DESCRIPTOR_SIZE_CONST, 16);
    callee.stack_top -= PAGE_SIZE;
    refused(-ENOBUFS);
    callee.stack_top += PAGE_SIZE;
}

static void test_dead_callee(void **state)
{
    (void)state;
    for (unsigned how = CUBICLE_EXITED; how <= CUBICLE_DEAD; how++) {
        begin(DESCRIPTOR_I32);
        pointer(DESCRIPTOR_IN, HEAP, DESCRIPTOR_SIZE_CONST, 16);
        callee.state = how;
        refused(-EOWNERDEAD);
    }
    begin(DESCRIPTOR_PTR);
    pointer(DESCRIPTOR_IN, HEAP, DESCRIPTOR_SIZE_CONST, 16);
    callee.state = CUBICLE_DEAD;
    refused(0);
    /* One that begins anew is entered where that traps: on the stack that it has not. */
    begin(DESCRIPTOR_I32);
    pointer(DESCRIPTOR_IN, HEAP, DESCRIPTOR_SIZE_CONST, 16);
    callee.state = CUBICLE_DEAD;
    callee.may_restart = true;
    callee_used = STACK_SIZE - 32;
    assert_int_equal(enter(), 0);
    assert_int_equal(frame->callee_rsp, callee.view + STACK + 32);
    assert_int_equal(frame->nbuffers, 0);
    callee.may_restart = false;
}

/* R7: by what the function returns. */
static void test_callee_not_set_up(void **state)
{
    static const struct {
        enum descriptor_type returns;
        uint64_t result;
    } results[] = {
        {DESCRIPTOR_I32, (uint64_t)-EAGAIN},
        {DESCRIPTOR_I64, (uint64_t)-EAGAIN},
        {DESCRIPTOR_PTR, 0},
        {DESCRIPTOR_VOID, 0},
        {DESCRIPTOR_F64, UINT64_C(0x7ff8000000000000)},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        begin(results[i].returns);
        pointer(DESCRIPTOR_IN, HEAP, DESCRIPTOR_SIZE_CONST, 16);
        entry_close(&callee);
        assert_int_equal(enter(), -EAGAIN);
        assert_int_equal(frame->result, results[i].result);
        assert_int_equal(frame->nbuffers, 0);
        entry_open(&callee);
        assert_int_equal(enter(), 0);
    }
}

/* Where a module ends itself while it is set up, it stays so. */
static void test_opened_when_dead(void **state)
{
    (void)state;
    begin(DESCRIPTOR_I32);
    entry_close(&callee);
    callee.state = CUBICLE_DEAD;
    entry_open(&callee);
    assert_int_equal(callee.state, CUBICLE_DEAD);
    assert_int_equal(thread_self.cubicle[callee.id].entry_mask, 0);
}

/* Twelve parameters: ranges, ids and opaque pointers also beyond the registers. */
static void test_stacked(void **state)
{
    uint64_t stacked[6];

    (void)state;
    begin(DESCRIPTOR_I64);
    for (unsigned i = 0; i < 6; i++) {
        value(DESCRIPTOR_I64, 100 + i);
    }
    value(DESCRIPTOR_U8, 0);
    pointer(DESCRIPTOR_IN, 0, DESCRIPTOR_SIZE_ARG, 8);
    value(DESCRIPTOR_I32, 0);
    pointer(DESCRIPTOR_OPAQUE, 0, DESCRIPTOR_SIZE_NONE, 0);
    value(DESCRIPTOR_I32, 0);
    function.args[10].kind = DESCRIPTOR_CALLER;
    value(DESCRIPTOR_I16, 0);
    const uint64_t given[6] = {UINT64_C(0xffffffffffffff21), HEAP, 16,
                               UINT64_C(0x1234567890abcdef), 99,   0xfffe};
    frame->rsp = caller.view + HEAP + 512;
    memcpy(at(&caller, HEAP + 512 + 8), given, sizeof(given));
    assert_int_equal(enter(), 0);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(frame->args[i], 100 + i);
    }
    /* They lie where the callee looks for them: from its stack pointer up. */
    memcpy(stacked, (void *)(uintptr_t)frame->callee_rsp, sizeof(stacked));
    assert_int_equal(stacked[0], 0x21);
    assert_bytes(at(&callee, stacked[1]), 'a', 16);
    assert_int_equal(stacked[2], 16);
    assert_int_equal(stacked[3], 0x90abcdef);
    assert_int_equal(stacked[4], caller.id);
    assert_int_equal((int64_t)stacked[5], -2);

    /* Arguments that are not the caller's to read. */
    frame->rsp = caller.view + HEAP + HEAP_SIZE - 40;
    assert_int_not_equal(enter(), 0);
    assert_int_equal((int64_t)frame->result, -EFAULT);
}

static void test_doubles(void **state)
{
    (void)state;
    begin(DESCRIPTOR_F64);
    value(DESCRIPTOR_F64, 0);
    pointer(DESCRIPTOR_IN, 0, DESCRIPTOR_SIZE_CONST, 16);
    value(DESCRIPTOR_F64, 0);
    frame->args[0] = HEAP; /* the first integer register */
    frame->vector_args[0] = 11;
    frame->vector_args[1] = 22;
    assert_int_equal(enter(), 0);
    assert_int_equal(frame->vector_args[0], 11);
    assert_int_equal(frame->vector_args[1], 22);
    assert_bytes(at(&callee, frame->args[0]), 'a', 16);
    begin(DESCRIPTOR_F64);
    value(DESCRIPTOR_F64, 0);
    pointer(DESCRIPTOR_IN, 0, DESCRIPTOR_SIZE_CONST, 16);
    frame->args[0] = 16;
    assert_int_not_equal(enter(), 0);
    assert_int_equal(frame->vector_result, UINT64_C(0x7ff8000000000000));
}

/* M1: the same bytes named twice are two copies; the last one back wins, as documented. */
static void test_overlapping(void **state)
{
    (void)state;
    begin(DESCRIPTOR_I32);
    pointer(DESCRIPTOR_INOUT, HEAP, DESCRIPTOR_SIZE_CONST, 16);
    pointer(DESCRIPTOR_INOUT, HEAP + 8, DESCRIPTOR_SIZE_CONST, 16);
    assert_int_equal(enter(), 0);
    memset(received(0), 'x', 16);
    assert_bytes(received(1), 'a', 16);
    memset(received(1), 'y', 16);
    leave(0);
    assert_bytes(at(&caller, HEAP), 'x', 8);
    assert_bytes(at(&caller, HEAP + 8), 'y', 16);
    assert_bytes(at(&caller, HEAP + 24), 'a', 16);
}

/* No byte behind the page of the NUL is read, wherever it lies. */
static void test_string_size(void **state)
{
    char *page = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_true(page != MAP_FAILED);
    assert_int_equal(mprotect(page + PAGE_SIZE, PAGE_SIZE, PROT_NONE), 0);
    memset(page, 'x', PAGE_SIZE);
    for (size_t end = PAGE_SIZE - 40; end < PAGE_SIZE; end++) {
        page[end] = '\0';
        for (size_t size = 1; size <= 80; size++) {
            const char *from = page + end + 1 - size;
            assert_int_equal(string_size(from, PAGE_SIZE), size);
            assert_int_equal(string_size(from, size), size);
            assert_int_equal(string_size(from, size - 1), -ENAMETOOLONG);
        }
        page[end] = 'x';
    }
    assert_int_equal(munmap(page, 2 * PAGE_SIZE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_error_results),
        cmocka_unit_test(test_in),
        cmocka_unit_test(test_out),
        cmocka_unit_test(test_out_ret),
        cmocka_unit_test(test_not_the_callers),
        cmocka_unit_test(test_bad_ranges),
        cmocka_unit_test(test_deref),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_to_the_monitor),
        cmocka_unit_test(test_callee_stack),
        cmocka_unit_test(test_dead_callee),
        cmocka_unit_test(test_callee_not_set_up),
        cmocka_unit_test(test_opened_when_dead),
        cmocka_unit_test(test_stacked),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_overlapping),
        cmocka_unit_test(test_string_size),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("marshal", tests, world_setup, NULL);
}
