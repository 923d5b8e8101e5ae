/* Windows in the modes that are not the default: lazy revocation, access control off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/page.h"
#include "fake_backend.h"
#include "memory/window.h"

#define A 1u
#define B 2u
#define APP 3u

#define READ PAGE_READ
#define BOTH (PAGE_READ | PAGE_WRITE)
#define PAGES 128u
#define HEAP(id) (FAKE_FIRST + ((id)-1) * PAGES)
#define AT(page) ((uint32_t)(page) << PAGE_SHIFT)

static void setup(window_waiver *waiver, const struct window_lazy *lazy)
{
    fake_reset();
    for (unsigned id = A; id <= APP; id++) {
        if (cubicle_count() < id) {
            assert_non_null(cubicle_create("x"));
        }
        page_free(HEAP(id), PAGES);
        assert_int_equal(page_claim(HEAP(id), PAGES, id, PAGE_HEAP, BOTH), 0);
    }
    cubicle_get(APP)->is_app = true;
    assert_int_equal(window_setup(waiver, lazy), 0);
}

static int lend(uint32_t page, uint32_t npages)
{
    const int id = window_create(A);

    assert_int_equal(window_add(A, id, AT(page), (uint64_t)npages << PAGE_SHIFT, READ),
                     0);
    assert_int_equal(window_open(A, id, B), 0);
    assert_true(window_map(B, page, READ));
    return id;
}

/* W2, lazy: rights are gone at once, the mapping later; but never after a free. */
static void test_lazy(void **state)
{
    (void)state;
    setup(NULL, &window_lazy);
    const int id = lend(HEAP(A), 1);
    assert_int_equal(window_close(A, id, B), 0);
    assert_int_equal(window_rights(B, HEAP(A)), 0);
    assert_int_equal(fake_rights(B, HEAP(A)), READ);
    assert_int_equal(window_open(A, id, B), 0); /* nothing to do again */
    assert_int_equal(fake_calls.revoke, 0);
    assert_int_equal(window_close(A, id, B), 0);
    window_forget_pages(HEAP(A), 1);
    assert_int_equal(fake_rights(B, HEAP(A)), 0);
    assert_int_equal(window_destroy(A, id), 0);
}

/* However many are put off, none is lost. */
static void test_lazy_many(void **state)
{
    (void)state;
    setup(NULL, &window_lazy);
    for (uint32_t k = 0; k < PAGES; k++) {
        assert_int_equal(window_destroy(A, lend(HEAP(A) + k, 1)), 0);
    }
    assert_true(fake_calls.revoke > 0);
    window_forget_cubicle(A); /* flushes */
    for (uint32_t k = 0; k < PAGES; k++) {
        assert_int_equal(fake_rights(B, HEAP(A) + k), 0);
    }
    assert_int_equal(fake_calls.revoke, PAGES);
}

static void test_acl_off(void **state)
{
    (void)state;
    setup(window_waiver_all, NULL);
    page_set_rights(HEAP(A) + 1, 1, READ);
    assert_int_equal(window_rights(B, HEAP(A)), BOTH);
    assert_int_equal(window_rights(B, HEAP(A) + 1), READ);
    assert_int_equal(window_rights(B, HEAP(APP)), BOTH);
    assert_int_equal(window_rights(CUBICLE_MONITOR, HEAP(A)), 0);
    assert_int_equal(window_rights(B, HEAP(APP) + PAGES), 0); /* free */
    /* Code and guards are nobody's to use; a stack is, as if there were no isolation. */
    for (unsigned kind = PAGE_CODE; kind <= PAGE_STUB; kind++) {
        const uint32_t page = HEAP(APP) + 2 * PAGES;
        const bool data = kind == PAGE_RODATA || kind == PAGE_DATA ||
                          kind == PAGE_HEAP || kind == PAGE_STACK;
        assert_int_equal(page_claim(page, 1, A, kind, READ), 0);
        assert_int_equal(window_rights(B, page), data ? READ : 0);
        page_free(page, 1);
    }
    /* No window gave it, and it goes all the same when the page is freed. */
    assert_true(window_map(B, HEAP(A), READ));
    window_forget_pages(HEAP(A), 1);
    assert_int_equal(fake_rights(B, HEAP(A)), 0);
}

static void test_acl_app(void **state)
{
    (void)state;
    setup(window_waiver_app, NULL);
    assert_int_equal(window_rights(B, HEAP(APP)), BOTH);
    assert_int_equal(window_rights(B, HEAP(A)), 0);
    assert_int_equal(window_rights(APP, HEAP(A)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lazy),
        cmocka_unit_test(test_lazy_many),
        cmocka_unit_test(test_acl_off),
        cmocka_unit_test(test_acl_app),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("window_modes", tests, NULL, NULL);
}
