/* The page allocator over a stand-in for the monitor that knows every page's owner. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "kept.h"
#include <alloc.h>
#include <cmocka.h>
#include <cubicle.h>
#include <cubicle/component.h>
#include <errno.h>
#include <lifecycle.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define MIB2 (2u * 1024 * 1024)
#define BASE UINT64_C(0x80010000) /* not on a region boundary, on purpose */
#define SIZE (UINT64_C(0x100000000) - 0x20000 - BASE)
#define NPAGES (SIZE / PAGE)

static int owners[NPAGES]; /* 0: free */
static unsigned assigned, recalled, released, renewed,
    resumed;                    /* calls, since setup() */
static int recalled_of[NPAGES]; /* not to be used again before it was renewed */
static uint32_t charged[8], quota[8];
static int refuse_assign, refuse_release;
static int ended;   /* a cubicle that is about to be set up anew */
static int current; /* who has called the allocator */

#define alloc_map(size, caller) (alloc_map)(size, current = (caller))
#define alloc_map_room(size, room, caller) \
    (alloc_map_room)(size, room, current = (caller))
#define alloc_map_again(size, caller) (alloc_map_again)(size, current = (caller))
#define alloc_grow(base, old, new, caller) \
    (alloc_grow)(base, old, new, current = (caller))
#define alloc_unmap(base, size, caller) (alloc_unmap)(base, size, current = (caller))
#define alloc_reserve(size, caller) (alloc_reserve)(size, current = (caller))
#define alloc_commit(base, size, caller) (alloc_commit)(base, size, current = (caller))
#define alloc_decommit(base, size, caller) \
    (alloc_decommit)(base, size, current = (caller))
#define alloc_span(base, size, caller) (alloc_span)(base, size, current = (caller))

int cubicle_page_space(uint64_t *base, uint64_t *size)
{
    *base = BASE;
    *size = SIZE;
    return 0;
}

static int range(void *base, size_t npages, uint64_t *first)
{
    const uint64_t offset = (uint64_t)(uintptr_t)base - BASE;

    assert_int_equal(offset % PAGE, 0);
    *first = offset / PAGE;
    return *first < NPAGES && npages <= NPAGES - *first ? 0 : -EINVAL;
}

int cubicle_page_assign(int owner, void *base, size_t npages)
{
    uint64_t first;

    assert_int_equal(range(base, npages, &first), 0);
    const int again = owners[first];
    for (size_t i = 0; i < npages; i++) {
        /* Never a page that is in use: free ones, or all kept for the same. */
        assert_int_equal(owners[first + i], again);
        assert_true(again == 0 || (again == owner && recalled_of[first + i]));
    }
    if (refuse_assign != 0) {
        return refuse_assign;
    }
    if (again != 0) {
        memset(&recalled_of[first], 0, npages * sizeof(*recalled_of));
        renewed++;
        return 0;
    }
    assigned++;
    if (charged[owner] + npages > quota[owner]) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < npages; i++) {
        owners[first + i] = owner;
    }
    charged[owner] += (uint32_t)npages;
    return 0;
}

int cubicle_page_recall(int owner, void *base, size_t npages)
{
    uint64_t first;

    assert_int_equal(range(base, npages, &first), 0);
    for (size_t i = 0; i < npages; i++) {
        if (owners[first + i] != owner) {
            return -EPERM;
        }
        assert_false(recalled_of[first + i]);
    }
    for (size_t i = 0; i < npages; i++) {
        recalled_of[first + i] = 1;
    }
    recalled++;
    return 0;
}

int cubicle_page_resume(int owner, void *base, size_t npages)
{
    uint64_t first;

    assert_int_equal(range(base, npages, &first), 0);
    assert_int_equal(owner, current);
    for (size_t i = 0; i < npages; i++) {
        assert_true(owners[first + i] == owner && recalled_of[first + i]);
    }
    memset(&recalled_of[first], 0, npages * sizeof(*recalled_of));
    resumed++;
    return 0;
}

int cubicle_page_release(int owner, void *base, size_t npages)
{
    uint64_t first;

    assert_int_equal(range(base, npages, &first), 0);
    for (size_t i = 0; i < npages; i++) {
        if (owners[first + i] != owner) {
            return -EPERM;
        }
    }
    /* Of others only what they have given back. */
    for (size_t i = 0; i < npages; i++) {
        assert_true(owner == current || recalled_of[first + i]);
    }
    if (refuse_release != 0) {
        return refuse_release;
    }
    memset(&owners[first], 0, npages * sizeof(*owners));
    memset(&recalled_of[first], 0, npages * sizeof(*recalled_of));
    released++;
    charged[owner] -= (uint32_t)npages;
    return 0;
}

int64_t cubicle_page_reclaim(int owner, uint64_t *base)
{
    if (owner != ended) {
        return -EPERM;
    }
    for (uint64_t first = 0; charged[owner] > 0 && first < NPAGES; first++) {
        uint64_t npages = 0;
        while (first + npages < NPAGES && owners[first + npages] == owner) {
            npages++;
        }
        if (npages > 0) {
            memset(&owners[first], 0, npages * sizeof(*owners));
            memset(&recalled_of[first], 0, npages * sizeof(*recalled_of));
            charged[owner] -= (uint32_t)npages;
            *base = BASE + first * PAGE;
            return (int64_t)npages;
        }
    }
    return 0;
}

static int setup(void **state)
{
    (void)state;
    ended = 0;
    memset(owners, 0, sizeof(owners));
    memset(charged, 0, sizeof(charged));
    for (int i = 0; i < 8; i++) {
        quota[i] = UINT32_MAX / 2;
    }
    refuse_assign = refuse_release = 0;
    memset(recalled_of, 0, sizeof(recalled_of));
    assigned = recalled = released = renewed = resumed = 0;
    return component_init();
}

static void *map(size_t size, int caller)
{
    const int64_t base = alloc_map(size, caller);

    assert_true(base > 0 && base % PAGE == 0);
    return (void *)(uintptr_t)base;
}

static void end(int caller)
{
    ended = caller;
    assert_int_equal(lifecycle_ended(caller), 0);
    assert_int_equal(charged[caller], 0);
    ended = 0;
    assert_int_equal(lifecycle_restarted(caller), 0);
}

static void test_sizes_and_alignment(void **state)
{
    (void)state;
    assert_int_equal(alloc_map(0, 1), -EINVAL);
    assert_int_equal(alloc_map(SIZE_MAX, 1), -ENOMEM);
    assert_int_equal(alloc_map(SIZE + 1, 1), -ENOMEM);
    map(1, 1);
    assert_int_equal(charged[1], 1);
    map(PAGE + 1, 1);
    assert_int_equal(charged[1], 3);
    assert_int_equal((uintptr_t)map(MIB2, 2) % MIB2, 0);
    assert_int_equal((uintptr_t)map(5 * MIB2 + 1, 2) % MIB2, 0);
}

static void test_refused_unmaps(void **state)
{
    (void)state;
    char *base = map(8 * PAGE, 1);

    assert_int_equal(alloc_unmap(base + 1, PAGE, 1), -EINVAL);
    assert_int_equal(alloc_unmap(base, 0, 1), -EINVAL);
    assert_int_equal(alloc_unmap(base, SIZE_MAX, 1), -EINVAL);
    assert_int_equal(alloc_unmap(NULL, PAGE, 1), -EINVAL);
    assert_int_equal(alloc_unmap((void *)UINTPTR_MAX, PAGE, 1), -EINVAL);
    assert_int_equal(alloc_unmap((void *)(BASE + SIZE), PAGE, 1), -EINVAL);
    assert_int_equal(alloc_unmap(base, 9 * PAGE, 1), -EINVAL); /* one page too many */
    assert_int_equal(alloc_unmap(base, PAGE, 2), -EINVAL);     /* somebody else's */
    assert_int_equal(charged[1], 8);
    assert_int_equal(alloc_unmap(base, 8 * PAGE, 1), 0);
    assert_int_equal(alloc_unmap(base, 8 * PAGE, 1), -EINVAL); /* twice */
    base = map((KEPT_PAGES + 1) * PAGE, 1);
    assert_int_equal(alloc_unmap(base, (KEPT_PAGES + 1) * PAGE, 1), 0);
    assert_int_equal(alloc_unmap(base, (KEPT_PAGES + 1) * PAGE, 1), -EINVAL);
}

static void test_partial_unmap(void **state)
{
    (void)state;
    char *base = map(8 * PAGE, 1);

    assert_int_equal(alloc_unmap(base + 2 * PAGE, 3 * PAGE, 1), 0);
    assert_ptr_equal(map(3 * PAGE, 1), base + 2 * PAGE); /* the gap is used again */
    assert_int_equal(alloc_unmap(base, 8 * PAGE, 1), 0);
    base = map(3 * KEPT_PAGES * PAGE, 1);
    assert_int_equal(alloc_unmap(base + KEPT_PAGES * PAGE, (KEPT_PAGES + 1) * PAGE, 1),
                     0);
    assert_int_equal(charged[1], 8 + 2 * KEPT_PAGES - 1);
    assert_ptr_equal(map((KEPT_PAGES + 1) * PAGE, 1), base + KEPT_PAGES * PAGE);
    assert_int_equal(alloc_unmap(base, 3 * KEPT_PAGES * PAGE, 1), 0);
}

/* What is given back and asked for again costs the host nothing, and is renewed. */
static void test_kept(void **state)
{
    (void)state;
    char *one = map(PAGE, 1);
    char *sixteen = map(16 * PAGE, 1);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(alloc_unmap(one, PAGE, 1), 0);
        assert_int_equal(alloc_unmap(sixteen, 16 * PAGE, 1), 0);
        assert_ptr_equal(map(PAGE, 1), one);
        assert_ptr_equal(map(16 * PAGE, 1), sixteen);
    }
    assert_int_equal(assigned, 2);
    assert_int_equal(released, 0);
    assert_int_equal(recalled, 200);
    assert_int_equal(renewed, 200);
    assert_int_equal(charged[1], 17); /* also while it is kept: */
    assert_int_equal(alloc_unmap(sixteen, 16 * PAGE, 1), 0);
    assert_int_equal(charged[1], 17);
    /* Nobody else gets them. */
    for (unsigned caller = 2; caller < 8; caller++) {
        for (unsigned i = 0; i < 20; i++) {
            map(PAGE, (int)caller);
        }
    }
    assert_int_equal(charged[1], 17);
    /* Given back twice, in whole or in part, or with what is not. */
    assert_int_equal(alloc_unmap(sixteen, 16 * PAGE, 1), -EINVAL);
    assert_int_equal(alloc_unmap(sixteen + 15 * PAGE, PAGE, 1), -EINVAL);
    assert_int_equal(alloc_unmap(one, 2 * PAGE, 1), -EINVAL);
    assert_int_equal(alloc_unmap(sixteen, PAGE, 2), -EINVAL);
    assert_int_equal(charged[1], 17);
    assert_int_equal(alloc_unmap(one, PAGE, 1), 0);
    assert_ptr_equal(map(17 * PAGE, 1), one); /* one run */
}

/* Never more than KEPT_PAGES in KEPT_RUNS: the oldest go. */
static void test_kept_bounds(void **state)
{
    enum { N = 4 * KEPT_PAGES };
    (void)state;
    char *base = map(N * PAGE, 1);
    assert_int_equal(alloc_unmap(base, (KEPT_PAGES + 1) * PAGE, 1), 0);
    assert_int_equal(recalled, 0);
    assert_int_equal(charged[1], N - KEPT_PAGES - 1);
    for (unsigned i = KEPT_PAGES + 1; i < N; i++) { /* one by one: one run */
        assert_int_equal(alloc_unmap(base + (size_t)i * PAGE, PAGE, 1), 0);
        assert_true(charged[1] <= N - i - 1 + KEPT_PAGES);
    }
    assert_true(charged[1] > 0 && charged[1] <= KEPT_PAGES);
    assert_true(released < 8);
    char *other = map(N * PAGE, 2);
    for (unsigned i = 0; i < N; i += 2) { /* each a run of its own */
        assert_int_equal(alloc_unmap(other + (size_t)i * PAGE, PAGE, 2), 0);
        assert_true(charged[2] <= N - i / 2 - 1 + KEPT_RUNS);
    }
    assert_int_equal(charged[2], N / 2 + KEPT_RUNS);
    /* A hole in between joins two of them. */
    assert_int_equal(alloc_unmap(other + (N - 3) * PAGE, PAGE, 2), 0);
    assert_int_equal(charged[2], N / 2 + KEPT_RUNS);
    assert_ptr_equal(map(3 * PAGE, 2), other + (N - 4) * PAGE);
}

/* What is kept never stands in the way of the quota. */
static void test_kept_and_quota(void **state)
{
    (void)state;
    quota[1] = 64;
    char *base = map(40 * PAGE, 1);
    assert_int_equal(alloc_unmap(base, 10 * PAGE, 1), 0);
    assert_int_equal(alloc_unmap(base + 12 * PAGE, 10 * PAGE, 1), 0);
    assert_int_equal(charged[1], 40);
    map(30 * PAGE, 1); /* 20 are used, 20 are kept */
    assert_true(charged[1] <= 64);
    map(14 * PAGE, 1);
    assert_int_equal(charged[1], 64);
    assert_int_equal(alloc_map(PAGE, 1), -ENOMEM);
}

/* A monitor that does not let a run go, or does not renew it: nothing is lost. */
static void test_kept_refused(void **state)
{
    (void)state;
    quota[1] = 8;
    char *base = map(8 * PAGE, 1);
    assert_int_equal(alloc_unmap(base, 2 * PAGE, 1), 0);
    refuse_release = -ENOMEM;
    assert_int_equal(alloc_map(3 * PAGE, 1), -ENOMEM);
    refuse_assign = -ENOMEM;
    assert_int_equal(alloc_map(PAGE, 1), -ENOMEM);
    refuse_assign = 0;
    assert_ptr_equal(map(2 * PAGE, 1), base);
    assert_int_equal(charged[1], 8);
    assert_int_equal(alloc_unmap(base + 2 * PAGE, 2 * PAGE, 1), 0);
    refuse_release = 0;
    assert_ptr_equal(map(2 * PAGE, 1), base + 2 * PAGE);
}

/* Memory that grows in small steps has them assigned many at a time. */
static void test_grow(void **state)
{
    (void)state;
    char *base = map(33 * PAGE, 1);
    for (size_t n = 33; n < 2048; n++) {
        assert_int_equal(alloc_grow(base, n * PAGE, (n + 1) * PAGE, 1), 0);
        assert_int_equal(alloc_span(base, (n + 1) * PAGE, 1), (n + 1) * PAGE);
    }
    assert_true(assigned < 40);
    assert_true(charged[1] >= 2048 && charged[1] <= 2048 + 512);
    for (size_t i = 0; i < 2048; i++) {
        const uint64_t page = ((uintptr_t)base - BASE) / PAGE + i;
        assert_true(owners[page] == 1 && !recalled_of[page]);
    }
    /* What is ahead of it is nobody's, but its own to have. */
    char *next = map(PAGE, 1);
    char *others = map(PAGE, 2);
    assert_false(next >= base && next < base + 3000 * PAGE);
    assert_false(others >= base && others < base + 3000 * PAGE);
    assert_int_equal(alloc_unmap(base + 2048 * PAGE, PAGE, 1), -EINVAL);
    /* All of it is kept, in one piece. */
    assert_int_equal(alloc_unmap(base, 2048 * PAGE, 1), 0);
    assert_int_equal(alloc_map_again(2048 * PAGE, 1), (int64_t)(uintptr_t)base);
    assert_int_equal(resumed, 1);
}

static void test_grow_refused(void **state)
{
    (void)state;
    char *base = map(4 * PAGE, 1);
    char *next = map(4 * PAGE, 1);
    char *other = map(PAGE, 2);
    assert_int_equal(alloc_grow(base + 1, PAGE, 2 * PAGE, 1), -EINVAL);
    assert_int_equal(alloc_grow(base, 0, 2 * PAGE, 1), -EINVAL);
    assert_int_equal(alloc_grow(base, PAGE, 0, 1), -EINVAL);
    assert_int_equal(alloc_grow(base, 2 * PAGE, 2 * PAGE, 1), -EINVAL);
    assert_int_equal(alloc_grow(base, 2 * PAGE, PAGE, 1), -EINVAL);
    assert_int_equal(alloc_grow(base, SIZE_MAX, PAGE, 1), -EINVAL);
    assert_int_equal(alloc_grow(base, PAGE, SIZE_MAX, 1), -ENOMEM);
    assert_int_equal(alloc_grow(base, PAGE, UINT64_C(1) << 32, 1), -ENOMEM);
    assert_int_equal(alloc_grow(other, PAGE, 2 * PAGE, 1), -EINVAL);
    assert_int_equal(alloc_grow(base, PAGE, 2 * PAGE, 2), -EINVAL);
    assert_int_equal(alloc_grow(base, 9 * PAGE, 10 * PAGE, 1), -EINVAL);
    assert_int_equal(alloc_grow(NULL, PAGE, 2 * PAGE, 1), -EINVAL);
    assert_int_equal(alloc_grow((void *)UINTPTR_MAX, PAGE, 2 * PAGE, 1), -EINVAL);
    assert_int_equal(alloc_grow(base, 4 * PAGE, 5 * PAGE, 1), -ENOMEM); /* in the way */
    assert_int_equal(charged[1], 8);
    /* Given back, kept: what is kept right behind is taken, and no more than there is. */
    assert_int_equal(alloc_unmap(next, 4 * PAGE, 1), 0);
    assert_int_equal(alloc_grow(base, 4 * PAGE, 6 * PAGE, 1), 0);
    assert_int_equal(alloc_grow(base, 6 * PAGE, 8 * PAGE, 1), 0);
    assert_int_equal(renewed, 2);
    assert_int_equal(charged[1], 8);
}

/* With a quota that has not enough for what is ahead there is none; with none left, nothing. */
static void test_grow_and_quota(void **state)
{
    (void)state;
    char *base = map(4 * PAGE, 1);
    quota[1] = 10;
    assert_int_equal(alloc_grow(base, 4 * PAGE, 5 * PAGE, 1), 0);
    assert_int_equal(charged[1], 5);
    assert_int_equal(alloc_grow(base, 5 * PAGE, 10 * PAGE, 1), 0);
    assert_int_equal(alloc_grow(base, 10 * PAGE, 11 * PAGE, 1), -ENOMEM);
    assert_int_equal(charged[1], 10);
    /* What is ahead goes where others need the quota. */
    quota[1] = 64;
    assert_int_equal(alloc_grow(base, 10 * PAGE, 11 * PAGE, 1), 0);
    assert_true(charged[1] > 11);
    map(53 * PAGE, 1);
    assert_int_equal(charged[1], 64);
    assert_int_equal(alloc_map(PAGE, 1), -ENOMEM);
}

/* The monitor refuses to renew what was kept: nothing has changed. */
static void test_grow_not_renewed(void **state)
{
    (void)state;
    char *base = map(8 * PAGE, 1);
    assert_int_equal(alloc_unmap(base + 4 * PAGE, 4 * PAGE, 1), 0);
    refuse_assign = -ENOMEM;
    assert_int_equal(alloc_grow(base, 4 * PAGE, 6 * PAGE, 1), -ENOMEM);
    assert_int_equal(alloc_grow(base, 4 * PAGE, 100 * PAGE, 1), -ENOMEM);
    refuse_assign = 0;
    assert_int_equal(alloc_unmap(base + 4 * PAGE, PAGE, 1), -EINVAL);
    assert_int_equal(alloc_grow(base, 4 * PAGE, 100 * PAGE, 1), 0);
    assert_int_equal(alloc_unmap(base, 100 * PAGE, 1), 0);
}

/* Room is given to nobody while there is other space, and to anybody when there is not. */
static void test_room(void **state)
{
    const uint64_t all = (NPAGES - (MIB2 - BASE % MIB2) / PAGE) * (uint64_t)PAGE;
    (void)state;
    const int64_t base = alloc_map_room(MIB2, 3 * MIB2, 1);
    assert_true(base > 0);
    for (int i = 0; i < 300; i++) {
        char *other = map(i % 3 == 0 ? MIB2 : PAGE, 1 + i % 3);
        assert_false((int64_t)(uintptr_t)other >= base &&
                     (int64_t)(uintptr_t)other < base + 4 * MIB2);
    }
    assert_int_equal(alloc_grow((void *)base, MIB2, 3 * MIB2, 1), 0);
    for (int caller = 1; caller <= 3; caller++) {
        end(caller);
    }
    assert_int_equal(alloc_map_room(PAGE, SIZE_MAX, 1),
                     (int64_t)(BASE + MIB2 - BASE % MIB2));
    assert_int_equal(alloc_map_room(0, PAGE, 1), -EINVAL);
    assert_int_equal(alloc_map_room(SIZE_MAX, PAGE, 1), -ENOMEM);
    assert_true(alloc_map(all - MIB2, 2) > 0);
    end(2);
    assert_true(alloc_reserve(UINT64_C(1) << 30, 2) > 0);
}

/* The same pages as they were, only to who gave them back. */
static void test_map_again(void **state)
{
    (void)state;
    assert_int_equal(alloc_map_again(PAGE, 1), -ENOENT);
    assert_int_equal(alloc_map_again(0, 1), -EINVAL);
    assert_int_equal(alloc_map_again(SIZE_MAX, 1), -ENOENT);
    char *base = map(8 * PAGE, 1);
    assert_int_equal(alloc_unmap(base, 8 * PAGE, 1), 0);
    assert_int_equal(alloc_map_again(9 * PAGE, 1), -ENOENT);
    assert_int_equal(alloc_map_again(8 * PAGE, 2), -ENOENT);
    assert_int_equal(alloc_map_again(5 * PAGE, 1), (int64_t)(uintptr_t)base);
    assert_int_equal(alloc_map_again(3 * PAGE, 1), (int64_t)(uintptr_t)base + 5 * PAGE);
    assert_int_equal(resumed, 2);
    assert_int_equal(renewed, 0);
    assert_int_equal(alloc_unmap(base, 8 * PAGE, 1), 0);
}

/* What one keeps, another is given who needs the space; not what one has. */
static void test_kept_and_space(void **state)
{
    const uint64_t all = (NPAGES - (MIB2 - BASE % MIB2) / PAGE) * (uint64_t)PAGE;
    (void)state;
    for (int caller = 2; caller < 7; caller++) {
        char *base = map(4 * MIB2, caller);
        assert_int_equal(alloc_unmap(base, 4 * MIB2, caller), 0);
        assert_int_equal(charged[caller], 4 * MIB2 / PAGE);
    }
    char *one = map(PAGE, 7);
    assert_int_equal(alloc_map(all, 1), -ENOMEM);
    assert_int_equal(alloc_unmap(one, PAGE, 7), 0);
    assert_true(alloc_map(all, 1) > 0);
}

/* Space that costs nothing until it is committed. */
static void test_reserve(void **state)
{
    (void)state;
    quota[1] = 100;
    const int64_t at = alloc_reserve(UINT64_C(1) << 30, 1);
    assert_true(at > 0 && at % MIB2 == 0);
    char *base = (char *)(uintptr_t)at;
    const size_t size = (size_t)1 << 30;
    assert_int_equal(charged[1], 0);
    assert_int_equal(alloc_span(base, size, 1), (int64_t)size + 1);
    assert_int_equal(alloc_commit(base + 8 * PAGE, 4 * PAGE, 1), 0);
    assert_int_equal(alloc_commit(base + 6 * PAGE, 8 * PAGE, 1), 0);
    assert_int_equal(alloc_commit(base + 6 * PAGE, 8 * PAGE, 1), 0);
    assert_int_equal(charged[1], 8);
    assert_int_equal(alloc_span(base, size, 1), 6 * PAGE + 1);
    assert_int_equal(alloc_span(base + 6 * PAGE, size - 6 * PAGE, 1), 8 * PAGE);
    assert_int_equal(alloc_span(base + 7 * PAGE, PAGE, 1), PAGE);
    /* Beyond the quota: some of it may be memory. */
    assert_int_equal(alloc_commit(base, size, 1), -ENOMEM);
    assert_true(charged[1] <= 100);
    assert_int_equal(alloc_decommit(base, size, 1), 0);
    assert_int_equal(charged[1], 0);
    assert_int_equal(alloc_span(base, size, 1), (int64_t)size + 1);
    assert_int_equal(alloc_commit(base, 100 * PAGE, 1), 0);
    /* In part, and all of it, memory and reserved. */
    assert_int_equal(alloc_unmap(base + 50 * PAGE, 100 * PAGE, 1), 0);
    assert_int_equal(alloc_span(base + 50 * PAGE, PAGE, 1), -EINVAL);
    assert_int_equal(alloc_unmap(base, size, 1), -EINVAL);
    assert_int_equal(alloc_unmap(base, 50 * PAGE, 1), 0);
    assert_int_equal(alloc_unmap(base + 150 * PAGE, size - 150 * PAGE, 1), 0);
    quota[1] = UINT32_MAX / 2;
    end(1);
    map((NPAGES - (MIB2 - BASE % MIB2) / PAGE) * (size_t)PAGE, 1);
}

/* Not more than 1 GiB each, and not so much that others have no memory. */
static void test_reserve_bounds(void **state)
{
    (void)state;
    const size_t gib = (size_t)1 << 30;
    assert_int_equal(alloc_reserve(0, 1), -EINVAL);
    assert_int_equal(alloc_reserve(SIZE_MAX, 1), -ENOMEM);
    assert_int_equal(alloc_reserve(gib + PAGE, 1), -ENOMEM);
    char *base = (char *)(uintptr_t)alloc_reserve(gib, 1);
    assert_true(base > (char *)0);
    assert_int_equal(alloc_reserve(PAGE, 1), -ENOMEM);
    assert_int_equal(alloc_reserve(gib, 2), -ENOMEM);
    assert_true(alloc_reserve(gib / 4, 2) > 0);
    map(gib / 2, 3); /* there is memory all the same */
    assert_int_equal(alloc_reserve(gib / 4, 3), -ENOMEM);
    /* What has ended has nothing reserved. */
    end(1);
    assert_int_equal(alloc_span(base, PAGE, 1), -EINVAL);
    assert_true(alloc_reserve(gib, 2) < 0 && alloc_reserve(gib / 2, 2) > 0);
}

/* Nor by way of memory that becomes reserved, however little memory a caller may have. */
static void test_decommit_bounds(void **state)
{
    (void)state;
    const size_t gib = (size_t)1 << 30;
    const size_t step = gib / 16;
    quota[1] = quota[2] = (uint32_t)(step / PAGE);
    size_t taken = 0;
    for (int64_t at; taken < 2 * gib && (at = alloc_map(step, 1)) > 0; taken += step) {
        if (alloc_decommit((void *)(uintptr_t)at, step, 1) != 0) {
            break;
        }
    }
    assert_int_equal(taken, gib);
    /* What is memory when it is refused is the caller's as before. */
    assert_int_equal(charged[1], step / PAGE);
    assert_int_equal(alloc_reserve(PAGE, 1), -ENOMEM);
    size_t also = 0;
    for (int64_t at; also < gib && (at = alloc_map(step, 2)) > 0; also += step) {
        if (alloc_decommit((void *)(uintptr_t)at, step, 2) != 0) {
            break;
        }
    }
    assert_true(also < gib / 2);
    map(gib / 4, 3);
    map(gib / 4 - step, 3);
}

/* A page here and there is little space: large blocks have room all the same. */
static void test_reserve_scattered(void **state)
{
    (void)state;
    const size_t sizes[] = {(size_t)1 << 30, (size_t)1 << 29, (size_t)1 << 28, MIB2};
    for (size_t i = 0; i < 4; i++) {
        for (int64_t at; (at = alloc_reserve(sizes[i], 1)) > 0;) {
            for (size_t k = 0; k < sizes[i]; k += MIB2) {
                char *region = (char *)(uintptr_t)at + k;
                assert_int_equal(alloc_unmap(region + PAGE, MIB2 - PAGE, 1), 0);
            }
        }
    }
    for (int i = 0; i < 256; i++) {
        map(MIB2, 2);
    }
    end(1);
    end(2);
    assert_true(alloc_reserve((size_t)1 << 30, 3) > 0);
}

/* Ranges that are not wholly the caller's, to each function: nothing changes. */
static void test_hostile_ranges(void **state)
{
    (void)state;
    char *base = map(8 * PAGE, 1);
    char *other = map(8 * PAGE, 2);
    char *space = (char *)(uintptr_t)alloc_reserve(8 * PAGE, 2);
    char *given_back = map(8 * PAGE, 1);
    assert_int_equal(alloc_unmap(given_back, 8 * PAGE, 1), 0);
    const struct {
        char *base;
        size_t size;
    } rows[] = {
        {base + 1, PAGE},
        {base, 0},
        {base, SIZE_MAX},
        {base, SIZE_MAX - PAGE + 1},
        {base, UINT64_C(1) << 32},
        {NULL, PAGE},
        {other, PAGE},
        {space, PAGE},
        {given_back, PAGE},
        {base, 9 * PAGE},
        {base - PAGE, 2 * PAGE},
        {(char *)(BASE - PAGE), PAGE},
        {(char *)(BASE + SIZE), PAGE},
        {(char *)UINTPTR_MAX, PAGE},
        {(char *)(UINTPTR_MAX - PAGE + 1), PAGE},
        {base + (UINT64_C(1) << 32), PAGE},
    };
    const unsigned before = assigned + released + recalled;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(alloc_unmap(rows[i].base, rows[i].size, 1), -EINVAL);
        assert_int_equal(alloc_commit(rows[i].base, rows[i].size, 1), -EINVAL);
        assert_int_equal(alloc_decommit(rows[i].base, rows[i].size, 1), -EINVAL);
        assert_int_equal(alloc_grow(rows[i].base, rows[i].size, 64 * PAGE, 1), -EINVAL);
        if (rows[i].base != base && rows[i].base != base - PAGE) {
            assert_int_equal(alloc_span(rows[i].base, rows[i].size, 1), -EINVAL);
        }
    }
    assert_int_equal(assigned + released + recalled, before);
    assert_int_equal(alloc_span(base, PAGE, 1), PAGE);
    assert_int_equal(alloc_span(space, 9 * PAGE, 2), 8 * PAGE + 1);
}

static void test_neighbours_stay_together(void **state)
{
    (void)state;
    char *one = map(PAGE, 1);
    char *two = map(PAGE, 2);

    for (unsigned i = 1; i < 100; i++) {
        assert_ptr_equal(map(PAGE, 1), one + i * PAGE);
        assert_ptr_equal(map(PAGE, 2), two + i * PAGE);
    }
    assert_true((uintptr_t)one / MIB2 != (uintptr_t)two / MIB2);
}

static void test_refusal_takes_nothing(void **state)
{
    (void)state;
    char *base = map(PAGE, 1);

    quota[1] = 2;
    assert_int_equal(alloc_map(2 * PAGE, 1), -ENOMEM);
    refuse_assign = -EPERM;
    assert_int_equal(alloc_map(PAGE, 1), -EPERM);
    refuse_assign = -EBUSY;
    assert_int_equal(alloc_map(PAGE, 1), -ENOMEM);
    refuse_assign = 0;
    assert_ptr_equal(map(PAGE, 1), base + PAGE);
}

static void test_all_of_the_space(void **state)
{
    (void)state;
    uint32_t npages = 0;

    while (alloc_map(PAGE, 1 + npages % 7) > 0) {
        npages++;
    }
    /* All but the part below the first region boundary. */
    assert_int_equal(npages, NPAGES - (MIB2 - BASE % MIB2) / PAGE);
    for (uint64_t page = 0; page < NPAGES; page++) {
        if (owners[page] != 0) {
            assert_int_equal(
                alloc_unmap((void *)(BASE + page * PAGE), PAGE, owners[page]), 0);
        }
    }
    assert_true(charged[1] <= KEPT_PAGES);
    /* In one piece again, and what is kept for others is in nobody's way. */
    for (int caller = 1; caller < 8; caller++) {
        assert_int_equal(alloc_map((uint64_t)npages * PAGE, caller),
                         caller > 1 ? -ENOMEM : (int64_t)(BASE + MIB2 - BASE % MIB2));
        assert_int_equal(charged[caller], caller > 1 ? 0 : npages);
    }
}

/* Random requests: the stand-in checks that no page is handed out twice. */
static void test_random_requests(void **state)
{
    enum { SLOTS = 400, STEPS = 200000 };
    static struct {
        char *base;
        uint32_t npages;
        int owner;
    } slots[SLOTS];

    (void)state;
    memset(slots, 0, sizeof(slots));
    srandom(1);
    for (int step = 0; step < STEPS; step++) {
        const long r = random();
        const int i = (int)(r % SLOTS);
        if (slots[i].npages == 0) {
            const uint32_t npages = 1 + (uint32_t)random() % (r & 1024 ? 8 : 2000);
            const int64_t base = r & 2048
                                     ? alloc_map((size_t)npages * PAGE, 1 + i % 7)
                                     : alloc_map_room((size_t)npages * PAGE,
                                                      (size_t)npages * PAGE, 1 + i % 7);
            if (base > 0) {
                slots[i].base = (char *)(uintptr_t)base;
                slots[i].npages = npages;
                slots[i].owner = 1 + i % 7;
            } else {
                assert_int_equal(base, -ENOMEM);
            }
        } else if (r & 8192) { /* longer, where it is */
            const uint32_t npages = slots[i].npages + 1 + (uint32_t)(r >> 14) % 100;
            const int error = alloc_grow(slots[i].base, (size_t)slots[i].npages * PAGE,
                                         (size_t)npages * PAGE, slots[i].owner);
            assert_true(error == 0 || error == -ENOMEM);
            slots[i].npages = error == 0 ? npages : slots[i].npages;
        } else { /* the second half, or all that is left */
            const uint32_t keep = r & 4096 ? slots[i].npages / 2 : 0;
            assert_int_equal(alloc_unmap(slots[i].base + (size_t)keep * PAGE,
                                         (size_t)(slots[i].npages - keep) * PAGE,
                                         slots[i].owner),
                             0);
            slots[i].npages = keep;
        }
    }
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i].npages != 0) {
            assert_int_equal(alloc_unmap(slots[i].base, (size_t)slots[i].npages * PAGE,
                                         slots[i].owner),
                             0);
        }
    }
    for (int caller = 7; caller > 0; caller--) { /* everything was merged */
        assert_int_equal(alloc_map(NPAGES / 512 * MIB2 - MIB2, caller) > 0,
                         caller == 7);
    }
}

/* What a caller has when it ends can be had again, however often: used pages and kept ones,
 * scattered ones, and long ones. Others lose nothing. */
static void test_ended(void **state)
{
    (void)state;
    char *other = map(3 * PAGE, 2);
    char *others_kept = map(2 * PAGE, 2);
    char *first = NULL;
    assert_int_equal(alloc_unmap(others_kept, 2 * PAGE, 2), 0);
    for (unsigned round = 0; round < 1000; round++) {
        char *base = map(40 * PAGE, 1);
        for (unsigned i = 0; i < 40; i += 3) {
            assert_int_equal(alloc_unmap(base + (size_t)i * PAGE, PAGE, 1), 0);
        }
        map(5 * MIB2, 1);
        first = first == NULL ? base : first;
        assert_ptr_equal(base, first);
        end(1);
    }
    end(1); /* it has nothing */
    assert_int_equal(charged[2], 5);
    assert_ptr_equal(map(2 * PAGE, 2), others_kept);
    assert_int_equal(alloc_unmap(other, 3 * PAGE, 2), 0);
    /* All of the space is one piece again. */
    end(2);
    assert_ptr_equal(map((NPAGES - (MIB2 - BASE % MIB2) / PAGE) * (size_t)PAGE, 3),
                     (void *)(BASE + MIB2 - BASE % MIB2));
}

/* Nothing is kept for the fresh one that the ended one gave back. */
static void test_ended_kept(void **state)
{
    (void)state;
    char *base = map(8 * PAGE, 1);
    assert_int_equal(alloc_unmap(base, 8 * PAGE, 1), 0);
    end(1);
    assert_int_equal(alloc_unmap(base, 8 * PAGE, 1), -EINVAL);
    renewed = 0;
    base = map(8 * PAGE, 1);
    assert_int_equal(renewed, 0);
    /* Only kept hints of its own go: here those of another caller with the same. */
    assert_int_equal(alloc_unmap(base, 8 * PAGE, 1), 0);
    assert_int_equal(lifecycle_ended(1 + 512), -EPERM);
    assert_ptr_equal(map(8 * PAGE, 1), base);
    assert_int_equal(renewed, 1);
}

/* A cubicle that has not ended loses nothing, whoever says so. */
static void test_not_ended(void **state)
{
    (void)state;
    map(8 * PAGE, 1);
    assert_int_equal(lifecycle_ended(1), -EPERM);
    assert_int_equal(charged[1], 8);
}

/* As random requests, with ends in between. */
static void test_random_ends(void **state)
{
    (void)state;
    srandom(2);
    for (int step = 0; step < 20000; step++) {
        const long r = random();
        const int caller = 1 + (int)(r % 7);
        const int64_t base = alloc_map((size_t)(1 + r / 7 % 700) * PAGE, caller);
        assert_true(base > 0 || base == -ENOMEM);
        if (base > 0 && r % 3 == 0) {
            assert_int_equal(alloc_unmap((void *)(uintptr_t)base, PAGE, caller), 0);
        }
        if (base > 0 && r % 3 != 0 && r % 5 == 0) {
            const int error =
                alloc_grow((void *)(uintptr_t)base, PAGE, 3000 * PAGE, caller);
            assert_true(error == 0 || error == -ENOMEM);
        }
        if (r % 7 == 0) {
            const int64_t space =
                alloc_reserve((size_t)(1 + r / 7 % 9000) * PAGE, caller);
            assert_true(space > 0 || space == -ENOMEM);
            if (space > 0 && r % 2 == 0) {
                assert_int_equal(alloc_commit((void *)(uintptr_t)space, PAGE, caller),
                                 0);
            }
        }
        if (r / 16 % 64 == 0) {
            end(caller);
        }
    }
    for (int caller = 1; caller < 8; caller++) {
        end(caller);
    }
    map((NPAGES - (MIB2 - BASE % MIB2) / PAGE) * (size_t)PAGE, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sizes_and_alignment, setup),
        cmocka_unit_test_setup(test_refused_unmaps, setup),
        cmocka_unit_test_setup(test_partial_unmap, setup),
        cmocka_unit_test_setup(test_kept, setup),
        cmocka_unit_test_setup(test_kept_bounds, setup),
        cmocka_unit_test_setup(test_kept_and_quota, setup),
        cmocka_unit_test_setup(test_kept_refused, setup),
        cmocka_unit_test_setup(test_grow, setup),
        cmocka_unit_test_setup(test_grow_refused, setup),
        cmocka_unit_test_setup(test_grow_and_quota, setup),
        cmocka_unit_test_setup(test_grow_not_renewed, setup),
        cmocka_unit_test_setup(test_room, setup),
        cmocka_unit_test_setup(test_map_again, setup),
        cmocka_unit_test_setup(test_kept_and_space, setup),
        cmocka_unit_test_setup(test_reserve, setup),
        cmocka_unit_test_setup(test_reserve_bounds, setup),
        cmocka_unit_test_setup(test_decommit_bounds, setup),
        cmocka_unit_test_setup(test_reserve_scattered, setup),
        cmocka_unit_test_setup(test_hostile_ranges, setup),
        cmocka_unit_test_setup(test_neighbours_stay_together, setup),
        cmocka_unit_test_setup(test_refusal_takes_nothing, setup),
        cmocka_unit_test_setup(test_all_of_the_space, setup),
        cmocka_unit_test_setup(test_random_requests, setup),
        cmocka_unit_test_setup(test_ended, setup),
        cmocka_unit_test_setup(test_ended_kept, setup),
        cmocka_unit_test_setup(test_not_ended, setup),
        cmocka_unit_test_setup(test_random_ends, setup),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
