/*
 * Eight cubicles map, lend, protect, free and use pages at random on the real views of `sfi`, one
 * of them with the low view: what the monitor counts as mappings of the host must be what
 * /proc/self/maps has (VM2), never more than a cubicle's share (VM3), and no freed page may show
 * what was in it (P3). Steps: MAPPINGS_STEPS in the environment (50,000); seed: MAPPINGS_SEED.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "backend/backend.h"
#include "backend/sfi/view_map.h"
#include "base/copy.h"
#include "base/panic.h"
#include "base/thread.h"
#include "memory/memory.h"
#include "memory/window.h"
#include "verify/verify.h"

#define CUBICLES 8u
#define PAGES 2048u /* that all of them share */
#define FIRST page_of(HEAP_START)
#define BEHIND (FIRST + PAGES + 8) /* what the soak leaves alone */
#define WINDOWS 12u
#define SHARE 800u /* of the host's mappings, for each: little, so that it is used up */

const struct backend *backend = &backend_sfi;

void panic(const char *reason)
{
    fail_msg("panic: %s", reason);
    abort();
}

bool verify_code(const uint8_t *code, size_t len, uint32_t base,
                 const struct verify_policy *policy, struct verify_result *result)
{
    (void)code;
    (void)len;
    (void)base;
    (void)policy;
    (void)result;
    return false;
}

/* What memory_renew() writes with; here nothing traps. */
static int plain_copy(void *to, const void *from, size_t size)
{
    memcpy(to, from, size);
    return 0;
}
copy_routine *copy_bytes = plain_copy;

static uint32_t random_state;
static int windows[CUBICLES + 1][WINDOWS];
static unsigned long refused, shared;

/* A number below @limit. */
static uint32_t any(uint32_t limit)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % limit;
}

static volatile uint8_t *at(unsigned id, uint32_t page)
{
    return cubicle_address(cubicle_get(id), (uint64_t)page << PAGE_SHIFT);
}

/* A range, mostly of what cubicle @id has. */
static void choose(unsigned id, uint32_t *page, uint32_t *npages)
{
    const bool own = any(8) != 0;
    const uint32_t end = FIRST + PAGES;
    *page = FIRST + any(PAGES);
    for (unsigned i = 0; own && i < 200 && page_get(*page).owner != id; i++) {
        *page = FIRST + (*page + 1 - FIRST) % PAGES;
    }
    const uint32_t most = 1 + any(any(4) == 0 ? 200 : 8);
    *npages = 1;
    while (*npages < most && *page + *npages < end &&
           (!own || page_get(*page + *npages).owner == page_get(*page).owner)) {
        (*npages)++;
    }
}

/* Fresh pages are zero (P3); then they are not. */
static void use_fresh(unsigned id, uint32_t page, uint32_t npages)
{
    for (uint32_t p = page; p < page + npages; p++) {
        assert_int_equal(*at(id, p), 0);
        if (any(3) != 0) {
            *at(id, p) = 0xa5;
        }
    }
}

static bool all_free(uint32_t page, uint32_t npages)
{
    for (uint32_t p = page; p < page + npages; p++) {
        if (page_get(p).kind != PAGE_FREE) {
            return false;
        }
    }
    return true;
}

static void note(int error)
{
    assert_true(error == 0 || error == -ENOMEM || error == -EPERM || error == -EBUSY ||
                error == -ENOSPC || error == -EINVAL);
    refused += error == -ENOMEM;
}

static void memory_step(unsigned id, uint32_t page, uint32_t npages)
{
    struct cubicle *cubicle = cubicle_get(id);
    const unsigned what = any(9);
    if (what < 3 && all_free(page, npages)) {
        const int error = memory_give(cubicle, page, npages, PAGE_HEAP);
        note(error);
        if (error == 0) {
            use_fresh(id, page, npages);
        }
    } else if (what < 5) {
        note(memory_take(cubicle, page, npages));
    } else if (what == 5) {
        static const unsigned rights[] = {0, PAGE_READ, PAGE_READ | PAGE_WRITE};
        note(memory_protect(cubicle, page, npages, PAGE_HEAP, rights[any(3)]));
    } else if (what == 6) {
        const int error = memory_renew(cubicle, page, npages);
        note(error);
        if (error == 0) {
            use_fresh(id, page, npages);
        }
    } else if (what == 7) {
        const int error = memory_discard(cubicle, page, npages);
        note(error);
        if (error == 0 &&
            memory_rights(cubicle, page, npages) == (PAGE_READ | PAGE_WRITE)) {
            use_fresh(id, page, npages);
        }
    } else { /* every second page, and all of it again */
        for (uint32_t p = page; p < page + npages; p += 2) {
            note(memory_take(cubicle, p, 1));
        }
        for (uint32_t p = page; p < page + npages; p += 2) {
            if (all_free(p, 1)) {
                note(memory_give(cubicle, p, 1, PAGE_HEAP));
            }
        }
    }
}

/* Pages here and there, where windows allow it. */
static void touch_some(unsigned peer, uint32_t page, uint32_t npages)
{
    for (uint32_t p = page; p < page + npages; p++) {
        const unsigned access = any(2) != 0 ? PAGE_READ : PAGE_WRITE;
        if (any(3) != 0 || page_get(p).owner == peer || !window_map(peer, p, access)) {
            continue;
        }
        shared++;
        if (access == PAGE_WRITE) {
            *at(peer, p) = 0x5a;
            if (page_get(p).rights != 0) {
                assert_int_equal(*at(page_get(p).owner, p), 0x5a);
            }
        }
    }
}

static void window_step(unsigned id, uint32_t page, uint32_t npages)
{
    const unsigned peer = 1 + any(CUBICLES);
    int *window = &windows[id][any(WINDOWS)];
    const unsigned what = any(6);
    if (*window == 0) {
        *window = window_create(id);
        assert_true(*window > 0);
    }
    if (what < 3) {
        note(window_add(id, *window, page << PAGE_SHIFT, (uint64_t)npages << PAGE_SHIFT,
                        any(2) != 0 ? PAGE_READ : PAGE_READ | PAGE_WRITE));
        (void)window_open(id, *window, peer);
        touch_some(peer, page, npages);
    } else if (what == 3) {
        (void)window_close(id, *window, peer);
    } else if (what == 4) {
        assert_int_equal(window_destroy(id, *window), 0);
        *window = 0;
    } else {
        touch_some(peer, page, npages);
    }
    for (uint32_t p = page; p < page + npages; p++) { /* the owner */
        if (page_get(p).owner == id && page_get(p).rights == (PAGE_READ | PAGE_WRITE)) {
            *at(id, p) = (uint8_t)p;
        }
    }
}

/* All that @id has, windows and memory: that can always be done, whatever is used up. */
static void give_up(unsigned id)
{
    window_forget_cubicle(id);
    memset(windows[id], 0, sizeof(windows[id]));
    for (uint32_t p = FIRST, n; p < FIRST + PAGES; p += n) {
        for (n = 0; p + n < FIRST + PAGES && page_get(p + n).owner == id; n++) {
        }
        if (n > 0) {
            assert_int_equal(memory_take(cubicle_get(id), p, n), 0);
        } else {
            n = 1;
        }
    }
}

/* Mappings of the host in every view: one, and one for each that begins inside. */
static void count_mappings(uint32_t counts[CUBICLES + 1])
{
    FILE *maps = fopen("/proc/self/maps", "re");
    unsigned long start;
    assert_non_null(maps);
    for (unsigned id = 1; id <= CUBICLES; id++) {
        counts[id] = 1;
    }
    while (fscanf(maps, "%lx-%*[^\n]\n", &start) == 1) {
        for (unsigned id = 1; id <= CUBICLES; id++) {
            const uint64_t view = backend->view_base(id);
            counts[id] += start > view + SPACE_GUARD && start < view + SPACE_SIZE;
        }
    }
    (void)fclose(maps);
}

static void check(unsigned long step)
{
    uint32_t counts[CUBICLES + 1];
    count_mappings(counts);
    for (unsigned id = 1; id <= CUBICLES; id++) {
        /* Lent pages may be joined with the view's own, where they are counted apart. */
        uint32_t lent = 0;
        for (uint32_t p = FIRST; p < FIRST + PAGES; p++) {
            lent += view_map_is_lent(id, p) && !view_map_is_lent(id, p - 1);
        }
        if (counts[id] > view_map_count(id) ||
            counts[id] + 2 * lent < view_map_count(id) ||
            view_map_count(id) > page_mapping_limit()) {
            fail_msg("step %lu: view %u takes %u mappings, %u are counted, %u allowed",
                     step, id, counts[id], view_map_count(id), page_mapping_limit());
        }
    }
}

static int setup(void **state)
{
    static const struct monitor_cubicle cubicles[CUBICLES] = {
        {.name = "c1"}, {.name = "c2"}, {.name = "c3"}, {.name = "c4"},
        {.name = "c5"}, {.name = "c6"}, {.name = "c7"}, {.name = "c8"}};
    static const struct monitor_config config = {
        .cubicles = cubicles, .ncubicles = CUBICLES, .low_view = "c1"};
    assert_int_equal(backend->init(&config, CUBICLES), 0);
    page_limit_runs(SHARE / PAGE_RUN_MAPPINGS);
    assert_int_equal(memory_init(), 0);
    for (unsigned id = 1; id <= CUBICLES; id++) {
        struct cubicle *cubicle = cubicle_create(cubicles[id - 1].name);
        assert_non_null(cubicle);
        cubicle->state = CUBICLE_LIVE;
        cubicle->quota_pages = PAGES / 2;
        cubicle->view = backend->view_base(id);
    }
    (void)state;
    return window_setup(NULL, NULL);
}

static void test_counted(void **state)
{
    const char *steps = getenv("MAPPINGS_STEPS");
    const char *seed = getenv("MAPPINGS_SEED");
    const unsigned long n = steps != NULL ? strtoul(steps, NULL, 10) : 50000;
    (void)state;
    random_state = seed != NULL ? (uint32_t)strtoul(seed, NULL, 10) : 1;
    for (unsigned long step = 0; step < n; step++) {
        const unsigned id = 1 + any(CUBICLES);
        uint32_t page, npages;
        choose(id, &page, &npages);
        if (any(2000) == 0) {
            give_up(id);
        } else if (any(2) != 0) {
            memory_step(id, page, npages);
        } else {
            window_step(id, page, npages);
        }
        if (step % 500 == 0) {
            check(step);
        }
    }
    check(n);
    print_message("# %lu steps: %lu touches shared a page, %lu refusals\n", n, shared,
                  refused);
    assert_true(shared > n / 100 && refused > 0);
    /* Afterwards nothing is left behind. */
    for (unsigned id = 1; id <= CUBICLES; id++) {
        give_up(id);
    }
    check(n);
    for (unsigned id = 1; id <= CUBICLES; id++) {
        assert_int_equal(cubicle_get(id)->npages, 0);
    }
}

/* Every second page is lent, all are freed, and so on elsewhere: what has been is no reason to
 * refuse what is to come. */
static void test_nothing_adds_up(void **state)
{
    enum { PART = 64 };
    const unsigned owner = 2, peer = 3;
    const uint32_t hidden = FIRST + PAGES; /* the owner's, without rights meanwhile */
    uint32_t most = 0;
    (void)state;
    assert_int_equal(memory_give(cubicle_get(owner), hidden, 1, PAGE_HEAP), 0);
    *at(owner, hidden) = 0x77;
    assert_int_equal(memory_protect(cubicle_get(owner), hidden, 1, PAGE_HEAP, 0), 0);
    for (uint32_t round = 0; round < 3 * PAGES / PART; round++) {
        const uint32_t page = FIRST + round * PART % PAGES;
        const int window = window_create(owner);
        assert_int_equal(memory_give(cubicle_get(owner), page, PART, PAGE_HEAP), 0);
        use_fresh(owner, page, PART);
        for (uint32_t i = 0; i < PART; i += 2) {
            assert_int_equal(
                window_add(owner, window, (page + i) << PAGE_SHIFT, 1, PAGE_READ), 0);
            assert_int_equal(window_open(owner, window, peer), 0);
            assert_true(window_map(peer, page + i, PAGE_READ));
            assert_true(view_map_is_lent(peer, page + i));
            assert_false(view_map_is_lent(owner, page + i));
            assert_int_not_equal(page_get(page + i).flags & PAGE_SHARED, 0);
            assert_int_equal(window_remove(owner, window, (page + i) << PAGE_SHIFT), 0);
        }
        assert_int_equal(window_destroy(owner, window), 0);
        for (uint32_t i = 0; i < PART; i += 2) {
            assert_int_equal(memory_take(cubicle_get(owner), page + i, 1), 0);
            assert_int_equal(memory_give(cubicle_get(owner), page + i, 1, PAGE_HEAP),
                             0);
            use_fresh(owner, page + i, 1);
        }
        assert_int_equal(memory_take(cubicle_get(owner), page, PART), 0);
        most = view_map_count(owner) > most ? view_map_count(owner) : most;
        check(round);
    }
    assert_in_range(most, SHARE / 2, SHARE); /* else nothing has been tried */

    /* It still has its contents, and nobody finds them once it is freed. */
    assert_int_equal(memory_protect(cubicle_get(owner), hidden, 1, PAGE_HEAP,
                                    PAGE_READ | PAGE_WRITE),
                     0);
    assert_int_equal(*at(owner, hidden), 0x77);
    *at(owner, hidden) = 0x78;
    assert_int_equal(memory_take(cubicle_get(owner), hidden, 1), 0);
    for (unsigned id = 1; id <= CUBICLES; id++) {
        assert_int_equal(memory_give(cubicle_get(id), hidden, 1, PAGE_HEAP), 0);
        assert_int_equal(*at(id, hidden), 0);
        assert_int_equal(memory_take(cubicle_get(id), hidden, 1), 0);
    }
}

/* Whatever a view is filled with, lent pages can be taken back as they were lent. */
static void test_taken_back(void **state)
{
    enum { UNUSED_VIEW = CUBICLES + 2 };
    const uint32_t page = FIRST + 100;
    (void)state;
    view_map_set(UNUSED_VIEW, page - 3, 7, PAGE_READ | PAGE_WRITE, VIEW_FILE);
    view_map_set(UNUSED_VIEW, page, 1, PAGE_READ | PAGE_WRITE, VIEW_FILE | VIEW_LENT);
    for (uint32_t p = page + 10;
         view_map_count(UNUSED_VIEW) + 2 <= page_mapping_limit(); p += 2) {
        assert_true(view_map_may(UNUSED_VIEW, p, 1, PAGE_READ, 0));
        view_map_set(UNUSED_VIEW, p, 1, PAGE_READ, 0);
    }
    assert_false(view_map_may(UNUSED_VIEW, FIRST, 1, PAGE_READ, 0));
    assert_false(view_map_may(UNUSED_VIEW, page + 2, 1, 0, 0));
    assert_true(view_map_may(UNUSED_VIEW, page, 1, 0, 0));
}

/* VM3, exactly: up to the share, at either end of a change; and what is over it can go. */
static void test_limit(void **state)
{
    const unsigned id = CUBICLES + 1; /* nothing of the host's */
    uint32_t page = FIRST;
    (void)state;
    for (; view_map_may(id, page, 1, PAGE_READ, false); page += 2) {
        view_map_set(id, page, 1, PAGE_READ, false);
    }
    assert_int_equal(view_map_count(id), SHARE - 1);
    /* Next to one that is there: a difference at its end, and one at its begin. */
    page_limit_runs(SHARE / PAGE_RUN_MAPPINGS);
    assert_true(view_map_may(id, page - 1, 1, PAGE_WRITE, false));
    view_map_set(id, page - 1, 1, PAGE_WRITE, false);
    assert_int_equal(view_map_count(id), SHARE);
    assert_false(view_map_may(id, page, 1, PAGE_READ, false));
    assert_false(view_map_may(id, FIRST - 1, 1, PAGE_WRITE, false));
    /* Over its share. */
    page_limit_runs(SHARE / PAGE_RUN_MAPPINGS / 2);
    assert_true(view_map_may(id, FIRST, 1, 0, false));
    assert_true(view_map_may(id, FIRST, page - FIRST, 0, false));
    assert_false(view_map_may(id, page, 1, PAGE_READ, false));
    view_map_set(id, FIRST, page - FIRST, 0, false);
    assert_int_equal(view_map_count(id), 1);
    page_limit_runs(SHARE / PAGE_RUN_MAPPINGS);
}

/* Without room each way to change a view is refused, and nothing has changed. */
static void test_refused(void **state)
{
    const unsigned owner = 4, peer = 5;
    (void)state;
    assert_int_equal(memory_give(cubicle_get(owner), BEHIND, 3, PAGE_HEAP), 0);
    assert_false(view_map_is_file(owner, BEHIND + 1)); /* it is still private */
    *at(owner, BEHIND + 1) = 0x77;
    page_limit_runs(0);
    assert_int_equal(backend->map(owner, BEHIND + 8, 1), -ENOMEM);
    assert_int_equal(backend->protect(owner, BEHIND + 1, 1, PAGE_READ), -ENOMEM);
    assert_int_equal(backend->unmap(owner, BEHIND + 1, 1), -ENOMEM);
    assert_int_equal(*at(owner, BEHIND + 1), 0x77);
    page_table[BEHIND].kind = page_table[BEHIND + 2].kind = PAGE_DATA;
    assert_int_equal(backend->share(owner, peer, BEHIND + 1, 1, PAGE_READ), -ENOMEM);
    page_table[BEHIND].kind = page_table[BEHIND + 2].kind = PAGE_HEAP;
    assert_int_equal(*at(owner, BEHIND + 1), 0x77);
    page_limit_runs(SHARE / PAGE_RUN_MAPPINGS);
    assert_int_equal(memory_take(cubicle_get(owner), BEHIND, 3), 0);
}

/* P3: what was copied to the file for a loan that was refused is not there for the next owner. */
static void test_refused_loan(void **state)
{
    const unsigned first = 6, owner = 7, peer = 5;
    (void)state;
    /* The first owner's place lies in the file. */
    assert_int_equal(memory_give(cubicle_get(first), BEHIND + 1, 1, PAGE_HEAP), 0);
    assert_int_equal(backend->share(first, peer, BEHIND + 1, 1, PAGE_READ), 0);
    assert_int_equal(backend->revoke(peer, BEHIND + 1, 1), 0);
    assert_int_equal(memory_take(cubicle_get(first), BEHIND + 1, 1), 0);
    assert_int_equal(memory_give(cubicle_get(owner), BEHIND, 3, PAGE_HEAP), 0);
    assert_false(view_map_is_file(owner, BEHIND + 1)); /* it is still private */
    *at(owner, BEHIND + 1) = 0x77;
    page_limit_runs(0);
    /* Its neighbours are of another kind, and do not go to the file with it. */
    page_table[BEHIND].kind = page_table[BEHIND + 2].kind = PAGE_DATA;
    assert_int_equal(backend->share(owner, peer, BEHIND + 1, 1, PAGE_READ), -ENOMEM);
    page_table[BEHIND].kind = page_table[BEHIND + 2].kind = PAGE_HEAP;
    page_limit_runs(SHARE / PAGE_RUN_MAPPINGS);
    assert_int_equal(memory_take(cubicle_get(owner), BEHIND, 3), 0);
    assert_int_equal(memory_give(cubicle_get(first), BEHIND + 1, 1, PAGE_HEAP), 0);
    assert_int_equal(*at(first, BEHIND + 1), 0);
    assert_int_equal(memory_take(cubicle_get(first), BEHIND + 1, 1), 0);
}

/* P5: who is lent every second page does not use up the owner's mappings. */
static void test_lent_here_and_there(void **state)
{
    enum { NPAGES = 64, RUNS = 8 };
    const unsigned owner = 7, peer = 5;
    (void)state;
    page_limit_runs(RUNS);
    assert_int_equal(memory_give(cubicle_get(owner), BEHIND, NPAGES, PAGE_HEAP), 0);
    for (uint32_t k = 0; k < NPAGES; k++) {
        *at(owner, BEHIND + k) = (uint8_t)k;
    }
    for (uint32_t k = 1; k < NPAGES; k += 2) {
        assert_int_equal(backend->share(owner, peer, BEHIND + k, 1, PAGE_READ), 0);
        assert_int_equal(backend->revoke(peer, BEHIND + k, 1), 0);
        assert_true(page_may_split(owner, 2));
    }
    for (uint32_t k = 0; k < NPAGES; k++) {
        assert_int_equal(*at(owner, BEHIND + k), k);
    }
    page_limit_runs(SHARE / PAGE_RUN_MAPPINGS);
    assert_int_equal(memory_take(cubicle_get(owner), BEHIND, NPAGES), 0);
}

/* S4: where the low view is filled up with the file, code stays. Last: it is not counted. */
static void test_code_stays(void **state)
{
    const uint32_t page = page_of(MODULES_START) + 8;
    volatile uint8_t *code = (volatile uint8_t *)((uintptr_t)page << PAGE_SHIFT);
    (void)state;
    if (backend->view_base(1) != 0) {
        return; /* no low view here */
    }
    assert_int_equal(page_claim(page, 1, 2, PAGE_CODE, PAGE_READ), 0);
    assert_int_equal(mprotect((void *)code, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
    *code = 0xc3;
    page_limit_runs(0);
    assert_int_equal(backend->protect(1, FIRST + 1, 1, PAGE_READ), -ENOMEM);
    assert_int_equal(*code, 0xc3);
    page_limit_runs(SHARE / PAGE_RUN_MAPPINGS);
}

int main(void)
{
#ifdef __SANITIZE_ADDRESS__
    puts("1..0 # SKIP a sanitizer's shadow lies where views do");
    return 0;
#endif
    const struct CMUnitTest tests[] = {
        /* While the views are new. */
        cmocka_unit_test(test_refused_loan),
        cmocka_unit_test(test_nothing_adds_up),
        cmocka_unit_test(test_taken_back),
        cmocka_unit_test(test_counted),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_lent_here_and_there),
        cmocka_unit_test(test_code_stays),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("mappings", tests, setup, NULL);
}
