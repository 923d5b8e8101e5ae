/* The page allocator: memory, and memory that grows. test_alloc_kept.c and test_alloc_reserve.c have the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "kept.h"
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc_world.h"

static void test_sizes_and_alignment(void **state)
{
    (void)state;
    assert_int_equal(alloc_map(0, 1), -EINVAL);
    assert_int_equal(alloc_map(SIZE_MAX, 1), -ENOMEM);
    assert_int_equal(alloc_map(SIZE + 1, 1), -ENOMEM);
    map(1, 1);
    assert_int_equal(world.charged[1], 1);
    map(PAGE + 1, 1);
    assert_int_equal(world.charged[1], 3);
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
    assert_int_equal(world.charged[1], 8);
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
    assert_int_equal(world.charged[1], 8 + 2 * KEPT_PAGES - 1);
    assert_ptr_equal(map((KEPT_PAGES + 1) * PAGE, 1), base + KEPT_PAGES * PAGE);
    assert_int_equal(alloc_unmap(base, 3 * KEPT_PAGES * PAGE, 1), 0);
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
    assert_true(world.assigned < 40);
    assert_true(world.charged[1] >= 2048 && world.charged[1] <= 2048 + 512);
    for (size_t i = 0; i < 2048; i++) {
        const uint64_t page = ((uintptr_t)base - BASE) / PAGE + i;
        assert_true(world.owners[page] == 1 && !world.recalled_of[page]);
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
    assert_int_equal(world.resumed, 1);
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
    assert_int_equal(world.charged[1], 8);
    /* Given back, kept: what is kept right behind is taken, and no more than there is. */
    assert_int_equal(alloc_unmap(next, 4 * PAGE, 1), 0);
    assert_int_equal(alloc_grow(base, 4 * PAGE, 6 * PAGE, 1), 0);
    assert_int_equal(alloc_grow(base, 6 * PAGE, 8 * PAGE, 1), 0);
    assert_int_equal(world.renewed, 2);
    assert_int_equal(world.charged[1], 8);
}

/* With a quota that has not enough for what is ahead there is none; with none left, nothing. */
static void test_grow_and_quota(void **state)
{
    (void)state;
    char *base = map(4 * PAGE, 1);
    world.quota[1] = 10;
    assert_int_equal(alloc_grow(base, 4 * PAGE, 5 * PAGE, 1), 0);
    assert_int_equal(world.charged[1], 5);
    assert_int_equal(alloc_grow(base, 5 * PAGE, 10 * PAGE, 1), 0);
    assert_int_equal(alloc_grow(base, 10 * PAGE, 11 * PAGE, 1), -ENOMEM);
    assert_int_equal(world.charged[1], 10);
    /* What is ahead goes where others need the quota. */
    world.quota[1] = 64;
    assert_int_equal(alloc_grow(base, 10 * PAGE, 11 * PAGE, 1), 0);
    assert_true(world.charged[1] > 11);
    map(53 * PAGE, 1);
    assert_int_equal(world.charged[1], 64);
    assert_int_equal(alloc_map(PAGE, 1), -ENOMEM);
}

/* The monitor refuses to renew what was kept: nothing has changed. */
static void test_grow_not_renewed(void **state)
{
    (void)state;
    char *base = map(8 * PAGE, 1);
    assert_int_equal(alloc_unmap(base + 4 * PAGE, 4 * PAGE, 1), 0);
    world.refuse_assign = -ENOMEM;
    assert_int_equal(alloc_grow(base, 4 * PAGE, 6 * PAGE, 1), -ENOMEM);
    assert_int_equal(alloc_grow(base, 4 * PAGE, 100 * PAGE, 1), -ENOMEM);
    world.refuse_assign = 0;
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

    world.quota[1] = 2;
    assert_int_equal(alloc_map(2 * PAGE, 1), -ENOMEM);
    world.refuse_assign = -EPERM;
    assert_int_equal(alloc_map(PAGE, 1), -EPERM);
    world.refuse_assign = -EBUSY;
    assert_int_equal(alloc_map(PAGE, 1), -ENOMEM);
    world.refuse_assign = 0;
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
        if (world.owners[page] != 0) {
            assert_int_equal(
                alloc_unmap((void *)(BASE + page * PAGE), PAGE, world.owners[page]), 0);
        }
    }
    assert_true(world.charged[1] <= KEPT_PAGES);
    /* In one piece again, and what is kept for others is in nobody's way. */
    for (int caller = 1; caller < 8; caller++) {
        assert_int_equal(alloc_map((uint64_t)npages * PAGE, caller),
                         caller > 1 ? -ENOMEM : (int64_t)(BASE + MIB2 - BASE % MIB2));
        assert_int_equal(world.charged[caller], caller > 1 ? 0 : npages);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sizes_and_alignment, setup),
        cmocka_unit_test_setup(test_refused_unmaps, setup),
        cmocka_unit_test_setup(test_partial_unmap, setup),
        cmocka_unit_test_setup(test_grow, setup),
        cmocka_unit_test_setup(test_grow_refused, setup),
        cmocka_unit_test_setup(test_grow_and_quota, setup),
        cmocka_unit_test_setup(test_grow_not_renewed, setup),
        cmocka_unit_test_setup(test_room, setup),
        cmocka_unit_test_setup(test_neighbours_stay_together, setup),
        cmocka_unit_test_setup(test_refusal_takes_nothing, setup),
        cmocka_unit_test_setup(test_all_of_the_space, setup),
        cmocka_unit_test_setup(test_random_requests, setup),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
