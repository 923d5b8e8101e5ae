/* The page allocator over a stand-in for the monitor that knows every page's owner. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <alloc.h>
#include <cmocka.h>
#include <cubicle.h>
#include <cubicle/component.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define MIB2 (2u * 1024 * 1024)
#define BASE UINT64_C(0x80010000) /* not on a region boundary, on purpose */
#define SIZE (UINT64_C(0x100000000) - 0x20000 - BASE)
#define NPAGES (SIZE / PAGE)

static int owners[NPAGES]; /* 0: free */
static uint32_t charged[8], quota[8];
static int refuse_assign;

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
    for (size_t i = 0; i < npages; i++) {
        assert_int_equal(owners[first + i], 0); /* never a page that is in use */
    }
    if (refuse_assign != 0) {
        return refuse_assign;
    }
    if (charged[owner] + npages > quota[owner]) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < npages; i++) {
        owners[first + i] = owner;
    }
    charged[owner] += (uint32_t)npages;
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
    memset(&owners[first], 0, npages * sizeof(*owners));
    charged[owner] -= (uint32_t)npages;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    memset(owners, 0, sizeof(owners));
    memset(charged, 0, sizeof(charged));
    for (int i = 0; i < 8; i++) {
        quota[i] = UINT32_MAX / 2;
    }
    refuse_assign = 0;
    return component_init();
}

static void *map(size_t size, int caller)
{
    const int64_t base = alloc_map(size, caller);

    assert_true(base > 0 && base % PAGE == 0);
    return (void *)(uintptr_t)base;
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
}

static void test_partial_unmap(void **state)
{
    (void)state;
    char *base = map(8 * PAGE, 1);

    assert_int_equal(alloc_unmap(base + 2 * PAGE, 3 * PAGE, 1), 0);
    assert_int_equal(charged[1], 5);
    assert_ptr_equal(map(3 * PAGE, 1), base + 2 * PAGE); /* the gap is used again */
    assert_int_equal(alloc_unmap(base, 8 * PAGE, 1), 0);
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
    assert_int_equal(charged[1], 0);
    map((uint64_t)npages * PAGE, 3); /* in one piece again */
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
            const int64_t base = alloc_map((size_t)npages * PAGE, 1 + i % 7);
            if (base > 0) {
                slots[i].base = (char *)(uintptr_t)base;
                slots[i].npages = npages;
                slots[i].owner = 1 + i % 7;
            } else {
                assert_int_equal(base, -ENOMEM);
            }
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
    map(NPAGES / 512 * MIB2 - MIB2, 1); /* everything was merged */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sizes_and_alignment, setup),
        cmocka_unit_test_setup(test_refused_unmaps, setup),
        cmocka_unit_test_setup(test_partial_unmap, setup),
        cmocka_unit_test_setup(test_neighbours_stay_together, setup),
        cmocka_unit_test_setup(test_refusal_takes_nothing, setup),
        cmocka_unit_test_setup(test_all_of_the_space, setup),
        cmocka_unit_test_setup(test_random_requests, setup),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
