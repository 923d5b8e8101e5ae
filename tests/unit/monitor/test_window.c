/*
 * Windows: W1-W5 of window.h on a backend that only remembers. Each test starts with
 * three cubicles of a few heap pages each; test_window_revoke.c has W2,
 * test_window_delegation.c what peers pass on, and test_window_modes.c the other modes.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "window_world.h"

/* W1: nothing without an open window; then its pages, with its rights, lazily. */
static void test_w1_open(void **state)
{
    const uint32_t page = HEAP(A) + 4;

    (void)state;
    assert_reaches(B, page, 0);
    const int id = window_create(A);
    assert_int_equal(window_add(A, id, AT(page), 2 * PAGE_SIZE, READ), 0);
    assert_reaches(B, page, 0);
    assert_int_equal(window_open(A, id, B), 0);
    assert_int_equal(fake_calls.share, 0); /* first touch maps, not the opening */
    assert_reaches(B, page - 1, 0);
    assert_reaches(B, page, READ);
    assert_reaches(B, page + 1, READ);
    assert_reaches(B, page + 2, 0);
    assert_reaches(C, page, 0);
    assert_int_equal(page_get(page).flags & PAGE_FOREIGN, PAGE_FOREIGN);
    assert_int_equal(page_get(page - 1).flags, 0);
}

/* W1: a byte names its whole page, and no other. */
static void test_w1_pages_of_bytes(void **state)
{
    static const struct {
        uint32_t offset;
        uint64_t len;
        uint32_t first, npages;
    } rows[] = {
        {0, 1, 0, 1},
        {PAGE_SIZE - 1, 1, 0, 1},
        {PAGE_SIZE - 1, 2, 0, 2},
        {PAGE_SIZE, PAGE_SIZE, 1, 1},
        {1, PAGE_SIZE, 0, 2},
        {2 * PAGE_SIZE + 5, 3 * PAGE_SIZE - 5, 2, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int id = window_create(A);
        assert_int_equal(
            window_add(A, id, AT(HEAP(A)) + rows[i].offset, rows[i].len, READ), 0);
        assert_int_equal(window_open(A, id, B), 0);
        for (uint32_t k = 0; k < PAGES; k++) {
            assert_int_equal(window_rights(B, HEAP(A) + k),
                             k - rows[i].first < rows[i].npages ? READ : 0);
        }
        assert_int_equal(window_destroy(A, id), 0);
    }
}

/* W1: rights of several ranges and windows add up; write is never given by read. */
static void test_w1_rights(void **state)
{
    const uint32_t page = HEAP(A);

    (void)state;
    lend(A, B, page, 2, READ);
    assert_reaches(B, page, READ);
    const int both = lend(A, B, page + 1, 2, BOTH);
    assert_reaches(B, page, READ);
    assert_reaches(B, page + 1, BOTH);
    assert_reaches(B, page + 2, BOTH);
    assert_int_equal(window_close(A, both, B), 0);
    assert_int_equal(fake_rights(B, page + 1), READ); /* what the other still gives */
    assert_int_equal(fake_rights(B, page + 2), 0);
}

/* W1: never more than the owner has itself. */
static void test_w1_owner_rights(void **state)
{
    const uint32_t page = HEAP(A);

    (void)state;
    page_set_rights(page, 1, READ);
    const int id = window_create(A);
    assert_int_equal(window_add(A, id, AT(page), PAGE_SIZE, BOTH), -EPERM);
    assert_int_equal(window_add(A, id, AT(page), PAGE_SIZE, READ), 0);
    page_set_rights(page + 1, 1, BOTH);
    assert_int_equal(window_add(A, id, AT(page + 1), PAGE_SIZE, BOTH), 0);
    assert_int_equal(window_open(A, id, B), 0);
    assert_reaches(B, page + 1, BOTH);
    page_set_rights(page + 1, 1, READ); /* as memory_protect() does, then: */
    window_settle(page + 1, 1);
    assert_int_equal(fake_rights(B, page + 1), READ);
    assert_reaches(B, page + 1, READ);
    page_set_rights(page + 1, 1, 0);
    window_settle(page + 1, 1);
    assert_reaches(B, page + 1, 0);
}

static void test_add_refused(void **state)
{
    const uint32_t base = AT(HEAP(A));
    const int id = window_create(A);
    const struct {
        int id;
        uint32_t base;
        uint64_t len;
        unsigned rights;
        int error;
    } rows[] = {
        {id, base, 0, READ, -EINVAL},
        {id, base, UINT64_C(1) << 40, READ, -EINVAL},
        {id, base, UINT64_MAX, READ, -EINVAL},
        {id, base, SPACE_SIZE, READ, -EINVAL},
        {id, base, SPACE_SIZE - base + 1, READ, -EINVAL},
        {id, UINT32_MAX, 2, READ, -EINVAL},
        {id, base, 1, 0, -EINVAL},
        {id, base, 1, PAGE_WRITE, -EINVAL},
        {id, base, 1, 4, -EINVAL},
        {id, base, 1, 7, -EINVAL},
        {0, base, 1, READ, -EINVAL},
        {-1, base, 1, READ, -EINVAL},
        {INT_MIN, base, 1, READ, -EINVAL},
        {INT_MAX, base, 1, READ, -EINVAL},
        {id + 1, base, 1, READ, -EINVAL},
        {id, 0, 1, READ, -EPERM},
        {id, AT(HEAP(B)), 1, READ, -EPERM},
        {id, AT(HEAP(A) + PAGES) - 1, 2, READ, -EPERM}, /* the last byte is B's */
        {id, AT(HEAP(A)) - 1, 2, READ, -EPERM},
        {id, UINT32_MAX, 1, READ, -EPERM},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(
            window_add(A, rows[i].id, rows[i].base, rows[i].len, rows[i].rights),
            rows[i].error);
    }
    /* None of them left anything behind. */
    assert_int_equal(window_open(A, id, C), 0);
    for (uint32_t page = FAKE_FIRST; page < FAKE_FIRST + 3 * PAGES; page++) {
        assert_int_equal(window_rights(C, page),
                         page - HEAP(C) < PAGES ? BOTH : 0); /* its own */
    }
}

/* W4: only data is lent: not code, stacks, guards, stubs, free pages. */
static void test_w4_kinds(void **state)
{
    const uint32_t page = FAKE_FIRST + 8 * PAGES;
    const int id = window_create(A);

    (void)state;
    for (unsigned kind = PAGE_CODE; kind <= PAGE_STUB; kind++) {
        const bool data = kind == PAGE_RODATA || kind == PAGE_DATA || kind == PAGE_HEAP;
        assert_int_equal(page_claim(page, 1, A, kind, READ), 0);
        assert_int_equal(window_add(A, id, AT(page), 1, READ), data ? 0 : -EPERM);
        assert_int_equal(window_remove(A, id, AT(page)), data ? 0 : -ENOENT);
        page_free(page, 1);
    }
    assert_int_equal(window_add(A, id, AT(page), 1, READ), -EPERM);
    /* Also where the page changes under an open window. */
    assert_int_equal(page_claim(page, 1, A, PAGE_HEAP, BOTH), 0);
    lend(A, B, page, 1, READ);
    page_free(page, 1);
    assert_reaches(B, page, 0);
    assert_int_equal(page_claim(page, 1, A, PAGE_CODE, READ), 0);
    assert_reaches(B, page, 0);
    page_free(page, 1);
}

/* W4: memory that comes to the place of freed memory is not lent by old windows. */
static void test_w4_freed_leave_windows(void **state)
{
    const uint32_t page = HEAP(A);
    const int id = lend(A, B, page, 9, BOTH);

    (void)state;
    assert_int_equal(window_add(B, window_create(B), AT(page + 3), PAGE_SIZE, READ), 0);
    for (uint32_t k = 0; k < 9; k++) {
        assert_true(window_map(B, page + k, READ));
    }
    window_forget_pages(page + 3, 2);
    page_free(page + 3, 2);
    assert_int_equal(page_claim(page + 3, 2, A, PAGE_HEAP, BOTH), 0);
    for (uint32_t k = 0; k < 12; k++) { /* nor is anything behind it lent now */
        assert_reaches(B, page + k, k == 3 || k == 4 || k >= 9 ? 0 : BOTH);
    }
    /* The first page, then the last one, of a range; then all of it. */
    window_forget_pages(page, 1);
    assert_reaches(B, page, 0);
    assert_reaches(B, page + 1, BOTH);
    window_forget_pages(page + 8, 4);
    assert_reaches(B, page + 8, 0);
    assert_reaches(B, page + 7, BOTH);
    window_forget_pages(page, 3);
    assert_reaches(B, page + 1, 0);
    assert_reaches(B, page + 5, BOTH);
    /* Both parts still go by the base that was given, and together. */
    assert_int_equal(window_remove(A, id, AT(page)), 0);
    assert_reaches(B, page + 5, 0);
    assert_int_equal(window_remove(A, id, AT(page)), -ENOENT);
}

/* W4: where there is no room for the second part, it is given up, never the first's
 * end. */
static void test_w4_cut_without_room(void **state)
{
    const int id = window_create(A);

    (void)state;
    for (unsigned i = 0; i < RANGES_PER_WINDOW; i++) {
        assert_int_equal(window_add(A, id, AT(HEAP(A)), 5 * PAGE_SIZE, READ), 0);
    }
    assert_int_equal(window_add(A, id, AT(HEAP(A)), PAGE_SIZE, READ), -ENOSPC);
    assert_int_equal(window_open(A, id, B), 0);
    window_forget_pages(HEAP(A) + 2, 1);
    assert_reaches(B, HEAP(A) + 1, READ);
    assert_reaches(B, HEAP(A) + 2, 0);
    assert_reaches(B, HEAP(A) + 3, 0);
    assert_reaches(B, HEAP(A) + 4, 0);
}

/* P5 also holds for what is lent: neither side's mappings are scattered without end. */
static void test_p5_runs(void **state)
{
    (void)state;
    const int id = lend(A, B, HEAP(A), 1, BOTH);
    for (uint32_t k = 2; k <= 10; k += 2) {
        assert_int_equal(window_add(A, id, AT(HEAP(A) + k), 1, BOTH), 0);
    }
    page_limit_runs(3);
    assert_true(window_map(B, HEAP(A), READ));
    assert_true(window_map(B, HEAP(A) + 2, READ));
    assert_int_equal(window_add(A, id, AT(HEAP(A) + 1), 1, BOTH), 0);
    assert_true(window_map(B, HEAP(A) + 1, READ)); /* joins them */
    assert_true(window_map(B, HEAP(A) + 4, READ));
    assert_true(window_map(B, HEAP(A) + 6, READ));
    assert_false(window_map(B, HEAP(A) + 8, READ));
    assert_int_equal(fake_rights(B, HEAP(A) + 8), 0);
    assert_int_equal(window_close(A, id, B), 0); /* gives them back */
    assert_int_equal(window_open(A, id, B), 0);
    assert_true(window_map(B, HEAP(A) + 8, READ));
    lend(A, C, HEAP(A) + 8, 1, READ);
    page_limit_runs(1);
    assert_false(window_map(B, HEAP(A) + 10, READ));
    /* In one view for all the owner's own pages might be split. */
    const struct backend *const views = backend;
    struct backend one_view = *views;
    one_view.separate_views = false;
    backend = &one_view;
    assert_false(window_map(C, HEAP(A) + 8, READ));
    backend = views;
    assert_true(window_map(C, HEAP(A) + 8, READ));
    page_limit_runs(UINT32_MAX);
}

/* P5: more rights in the middle of a run make three of it; its neighbours, one. */
static void test_p5_upgrades(void **state)
{
    (void)state;
    lend(A, B, HEAP(A), 3, READ);
    lend(A, B, HEAP(A) + 4, 1, READ);
    assert_true(window_map(B, HEAP(A), READ));
    assert_true(window_map(B, HEAP(A) + 4, READ));
    lend(A, B, HEAP(A) + 1, 1, BOTH);
    page_limit_runs(3);
    assert_false(window_map(B, HEAP(A) + 1, PAGE_WRITE));
    assert_int_equal(fake_rights(B, HEAP(A) + 1), READ);
    page_limit_runs(4);
    assert_true(window_map(B, HEAP(A) + 1, PAGE_WRITE));
    assert_int_equal(fake_rights(B, HEAP(A)), READ);
    assert_int_equal(fake_rights(B, HEAP(A) + 2), READ);
    page_limit_runs(UINT32_MAX);
}

/* W5: what a touch maps: what is alike, in the block. */
static void test_w5_around(void **state)
{
    enum { AROUND = WINDOW_AROUND };
    (void)state;
    const uint64_t before = cubicle_get(B)->mapped;
    assert_int_equal(HEAP(A) % AROUND, 0);
    const int id = lend(A, B, HEAP(A) + 2, 2 * AROUND - 4, READ);
    assert_true(window_map(B, HEAP(A) + 5, READ));
    assert_int_equal(fake_calls.share, 1);
    assert_int_equal(cubicle_get(B)->mapped - before, AROUND - 2);
    for (uint32_t k = 0; k < PAGES; k++) {
        const bool mapped = k >= 2 && k < AROUND;
        assert_int_equal(fake_rights(B, HEAP(A) + k), mapped ? READ : 0);
        assert_int_equal(page_get(HEAP(A) + k).flags & PAGE_FOREIGN,
                         mapped ? PAGE_FOREIGN : 0);
        assert_int_equal(fake_rights(C, HEAP(A) + k), 0);
    }
    /* Read-only stays read-only. */
    assert_false(window_map(B, HEAP(A) + 6, PAGE_WRITE));
    /* The next block, up to the window's end. */
    assert_true(window_map(B, HEAP(A) + AROUND, READ));
    assert_int_equal(fake_calls.share, 2);
    for (uint32_t k = AROUND; k < PAGES; k++) {
        assert_int_equal(fake_rights(B, HEAP(A) + k), k < 2 * AROUND - 2 ? READ : 0);
    }
    /* All of it goes at once. */
    assert_int_equal(window_close(A, id, B), 0);
    assert_int_equal(fake_calls.revoke, 1);
    for (uint32_t k = 0; k < PAGES; k++) {
        assert_int_equal(fake_rights(B, HEAP(A) + k), 0);
    }
}

/* W5: what comes after mapped pages is mapped further: A's heap here is four blocks long. */
static void test_w5_goes_on(void **state)
{
    enum { FIRST = FAKE_FIRST + 1024, NEXT = WINDOW_AROUND_NEXT };
    (void)state;
    assert_int_equal(page_claim(FIRST, 2 * NEXT, A, PAGE_HEAP, BOTH), 0);
    lend(A, B, FIRST, 2 * NEXT, BOTH);
    assert_true(window_map(B, FIRST, READ));
    assert_int_equal(fake_rights(B, FIRST + WINDOW_AROUND), 0);
    assert_true(window_map(B, FIRST + WINDOW_AROUND, READ));
    assert_int_equal(fake_rights(B, FIRST + NEXT - 1), BOTH);
    assert_int_equal(fake_rights(B, FIRST + NEXT), 0);
    assert_true(window_map(B, FIRST + NEXT, READ));
    assert_int_equal(fake_rights(B, FIRST + 2 * NEXT - 1), BOTH);
    assert_int_equal(fake_calls.share, 3);
    window_forget_pages(FIRST, 2 * NEXT);
    assert_int_equal(fake_calls.revoke, 1);
    for (uint32_t k = 0; k < 2 * NEXT; k++) {
        assert_int_equal(fake_rights(B, FIRST + k), 0);
    }
    page_free(FIRST, 2 * NEXT);
}

/* W5: what ends a run: other rights, another owner, the peer's own, what is mapped already,
 * a page that is not lent, one that the owner cannot write itself. */
static void test_w5_ends(void **state)
{
    const uint32_t first = HEAP(B) - 4; /* A's last pages, and B's */

    (void)state;
    lend(A, C, first, 4, BOTH);
    lend(B, C, HEAP(B), 4, BOTH);
    assert_true(window_map(C, first + 2, READ));
    assert_int_equal(fake_rights(C, HEAP(B) - 1), BOTH);
    assert_int_equal(fake_rights(C, HEAP(B)), 0);
    /* B's own is never mapped, whatever is lent around it. */
    lend(C, B, HEAP(C), 4, BOTH);
    assert_int_equal(window_open(C, lend(C, A, HEAP(C), 4, BOTH), B), 0);
    assert_true(window_map(B, HEAP(C) + 1, READ));
    for (uint32_t k = 0; k < PAGES; k++) {
        assert_int_equal(fake_rights(B, HEAP(B) + k), 0);
    }
    /* Rights. */
    lend(A, B, HEAP(A), 6, READ);
    lend(A, B, HEAP(A) + 2, 2, BOTH);
    page_set_rights(HEAP(A) + 5, 1, 0);
    assert_true(window_map(B, HEAP(A) + 1, READ));
    static const unsigned after_first[] = {READ, READ, 0, 0, 0, 0};
    static const unsigned after_second[] = {READ, READ, BOTH, BOTH, 0, 0};
    static const unsigned after_third[] = {READ, READ, BOTH, BOTH, READ, 0};
    for (uint32_t k = 0; k < 6; k++) {
        assert_int_equal(fake_rights(B, HEAP(A) + k), after_first[k]);
    }
    assert_true(window_map(B, HEAP(A) + 3, READ));
    for (uint32_t k = 0; k < 6; k++) {
        assert_int_equal(fake_rights(B, HEAP(A) + k), after_second[k]);
    }
    assert_true(window_map(B, HEAP(A) + 4, READ));
    assert_false(window_map(B, HEAP(A) + 5, READ));
    for (uint32_t k = 0; k < 6; k++) {
        assert_int_equal(fake_rights(B, HEAP(A) + k), after_third[k]);
    }
    page_set_rights(HEAP(A) + 5, 1, BOTH);
}

/* W5: a block of two owners; and what is mapped with fewer rights is another run. */
static void test_w5_mixed(void **state)
{
    enum { FIRST = FAKE_FIRST + 1024 };
    (void)state;
    assert_int_equal(page_claim(FIRST, 4, A, PAGE_HEAP, BOTH), 0);
    assert_int_equal(page_claim(FIRST + 4, 4, B, PAGE_HEAP, BOTH), 0);
    lend(A, C, FIRST, 4, READ);
    lend(B, C, FIRST + 4, 4, READ);
    assert_true(window_map(C, FIRST + 5, READ));
    assert_int_equal(fake_rights(C, FIRST + 3), 0);
    assert_int_equal(fake_rights(C, FIRST + 4), READ);
    window_forget_pages(FIRST, 8);
    page_free(FIRST, 8);

    lend(A, B, HEAP(A), 4, READ);
    assert_true(window_map(B, HEAP(A), READ));
    lend(A, B, HEAP(A), 8, BOTH);
    const uint64_t before = cubicle_get(B)->mapped;
    assert_true(window_map(B, HEAP(A) + 5, PAGE_WRITE));
    assert_int_equal(cubicle_get(B)->mapped - before, 4);
    assert_int_equal(fake_rights(B, HEAP(A) + 3), READ);
    assert_true(window_map(B, HEAP(A) + 1, PAGE_WRITE));
    for (uint32_t k = 0; k < 8; k++) {
        assert_int_equal(fake_rights(B, HEAP(A) + k), BOTH);
    }
    /* Not before the block either. */
    lend(A, C, HEAP(A), PAGES, READ);
    assert_true(window_map(C, HEAP(A) + WINDOW_AROUND, READ));
    assert_int_equal(fake_rights(C, HEAP(A) + WINDOW_AROUND - 1), 0);
    assert_int_equal(fake_rights(C, HEAP(A) + 2 * WINDOW_AROUND - 1), READ);
}

/* W5: a part that closes goes, the rest stays; delegated pages go with their source. */
static void test_w5_parts(void **state)
{
    (void)state;
    const int left = lend(A, B, HEAP(A), 4, READ);
    const int right = lend(A, B, HEAP(A) + 4, 4, READ);
    lend(B, C, HEAP(A) + 2, 4, READ);
    assert_true(window_map(B, HEAP(A) + 7, READ)); /* both: rights are what counts */
    assert_true(window_map(C, HEAP(A) + 5, READ));
    assert_int_equal(fake_rights(B, HEAP(A)), READ);
    assert_int_equal(fake_rights(C, HEAP(A) + 2), READ);
    assert_int_equal(fake_rights(C, HEAP(A) + 1), 0);
    assert_int_equal(window_remove(A, left, AT(HEAP(A))), 0);
    for (uint32_t k = 0; k < 8; k++) {
        assert_int_equal(fake_rights(B, HEAP(A) + k), k < 4 ? 0 : READ);
        assert_int_equal(fake_rights(C, HEAP(A) + k), k == 4 || k == 5 ? READ : 0);
    }
    /* The owner frees a page in the middle of what is left. */
    window_forget_pages(HEAP(A) + 5, 1);
    for (uint32_t k = 4; k < 8; k++) {
        assert_int_equal(fake_rights(B, HEAP(A) + k), k == 5 ? 0 : READ);
        assert_int_equal(fake_rights(C, HEAP(A) + k), k == 4 ? READ : 0);
    }
    assert_int_equal(window_destroy(A, right), 0);
    assert_int_equal(fake_rights(B, HEAP(A) + 4), 0);
    assert_int_equal(fake_rights(C, HEAP(A) + 4), 0);
}

/* W5: where the host has no room for all, the page alone will do. */
static void test_w5_host_fails(void **state)
{
    (void)state;
    lend(A, B, HEAP(A), PAGES, READ);
    fake_fail_share_many = true;
    assert_true(window_map(B, HEAP(A) + 3, READ));
    assert_int_equal(fake_calls.share, 2);
    for (uint32_t k = 0; k < PAGES; k++) {
        assert_int_equal(fake_rights(B, HEAP(A) + k), k == 3 ? READ : 0);
    }
    fake_fail_share_many = false;
    fake_fail_share = true;
    assert_false(window_map(B, HEAP(A) + 5, READ));
    fake_fail_share = false;
}

/* W3: ids of others, of nobody, and stale ones. */
static void test_w3_ids(void **state)
{
    const int id = lend(A, B, HEAP(A), 1, READ);
    const int others = window_create(B);

    (void)state;
    for (unsigned who = 0; who <= CUBICLE_MAX + 1; who++) {
        if (who != A && who != B) {
            assert_int_equal(window_add(who, id, AT(HEAP(A)), 1, READ), -EINVAL);
            assert_int_equal(window_remove(who, id, AT(HEAP(A))), -EINVAL);
            assert_int_equal(window_open(who, id, C), -EINVAL);
            assert_int_equal(window_close(who, id, B), -EINVAL);
            assert_int_equal(window_close_all(who, id), -EINVAL);
            assert_int_equal(window_destroy(who, id), -EINVAL);
        }
    }
    assert_int_equal(window_destroy(B, others), 0);
    assert_reaches(B, HEAP(A), READ);
    assert_int_equal(window_destroy(A, id), 0);
    assert_int_equal(window_add(A, id, AT(HEAP(A)), 1, READ), -EINVAL);
    assert_int_equal(window_remove(A, id, AT(HEAP(A))), -EINVAL);
    assert_int_equal(window_open(A, id, C), -EINVAL);
    assert_int_equal(window_close(A, id, B), -EINVAL);
    assert_int_equal(window_destroy(A, id), -EINVAL);
    /* The slot is used again at once, the id is not. */
    for (int i = 0; i < 1000; i++) {
        const int next = window_create(A);
        assert_true(next > 0 && next != id);
        assert_int_equal(next % WINDOWS_PER_CUBICLE, id % WINDOWS_PER_CUBICLE);
        assert_int_equal(window_add(A, id, AT(HEAP(A)), 1, READ), -EINVAL);
        assert_int_equal(window_open(A, id, B), -EINVAL);
        assert_int_equal(window_destroy(A, id), -EINVAL);
        assert_int_equal(window_destroy(A, next), 0);
    }
}

static void test_peers(void **state)
{
    const int id = window_create(A);

    (void)state;
    assert_int_equal(window_open(A, id, 0), -ESRCH);
    assert_int_equal(window_open(A, id, (unsigned)cubicle_count() + 1), -ESRCH);
    assert_int_equal(window_open(A, id, UINT_MAX), -ESRCH);
    assert_int_equal(window_close(A, id, 0), -ESRCH);
    assert_int_equal(window_close(A, id, UINT_MAX), -ESRCH);
    cubicle_get(B)->state = CUBICLE_DEAD;
    assert_int_equal(window_open(A, id, B), -ESRCH);
    cubicle_get(B)->state = CUBICLE_EXITED;
    assert_int_equal(window_open(A, id, B), -ESRCH);
    assert_int_equal(window_close(A, id, B), 0);
    assert_int_equal(window_remove(A, id, AT(HEAP(A))), -ENOENT);
}

static void test_exhaustion(void **state)
{
    int ids[WINDOWS_PER_CUBICLE];

    (void)state;
    for (size_t i = 0; i < WINDOWS_PER_CUBICLE; i++) {
        ids[i] = window_create(A);
        assert_true(ids[i] > 0);
    }
    assert_int_equal(window_create(A), -ENOSPC);
    assert_true(window_create(B) > 0); /* a table of its own */
    assert_int_equal(window_destroy(A, ids[17]), 0);
    const int id = window_create(A);
    assert_true(id > 0 && id != ids[17]);
    for (size_t i = 0; i < RANGES_PER_WINDOW; i++) {
        assert_int_equal(window_add(A, id, AT(HEAP(A) + i), 1, READ), 0);
    }
    assert_int_equal(window_add(A, id, AT(HEAP(A)), 1, READ), -ENOSPC);
    assert_int_equal(window_remove(A, id, AT(HEAP(A) + 3)), 0);
    assert_int_equal(window_add(A, id, AT(HEAP(A) + 20), 1, READ), 0);
}

/* A dead cubicle lends nothing and holds nothing. */
static void test_forget_cubicle(void **state)
{
    (void)state;
    lend(A, B, HEAP(A), 1, READ);
    lend(B, C, HEAP(A), 1, READ);
    lend(B, C, HEAP(B), 1, BOTH);
    lend(A, C, HEAP(A) + 1, 1, READ);
    assert_true(window_map(B, HEAP(A), READ));
    assert_true(window_map(C, HEAP(A), READ));
    assert_true(window_map(C, HEAP(B), PAGE_WRITE));
    assert_true(window_map(C, HEAP(A) + 1, READ));
    cubicle_get(B)->state = CUBICLE_DEAD;
    window_forget_cubicle(B);
    assert_int_equal(fake_rights(B, HEAP(A)), 0);
    assert_reaches(C, HEAP(A), 0);
    assert_reaches(C, HEAP(B), 0);
    assert_reaches(C, HEAP(A) + 1, READ); /* not its business */
}

/* Own pages and the monitor are never mapped by windows. */
static void test_map_refused(void **state)
{
    (void)state;
    lend(A, B, HEAP(A), 1, BOTH);
    assert_false(window_map(A, HEAP(A), READ));
    assert_false(window_map(CUBICLE_MONITOR, HEAP(A), READ));
    assert_false(window_map(B, HEAP(A), 0));
    assert_false(window_map(B, HEAP(A), 4));
    assert_int_equal(fake_calls.share, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_w1_open),
        TEST(test_w1_pages_of_bytes),
        TEST(test_w1_rights),
        TEST(test_w1_owner_rights),
        TEST(test_add_refused),
        TEST(test_w4_kinds),
        TEST(test_w4_freed_leave_windows),
        TEST(test_w4_cut_without_room),
        TEST(test_p5_runs),
        TEST(test_p5_upgrades),
        TEST(test_w5_around),
        TEST(test_w5_goes_on),
        TEST(test_w5_ends),
        TEST(test_w5_mixed),
        TEST(test_w5_parts),
        TEST(test_w5_host_fails),
        TEST(test_w3_ids),
        TEST(test_peers),
        TEST(test_exhaustion),
        TEST(test_forget_cubicle),
        TEST(test_map_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
