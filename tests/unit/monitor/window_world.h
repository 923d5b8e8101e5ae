/*
 * Three cubicles of a few heap pages each, on a backend that only remembers: what the
 * tests of windows start with. After cmocka.h.
 */
#ifndef TESTS_UNIT_MONITOR_WINDOW_WORLD_H
#define TESTS_UNIT_MONITOR_WINDOW_WORLD_H

#include "base/page.h"
#include "fake_backend.h"
#include "memory/window.h"

#define A 1u
#define B 2u
#define C 3u

#define READ PAGE_READ
#define BOTH (PAGE_READ | PAGE_WRITE)

/* The heaps of A, B and C: 32 pages each. */
#define PAGES 32u
#define HEAP(id) (FAKE_FIRST + ((id)-1) * PAGES)
#define AT(page) ((uint32_t)(page) << PAGE_SHIFT)

static inline int setup(void **state)
{
    (void)state;
    fake_reset();
    for (unsigned id = A; id <= C; id++) {
        if (cubicle_count() < id) {
            assert_non_null(cubicle_create(id == A ? "a" : id == B ? "b" : "c"));
        }
        cubicle_get(id)->state = CUBICLE_LIVE;
        page_free(HEAP(id), PAGES);
        assert_int_equal(page_claim(HEAP(id), PAGES, id, PAGE_HEAP, BOTH), 0);
    }
    return window_setup(NULL, NULL);
}

static inline int teardown(void **state)
{
    (void)state;
    for (unsigned id = A; id <= C; id++) {
        window_forget_cubicle(id);
        window_forget_pages(HEAP(id), PAGES);
    }
    return 0;
}

/* A window of @owner with one range, open to @peer. */
static inline int lend(unsigned owner, unsigned peer, uint32_t page, uint32_t npages,
                       unsigned rights)
{
    const int id = window_create(owner);

    assert_true(id > 0);
    assert_int_equal(
        window_add(owner, id, AT(page), (uint64_t)npages << PAGE_SHIFT, rights), 0);
    assert_int_equal(window_open(owner, id, peer), 0);
    return id;
}

/* What @peer may do with @page, and what a touch then maps. */
static inline void assert_reaches(unsigned peer, uint32_t page, unsigned rights)
{
    assert_int_equal(window_rights(peer, page), rights);
    assert_int_equal(window_map(peer, page, READ), (rights & READ) != 0);
    assert_int_equal(window_map(peer, page, PAGE_WRITE), (rights & PAGE_WRITE) != 0);
    assert_int_equal(fake_rights(peer, page), rights);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
