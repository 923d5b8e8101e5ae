/* Memory of cubicles: P4 of page.h (quota), failures of the host, freed pages. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "base/copy.h"
#include "fake_backend.h"
#include "memory/memory.h"
#include "memory/window.h"

#define A 1u
#define B 2u
#define READ PAGE_READ
#define BOTH (PAGE_READ | PAGE_WRITE)
#define HEAP FAKE_FIRST
#define AT(page) ((uint32_t)(page) << PAGE_SHIFT)

static struct cubicle *a, *b;

/* Copies fail where the owner has lost the page: unmapping got half-way. */
static const void *lost;
static int copy_or_fail(void *to, const void *from, size_t size)
{
    if (to == lost) {
        return -EFAULT;
    }
    memcpy(to, from, size);
    return 0;
}
copy_routine *copy_bytes = copy_or_fail;

static int setup(void **state)
{
    (void)state;
    fake_reset();
    if (a == NULL) {
        a = cubicle_create("a");
        b = cubicle_create("b");
        assert_int_equal(window_setup(NULL, NULL), 0);
    }
    page_free(HEAP, FAKE_PAGES);
    static uint8_t heap[16 * PAGE_SIZE]; /* what A sees there */
    memset(heap, 0xee, sizeof(heap));
    a->view = (uint64_t)(uintptr_t)heap - AT(HEAP);
    a->npages = a->peak_pages = b->npages = 0;
    a->quota_pages = b->quota_pages = UINT64_MAX;
    return 0;
}

/* P4: never above the quota, and what is refused changes nothing. */
static void test_p4_quota(void **state)
{
    (void)state;
    a->quota_pages = 10;
    assert_int_equal(memory_give(a, HEAP, 11, PAGE_HEAP), -ENOMEM);
    assert_int_equal(a->npages, 0);
    assert_int_equal(fake_calls.map, 0);
    assert_int_equal(memory_give(a, HEAP, 6, PAGE_HEAP), 0);
    assert_int_equal(memory_give(a, HEAP + 6, 5, PAGE_HEAP), -ENOMEM);
    assert_int_equal(memory_give(a, HEAP + 6, UINT32_MAX, PAGE_HEAP), -ENOMEM);
    assert_true(page_all(HEAP + 6, 5, 0, PAGE_FREE));
    assert_int_equal(memory_give(a, HEAP + 6, 4, PAGE_STACK), 0);
    assert_int_equal(a->npages, 10);
    assert_int_equal(memory_give(a, HEAP + 20, 1, PAGE_HEAP), -ENOMEM);
    assert_int_equal(memory_take(a, HEAP, 6), 0);
    assert_int_equal(a->npages, 4);
    assert_int_equal(a->peak_pages, 10);
    assert_int_equal(memory_give(a, HEAP + 20, 6, PAGE_HEAP), 0);
}

/* P5: so many pieces, and no more; what is refused changes nothing. */
static void test_p5_pieces(void **state)
{
    (void)state;
    page_limit_runs(2);
    assert_int_equal(memory_give(a, HEAP, 1, PAGE_HEAP), 0);
    assert_int_equal(memory_give(a, HEAP + 2, 1, PAGE_HEAP), 0);
    assert_int_equal(memory_give(a, HEAP + 4, 1, PAGE_HEAP), -ENOMEM);
    assert_int_equal(fake_calls.map, 2);
    assert_int_equal(a->npages, 2);
    assert_true(page_all(HEAP + 4, 1, 0, PAGE_FREE));
    assert_int_equal(memory_give(b, HEAP + 4, 1, PAGE_HEAP), 0);
    page_limit_runs(UINT32_MAX);
}

static void test_give_refused(void **state)
{
    (void)state;
    assert_int_equal(memory_give(b, HEAP + 3, 1, PAGE_HEAP), 0);
    assert_int_equal(memory_give(a, HEAP, 4, PAGE_HEAP), -EBUSY);
    assert_int_equal(memory_give(a, HEAP, 0, PAGE_HEAP), -EINVAL);
    assert_int_equal(memory_give(a, PAGE_COUNT, 1, PAGE_HEAP), -EINVAL);
    assert_int_equal(memory_give(a, PAGE_COUNT - 1, 2, PAGE_HEAP), -EINVAL);
    assert_int_equal(a->npages, 0);
    assert_int_equal(fake_calls.map, 1);
    assert_true(page_all(HEAP, 3, 0, PAGE_FREE));
    assert_true(page_all(HEAP + 3, 1, B, PAGE_HEAP));
}

/* A host that fails half-way leaves nothing mapped and nothing booked. */
static void test_host_fails(void **state)
{
    (void)state;
    fake_fail_map = true;
    assert_int_equal(memory_give(a, HEAP, 4, PAGE_HEAP), -ENOMEM);
    assert_int_equal(fake_calls.unmap, 1);
    assert_int_equal(a->npages, 0);
    assert_true(page_all(HEAP, 4, 0, PAGE_FREE));
    fake_fail_map = false;
    assert_int_equal(memory_give(a, HEAP, 4, PAGE_HEAP), 0);
    fake_fail_unmap = true;
    assert_int_equal(memory_take(a, HEAP, 4), -ENOMEM);
    assert_true(page_all(HEAP, 4, A, PAGE_HEAP)); /* not free for others */
    assert_int_equal(a->npages, 4);
    fake_fail_unmap = false;
    fake_fail_protect = true;
    assert_int_equal(memory_protect(a, HEAP, 4, PAGE_HEAP, READ), -ENOMEM);
    assert_int_equal(page_get(HEAP).rights, BOTH);
}

/* P3: before a page is free, no view but the next owner's can reach it. */
static void test_p3_take(void **state)
{
    (void)state;
    assert_int_equal(memory_give(a, HEAP, 4, PAGE_HEAP), 0);
    const int id = window_create(A);
    assert_int_equal(window_add(A, id, AT(HEAP), 4 * PAGE_SIZE, BOTH), 0);
    assert_int_equal(window_open(A, id, B), 0);
    assert_true(window_map(B, HEAP + 1, PAGE_WRITE));
    assert_int_equal(memory_take(a, HEAP + 1, 1), 0);
    assert_int_equal(fake_rights(A, HEAP + 1), 0);
    assert_int_equal(fake_rights(B, HEAP + 1), 0);
    assert_true(page_all(HEAP + 1, 1, 0, PAGE_FREE));
    assert_int_equal(page_get(HEAP + 1).flags, 0);
    /* The same cubicle gets the page again: the window does not come back with it. */
    assert_int_equal(memory_give(a, HEAP + 1, 1, PAGE_HEAP), 0);
    assert_int_equal(window_rights(B, HEAP + 1), 0);
    assert_int_equal(window_rights(B, HEAP + 2), BOTH);
    assert_int_equal(window_destroy(A, id), 0);
}

/* What A sees of page @i of its heap: true if all of it is @value. */
static bool all_is(uint32_t i, uint8_t value)
{
    const uint8_t *at = cubicle_address(a, AT(HEAP + i));
    for (size_t k = 0; k < PAGE_SIZE; k++) {
        if (at[k] != value) {
            return false;
        }
    }
    return true;
}

/* P3: pages that their owner is given again are in no window, zero and writable, and the
 * host has nothing to do unless they were lent or protected. */
static void test_p3_renew(void **state)
{
    (void)state;
    assert_int_equal(memory_give(a, HEAP, 6, PAGE_HEAP), 0);
    const int id = window_create(A);
    assert_int_equal(window_add(A, id, AT(HEAP), 6 * PAGE_SIZE, BOTH), 0);
    assert_int_equal(window_open(A, id, B), 0);
    assert_true(window_map(B, HEAP, PAGE_WRITE));
    assert_int_equal(fake_rights(B, HEAP + 5), BOTH);
    /* Recalled: nobody else's, and not changed. */
    assert_int_equal(memory_recall(a, HEAP + 1, 3), 0);
    assert_int_equal(fake_calls.revoke, 1);
    for (uint32_t k = 0; k < 6; k++) {
        const bool stays = k == 0 || k > 3;
        assert_int_equal(fake_rights(B, HEAP + k), stays ? BOTH : 0);
        assert_int_equal(window_rights(B, HEAP + k), stays ? BOTH : 0);
        assert_int_equal(fake_rights(A, HEAP + k), BOTH);
        assert_true(all_is(k, 0xee));
    }
    /* Its owner lends it again, although it was recalled. */
    const int stale = window_create(A);
    assert_int_equal(window_add(A, stale, AT(HEAP + 2), PAGE_SIZE, BOTH), 0);
    assert_int_equal(window_open(A, stale, B), 0);
    assert_true(window_map(B, HEAP + 2, PAGE_WRITE));
    assert_int_equal(memory_renew(a, HEAP + 1, 3), 0);
    assert_int_equal(fake_rights(B, HEAP + 2), 0);
    assert_int_equal(window_rights(B, HEAP + 2), 0);
    for (uint32_t k = 0; k < 6; k++) {
        assert_true(all_is(k, k == 0 || k > 3 ? 0xee : 0));
    }
    assert_int_equal(fake_calls.map, 1);
    assert_int_equal(fake_calls.unmap + fake_calls.protect, 0);
    assert_int_equal(a->npages, 6);
    assert_int_equal(a->peak_pages, 6);
    /* Protected meanwhile. */
    assert_int_equal(memory_protect(a, HEAP + 2, 1, PAGE_HEAP, 0), 0);
    fake_fail_protect = true;
    assert_int_equal(memory_renew(a, HEAP + 1, 3), -ENOMEM);
    fake_fail_protect = false;
    assert_int_equal(memory_renew(a, HEAP + 1, 3), 0);
    assert_int_equal(fake_rights(A, HEAP + 2), BOTH);
    assert_int_equal(page_get(HEAP + 2).rights, BOTH);
    assert_int_equal(window_destroy(A, id), 0);
    assert_int_equal(window_destroy(A, stale), 0);
}

/* Pages that the host has taken from their owner, but not given back, are not touched. */
static void test_renew_lost(void **state)
{
    (void)state;
    assert_int_equal(memory_give(a, HEAP, 3, PAGE_HEAP), 0);
    lost = cubicle_address(a, AT(HEAP + 1));
    assert_int_equal(memory_renew(a, HEAP, 3), -ENOMEM);
    lost = NULL;
    assert_true(all_is(1, 0xee));
    assert_int_equal(memory_renew(a, HEAP, 3), 0);
    assert_true(all_is(1, 0));
}

/* P3: many pages are emptied by the host, not written. */
static void test_p3_renew_many(void **state)
{
    (void)state;
    assert_int_equal(memory_give(a, HEAP, 200, PAGE_HEAP), 0);
    assert_int_equal(memory_recall(a, HEAP, 200), 0);
    assert_int_equal(memory_renew(a, HEAP + 10, 65), 0);
    assert_int_equal(fake_calls.empty, 1);
    assert_int_equal(fake_calls.emptied, HEAP + 10);
    assert_int_equal(fake_calls.nemptied, 65);
    assert_true(all_is(10, 0xee)); /* nobody wrote */
    assert_false(page_all_kept(HEAP + 10, 1));
    assert_false(page_all_kept(HEAP + 74, 1));
    assert_true(page_all_kept(HEAP + 75, 125));
    /* The rights are said again: the host may have lost some. */
    assert_int_equal(fake_calls.protect, 1);
    fake_fail_empty = true;
    assert_int_equal(memory_renew(a, HEAP + 100, 65), -ENOMEM);
    fake_fail_empty = false;
    fake_fail_protect = true;
    assert_int_equal(memory_renew(a, HEAP + 100, 65), -ENOMEM);
    fake_fail_protect = false;
    assert_true(page_all_kept(HEAP + 100, 65)); /* not its own again */
    assert_int_equal(memory_renew(a, HEAP + 100, 65), 0);
}

/* What was given back is its owner's again only where it was recalled, and as it was. */
static void test_resume(void **state)
{
    (void)state;
    assert_int_equal(memory_give(a, HEAP, 4, PAGE_HEAP), 0);
    assert_int_equal(memory_resume(a, HEAP, 4), -EPERM);
    assert_int_equal(memory_recall(a, HEAP, 3), 0);
    assert_int_equal(memory_resume(a, HEAP, 4), -EPERM);
    assert_int_equal(memory_discard(a, HEAP + 2, 2), -EPERM); /* given back */
    assert_int_equal(memory_rights(a, HEAP + 2, 2), -EPERM);
    assert_int_equal(memory_rights(a, HEAP + 3, 1), BOTH);
    assert_int_equal(memory_resume(b, HEAP, 3), -EPERM);
    assert_int_equal(memory_resume(a, HEAP, 0), -EPERM);
    assert_true(page_all_kept(HEAP, 3));
    assert_int_equal(memory_resume(a, HEAP, 2), 0);
    assert_false(page_all_kept(HEAP, 1));
    assert_false(page_all_kept(HEAP + 1, 1));
    assert_true(page_all_kept(HEAP + 2, 1));
    assert_int_equal(memory_resume(a, HEAP, 2), -EPERM);
    assert_true(all_is(0, 0xee));
    /* Freed pages have no flag for whoever is next. */
    assert_int_equal(memory_take(a, HEAP + 2, 1), 0);
    assert_int_equal(memory_give(b, HEAP + 2, 1, PAGE_HEAP), 0);
    assert_false(page_all_kept(HEAP + 2, 1));
}

/* Windows and rights stay; only the owner's heap. */
static void test_discard(void **state)
{
    (void)state;
    assert_int_equal(memory_give(a, HEAP, 4, PAGE_HEAP), 0);
    const int id = window_create(A);
    assert_int_equal(window_add(A, id, AT(HEAP), 4 * PAGE_SIZE, BOTH), 0);
    assert_int_equal(window_open(A, id, B), 0);
    assert_true(window_map(B, HEAP, PAGE_WRITE));
    assert_int_equal(memory_protect(a, HEAP + 1, 1, PAGE_HEAP, READ), 0);
    assert_int_equal(memory_discard(a, HEAP, 2), 0);
    assert_int_equal(fake_calls.empty, 1);
    assert_int_equal(fake_calls.emptied, HEAP);
    assert_int_equal(fake_calls.nemptied, 2);
    assert_int_equal(window_rights(B, HEAP), BOTH);
    assert_int_equal(fake_rights(B, HEAP), BOTH);
    assert_int_equal(page_get(HEAP + 1).rights, READ);
    fake_fail_empty = true;
    assert_int_equal(memory_discard(a, HEAP, 2), -ENOMEM);
    fake_fail_empty = false;
    assert_int_equal(window_destroy(A, id), 0);
}

static void test_rights(void **state)
{
    (void)state;
    assert_int_equal(memory_give(a, HEAP, 4, PAGE_HEAP), 0);
    assert_int_equal(memory_rights(a, HEAP, 4), BOTH);
    assert_int_equal(memory_protect(a, HEAP + 1, 1, PAGE_HEAP, READ), 0);
    assert_int_equal(memory_protect(a, HEAP + 2, 1, PAGE_HEAP, 0), 0);
    assert_int_equal(memory_rights(a, HEAP + 1, 1), READ);
    assert_int_equal(memory_rights(a, HEAP + 2, 1), 0);
    assert_int_equal(memory_rights(a, HEAP, 2), -EINVAL);
    assert_int_equal(memory_rights(a, HEAP + 2, 2), -EINVAL);
}

/* Ranges that are not wholly heap of the cubicle that names them. */
#define NWRONG 9u
struct wrong_range {
    struct cubicle *who;
    uint32_t page, npages;
};

static void give_and_list_wrong(struct wrong_range rows[NWRONG])
{
    assert_int_equal(memory_give(a, HEAP, 2, PAGE_HEAP), 0);
    assert_int_equal(memory_give(a, HEAP + 2, 1, PAGE_STACK), 0);
    assert_int_equal(memory_give(b, HEAP + 3, 1, PAGE_HEAP), 0);
    const struct wrong_range wrong[NWRONG] = {
        {b, HEAP, 1},     {a, HEAP, 3},          {a, HEAP + 2, 1},
        {a, HEAP + 3, 1}, {a, HEAP + 4, 1},      {a, HEAP - 1, 2},
        {a, HEAP, 0},     {a, HEAP, UINT32_MAX}, {a, UINT32_MAX, 1},
    };
    memcpy(rows, wrong, sizeof(wrong));
}

/* Only all of it, only heap, only the owner's. */
static void test_renew_refused(void **state)
{
    (void)state;
    struct wrong_range rows[NWRONG];
    give_and_list_wrong(rows);
    for (size_t i = 0; i < NWRONG; i++) {
        assert_int_equal(memory_renew(rows[i].who, rows[i].page, rows[i].npages),
                         -EBUSY);
        assert_int_equal(memory_recall(rows[i].who, rows[i].page, rows[i].npages),
                         -EPERM);
        assert_int_equal(memory_discard(rows[i].who, rows[i].page, rows[i].npages),
                         -EPERM);
        assert_int_equal(memory_rights(rows[i].who, rows[i].page, rows[i].npages),
                         -EPERM);
    }
    assert_int_equal(fake_calls.empty, 0);
    assert_false(page_all_kept(HEAP, 1));
    for (uint32_t k = 0; k < 4; k++) {
        assert_true(all_is(k, 0xee));
    }
}

static void test_take_refused(void **state)
{
    (void)state;
    struct wrong_range rows[NWRONG];
    give_and_list_wrong(rows);
    for (size_t i = 0; i < NWRONG; i++) {
        assert_int_equal(memory_take(rows[i].who, rows[i].page, rows[i].npages),
                         -EPERM);
        assert_int_equal(
            memory_protect(rows[i].who, rows[i].page, rows[i].npages, PAGE_HEAP, READ),
            -EPERM);
    }
    assert_int_equal(fake_calls.unmap + fake_calls.protect, 0);
    assert_int_equal(a->npages, 3);
}

/* Rights that the owner gives up, it no longer lends. */
static void test_protect(void **state)
{
    (void)state;
    assert_int_equal(memory_give(a, HEAP, 2, PAGE_HEAP), 0);
    const int id = window_create(A);
    assert_int_equal(window_add(A, id, AT(HEAP), 2 * PAGE_SIZE, BOTH), 0);
    assert_int_equal(window_open(A, id, B), 0);
    assert_true(window_map(B, HEAP, PAGE_WRITE));
    assert_int_equal(memory_protect(a, HEAP, 1, PAGE_HEAP, READ), 0);
    assert_int_equal(fake_rights(A, HEAP), READ);
    assert_int_equal(fake_rights(B, HEAP), READ);
    assert_int_equal(memory_protect(a, HEAP, 1, PAGE_HEAP, 0), 0);
    assert_int_equal(fake_rights(B, HEAP), 0);
    assert_false(window_map(B, HEAP, READ));
    assert_int_equal(memory_protect(a, HEAP, 1, PAGE_HEAP, BOTH), 0);
    assert_true(window_map(B, HEAP, PAGE_WRITE));
    assert_int_equal(window_destroy(A, id), 0);
}

/* Stacks come from the top of the heap space and end what allocators may hand out. */
static void test_reserve_top(void **state)
{
    (void)state;
    const uint32_t end = memory_heap_end();
    assert_int_equal(end, HEAP_END);
    assert_int_equal(memory_reserve_top(PAGE_COUNT), 0);
    assert_int_equal(memory_reserve_top((HEAP_END - HEAP_START) / PAGE_SIZE + 1), 0);
    assert_int_equal(memory_reserve_top(UINT32_MAX), 0);
    assert_int_equal(memory_heap_end(), end);
    assert_int_equal(memory_reserve_top(17), page_of(end) - 17);
    assert_int_equal(memory_heap_end(), end - AT(17));
    const uint32_t left = (memory_heap_end() - HEAP_START) / PAGE_SIZE;
    assert_int_equal(memory_reserve_top(left), page_of(HEAP_START));
    assert_int_equal(memory_reserve_top(1), 0);
}

/* How many mappings the host has between @from and @to. */
static unsigned mappings(uintptr_t from, uintptr_t to)
{
    char line[512];
    unsigned n = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps) != NULL) {
        uintptr_t start, end;
        assert_int_equal(sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &start, &end), 2);
        n += start < to && end > from;
    }
    (void)fclose(maps);
    return n;
}

/* P5: what was cut in pieces, and used, is one mapping again when all is alike. */
static void test_p5_neighbours_join(void **state)
{
    enum { PIECES = 100 };
    char *heap = (char *)(uintptr_t)HEAP_START;
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    return; /* it has memory of its own there */
#endif
    assert_int_equal(memory_init(), 0);
    assert_int_equal(mappings(SPACE_GUARD, SPACE_SIZE), 1);
    for (unsigned round = 0; round < 2; round++) {
        assert_int_equal(mprotect(heap, 2 * PIECES * PAGE_SIZE, PROT_READ | PROT_WRITE),
                         0);
        for (unsigned i = 0; i < PIECES; i++) {
            char *piece = heap + (size_t)i * 2 * PAGE_SIZE;
            assert_int_equal(mprotect(piece, PAGE_SIZE, PROT_READ), 0);
        }
        for (unsigned i = 0; i < PIECES; i++) {
            heap[(2 * i + 1) * (size_t)PAGE_SIZE] = 1;
        }
        assert_int_equal(mappings(HEAP_START, HEAP_START + 2 * PIECES * PAGE_SIZE),
                         2 * PIECES);
        assert_int_equal(mprotect(heap, 2 * PIECES * PAGE_SIZE, PROT_NONE), 0);
        assert_int_equal(mappings(SPACE_GUARD, SPACE_SIZE), 1);
    }
}

/* What one that begins anew had: all of its heap, run by run, and nothing else. */
static void test_reclaim(void **state)
{
    const int id = window_create(A);
    uint32_t page = 0;
    (void)state;
    a->reclaimed = 0;
    assert_int_equal(memory_give(a, HEAP, 2, PAGE_HEAP), 0);
    assert_int_equal(memory_give(b, HEAP + 2, 1, PAGE_HEAP), 0);
    assert_int_equal(memory_give(a, HEAP + 3, 3, PAGE_HEAP), 0);
    assert_int_equal(memory_give(a, HEAP + 6, 1, PAGE_STACK), 0);
    assert_int_equal(window_add(A, id, AT(HEAP), PAGE_SIZE, BOTH), 0);
    assert_int_equal(window_open(A, id, B), 0);
    assert_true(window_map(B, HEAP, PAGE_WRITE));
    assert_int_equal(memory_reclaim(a, &page), 2);
    assert_int_equal(page, HEAP);
    assert_int_equal(fake_rights(B, HEAP), 0);
    assert_int_equal(memory_reclaim(a, &page), 3);
    assert_int_equal(page, HEAP + 3);
    assert_int_equal(memory_reclaim(a, &page), 0);
    for (uint32_t p = HEAP; p < HEAP + 6; p++) {
        assert_int_equal(page_get(p).owner, p == HEAP + 2 ? B : 0);
        assert_int_equal(fake_rights(A, p), 0);
    }
    assert_true(page_all(HEAP + 6, 1, A, PAGE_STACK));
    assert_int_equal(fake_rights(A, HEAP + 6), BOTH);
    assert_int_equal(a->npages, 1);
    assert_int_equal(b->npages, 1);
    assert_int_equal(window_destroy(A, id), 0);
    page_free(HEAP, 7);
}

/* What stays where it is: in no window, unmapped so that it is zero, and its owner's. */
static void test_clear(void **state)
{
    const int id = window_create(A);
    (void)state;
    assert_int_equal(memory_give(a, HEAP, 2, PAGE_DATA), 0);
    assert_int_equal(memory_give(b, HEAP + 2, 1, PAGE_DATA), 0);
    assert_int_equal(window_add(A, id, AT(HEAP), PAGE_SIZE, BOTH), 0);
    assert_int_equal(window_open(A, id, B), 0);
    assert_true(window_map(B, HEAP, PAGE_WRITE));
    const unsigned unmaps = fake_calls.unmap;
    assert_int_equal(memory_clear(a, HEAP, 3, PAGE_DATA), -EPERM);
    assert_int_equal(memory_clear(a, HEAP, 2, PAGE_STACK), -EPERM);
    assert_int_equal(fake_calls.unmap, unmaps);
    assert_int_equal(memory_clear(a, HEAP, 2, PAGE_DATA), 0);
    assert_int_equal(fake_calls.unmap, unmaps + 1);
    assert_int_equal(fake_rights(A, HEAP), BOTH);
    assert_int_equal(fake_rights(B, HEAP), 0);
    assert_int_equal(window_rights(B, HEAP), 0);
    fake_fail_unmap = true;
    assert_int_equal(memory_clear(a, HEAP, 2, PAGE_DATA), -ENOMEM);
    fake_fail_unmap = false;
    assert_int_equal(window_destroy(A, id), 0);
    page_free(HEAP, 3);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_renew_lost),    TEST(test_p4_quota),    TEST(test_give_refused),
        TEST(test_host_fails),    TEST(test_p3_renew),    TEST(test_renew_refused),
        TEST(test_p3_renew_many), TEST(test_resume),      TEST(test_discard),
        TEST(test_rights),        TEST(test_p3_take),     TEST(test_take_refused),
        TEST(test_protect),       TEST(test_reserve_top), TEST(test_p5_neighbours_join),
        TEST(test_p5_pieces),     TEST(test_reclaim),     TEST(test_clear),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
