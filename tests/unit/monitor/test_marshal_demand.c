/*
 * Ranges on demand: M4 and M5 of marshal.c. What the callee is given, what it can bring
 * in, to where, until when, and what becomes of it in the calls that it makes in turn.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "call/demand.h"
#include "marshal_world.h"

#define SIZE 4096u

/* A call with @size bytes of the caller's heap on demand, filled with their position. */
static int demand(uint64_t base, uint32_t size)
{
    begin(DESCRIPTOR_I64);
    pointer(DESCRIPTOR_IN, base, DESCRIPTOR_SIZE_ARG, 1)->on_demand = true;
    value(DESCRIPTOR_U32, size);
    const int failed = enter();
    thread_self.control = &frames[3]; /* above the call to the monitor */
    thread_self.running = callee.id;
    frames[2].trampoline = 0;
    for (uint32_t i = 0; i < HEAP_SIZE - PAGE_SIZE; i++) {
        *at(&caller, HEAP + i) = (uint8_t)(i % 251);
    }
    return failed;
}

static void assert_position(const uint8_t *bytes, size_t from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(bytes[i], (from + i) % 251);
    }
}

static void test_given(void **state)
{
    static const struct {
        uint32_t size;
        bool on_demand;
    } rows[] = {{1, false},
                {DEMAND_MIN, false},
                {DEMAND_MIN + 1, true},
                {SIZE, true},
                {3 * SIZE, true}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(demand(HEAP, rows[i].size), 0);
        assert_int_equal(frame->args[0] == DEMAND_START, rows[i].on_demand);
        if (!rows[i].on_demand) {
            assert_bytes(received(0), 'a', rows[i].size);
        }
        leave(0);
        assert_int_equal(trampoline.count->bytes_in,
                         rows[i].on_demand ? 0 : rows[i].size);
    }
    assert_int_equal(demand(BIG, DEMAND_MAX), 0);
    assert_int_equal(frame->args[0], DEMAND_START);
    assert_int_equal(demand(BIG, DEMAND_MAX + 1), 0);
    (void)received(0); /* a copy */
    leave(0);
    /* The monitor brings nothing in. */
    begin(DESCRIPTOR_I64);
    pointer(DESCRIPTOR_IN, HEAP, DESCRIPTOR_SIZE_CONST, SIZE)->on_demand = true;
    assert_int_equal(enter_to(NULL), 0);
    assert_bytes((const uint8_t *)(uintptr_t)frame->args[0], 'a', SIZE);
}

/* Bad ranges are refused before the call, as if they were to be copied. */
static void test_refused(void **state)
{
    static const struct {
        uint64_t base;
        uint32_t size;
    } rows[] = {
        {0, SIZE},
        {16, SIZE},
        {HEAP + HEAP_SIZE - SIZE + 1, SIZE},
        {HEAP - SIZE, 2 * SIZE},
        {0xfffff000, SIZE + 1},
        {DEMAND_START, SIZE}, /* stands for nothing here */
        {DEMAND_START, 1},
        {DEMAND_START + DEMAND_MAX - 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_not_equal(demand(rows[i].base, rows[i].size), 0);
        assert_int_equal((int64_t)frame->result, -EFAULT);
        assert_int_equal(frame->nbuffers, 0);
    }
    assert_int_equal(demand(LOCKED, SIZE), 0); /* reading what may be read is fine */
    assert_int_equal(demand(DEMAND_START, 0), 0);
    assert_int_equal(demand(0, 0), 0);
}

/* Within the range, to memory of the callee, while the call is in progress. */
static void test_fetch(void **state)
{
    static const struct {
        uint32_t to;
        uint64_t at, size;
        int error;
    } rows[] = {
        {HEAP, 0, SIZE, 0},
        {HEAP + 5, 17, 100, 0},
        {HEAP, SIZE - 1, 1, 0},
        {HEAP, SIZE, 0, 0},
        {HEAP, 0, 0, 0},
        {HEAP, 0, SIZE + 1, -EFAULT},
        {HEAP, SIZE - 1, 2, -EFAULT},
        {HEAP, SIZE, 1, -EFAULT},
        {HEAP, SIZE + 1, 0, -EFAULT},
        {HEAP, UINT64_MAX, 2, -EFAULT},
        {HEAP, 1, UINT64_MAX, -EFAULT},
        {HEAP, UINT64_MAX, UINT64_MAX, -EFAULT},
        {16, 0, 1, -EFAULT},
        {HEAP + HEAP_SIZE, 0, 1, -EFAULT},
        {0xffffffff, 0, 2, -EFAULT},
        {BIG, 0, 1, -EFAULT}, /* the caller's, not the callee's */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(demand(HEAP + 3, SIZE), 0);
        assert_int_equal(demand_fetch(rows[i].to, rows[i].at, rows[i].size),
                         rows[i].error);
        const size_t n = rows[i].error == 0 ? (size_t)rows[i].size : 0;
        const size_t before = rows[i].to - HEAP < SIZE ? rows[i].to - HEAP : 0;
        assert_bytes(at(&callee, HEAP), 'b', before);
        assert_position(at(&callee, HEAP + before), 3 + (size_t)rows[i].at, n);
        assert_bytes(at(&callee, HEAP + before + n), 'b', 100);
        leave(0);
        assert_int_equal(trampoline.count->bytes_in, n);
        assert_int_equal(demand_fetch(HEAP, 0, 1), -EFAULT); /* it has returned */
    }
    /* What the caller's memory holds at that time, with the rights of that time. */
    assert_int_equal(demand(HEAP + PAGE_SIZE, SIZE), 0);
    *at(&caller, HEAP + PAGE_SIZE) = 99;
    assert_int_equal(demand_fetch(HEAP, 0, 1), 0);
    assert_int_equal(*at(&callee, HEAP), 99);
    assert_int_equal(mprotect(at(&caller, HEAP + PAGE_SIZE), PAGE_SIZE, PROT_NONE), 0);
    assert_int_equal(demand_fetch(HEAP, 0, 1), -EFAULT);
    assert_int_equal(
        mprotect(at(&caller, HEAP + PAGE_SIZE), PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
    /* For the callee of that call only. */
    assert_int_equal(demand(HEAP, SIZE), 0);
    thread_self.running = third.id;
    assert_int_equal(demand_fetch(HEAP, 0, 1), -EFAULT);
    thread_self.running = caller.id;
    assert_int_equal(demand_fetch(HEAP, 0, 1), -EFAULT);
    /* The range on demand, and no other. */
    begin(DESCRIPTOR_I64);
    pointer(DESCRIPTOR_IN, HEAP, DESCRIPTOR_SIZE_CONST, SIZE);
    pointer(DESCRIPTOR_OUT, HEAP, DESCRIPTOR_SIZE_CONST, SIZE);
    assert_int_equal(enter(), 0);
    thread_self.running = callee.id;
    assert_int_equal(demand_fetch(HEAP, 0, 1), -EFAULT);
}

/* The callee's call of the third cubicle with @argument as a range of @kind. */
static int pass(enum descriptor_kind kind, bool on_demand, uint64_t argument,
                uint32_t size)
{
    const struct descriptor_arg arg = {.name = "v",
                                       .type = DESCRIPTOR_PTR,
                                       .kind = kind,
                                       .size_kind = DESCRIPTOR_SIZE_CONST,
                                       .size_value = size,
                                       .on_demand = on_demand};
    return enter_inner(&arg, argument) == 0 ? 0 : (int)(int64_t)inner->result;
}

/* Where copies do not trap: rights are asked for at each, on both sides, as they are then. */
static void test_rights(void **state)
{
    (void)state;
    assert_int_equal(demand(HEAP, 2 * SIZE), 0);
    check_copies(true);
    assert_int_equal(demand_fetch(HEAP, 0, SIZE + 1), 0);
    deny(caller.id, HEAP + SIZE);
    assert_int_equal(demand_fetch(HEAP, 0, SIZE), 0);
    assert_int_equal(demand_fetch(HEAP, 0, SIZE + 1), -EFAULT);
    assert_int_equal(demand_fetch(HEAP, SIZE, 1), -EFAULT);
    deny(callee.id, HEAP + SIZE);
    assert_int_equal(demand_fetch(HEAP, 0, SIZE), 0);
    assert_int_equal(demand_fetch(HEAP + 1, 0, SIZE), -EFAULT);
    assert_int_equal(demand_fetch(HEAP + SIZE, 0, 1), -EFAULT);
    deny(0, 0);
    assert_int_equal(demand_fetch(HEAP + 1, 0, SIZE), 0);
    check_copies(false);
    leave(0);
}

static void test_passed_on(void **state)
{
    static const struct {
        uint32_t from, size;
        int error;
    } rows[] = {
        {0, SIZE, 0},           {100, 300, 0},
        {SIZE - 1, 1, 0},       {SIZE, 1, -EFAULT},
        {0, SIZE + 1, -EFAULT}, {SIZE - 300, 301, -EFAULT},
        {1, SIZE, -EFAULT},     {DEMAND_MAX - 1, 1, -EFAULT},
    };

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        const size_t row = i / 2;
        const bool again = i % 2 == 1; /* on demand there too */
        assert_int_equal(demand(HEAP, SIZE), 0);
        assert_int_equal(
            pass(DESCRIPTOR_IN, again, DEMAND_START + rows[row].from, rows[row].size),
            rows[row].error);
        if (rows[row].error != 0) {
            continue;
        }
        if (again && rows[row].size > DEMAND_MIN) {
            assert_int_equal(inner->args[0], DEMAND_START);
            thread_self.control = &frames[4];
            thread_self.running = third.id;
            assert_int_equal(demand_fetch(HEAP, 0, rows[row].size), 0);
            assert_position(at(&third, HEAP), rows[row].from, rows[row].size);
            assert_int_equal(demand_fetch(HEAP, 0, rows[row].size + 1), -EFAULT);
            assert_int_equal(demand_fetch(HEAP, 1, rows[row].size), -EFAULT);
        } else {
            assert_position(at(&third, inner->args[0]), rows[row].from, rows[row].size);
        }
    }
    /* Nobody writes there. */
    assert_int_equal(demand(HEAP, SIZE), 0);
    assert_int_equal(pass(DESCRIPTOR_OUT, false, DEMAND_START, 8), -EFAULT);
    assert_int_equal(pass(DESCRIPTOR_INOUT, false, DEMAND_START, 8), -EFAULT);
    assert_position(at(&caller, HEAP), 0, SIZE);
}

/* A size is not read through a pointer that only stands for it. */
static void test_no_size(void **state)
{
    (void)state;
    begin(DESCRIPTOR_I32);
    pointer(DESCRIPTOR_OUT, HEAP + 64, DESCRIPTOR_SIZE_DEREF, 1)->size_width = 4;
    pointer(DESCRIPTOR_IN, HEAP, DESCRIPTOR_SIZE_CONST, SIZE)->on_demand = true;
    refused(-EFAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_given),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_fetch),     cmocka_unit_test(test_rights),
        cmocka_unit_test(test_passed_on), cmocka_unit_test(test_no_size),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("marshal_demand", tests, world_setup, NULL);
}
