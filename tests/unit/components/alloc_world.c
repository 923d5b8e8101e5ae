#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <cubicle.h>
#include <cubicle/component.h>
#include <errno.h>
#include <lifecycle.h>
#include <string.h>

#include "alloc_world.h"

struct world world;

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
    const int again = world.owners[first];
    for (size_t i = 0; i < npages; i++) {
        /* Never a page that is in use: free ones, or all kept for the same. */
        assert_int_equal(world.owners[first + i], again);
        assert_true(again == 0 || (again == owner && world.recalled_of[first + i]));
    }
    if (world.refuse_assign != 0) {
        return world.refuse_assign;
    }
    if (again != 0) {
        memset(&world.recalled_of[first], 0, npages * sizeof(*world.recalled_of));
        world.renewed++;
        return 0;
    }
    world.assigned++;
    if (world.charged[owner] + npages > world.quota[owner]) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < npages; i++) {
        world.owners[first + i] = owner;
    }
    world.charged[owner] += (uint32_t)npages;
    return 0;
}

int cubicle_page_recall(int owner, void *base, size_t npages)
{
    uint64_t first;

    assert_int_equal(range(base, npages, &first), 0);
    for (size_t i = 0; i < npages; i++) {
        if (world.owners[first + i] != owner) {
            return -EPERM;
        }
        assert_false(world.recalled_of[first + i]);
    }
    for (size_t i = 0; i < npages; i++) {
        world.recalled_of[first + i] = 1;
    }
    world.recalled++;
    return 0;
}

int cubicle_page_resume(int owner, void *base, size_t npages)
{
    uint64_t first;

    assert_int_equal(range(base, npages, &first), 0);
    assert_int_equal(owner, world.current);
    for (size_t i = 0; i < npages; i++) {
        assert_true(world.owners[first + i] == owner && world.recalled_of[first + i]);
    }
    memset(&world.recalled_of[first], 0, npages * sizeof(*world.recalled_of));
    world.resumed++;
    return 0;
}

int cubicle_page_release(int owner, void *base, size_t npages)
{
    uint64_t first;

    assert_int_equal(range(base, npages, &first), 0);
    for (size_t i = 0; i < npages; i++) {
        if (world.owners[first + i] != owner) {
            return -EPERM;
        }
    }
    /* Of others only what they have given back. */
    for (size_t i = 0; i < npages; i++) {
        assert_true(owner == world.current || world.recalled_of[first + i]);
    }
    if (world.refuse_release != 0) {
        return world.refuse_release;
    }
    memset(&world.owners[first], 0, npages * sizeof(*world.owners));
    memset(&world.recalled_of[first], 0, npages * sizeof(*world.recalled_of));
    world.released++;
    world.charged[owner] -= (uint32_t)npages;
    return 0;
}

int64_t cubicle_page_reclaim(int owner, uint64_t *base)
{
    if (owner != world.ended) {
        return -EPERM;
    }
    for (uint64_t first = 0; world.charged[owner] > 0 && first < NPAGES; first++) {
        uint64_t npages = 0;
        while (first + npages < NPAGES && world.owners[first + npages] == owner) {
            npages++;
        }
        if (npages > 0) {
            memset(&world.owners[first], 0, npages * sizeof(*world.owners));
            memset(&world.recalled_of[first], 0, npages * sizeof(*world.recalled_of));
            world.charged[owner] -= (uint32_t)npages;
            *base = BASE + first * PAGE;
            return (int64_t)npages;
        }
    }
    return 0;
}

int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof(world));
    for (int i = 0; i < 8; i++) {
        world.quota[i] = UINT32_MAX / 2;
    }
    return component_init();
}

void *map(size_t size, int caller)
{
    const int64_t base = alloc_map(size, caller);

    assert_true(base > 0 && base % PAGE == 0);
    return (void *)(uintptr_t)base;
}

void end(int caller)
{
    world.ended = caller;
    assert_int_equal(lifecycle_ended(caller), 0);
    assert_int_equal(world.charged[caller], 0);
    world.ended = 0;
    assert_int_equal(lifecycle_restarted(caller), 0);
}
