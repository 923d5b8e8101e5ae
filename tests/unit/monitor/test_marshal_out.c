/*
 * Results that a callee carries from its own memory, or lets go past it:
 * include/cubicle/out.h under M3 and M4 of marshal.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "marshal_world.h"

/* The word in front of a result buffer, see include/cubicle/out.h. */
static void out_word(uint64_t copy_at, uint64_t word)
{
    memcpy(at(&callee, copy_at - 16), &word, sizeof(word));
}

/* M4: a callee may name memory of its own to carry from; its rights decide. */
static void test_out_from(void **state)
{
    static const struct {
        uint64_t word;
        int64_t result, expected;
        int byte; /* what the caller has then */
    } rows[] = {
        {0, 100, 100, 'x'},
        {HEAP, 100, 100, 'b'},
        {UINT64_C(0xdeadbeef00000000) | HEAP, 100, 100, 'b'},
        {HEAP, 0, 0, 'a'},
        {HEAP, -EIO, -EIO, 'a'},
        {HEAP, 101, -EPROTO, 'a'},
        {16, 100, -EFAULT, 'a'},
        {HEAP + HEAP_SIZE, 100, -EFAULT, 'a'},
        {BIG, 100, -EFAULT, 'a'}, /* the caller's, not the callee's */
        {0xffffffff, 100, -EFAULT, 'a'},
        {1, 100, 100, 'x'}, /* forward, but there is nobody to forward to */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(DESCRIPTOR_I64);
        pointer(DESCRIPTOR_OUT, HEAP, DESCRIPTOR_SIZE_CONST, 100)->ret = true;
        assert_int_equal(enter(), 0);
        memset(received(0), 'x', 100);
        out_word(frame->args[0], rows[i].word);
        leave(rows[i].result);
        assert_int_equal((int64_t)frame->result, rows[i].expected);
        assert_bytes(at(&caller, HEAP), rows[i].byte, 100);
        assert_bytes(at(&caller, HEAP + 100), 'a', 100);
    }
    /* Only for results that `ret` bounds; elsewhere the bytes in front mean nothing. */
    for (unsigned kind = DESCRIPTOR_IN; kind <= DESCRIPTOR_INOUT; kind++) {
        begin(DESCRIPTOR_I64);
        pointer(kind, HEAP, DESCRIPTOR_SIZE_CONST, 100)->ret = kind == DESCRIPTOR_INOUT;
        assert_int_equal(enter(), 0);
        memset(received(0), 'x', 100);
        out_word(frame->args[0], HEAP);
        leave(100);
        assert_bytes(at(&caller, HEAP), kind == DESCRIPTOR_IN ? 'a' : 'x', 100);
    }
}

/* The callee calls the third cubicle with @buffer for @size bytes of results. */
static int inner_call(uint64_t buffer, uint32_t size, int64_t result)
{
    const struct descriptor_arg arg = {.name = "v",
                                       .type = DESCRIPTOR_PTR,
                                       .kind = DESCRIPTOR_OUT,
                                       .size_kind = DESCRIPTOR_SIZE_CONST,
                                       .size_value = size,
                                       .ret = true};
    assert_int_equal(enter_inner(&arg, buffer), 0);
    memset(at(&third, inner->args[0]), 'z', size);
    inner->result = (uint64_t)result;
    marshal_leave(inner, &inner_trampoline);
    return (int)(int64_t)inner->result;
}

/* A result is delivered past the callee where the callee says so, within the caller's
 * buffer, and only there. */
static void test_out_forward(void **state)
{
    static const struct {
        uint64_t word;
        int shift; /* of the buffer that the callee hands on */
        uint32_t size;
        int64_t result;
        bool ret;  /* of the caller's range */
        bool past; /* delivered past the callee */
    } rows[] = {
        {1, 0, 100, 100, true, true},    {1, 0, 100, 60, true, true},
        {1, 0, 200, 60, true, true},   /* what is delivered is within the buffer */
        {1, 0, 200, 101, true, false}, /* and here it is not */
        {0, 0, 100, 100, true, false},   {2, 0, 100, 100, true, false},
        {1, 16, 84, 84, true, false}, /* not the buffer, but something in it */
        {1, -16, 100, 100, true, false}, {1, 0, 100, 100, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(DESCRIPTOR_I64);
        pointer(DESCRIPTOR_OUT, HEAP + 8, DESCRIPTOR_SIZE_CONST, 100)->ret =
            rows[i].ret;
        assert_int_equal(enter(), 0);
        memset(received(0), 'x', 100);
        out_word(frame->args[0], rows[i].word);
        const uint64_t buffer = frame->args[0] + (uint64_t)(int64_t)rows[i].shift;
        assert_int_equal(inner_call(buffer, rows[i].size, rows[i].result),
                         rows[i].result);
        const size_t n = (size_t)rows[i].result;
        if (rows[i].past) {
            assert_bytes(at(&caller, HEAP + 8), 'z', n);
            assert_bytes(at(&callee, buffer), 'x', n);
        } else {
            assert_bytes(at(&caller, HEAP + 8), 'a', n);
            assert_bytes(at(&callee, buffer), 'z', n);
        }
        assert_bytes(at(&caller, HEAP), 'a', 8);
        assert_bytes(at(&caller, HEAP + 8 + (rows[i].past ? n : 0)), 'a', 100);
        if (rows[i].past) { /* and nothing of the callee's own buffer follows */
            leave(100);
            assert_bytes(at(&caller, HEAP + 8), 'z', n);
            assert_bytes(at(&caller, HEAP + 8 + n), 'a', 100);
        }
    }
    /* What goes both ways has no word: its bytes come back with the callee's own return. */
    begin(DESCRIPTOR_I64);
    pointer(DESCRIPTOR_INOUT, HEAP, DESCRIPTOR_SIZE_CONST, 100)->ret = true;
    assert_int_equal(enter(), 0);
    out_word(frame->args[0], 1);
    assert_int_equal(inner_call(frame->args[0], 100, 100), 100);
    assert_bytes(at(&caller, HEAP), 'a', 100);
    assert_bytes(at(&callee, frame->args[0]), 'z', 100);
    /* The caller's memory has gone meanwhile: an error, and no more. */
    begin(DESCRIPTOR_I64);
    pointer(DESCRIPTOR_OUT, HEAP + PAGE_SIZE, DESCRIPTOR_SIZE_CONST, 100)->ret = true;
    assert_int_equal(enter(), 0);
    out_word(frame->args[0], 1);
    uint8_t *page = at(&caller, HEAP + PAGE_SIZE);
    assert_int_equal(mprotect(page, PAGE_SIZE, PROT_READ), 0);
    assert_int_equal(inner_call(frame->args[0], 100, 100), -EFAULT);
    assert_int_equal(mprotect(page, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_out_from),
        cmocka_unit_test(test_out_forward),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("marshal_out", tests, world_setup, NULL);
}
