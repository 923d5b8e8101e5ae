/*
 * Copies of texts with their holes filled are what the assembler writes for the same
 * instructions with the values in place; and where a hole cannot be filled, nothing more is
 * written. The texts are in emit_texts.S.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/emit.h"

#define VALUE32 0x12345678
#define VALUE64 UINT64_C(0x1122334455667788)
#define ROOM 512

extern const struct emit_text test_all, test_registers, test_steps, test_jumps,
    test_none, test_unknown, test_half, test_end, test_not_loaded;
#define EXPECTED(name) extern const uint8_t expect_##name[], expect_##name##_end[];
EXPECTED(all)
EXPECTED(plain)
EXPECTED(inverted)
EXPECTED(steps)
EXPECTED(jumps)

static uint8_t bytes[ROOM];
static struct emitter e;

static void begin(size_t room)
{
    memset(bytes, 0x5a, sizeof(bytes));
    e = (struct emitter){.at = bytes, .end = bytes + room};
    for (unsigned i = 1; i < HOLES; i++) {
        emit_set(&e, i, i < EMIT_HOLE(COUNT) ? VALUE32 : VALUE64);
    }
}

static void compare(const uint8_t *expected, const uint8_t *end)
{
    assert_false(e.full);
    assert_int_equal(e.at - bytes, end - expected);
    assert_memory_equal(bytes, expected, (size_t)(end - expected));
}

static void test_filled(void **state)
{
    (void)state;
    begin(ROOM);
    emit_text(&e, &test_all);
    compare(expect_all, expect_all_end);
    assert_true(emit_forget(&e));
}

static bool spells_0x44(const uint8_t *at, size_t n)
{
    return memchr(at, 0x44, n) != NULL;
}

static bool spells_0x99(const uint8_t *at, size_t n)
{
    return memchr(at, 0x99, n) != NULL;
}

static void test_addresses(void **state)
{
    (void)state;
    begin(ROOM);
    e.spells = spells_0x99;
    emit_text(&e, &test_registers);
    compare(expect_plain, expect_plain_end);
    begin(ROOM);
    e.spells = spells_0x44;
    emit_text(&e, &test_registers);
    compare(expect_inverted, expect_inverted_end);
}

static void test_some_steps(void **state)
{
    const uint8_t *const all = expect_steps;
    (void)state;
    begin(ROOM);
    emit_steps(&e, &test_steps, 0, 4);
    compare(all, expect_steps_end);
    begin(ROOM);
    emit_steps(&e, &test_steps, 0, 1);
    compare(all, all + 2);
    begin(ROOM);
    emit_steps(&e, &test_steps, 1, 3);
    compare(all + 2, all + 7);
    begin(ROOM);
    emit_steps(&e, &test_steps, 2, 2);
    compare(all, all);
    begin(ROOM);
    emit_steps(&e, &test_steps, 3, 4);
    compare(all + 7, expect_steps_end);
}

/* Where nothing is written any more. */
static void expect_full(size_t written)
{
    uint8_t *at = e.at;
    assert_true(e.full);
    assert_true(at <= e.end);
    assert_int_equal(at - bytes, written);
    for (size_t i = (size_t)(at - bytes); i < sizeof(bytes); i++) {
        assert_int_equal(bytes[i], 0x5a);
    }
    emit_steps(&e, &test_steps, 0, 1); /* nothing smaller slips in */
    assert_ptr_equal(e.at, at);
    assert_int_equal(bytes[written], 0x5a);
    assert_false(emit_forget(&e));
}

static void test_no_such_steps(void **state)
{
    (void)state;
    begin(ROOM);
    emit_steps(&e, &test_steps, 0, 5);
    expect_full(0);
    begin(ROOM);
    emit_steps(&e, &test_steps, 2, 1);
    expect_full(0);
}

static void test_jump(void **state)
{
    static const unsigned far[] = {EMIT_HOLE(CHANGED), EMIT_HOLE(FAILED),
                                   EMIT_HOLE(NOT_OURS), EMIT_HOLE(NOT_CALLER)};
    (void)state;
    begin(ROOM);
    emit_steps(&e, &test_jumps, 0, 1);
    emit_land(&e, EMIT_HOLE(RETURNED));
    emit_steps(&e, &test_jumps, 1, 2);
    for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
        emit_land(&e, far[i]);
    }
    emit_steps(&e, &test_jumps, 2, 3);
    compare(expect_jumps, expect_jumps_end);
    assert_true(emit_forget(&e));
    /* One that has not landed; two to one place; none. */
    begin(ROOM);
    emit_steps(&e, &test_jumps, 0, 1);
    assert_false(emit_forget(&e));
    assert_true(emit_forget(&e));
    begin(ROOM);
    emit_steps(&e, &test_jumps, 0, 1);
    emit_steps(&e, &test_jumps, 0, 1);
    assert_true(e.full);
    begin(ROOM);
    emit_land(&e, EMIT_HOLE(FAILED));
    expect_full(0);
}

/* A hole without a value, and values that it cannot hold. */
static void test_values(void **state)
{
    static const struct {
        unsigned hole;
        uint64_t value;
        bool fits;
    } rows[] = {
        {EMIT_HOLE(CALLER), 0, true},
        {EMIT_HOLE(CALLER), INT32_MAX, true},
        {EMIT_HOLE(CALLER), INT32_MAX + UINT64_C(1), false},
        {EMIT_HOLE(ID), UINT64_MAX, false},
        {EMIT_HOLE(ID), UINT64_C(1) << 32, false},
        {EMIT_HOLE(CALLEE_TP), (uint64_t)INT32_MIN, true},
        {EMIT_HOLE(CALLEE_TP), (uint64_t)-8, true},
        {EMIT_HOLE(CALLEE_TP), 0x7ffffffc, true},
        {EMIT_HOLE(CALLEE_TP), 0x80000000, false},
        {EMIT_HOLE(CALLEE_TP), (uint64_t)INT32_MIN - 4, false},
        {EMIT_HOLE(CALLEE_TP), 0x1002, false},
        {EMIT_HOLE(RIGHTS_MASK), UINT32_MAX, true},
        {EMIT_HOLE(RIGHTS_MASK), UINT32_MAX + UINT64_C(1), false},
        {EMIT_HOLE(FUNCTION), (uint64_t)-1, true},
        {EMIT_HOLE(FUNCTION), (uint64_t)INT32_MIN, true},
        {EMIT_HOLE(FUNCTION), (uint64_t)INT32_MIN - 1, false},
        {EMIT_HOLE(FUNCTION), INT32_MAX + UINT64_C(1), false},
        {EMIT_HOLE(ENTER), UINT64_MAX, true},
        {EMIT_HOLE(ENTER), 0, false},
        {EMIT_HOLE(VIEW), 0, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(ROOM);
        emit_set(&e, rows[i].hole, rows[i].value);
        emit_text(&e, &test_all);
        assert_int_equal(e.full, !rows[i].fits);
    }
    for (unsigned hole = 1; hole < HOLES; hole++) {
        begin(ROOM);
        e.known[hole] = false;
        emit_text(&e, &test_all);
        emit_text(&e, &test_jumps);
        const bool is_jump =
            hole >= EMIT_HOLE(NOT_CALLER) && hole <= EMIT_HOLE(RETURNED);
        assert_int_equal(e.full, !is_jump);
    }
    /* What was known is not. */
    begin(ROOM);
    assert_true(emit_forget(&e));
    emit_text(&e, &test_all);
    assert_true(e.full);
}

/* Placeholders that are none, or stand where they cannot be filled. */
static void test_placeholders(void **state)
{
    static const struct {
        const struct emit_text *text;
        size_t written;
    } rows[] = {
        {&test_none, 1}, {&test_unknown, 1},    {&test_half, 1},
        {&test_end, 1},  {&test_not_loaded, 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(ROOM);
        emit_text(&e, rows[i].text);
        expect_full(rows[i].written);
    }
}

/* With any less room than needed nothing is written behind the end. */
static void test_full(void **state)
{
    static const struct emit_text *const texts[] = {&test_all, &test_registers,
                                                    &test_steps, &test_jumps};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        begin(ROOM);
        emit_text(&e, texts[i]);
        const size_t needed = (size_t)(e.at - bytes);
        for (size_t room = 0; room < needed; room++) {
            begin(room);
            emit_text(&e, texts[i]);
            expect_full((size_t)(e.at - bytes));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filled),       cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_some_steps),   cmocka_unit_test(test_no_such_steps),
        cmocka_unit_test(test_jump),         cmocka_unit_test(test_values),
        cmocka_unit_test(test_placeholders), cmocka_unit_test(test_full),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("emit", tests, NULL, NULL);
}
