/* Page metadata: P1-P3 of page.h, and every refused range. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/page.h"

#define BOTH (PAGE_READ | PAGE_WRITE)

static void assert_page(uint32_t page, unsigned owner, enum page_kind kind,
                        unsigned rights, unsigned flags)
{
    const struct page_info info = page_get(page);

    assert_int_equal(info.owner, owner);
    assert_int_equal(info.kind, kind);
    assert_int_equal(info.rights, rights);
    assert_int_equal(info.flags, flags);
}

/* P1: what is free has no owner, no rights, no flags; before and after. */
static void test_p1_free(void **state)
{
    (void)state;
    assert_page(0, 0, PAGE_FREE, 0, 0);
    assert_page(PAGE_COUNT - 1, 0, PAGE_FREE, 0, 0);
    assert_int_equal(page_claim(100, 3, 7, PAGE_HEAP, BOTH), 0);
    page_set_flag(101, PAGE_SHARED);
    page_set_flag(101, PAGE_FOREIGN);
    assert_page(101, 7, PAGE_HEAP, BOTH, PAGE_SHARED | PAGE_FOREIGN);
    page_free(100, 3);
    for (uint32_t page = 99; page < 104; page++) {
        assert_page(page, 0, PAGE_FREE, 0, 0);
    }
}

/* P2: a claim gives exactly these pages exactly one owner. */
static void test_p2_claim(void **state)
{
    (void)state;
    assert_int_equal(page_claim(200, 2, CUBICLE_MAX, PAGE_STACK, BOTH), 0);
    assert_page(199, 0, PAGE_FREE, 0, 0);
    assert_page(200, CUBICLE_MAX, PAGE_STACK, BOTH, 0);
    assert_page(201, CUBICLE_MAX, PAGE_STACK, BOTH, 0);
    assert_page(202, 0, PAGE_FREE, 0, 0);
    assert_int_equal(page_claim(300, 1, 0, PAGE_STUB, 0), 0);
    assert_page(300, 0, PAGE_STUB, 0, 0);
    page_free(300, 1);
    page_free(200, 2);
}

/* P3: the owner of a page changes only through PAGE_FREE; a failed claim changes
 * nothing. */
static void test_p3_no_second_owner(void **state)
{
    (void)state;
    assert_int_equal(page_claim(400, 1, 1, PAGE_DATA, PAGE_READ), 0);
    assert_int_equal(page_claim(400, 1, 2, PAGE_HEAP, BOTH), -EBUSY);
    assert_int_equal(page_claim(400, 1, 1, PAGE_DATA, PAGE_READ), -EBUSY);
    assert_int_equal(page_claim(398, 3, 2, PAGE_HEAP, BOTH), -EBUSY);
    assert_page(398, 0, PAGE_FREE, 0, 0);
    assert_page(399, 0, PAGE_FREE, 0, 0);
    assert_page(400, 1, PAGE_DATA, PAGE_READ, 0);
    page_free(400, 1);
    assert_int_equal(page_claim(400, 1, 2, PAGE_HEAP, BOTH), 0);
    page_free(400, 1);
}

static void test_refused_ranges(void **state)
{
    static const struct {
        uint32_t page, npages;
    } bad[] = {
        {0, 0},
        {5, 0},
        {PAGE_COUNT, 1},
        {PAGE_COUNT - 1, 2},
        {1, PAGE_COUNT},
        {0, PAGE_COUNT + 1},
        {1, UINT32_MAX},
        {UINT32_MAX, 1},
        {UINT32_MAX, UINT32_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(page_claim(bad[i].page, bad[i].npages, 1, PAGE_HEAP, BOTH),
                         -EINVAL);
        assert_false(page_all(bad[i].page, bad[i].npages, 0, PAGE_FREE));
        page_set_rights(bad[i].page, bad[i].npages, BOTH); /* nothing happens */
        page_free(bad[i].page, bad[i].npages);
    }
    assert_int_equal(page_claim(1, 1, CUBICLE_MAX + 1, PAGE_HEAP, BOTH), -EINVAL);
    assert_int_equal(page_claim(1, 1, 1, PAGE_FREE, BOTH), -EINVAL);
    assert_true(page_all(0, PAGE_COUNT, 0, PAGE_FREE));
}

static void test_ends_of_the_space(void **state)
{
    (void)state;
    assert_int_equal(page_claim(PAGE_COUNT - 1, 1, 1, PAGE_HEAP, BOTH), 0);
    assert_true(page_all(PAGE_COUNT - 1, 1, 1, PAGE_HEAP));
    page_free(PAGE_COUNT - 1, 1);
    assert_int_equal(page_claim(0, PAGE_COUNT, 1, PAGE_HEAP, BOTH), 0);
    assert_true(page_all(0, PAGE_COUNT, 1, PAGE_HEAP));
    page_free(0, PAGE_COUNT);
    assert_true(page_all(0, PAGE_COUNT, 0, PAGE_FREE));
}

static void test_page_all(void **state)
{
    (void)state;
    assert_int_equal(page_claim(500, 4, 3, PAGE_HEAP, BOTH), 0);
    assert_true(page_all(500, 4, 3, PAGE_HEAP));
    assert_true(page_all(501, 2, 3, PAGE_HEAP));
    assert_false(page_all(499, 2, 3, PAGE_HEAP));
    assert_false(page_all(500, 5, 3, PAGE_HEAP));
    assert_false(page_all(500, 4, 4, PAGE_HEAP));
    assert_false(page_all(500, 4, 3, PAGE_DATA));
    page_set_rights(501, 1, PAGE_READ);
    assert_page(500, 3, PAGE_HEAP, BOTH, 0);
    assert_page(501, 3, PAGE_HEAP, PAGE_READ, 0);
    assert_true(page_all(500, 4, 3, PAGE_HEAP));
    page_free(500, 4);
}

static void test_kind_names(void **state)
{
    static const char *const names[] = {"free", "code",  "rodata", "data",
                                        "heap", "stack", "guard",  "stubs"};

    (void)state;
    for (unsigned kind = 0; kind < 8; kind++) {
        assert_string_equal(page_kind_name(kind), names[kind]);
    }
    assert_string_equal(page_kind_name(8), "?");
}

/* The runs of @owner as the table says, and as they are counted. */
static unsigned runs_of(unsigned owner, uint32_t first, uint32_t end)
{
    unsigned found = 0;
    unsigned counted = 0;

    for (uint32_t page = first; page < end; page++) {
        const struct page_info here = page_get(page);
        const struct page_info before = page_get(page - 1);

        found += here.owner == owner &&
                 (before.owner != owner || before.rights != here.rights ||
                  ((before.flags ^ here.flags) & PAGE_SHARED) != 0);
    }
    for (page_limit_runs(0); !page_may_split(owner, 0); counted++) {
        page_limit_runs(counted + 1);
    }
    assert_int_equal(page_run_limit(), counted);
    page_limit_runs(UINT32_MAX);
    assert_int_equal(found, counted);
    return counted;
}

/* P5: every change counts, also at its edges. */
static void test_p5_runs(void **state)
{
    enum { FIRST = 5000, PAGES = 24 };
    const unsigned a = 11, b = 12; /* nobody else's here */
    uint32_t random = 1;

    (void)state;
    assert_int_equal(runs_of(a, FIRST, FIRST + PAGES), 0);
    assert_int_equal(page_claim(FIRST, 4, a, PAGE_HEAP, BOTH), 0);
    assert_int_equal(runs_of(a, FIRST, FIRST + PAGES), 1);
    page_set_rights(FIRST + 1, 1, PAGE_READ);
    assert_int_equal(runs_of(a, FIRST, FIRST + PAGES), 3);
    page_limit_runs(4);
    assert_true(page_may_split(a, 1));
    assert_false(page_may_split(a, 2));
    assert_true(page_may_split(b, 4));
    page_free(FIRST, 4);
    for (unsigned round = 0; round < 20000; round++) {
        random = random * 1103515245 + 12345;
        const uint32_t page = FIRST + (random >> 8) % PAGES;
        const uint32_t npages = 1 + (random >> 16) % 4;
        switch (random >> 28 & 3) {
        case 0:
            (void)!page_claim(page, npages, random & 1 ? a : b, PAGE_HEAP, BOTH);
            break;
        case 1:
            page_free(page, npages);
            break;
        case 2:
            if (page_all(page, npages, a, PAGE_HEAP)) {
                page_set_rights(page, npages, random >> 20 & 3);
            }
            break;
        default:
            if (page_get(page).owner != 0) {
                page_set_flag(page, PAGE_SHARED);
            }
            break;
        }
        (void)runs_of(a, FIRST, FIRST + PAGES + 8);
        (void)runs_of(b, FIRST, FIRST + PAGES + 8);
    }
    page_free(FIRST, PAGES + 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_p1_free),
        cmocka_unit_test(test_p2_claim),
        cmocka_unit_test(test_p3_no_second_owner),
        cmocka_unit_test(test_refused_ranges),
        cmocka_unit_test(test_ends_of_the_space),
        cmocka_unit_test(test_page_all),
        cmocka_unit_test(test_kind_names),
        cmocka_unit_test(test_p5_runs),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
