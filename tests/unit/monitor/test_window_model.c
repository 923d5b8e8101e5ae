/*
 * Windows, pages and memory together, at random: after every step nothing is mapped that
 * no open window allows (W1, W2), also where the host refuses now and then, and where
 * windows have so many ranges that cutting one takes the last.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_backend.h"
#include "memory.h"
#include "window.h"

#define CUBICLES 5u
#define PAGES 20u /* of each */
#define SEEDS 3u
#define STEPS 50000u
#define HEAP(id) (FAKE_FIRST + ((id)-1) * PAGES)

static uint32_t random_state;
static int ids[CUBICLES + 1];

/* A number below @limit. */
static uint32_t any(uint32_t limit)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % limit;
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    for (unsigned id = 1; id <= CUBICLES; id++) {
        if (cubicle_count() < id) {
            assert_non_null(cubicle_create("c"));
        }
        cubicle_get(id)->state = CUBICLE_LIVE;
        cubicle_get(id)->quota_pages = UINT64_MAX;
        assert_int_equal(memory_give(cubicle_get(id), HEAP(id), PAGES, PAGE_HEAP), 0);
    }
    return window_setup(MONITOR_ACL_ON, MONITOR_REVOKE_STRICT);
}

static void check(unsigned step)
{
    for (unsigned id = 1; id <= CUBICLES; id++) {
        for (uint32_t page = HEAP(1); page < HEAP(CUBICLES + 1); page++) {
            const unsigned mapped = fake_rights(id, page);
            if (mapped != 0 && page_get(page).owner != id &&
                (mapped & ~window_rights(id, page)) != 0) {
                fail_msg("step %u: page %u is mapped for %u", step, page, id);
            }
        }
    }
}

/* A range of pages, all where one cubicle's heap is. */
static void choose(uint32_t *page, uint32_t *npages)
{
    const unsigned owner = 1 + any(CUBICLES);
    *page = HEAP(owner) + any(PAGES);
    *npages = 1 + any(HEAP(owner + 1) - *page);
}

static void memory_step(unsigned what)
{
    static const unsigned rights[] = {0, PAGE_READ, PAGE_READ | PAGE_WRITE};
    uint32_t page, npages;
    choose(&page, &npages);
    const unsigned owner = page_get(page).owner;
    if (what < 2) {
        (void)!memory_give(cubicle_get(1 + (page - HEAP(1)) / PAGES), page, 1,
                           PAGE_HEAP);
    } else if (owner != 0 && what == 2 && any(3) == 0) {
        (void)!memory_take(cubicle_get(owner), page, 1 + any(2));
    } else if (owner != 0) {
        (void)!memory_protect(cubicle_get(owner), page, npages, PAGE_HEAP,
                              rights[any(3)]);
    }
}

static void window_step(unsigned what, unsigned step)
{
    const unsigned self = 1 + any(CUBICLES);
    const unsigned peer = 1 + any(CUBICLES);
    const unsigned rights = any(2) != 0 ? PAGE_READ : PAGE_READ | PAGE_WRITE;
    uint32_t page, npages;
    choose(&page, &npages);
    const uint32_t base = page << PAGE_SHIFT;
    const uint64_t len = (uint64_t)npages << PAGE_SHIFT;
    if (ids[self] == 0) {
        ids[self] = window_init(self);
    }
    if (what == 0) {
        (void)window_add(self, ids[self], base, len, rights);
    } else if (what == 1) {
        (void)window_open(self, ids[self], peer);
    } else if (what == 2) {
        (void)window_close(self, ids[self], peer);
    } else if (what == 3) {
        (void)window_remove(self, ids[self], base);
    } else if (what == 4 && any(30) == 0) {
        assert_int_equal(window_destroy(self, ids[self]), 0);
        ids[self] = 0;
    } else if (what == 5) {
        const int lent = window_lend(self, peer, base, len, rights);
        check(step);
        if (lent > 0) {
            assert_int_equal(window_destroy(self, lent), 0);
        }
    } else if (what == 6 && any(500) == 0) {
        window_forget_cubicle(self);
        ids[self] = 0;
    } else {
        for (uint32_t p = page; p < page + npages; p++) {
            (void)window_map(self, p, any(2) != 0 ? PAGE_READ : PAGE_WRITE);
        }
    }
}

static void test_random_steps(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        random_state = seed;
        for (unsigned step = 0; step < STEPS; step++) {
            fake_fail_share = any(10) == 0;
            const unsigned what = any(12);
            if (what < 4) {
                memory_step(what);
            } else {
                window_step(what - 4, step);
            }
            check(step);
        }
    }
    fake_fail_share = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_random_steps, setup),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("window_model", tests, NULL, NULL);
}
