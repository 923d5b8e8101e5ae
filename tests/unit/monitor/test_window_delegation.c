/*
 * Windows on memory of others: passing a grant on, and whose grant it is (W1, W2 of
 * window.h). Each test starts with three cubicles of a few heap pages each.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "window_world.h"

#define ROUNDS 8 /* of test_may(), with other windows each */

/* W1, W2: a delegated right is at most its source, and goes with it. */
static void test_delegation(void **state)
{
    const uint32_t page = HEAP(A);
    const int from_a = lend(A, B, page, 2, READ);
    const int from_b = window_create(B);

    (void)state;
    assert_int_equal(window_add(B, from_b, AT(page), 2 * PAGE_SIZE, BOTH), -EPERM);
    assert_int_equal(window_add(B, from_b, AT(page), 3 * PAGE_SIZE, READ), -EPERM);
    assert_int_equal(window_add(B, from_b, AT(page), 2 * PAGE_SIZE, READ), 0);
    assert_int_equal(window_open(B, from_b, C), 0);
    assert_reaches(C, page, READ);
    /* C cannot pass it on wider; passing it back to B and A changes nothing. */
    const int from_c = window_create(C);
    assert_int_equal(window_add(C, from_c, AT(page), PAGE_SIZE, READ), 0);
    assert_int_equal(window_open(C, from_c, B), 0);
    assert_int_equal(window_open(C, from_c, A), 0);
    assert_int_equal(window_rights(A, page), BOTH);
    assert_reaches(B, page, READ);
    /* A circle keeps nobody alive. */
    assert_int_equal(window_close(A, from_a, B), 0);
    assert_reaches(B, page, 0);
    assert_reaches(C, page, 0);
    /* Ends with its own window, too. */
    assert_int_equal(window_open(A, from_a, B), 0);
    assert_reaches(C, page, READ);
    assert_int_equal(window_destroy(B, from_b), 0);
    assert_reaches(C, page, 0);
    assert_reaches(B, page, READ);
}

/* W1: a stronger grant makes an old delegation no stronger than it was asked to be. */
static void test_delegation_rights(void **state)
{
    const uint32_t page = HEAP(A);

    (void)state;
    const int weak = lend(A, B, page, 1, READ);
    lend(B, C, page, 1, READ);
    lend(A, B, page, 1, BOTH);
    assert_reaches(B, page, BOTH);
    assert_reaches(C, page, READ);
    assert_int_equal(window_destroy(A, weak), 0);
    assert_reaches(C, page, READ);
}

/* W1: a chain through every cubicle there is. */
static void test_long_chain(void **state)
{
    const uint32_t page = HEAP(A);

    (void)state;
    lend(A, B, page, 1, READ);
    lend(B, C, page, 1, READ);
    lend(A, B, page, 1, BOTH); /* B gains twice */
    lend(B, C, page, 1, BOTH);
    lend(C, A, page, 1, BOTH);
    assert_reaches(C, page, BOTH);
}

/* W1: who lends a range, and that it is one other cubicle, on every page, with these rights. */
static void test_lender(void **state)
{
    const uint32_t page = HEAP(B) - 2; /* A's last two, and B's first */

    (void)state;
    assert_int_equal(window_lender(C, AT(page), PAGE_SIZE, READ), -EPERM);
    lend(A, C, page, 2, BOTH);
    const int from_b = lend(B, C, HEAP(B), 2, READ);
    assert_int_equal(window_lender(C, AT(page), 2 * PAGE_SIZE, BOTH), A);
    assert_int_equal(window_lender(C, AT(page) + 7, PAGE_SIZE + 1, READ), A);
    assert_int_equal(window_lender(C, AT(HEAP(B)), 2 * PAGE_SIZE, READ), B);
    /* Rights, the last page, two owners, one's own, nobody's. */
    assert_int_equal(window_lender(C, AT(HEAP(B)), PAGE_SIZE, BOTH), -EPERM);
    assert_int_equal(window_lender(C, AT(HEAP(B)), 2 * PAGE_SIZE + 1, READ), -EPERM);
    assert_int_equal(window_lender(C, AT(page), 3 * PAGE_SIZE, READ), -EPERM);
    assert_int_equal(window_lender(C, AT(HEAP(C)), PAGE_SIZE, READ), -EPERM);
    assert_int_equal(window_lender(A, AT(page), 1, READ), -EPERM);
    assert_int_equal(window_lender(C, AT(HEAP(C) + PAGES), 1, READ), -EPERM);
    assert_int_equal(window_destroy(B, from_b), 0);
    assert_int_equal(window_lender(C, AT(HEAP(B)), 1, READ), -EPERM);
}

/* What is known of pages in one window says nothing of pages before or behind it. */
static void test_known(void **state)
{
    const uint32_t page = HEAP(A) + 4;
    struct window_known known = {0};

    (void)state;
    lend(A, C, page - 2, 6, READ);
    lend(A, C, page, 2, BOTH);
    assert_true(window_may_known(C, AT(page), AT(2), PAGE_WRITE, &known));
    assert_false(window_may_known(C, AT(page - 1), AT(1), PAGE_WRITE, &known));
    assert_true(window_may_known(C, AT(page + 1), AT(1), PAGE_WRITE, &known));
    assert_false(window_may_known(C, AT(page + 2), AT(1), PAGE_WRITE, &known));
}

/* Opens a window of random owner, peer, range and rights, and gives a page random rights. */
static void open_at_random(uint32_t bits)
{
    const unsigned owner = A + bits % 3;
    const unsigned peer = A + bits / 3 % 3;
    const uint32_t page = FAKE_FIRST + bits / 16 % (3 * PAGES - 8);
    const int id = window_create(owner);
    if (id > 0 && window_add(owner, id, AT(page), AT(1 + bits / 2048 % 8),
                             (bits & 0x100000) != 0 ? READ : BOTH) == 0) {
        assert_int_equal(window_open(owner, id, peer), 0);
    }
    page_set_rights(page, 1, (bits & 0x200000) != 0 ? READ : BOTH);
}

/* Asks about ranges from every third page on, of which each is known from those before. */
static void assert_ranges(void)
{
    struct window_known known = {0};
    for (uint32_t first = FAKE_FIRST; first < FAKE_FIRST + 3 * PAGES; first += 3) {
        for (unsigned right = READ; right <= PAGE_WRITE; right++) {
            bool may = true;
            for (uint32_t n = 1; n <= 12; n++) {
                const uint32_t last = first + n - 1;
                may = may && (window_rights(C, last) & right) != 0;
                assert_int_equal(window_may(C, AT(first) + 9, AT(n) - 9, right), may);
                /* What is known from other ranges, behind it as well, says the same. */
                assert_int_equal(window_may_known(C, AT(first), AT(n), right, &known),
                                 may);
            }
        }
    }
}

/* W1 for whole ranges is W1 for each page: windows of three owners, passed on, over and beside each other. */
static void test_may(void **state)
{
    uint64_t random = 1;

    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < 60; i++) {
            random =
                random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            open_at_random((uint32_t)(random >> 32));
            assert_ranges();
        }
        assert_true(window_may(C, AT(HEAP(A)), 0, READ));
        assert_int_equal(teardown(state), 0);
        assert_int_equal(setup(state), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_delegation), TEST(test_delegation_rights),
        TEST(test_long_chain), TEST(test_lender),
        TEST(test_may),        TEST(test_known),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("window_delegation", tests, NULL, NULL);
}
