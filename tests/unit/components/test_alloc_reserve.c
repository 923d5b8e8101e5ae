/* The page allocator: reserved space, and ranges of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "alloc_world.h"

/* Space that costs nothing until it is committed. */
static void test_reserve(void **state)
{
    (void)state;
    world.quota[1] = 100;
    const int64_t at = alloc_reserve(UINT64_C(1) << 30, 1);
    assert_true(at > 0 && at % MIB2 == 0);
    char *base = (char *)(uintptr_t)at;
    const size_t size = (size_t)1 << 30;
    assert_int_equal(world.charged[1], 0);
    assert_int_equal(alloc_span(base, size, 1), (int64_t)size + 1);
    assert_int_equal(alloc_commit(base + 8 * PAGE, 4 * PAGE, 1), 0);
    assert_int_equal(alloc_commit(base + 6 * PAGE, 8 * PAGE, 1), 0);
    assert_int_equal(alloc_commit(base + 6 * PAGE, 8 * PAGE, 1), 0);
    assert_int_equal(world.charged[1], 8);
    assert_int_equal(alloc_span(base, size, 1), 6 * PAGE + 1);
    assert_int_equal(alloc_span(base + 6 * PAGE, size - 6 * PAGE, 1), 8 * PAGE);
    assert_int_equal(alloc_span(base + 7 * PAGE, PAGE, 1), PAGE);
    /* Beyond the quota: some of it may be memory. */
    assert_int_equal(alloc_commit(base, size, 1), -ENOMEM);
    assert_true(world.charged[1] <= 100);
    assert_int_equal(alloc_decommit(base, size, 1), 0);
    assert_int_equal(world.charged[1], 0);
    assert_int_equal(alloc_span(base, size, 1), (int64_t)size + 1);
    assert_int_equal(alloc_commit(base, 100 * PAGE, 1), 0);
    /* In part, and all of it, memory and reserved. */
    assert_int_equal(alloc_unmap(base + 50 * PAGE, 100 * PAGE, 1), 0);
    assert_int_equal(alloc_span(base + 50 * PAGE, PAGE, 1), -EINVAL);
    assert_int_equal(alloc_unmap(base, size, 1), -EINVAL);
    assert_int_equal(alloc_unmap(base, 50 * PAGE, 1), 0);
    assert_int_equal(alloc_unmap(base + 150 * PAGE, size - 150 * PAGE, 1), 0);
    world.quota[1] = UINT32_MAX / 2;
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
    world.quota[1] = world.quota[2] = (uint32_t)(step / PAGE);
    size_t taken = 0;
    for (int64_t at; taken < 2 * gib && (at = alloc_map(step, 1)) > 0; taken += step) {
        if (alloc_decommit((void *)(uintptr_t)at, step, 1) != 0) {
            break;
        }
    }
    assert_int_equal(taken, gib);
    /* What is memory when it is refused is the caller's as before. */
    assert_int_equal(world.charged[1], step / PAGE);
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
    const unsigned before = world.assigned + world.released + world.recalled;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(alloc_unmap(rows[i].base, rows[i].size, 1), -EINVAL);
        assert_int_equal(alloc_commit(rows[i].base, rows[i].size, 1), -EINVAL);
        assert_int_equal(alloc_decommit(rows[i].base, rows[i].size, 1), -EINVAL);
        assert_int_equal(alloc_grow(rows[i].base, rows[i].size, 64 * PAGE, 1), -EINVAL);
        if (rows[i].base != base && rows[i].base != base - PAGE) {
            assert_int_equal(alloc_span(rows[i].base, rows[i].size, 1), -EINVAL);
        }
    }
    assert_int_equal(world.assigned + world.released + world.recalled, before);
    assert_int_equal(alloc_span(base, PAGE, 1), PAGE);
    assert_int_equal(alloc_span(space, 9 * PAGE, 2), 8 * PAGE + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_reserve, setup),
        cmocka_unit_test_setup(test_reserve_bounds, setup),
        cmocka_unit_test_setup(test_decommit_bounds, setup),
        cmocka_unit_test_setup(test_reserve_scattered, setup),
        cmocka_unit_test_setup(test_hostile_ranges, setup),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("alloc_reserve", tests, NULL, NULL);
}
