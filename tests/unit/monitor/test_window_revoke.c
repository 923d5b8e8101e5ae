/* W2 of window.h: each way of ending a permission ends the mapping. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "window_world.h"

/* W2: a range that is cut too often gives up its end, and with it what was mapped there. */
static void test_w2_given_up(void **state)
{
    (void)state;
    const int id = lend(A, B, HEAP(A), PAGES, BOTH);
    for (unsigned i = 1; i < RANGES_PER_WINDOW - 1; i++) {
        assert_int_equal(window_add(A, id, AT(HEAP(A)), 1, READ), 0);
    }
    for (uint32_t k = 0; k < PAGES; k++) {
        assert_true(window_map(B, HEAP(A) + k, PAGE_WRITE));
    }
    window_forget_pages(HEAP(A) + 8, 1); /* takes the last spare range */
    assert_int_equal(fake_rights(B, HEAP(A) + 9), BOTH);
    window_forget_pages(HEAP(A) + 16, 1);
    assert_int_equal(fake_rights(B, HEAP(A) + 15), BOTH);
    for (uint32_t k = 16; k < PAGES; k++) {
        assert_int_equal(fake_rights(B, HEAP(A) + k), 0);
        assert_reaches(B, HEAP(A) + k, 0);
    }
    assert_int_equal(window_destroy(A, id), 0);
    for (uint32_t k = 0; k < PAGES; k++) {
        assert_int_equal(fake_rights(B, HEAP(A) + k), 0);
    }
}

/* W2: each way of ending a permission ends the mapping before it returns. */
static void test_w2_revoke(void **state)
{
    const uint32_t page = HEAP(A);

    (void)state;
    for (unsigned way = 0; way < 4; way++) {
        const int id = lend(A, B, page, 3, BOTH);
        assert_int_equal(window_open(A, id, C), 0);
        for (uint32_t k = 0; k < 3; k++) {
            assert_true(window_map(B, page + k, PAGE_WRITE));
            assert_true(window_map(C, page + k, READ));
        }
        const unsigned before = fake_calls.revoke;
        switch (way) {
        case 0:
            assert_int_equal(window_close(A, id, B), 0);
            assert_int_equal(fake_rights(C, page), BOTH);    /* the others keep it */
            assert_int_equal(fake_calls.revoke, before + 1); /* at once */
            assert_int_equal(window_close(A, id, C), 0);
            break;
        case 1:
            assert_int_equal(window_close_all(A, id), 0);
            break;
        case 2:
            assert_int_equal(window_remove(A, id, AT(page)), 0);
            break;
        default:
            assert_int_equal(window_destroy(A, id), 0);
            break;
        }
        assert_int_equal(fake_calls.revoke, before + 2);
        for (uint32_t k = 0; k < 3; k++) {
            assert_reaches(B, page + k, 0);
            assert_reaches(C, page + k, 0);
        }
        assert_int_equal(window_destroy(A, id), way < 3 ? 0 : -EINVAL);
    }
}

/* W2: where the host can cut no mapping, all that is mapped alike goes. It comes back. */
static void test_w2_no_split(void **state)
{
    const uint32_t page = HEAP(A);

    (void)state;
    (void)lend(A, B, page, 16, BOTH);
    (void)lend(A, C, page, 16, READ);
    for (uint32_t k = 0; k < 16; k++) {
        assert_true(window_map(B, page + k, PAGE_WRITE));
        assert_true(window_map(C, page + k, READ));
    }
    fake_fail_split = true;
    assert_false(FAKE_PANICS(window_forget_pages(page + 5, 2)));
    fake_fail_split = false;
    for (uint32_t k = 0; k < 16; k++) {
        assert_int_equal(fake_rights(B, page + k), 0);
        assert_int_equal(fake_rights(C, page + k), 0);
    }
    for (uint32_t k = 0; k < 16; k++) {
        const bool forgotten = k == 5 || k == 6;
        assert_reaches(B, page + k, forgotten ? 0 : BOTH);
        assert_reaches(C, page + k, forgotten ? 0 : READ);
    }
}

/* W2: what was touched here and there goes at once, and nothing else. */
static void test_w2_gaps(void **state)
{
    (void)state;
    const int id = window_create(A);
    for (uint32_t k = 0; k < 16; k += 4) {
        assert_int_equal(window_add(A, id, AT(HEAP(A) + k), 2 * PAGE_SIZE, READ), 0);
    }
    const int all = lend(A, C, HEAP(A), PAGES, READ);
    assert_int_equal(window_open(A, id, B), 0);
    for (uint32_t k = 0; k < 16; k += 4) {
        assert_true(window_map(B, HEAP(A) + k, READ));
    }
    assert_true(window_map(C, HEAP(A), READ));
    window_forget_pages(HEAP(A), 16);
    assert_int_equal(fake_calls.revoke, 2); /* of B, of C */
    for (uint32_t k = 0; k < 16; k++) {
        assert_int_equal(fake_rights(B, HEAP(A) + k), 0);
        assert_int_equal(fake_rights(C, HEAP(A) + k), 0);
    }
    /* A page that stays, or is somebody else's, is no gap. */
    const int two = lend(A, B, HEAP(A) + 16, 3, READ);
    lend(A, B, HEAP(A) + 17, 1, READ);
    assert_true(window_map(B, HEAP(A) + 16, READ));
    assert_int_equal(window_destroy(A, two), 0);
    assert_int_equal(fake_calls.revoke, 4);
    assert_int_equal(fake_rights(B, HEAP(A) + 16), 0);
    assert_int_equal(fake_rights(B, HEAP(A) + 17), READ);
    assert_int_equal(fake_rights(B, HEAP(A) + 18), 0);
    assert_int_equal(window_destroy(A, all), 0);
}

/* W2: a page of the peer's own between two that are lent to it stays. */
static void test_w2_own_between(void **state)
{
    enum { FIRST = FAKE_FIRST + 1024 };
    (void)state;
    for (uint32_t k = 0; k < 3; k++) {
        assert_int_equal(page_claim(FIRST + k, 1, k == 1 ? B : A, PAGE_HEAP, BOTH), 0);
    }
    assert_int_equal(backend->map(B, FIRST + 1, 1), 0);
    const int back = lend(B, A, FIRST + 1, 1, READ);
    const int id = lend(A, B, FIRST, 3, READ);
    assert_true(window_map(B, FIRST, READ));
    assert_true(window_map(B, FIRST + 2, READ));
    assert_int_equal(window_destroy(A, id), 0);
    assert_int_equal(fake_rights(B, FIRST), 0);
    assert_int_equal(fake_rights(B, FIRST + 1), BOTH);
    assert_int_equal(fake_rights(B, FIRST + 2), 0);
    assert_int_equal(window_destroy(B, back), 0);
    window_forget_pages(FIRST, 3);
    page_free(FIRST, 3);
}

/* W2: closing what was never touched costs no mapping call. */
static void test_w2_untouched(void **state)
{
    const int id = lend(A, B, HEAP(A), PAGES, BOTH);

    (void)state;
    assert_int_equal(window_close(A, id, B), 0);
    assert_int_equal(fake_calls.share + fake_calls.revoke, 0);
}

/* P5: where a view is as scattered as it may be, a run goes as a whole instead of in parts. */
static void test_p5_whole(void **state)
{
    const uint32_t page = HEAP(A);

    (void)state;
    (void)lend(A, B, page, 16, BOTH);
    for (uint32_t k = 0; k < 16; k++) {
        assert_true(window_map(B, page + k, PAGE_WRITE));
    }
    for (uint32_t k = 18; k < 24; k += 2) {
        (void)lend(A, B, page + k, 1, BOTH);
        assert_true(window_map(B, page + k, PAGE_WRITE));
    }
    page_limit_runs(4);
    window_forget_pages(page + 5, 2);
    for (uint32_t k = 0; k < 16; k++) {
        assert_int_equal(fake_rights(B, page + k), 0);
    }
    assert_true(window_map(B, page, PAGE_WRITE)); /* there is room for a run again */
    page_limit_runs(UINT32_MAX);
}

/* W2: where the host does not take a page back, the system stops instead of going on. */
static void test_w2_host_fails(void **state)
{
    const int id = lend(A, B, HEAP(A), 1, BOTH);

    (void)state;
    assert_true(window_map(B, HEAP(A), READ));
    fake_fail_revoke = true;
    assert_true(FAKE_PANICS(window_close(A, id, B)));
    assert_string_equal(fake_panic_text, "the host cannot take a lent page back");
    assert_true(FAKE_PANICS(window_forget_pages(HEAP(A), 1)));
    fake_fail_revoke = false;
    /* Fewer rights that cannot be set become none. */
    lend(A, B, HEAP(A), 1, READ);
    assert_true(window_map(B, HEAP(A), READ));
    lend(A, B, HEAP(A), 1, BOTH);
    assert_true(window_map(B, HEAP(A), PAGE_WRITE));
    page_set_rights(HEAP(A), 1, READ);
    fake_fail_share = true;
    window_settle(HEAP(A), 1);
    assert_int_equal(fake_rights(B, HEAP(A)), 0);
    assert_false(window_map(B, HEAP(A), READ));
    fake_fail_share = false;
    assert_reaches(B, HEAP(A), READ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_w2_no_split),   TEST(test_w2_given_up),    TEST(test_w2_revoke),
        TEST(test_w2_gaps),       TEST(test_w2_own_between), TEST(test_w2_untouched),
        TEST(test_w2_host_fails), TEST(test_p5_whole),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("window_revoke", tests, NULL, NULL);
}
