/*
 * Windows, pages and memory together, at random: after every step nothing is mapped that
 * no open window allows (W1, W2), also where the host refuses now and then, and where
 * windows have so many ranges that cutting one takes the last. Once on a backend that only
 * remembers, and on `mpk` with played keys (K1-K3, H1-H3), also with few mappings (K4).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "base/copy.h"
#include "base/thread.h"
#include "fake_backend.h"
#include "memory/memory.h"
#include "memory/window.h"
#ifdef KEYS
#include "backend/mpk/mpk.h"
#endif

/* What memory_renew() writes with. */
static int plain_copy(void *to, const void *from, size_t size)
{
    memcpy(to, from, size);
    return 0;
}
copy_routine *copy_bytes = plain_copy;

#define CUBICLES 5u
#define PAGES 20u /* of each */
#define SEEDS 3u
#define STEPS 50000u
#define HEAP(id) (FAKE_FIRST + ((id)-1) * PAGES)

static uint32_t random_state;
#define KEPT 4u
static int ids[CUBICLES + 1], kept[CUBICLES + 1][KEPT];

static uint8_t heap[CUBICLES * PAGES * PAGE_SIZE]; /* what renewing writes to */

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
        cubicle_get(id)->view = (uint64_t)(uintptr_t)heap - (HEAP(1) << PAGE_SHIFT);
        assert_int_equal(memory_give(cubicle_get(id), HEAP(id), PAGES, PAGE_HEAP), 0);
    }
#ifdef RUNS
    page_limit_runs(RUNS);
#endif
    return window_setup(NULL, NULL);
}

static void check(unsigned step)
{
#ifdef KEYS /* K2: what all see is read, and what is the monitor's is not */
    for (unsigned id = 1; id <= CUBICLES; id++) {
        const uint32_t rights = thread_self.shown.rights[id];
        assert_int_equal(rights >> 2 * keys_shown & 3, MPK_NO_WRITE);
        assert_int_equal(rights >> 2 * keys_signal & 3, 0);
        assert_true((rights >> 2 * MPK_KEY_MONITOR & MPK_NO_ACCESS) != 0);
    }
#endif
#ifdef RUNS /* P5, K4: a run of the owner's, and one that is with others, and gaps */
    for (unsigned id = 1; id <= CUBICLES; id++) {
        assert_in_range(fake_mappings(HEAP(id), PAGES), 1, 4 * RUNS);
    }
#endif
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
    if (owner != 0 && any(4) == 0) {
        (void)!memory_recall(cubicle_get(owner), page, 1 + any(3));
    } else if (owner != 0 && any(4) == 0) {
        (void)!memory_renew(cubicle_get(owner), page, 1 + any(3));
    } else if (what < 2) {
        (void)!memory_give(cubicle_get(1 + (page - HEAP(1)) / PAGES), page, 1,
                           PAGE_HEAP);
    } else if (owner != 0 && what == 2 && any(3) == 0) {
        (void)!memory_take(cubicle_get(owner), page, 1 + any(2));
    } else if (owner != 0) {
        (void)!memory_protect(cubicle_get(owner), page, npages, PAGE_HEAP,
                              rights[any(3)]);
    }
}

/* What a trap does: the owner gets back what is his, others what windows allow. */
static void touch(unsigned self, uint32_t page, unsigned access)
{
    const struct page_info info = page_get(page);
    if (info.owner == self && (info.rights & access) == access &&
        backend->reclaim != NULL) {
        (void)!backend->reclaim(self, page); /* the first trap may bring only a key */
        (void)!backend->reclaim(self, page);
        assert_int_equal(fake_rights(self, page) & access, access);
    } else {
        (void)window_map(self, page, access);
    }
}

/* A window that its owner and one other use in turn, as programs do. */
static void use_in_turn(unsigned step)
{
    const unsigned self = 1 + any(2);
    const unsigned peer = 3 + any(2); /* often the same two */
    const uint32_t page = HEAP(self) + any(PAGES - 3);
    const uint32_t npages = 1 + any(3);
    const unsigned rights = any(2) != 0 ? PAGE_READ : PAGE_READ | PAGE_WRITE;
    const int id = window_create(self);
    assert_true(id > 0);
    if (window_add(self, id, page << PAGE_SHIFT, (uint64_t)npages << PAGE_SHIFT,
                   rights) != 0) {
        assert_int_equal(window_destroy(self, id), 0);
        return;
    }
    for (unsigned i = 0; i < 8; i++) {
        (void)window_open(self, id, peer);
        for (uint32_t p = page; p < page + npages; p++) {
            touch(self, p, PAGE_READ);
            touch(peer, p, PAGE_READ);
            check(step);
        }
        (void)window_close(self, id, peer);
        check(step);
    }
    /* Some stay, and are opened and closed without another touch. */
    int *slot = &kept[self][any(KEPT)];
    (void)window_destroy(self, *slot);
    *slot = id;
    for (unsigned i = 0; i < 8; i++) {
        (void)(any(2) != 0 ? window_open(self, kept[self][any(KEPT)], peer)
                           : window_close(self, kept[self][any(KEPT)], peer));
        check(step);
        touch(peer, page, PAGE_READ);
        check(step);
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
        ids[self] = window_create(self);
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
        const int lent = window_create(self);
        if (window_add(self, lent, base, len, rights) == 0) {
            (void)window_open(self, lent, peer);
            touch(peer, page, PAGE_READ);
            check(step);
        }
        assert_int_equal(window_destroy(self, lent), 0);
    } else if (what == 6 && any(500) == 0) {
        window_forget_cubicle(self);
        ids[self] = 0;
    } else {
        for (uint32_t p = page; p < page + npages; p++) {
            touch(self, p, any(2) != 0 ? PAGE_READ : PAGE_WRITE);
        }
    }
}

/* The owner uses every second page of what it has lent as a whole, and then the peer. */
static void test_p5_every_second_page(void **state)
{
    const unsigned both = PAGE_READ | PAGE_WRITE;
    (void)state;
    const int id = window_create(1);
    assert_int_equal(
        window_add(1, id, HEAP(1) << PAGE_SHIFT, (uint64_t)PAGES << PAGE_SHIFT, both),
        0);
    assert_int_equal(window_open(1, id, 2), 0);
    for (unsigned i = 0; i < PAGES; i++) {
        touch(2, HEAP(1) + i, PAGE_WRITE);
    }
    for (unsigned self = 1; self <= 2; self++) {
        for (unsigned i = 0; i < PAGES; i += 2) {
            touch(self, HEAP(1) + i, PAGE_WRITE);
            assert_int_equal(fake_rights(self, HEAP(1) + i), both);
            check(i);
        }
    }
    assert_int_equal(window_destroy(1, id), 0);
    check(0);
}

static void test_random_steps(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        random_state = seed;
        for (unsigned step = 0; step < STEPS; step++) {
            fake_fail_share = any(10) == 0;
            const unsigned what = any(12);
            thread_self.running = 1 + any(CUBICLES);
            if (any(50) == 0) {
                use_in_turn(step);
            } else if (what < 4) {
                memory_step(what);
            } else {
                window_step(what - 4, step);
            }
            check(step);
        }
    }
    fake_fail_share = false;
#if defined(KEYS) && KEYS - 2 > 5 /* two are shared, each cubicle may have one */
    for (unsigned id = 1; id <= CUBICLES; id++) {
        for (uint32_t page = HEAP(id); page < HEAP(id + 1); page++) {
            (void)!memory_take(cubicle_get(id), page, 1);
        }
    }
    for (unsigned i = 0; i < KEYS - 2 - CUBICLES; i++) { /* H3 */
        unsigned index;
        assert_true(keys_borrow(&index));
    }
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_p5_every_second_page, setup),
        cmocka_unit_test(test_random_steps),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("window_model", tests, NULL, NULL);
}
