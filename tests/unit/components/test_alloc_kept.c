/* The page allocator: pages that are kept for the cubicle that gave them back, and what a cubicle leaves when it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "kept.h"
#include <cmocka.h>
#include <errno.h>
#include <lifecycle.h>
#include <stdlib.h>

#include "alloc_world.h"

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
    assert_int_equal(world.assigned, 2);
    assert_int_equal(world.released, 0);
    assert_int_equal(world.recalled, 200);
    assert_int_equal(world.renewed, 200);
    assert_int_equal(world.charged[1], 17); /* also while it is kept: */
    assert_int_equal(alloc_unmap(sixteen, 16 * PAGE, 1), 0);
    assert_int_equal(world.charged[1], 17);
    /* Nobody else gets them. */
    for (unsigned caller = 2; caller < 8; caller++) {
        for (unsigned i = 0; i < 20; i++) {
            map(PAGE, (int)caller);
        }
    }
    assert_int_equal(world.charged[1], 17);
    /* Given back twice, in whole or in part, or with what is not. */
    assert_int_equal(alloc_unmap(sixteen, 16 * PAGE, 1), -EINVAL);
    assert_int_equal(alloc_unmap(sixteen + 15 * PAGE, PAGE, 1), -EINVAL);
    assert_int_equal(alloc_unmap(one, 2 * PAGE, 1), -EINVAL);
    assert_int_equal(alloc_unmap(sixteen, PAGE, 2), -EINVAL);
    assert_int_equal(world.charged[1], 17);
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
    assert_int_equal(world.recalled, 0);
    assert_int_equal(world.charged[1], N - KEPT_PAGES - 1);
    for (unsigned i = KEPT_PAGES + 1; i < N; i++) { /* one by one: one run */
        assert_int_equal(alloc_unmap(base + (size_t)i * PAGE, PAGE, 1), 0);
        assert_true(world.charged[1] <= N - i - 1 + KEPT_PAGES);
    }
    assert_true(world.charged[1] > 0 && world.charged[1] <= KEPT_PAGES);
    assert_true(world.released < 8);
    char *other = map(N * PAGE, 2);
    for (unsigned i = 0; i < N; i += 2) { /* each a run of its own */
        assert_int_equal(alloc_unmap(other + (size_t)i * PAGE, PAGE, 2), 0);
        assert_true(world.charged[2] <= N - i / 2 - 1 + KEPT_RUNS);
    }
    assert_int_equal(world.charged[2], N / 2 + KEPT_RUNS);
    /* A hole in between joins two of them. */
    assert_int_equal(alloc_unmap(other + (N - 3) * PAGE, PAGE, 2), 0);
    assert_int_equal(world.charged[2], N / 2 + KEPT_RUNS);
    assert_ptr_equal(map(3 * PAGE, 2), other + (N - 4) * PAGE);
}

/* What is kept never stands in the way of the quota. */
static void test_kept_and_quota(void **state)
{
    (void)state;
    world.quota[1] = 64;
    char *base = map(40 * PAGE, 1);
    assert_int_equal(alloc_unmap(base, 10 * PAGE, 1), 0);
    assert_int_equal(alloc_unmap(base + 12 * PAGE, 10 * PAGE, 1), 0);
    assert_int_equal(world.charged[1], 40);
    map(30 * PAGE, 1); /* 20 are used, 20 are kept */
    assert_true(world.charged[1] <= 64);
    map(14 * PAGE, 1);
    assert_int_equal(world.charged[1], 64);
    assert_int_equal(alloc_map(PAGE, 1), -ENOMEM);
}

/* A monitor that does not let a run go, or does not renew it: nothing is lost. */
static void test_kept_refused(void **state)
{
    (void)state;
    world.quota[1] = 8;
    char *base = map(8 * PAGE, 1);
    assert_int_equal(alloc_unmap(base, 2 * PAGE, 1), 0);
    world.refuse_release = -ENOMEM;
    assert_int_equal(alloc_map(3 * PAGE, 1), -ENOMEM);
    world.refuse_assign = -ENOMEM;
    assert_int_equal(alloc_map(PAGE, 1), -ENOMEM);
    world.refuse_assign = 0;
    assert_ptr_equal(map(2 * PAGE, 1), base);
    assert_int_equal(world.charged[1], 8);
    assert_int_equal(alloc_unmap(base + 2 * PAGE, 2 * PAGE, 1), 0);
    world.refuse_release = 0;
    assert_ptr_equal(map(2 * PAGE, 1), base + 2 * PAGE);
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
    assert_int_equal(world.resumed, 2);
    assert_int_equal(world.renewed, 0);
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
        assert_int_equal(world.charged[caller], 4 * MIB2 / PAGE);
    }
    char *one = map(PAGE, 7);
    assert_int_equal(alloc_map(all, 1), -ENOMEM);
    assert_int_equal(alloc_unmap(one, PAGE, 7), 0);
    assert_true(alloc_map(all, 1) > 0);
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
    assert_int_equal(world.charged[2], 5);
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
    world.renewed = 0;
    base = map(8 * PAGE, 1);
    assert_int_equal(world.renewed, 0);
    /* Only kept hints of its own go: here those of another caller with the same. */
    assert_int_equal(alloc_unmap(base, 8 * PAGE, 1), 0);
    assert_int_equal(lifecycle_ended(1 + 512), -EPERM);
    assert_ptr_equal(map(8 * PAGE, 1), base);
    assert_int_equal(world.renewed, 1);
}

/* A cubicle that has not ended loses nothing, whoever says so. */
static void test_not_ended(void **state)
{
    (void)state;
    map(8 * PAGE, 1);
    assert_int_equal(lifecycle_ended(1), -EPERM);
    assert_int_equal(world.charged[1], 8);
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
        cmocka_unit_test_setup(test_kept, setup),
        cmocka_unit_test_setup(test_kept_bounds, setup),
        cmocka_unit_test_setup(test_kept_and_quota, setup),
        cmocka_unit_test_setup(test_kept_refused, setup),
        cmocka_unit_test_setup(test_map_again, setup),
        cmocka_unit_test_setup(test_kept_and_space, setup),
        cmocka_unit_test_setup(test_ended, setup),
        cmocka_unit_test_setup(test_ended_kept, setup),
        cmocka_unit_test_setup(test_not_ended, setup),
        cmocka_unit_test_setup(test_random_ends, setup),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("alloc_kept", tests, NULL, NULL);
}
