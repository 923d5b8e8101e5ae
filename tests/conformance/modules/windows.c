/* Windows: who may create, fill, open and close them, and what the grantee then
 * reaches. */
#include "check.h"

#include <cubicle.h>
#include <peer.h>
#include <third.h>

static uint8_t data_page[2 * 4096] __attribute__((aligned(4096))) = {1};
static const uint8_t rodata_page[4096] __attribute__((aligned(4096))) = {17, 18};

static int window_over(void *base, size_t len, int rights)
{
    int id = cubicle_window_init();
    if (id > 0) {
        int error = cubicle_window_add(id, base, len, rights);
        if (error != 0) {
            cubicle_window_destroy(id);
            return error;
        }
    }
    return id;
}

static void test_use(int peer)
{
    uint8_t *page = pages(2);
    page[5] = 55;
    int id = window_over(page, 4096, CUBICLE_WRITE);
    CHECK(id > 0);
    CHECK_EQUAL(cubicle_window_open(id, peer), 0);
    CHECK_EQUAL(peer_read(offset_of(page + 5)), 55);
    page[5] = 56;
    CHECK_EQUAL(peer_read(offset_of(page + 5)), 56);
    CHECK_EQUAL(peer_write(offset_of(page + 4095), 77), 0);
    CHECK_EQUAL(page[4095], 77);

    /* Closed and opened again; opened twice is opened once. */
    CHECK_EQUAL(cubicle_window_close(id, peer), 0);
    CHECK_EQUAL(cubicle_window_open(id, peer), 0);
    CHECK_EQUAL(cubicle_window_open(id, peer), 0);
    CHECK_EQUAL(peer_read(offset_of(page + 5)), 56);
    CHECK_EQUAL(cubicle_window_close_all(id), 0);
    CHECK_EQUAL(cubicle_window_destroy(id), 0);

    /* A range added while the window is open counts at once. */
    id = cubicle_window_init();
    CHECK_EQUAL(cubicle_window_open(id, peer), 0);
    CHECK_EQUAL(cubicle_window_add(id, page, 1, CUBICLE_READ), 0);
    CHECK_EQUAL(cubicle_window_add(id, page + 4096, 4096, CUBICLE_WRITE), 0);
    CHECK_EQUAL(peer_read(offset_of(page + 5)), 56);
    CHECK_EQUAL(peer_write(offset_of(page + 4096), 3), 0);
    CHECK_EQUAL(cubicle_window_remove(id, page), 0);
    CHECK_EQUAL(cubicle_window_remove(id, page), -ENOENT);
    CHECK_EQUAL(peer_read(offset_of(page + 4096)), 3);
    CHECK_EQUAL(cubicle_window_destroy(id), 0);
    pages_free(page, 2);
}

/* Many pages in order, backwards, and here and there; parts of them go and come back. */
static void test_many_pages(int peer)
{
    enum { PAGES = 200, PART = 50 };
    uint8_t *base = pages(PAGES);
    int bad = 0;
    for (int i = 0; i < PAGES; i++) {
        base[i * 4096 + 1] = (uint8_t)i;
    }
    int id = window_over(base, PAGES * 4096, CUBICLE_WRITE);
    CHECK_EQUAL(cubicle_window_open(id, peer), 0);
    for (int i = 0; i < PAGES; i++) {
        bad += peer_read(offset_of(base + i * 4096 + 1)) != (uint8_t)i;
        bad += peer_write(offset_of(base + i * 4096), i ^ 0x55) != 0;
    }
    for (int i = 0; i < PAGES; i++) {
        bad += base[i * 4096] != (uint8_t)(i ^ 0x55);
    }
    CHECK_EQUAL(cubicle_window_close(id, peer), 0);
    CHECK_EQUAL(cubicle_window_open(id, peer), 0);
    for (int i = PAGES - 1; i >= 0; i -= 7) {
        base[i * 4096 + 2] = (uint8_t)(3 * i);
        bad += peer_read(offset_of(base + i * 4096 + 2)) != (uint8_t)(3 * i);
    }
    CHECK_EQUAL(bad, 0);
    CHECK_EQUAL(cubicle_window_destroy(id), 0);

    /* Freed in the middle: the rest is still lent, and what comes in its place is zero. */
    id = window_over(base, PAGES * 4096, CUBICLE_WRITE);
    CHECK_EQUAL(cubicle_window_open(id, peer), 0);
    CHECK_EQUAL(peer_read(offset_of(base + (PART - 1) * 4096 + 1)), PART - 1);
    pages_free(base + PART * 4096, PART);
    CHECK_EQUAL(peer_read(offset_of(base + (PART - 1) * 4096 + 1)), PART - 1);
    CHECK_EQUAL(peer_read(offset_of(base + 2 * PART * 4096 + 1)), 2 * PART);
    uint8_t *again = pages(PART);
    for (int i = 0; i < PART * 4096; i++) {
        bad += again[i] != 0;
    }
    CHECK_EQUAL(bad, 0);
    int other = window_over(again, PART * 4096, CUBICLE_WRITE);
    CHECK_EQUAL(cubicle_window_open(other, peer), 0);
    for (int i = 0; i < PART; i++) {
        bad += peer_write(offset_of(again + i * 4096), 9) != 0 || again[i * 4096] != 9;
    }
    CHECK_EQUAL(bad, 0);
    CHECK_EQUAL(cubicle_window_destroy(other), 0);
    CHECK_EQUAL(cubicle_window_destroy(id), 0);
    pages_free(again, PART);
    pages_free(base, PART);
    pages_free(base + 2 * PART * 4096, PAGES - 2 * PART);
}

/* Every kind of memory that a cubicle has. On a stack is where functions return to. */
static void test_kinds(int peer)
{
    uint8_t stack[64] = {9, 10, 11};
    CHECK_EQUAL(window_over(stack, sizeof stack, CUBICLE_READ), -EPERM);
    CHECK_EQUAL(window_over(stack, sizeof stack, CUBICLE_WRITE), -EPERM);

    data_page[4096] = 44;
    int id = window_over(data_page + 4096, 4096, CUBICLE_WRITE);
    CHECK_EQUAL(cubicle_window_open(id, peer), 0);
    CHECK_EQUAL(peer_read(offset_of(data_page + 4096)), 44);
    CHECK_EQUAL(peer_write(offset_of(data_page + 4097), 45), 0);
    CHECK_EQUAL(data_page[4097], 45);
    CHECK_EQUAL(cubicle_window_destroy(id), 0);

    id = window_over((void *)rodata_page, sizeof rodata_page, CUBICLE_READ);
    CHECK_EQUAL(cubicle_window_open(id, peer), 0);
    CHECK_EQUAL(peer_read(offset_of(rodata_page + 1)), 18);
    CHECK_EQUAL(cubicle_window_destroy(id), 0);
    CHECK_EQUAL(window_over((void *)rodata_page, 1, CUBICLE_WRITE), -EPERM);
    CHECK_EQUAL(window_over((void *)(uintptr_t)test_windows, 1, CUBICLE_READ), -EPERM);
}

static void test_refusals(int peer)
{
    uint8_t *page = pages(1);
    int id = cubicle_window_init();
    CHECK(id > 0);
    /* ranges */
    CHECK_EQUAL(cubicle_window_add(id, page, 0, CUBICLE_READ), -EINVAL);
    CHECK_EQUAL(cubicle_window_add(id, page, SIZE_MAX, CUBICLE_READ), -EINVAL);
    CHECK_EQUAL(cubicle_window_add(id, page, (size_t)1 << 40, CUBICLE_READ), -EINVAL);
    CHECK_EQUAL(cubicle_window_add(id, page, (size_t)1 << 32, CUBICLE_READ), -EINVAL);
    CHECK_EQUAL(cubicle_window_add(id, (void *)0xfffffff0, 32, CUBICLE_READ), -EINVAL);
    /* rights */
    CHECK_EQUAL(cubicle_window_add(id, page, 4096, 0), -EINVAL);
    CHECK_EQUAL(cubicle_window_add(id, page, 4096, 2), -EINVAL);
    CHECK_EQUAL(cubicle_window_add(id, page, 4096, 4), -EINVAL);
    CHECK_EQUAL(cubicle_window_add(id, page, 4096, -1), -EINVAL);
    /* memory of nobody, of the null page, of the peer */
    CHECK_EQUAL(cubicle_window_add(id, NULL, 16, CUBICLE_READ), -EPERM);
    CHECK_EQUAL(cubicle_window_add(id, (void *)0xfffff000, 16, CUBICLE_READ), -EPERM);
    uint64_t theirs = peer_keep(4096);
    CHECK(theirs != 0);
    CHECK_EQUAL(cubicle_window_add(id, (void *)theirs, 16, CUBICLE_READ), -EPERM);
    /* starts in ours, ends elsewhere: 64 MiB are more than the whole quota */
    CHECK_EQUAL(cubicle_window_add(id, page, 64 << 20, CUBICLE_READ), -EPERM);
    /* peers */
    CHECK_EQUAL(cubicle_window_open(id, 0), -ESRCH);
    CHECK_EQUAL(cubicle_window_open(id, -1), -ESRCH);
    CHECK_EQUAL(cubicle_window_open(id, 200), -ESRCH);
    CHECK_EQUAL(cubicle_window_open(id, 1 << 30), -ESRCH);
    CHECK_EQUAL(cubicle_window_close(id, 100000), -ESRCH);
    /* ids that were never handed out */
    static const int unknown[] = {0, -1, 1 << 20, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        CHECK_EQUAL(cubicle_window_add(unknown[i], page, 1, CUBICLE_READ), -EINVAL);
        CHECK_EQUAL(cubicle_window_remove(unknown[i], page), -EINVAL);
        CHECK_EQUAL(cubicle_window_open(unknown[i], peer), -EINVAL);
        CHECK_EQUAL(cubicle_window_close(unknown[i], peer), -EINVAL);
        CHECK_EQUAL(cubicle_window_close_all(unknown[i]), -EINVAL);
        CHECK_EQUAL(cubicle_window_destroy(unknown[i]), -EINVAL);
    }
    /* a stale id, and the one that follows it */
    CHECK_EQUAL(cubicle_window_destroy(id), 0);
    CHECK_EQUAL(cubicle_window_destroy(id), -EINVAL);
    CHECK_EQUAL(cubicle_window_open(id, peer), -EINVAL);
    int next = cubicle_window_init();
    CHECK(next > 0 && next != id);
    CHECK_EQUAL(cubicle_window_destroy(next), 0);
    pages_free(page, 1);
}

static void test_limits(int peer)
{
    enum { MANY = 100000 };
    static int ids[MANY];
    int count = 0;
    while (count < MANY && (ids[count] = cubicle_window_init()) > 0) {
        count++;
    }
    CHECK(count >= 16 && count < MANY);
    CHECK_EQUAL(ids[count], -ENOSPC);
    int failed = 0;
    for (int i = 0; i < count; i++) {
        failed += cubicle_window_destroy(ids[i]) != 0;
    }
    CHECK_EQUAL(failed, 0);

    uint8_t *page = pages(1);
    int id = cubicle_window_init();
    int error = 0;
    for (count = 0; count < MANY && error == 0; count++) {
        error = cubicle_window_add(id, page + count % 4096, 1, CUBICLE_READ);
    }
    CHECK_EQUAL(error, -ENOSPC);
    CHECK_EQUAL(cubicle_window_open(id, peer), 0);
    CHECK_EQUAL(peer_read(offset_of(page)), 0);
    CHECK_EQUAL(cubicle_window_destroy(id), 0);
    pages_free(page, 1);

    /* An id is not handed out again soon. */
    int seen = 0;
    int first = cubicle_window_init();
    cubicle_window_destroy(first);
    for (int i = 0; i < 1000; i++) {
        int other = cubicle_window_init();
        seen += other == first || other <= 0;
        cubicle_window_destroy(other);
    }
    CHECK_EQUAL(seen, 0);
}

void test_windows(void)
{
    int peer = cubicle_find("peer");
    CHECK(peer > 0);
    CHECK(cubicle_self() > 0 && cubicle_self() != peer);
    CHECK_EQUAL(cubicle_find("nobody"), -ENOENT);
    test_use(peer);
    test_many_pages(peer);
    test_kinds(peer);
    test_refusals(peer);
    test_limits(peer);
}

int windows_possible(void)
{
    const int id = cubicle_window_init();
    return id != -ENOSYS && cubicle_window_destroy(id) == 0;
}

/* Where cubicles share no memory: every call says so, and nobody reaches anything. */
void test_no_windows(void)
{
    uint8_t *page = pages(1);
    const int peer = cubicle_find("peer");
    CHECK_EQUAL(cubicle_window_init(), -ENOSYS);
    for (int id = -1; id < 3; id++) {
        CHECK(cubicle_window_add(id, page, 4096, CUBICLE_READ) < 0);
        CHECK(cubicle_window_open(id, peer) < 0);
        CHECK(cubicle_window_close(id, peer) < 0);
        CHECK(cubicle_window_close_all(id) < 0);
        CHECK(cubicle_window_remove(id, page) < 0);
        CHECK(cubicle_window_destroy(id) < 0);
    }
    CHECK(cubicle_window_lender((void *)peer_keep(4096), 4096, CUBICLE_READ) < 0);
    CHECK_EQUAL(peer_read(offset_of(page)), -EOWNERDEAD);
}

void test_delegation(void)
{
    int self = cubicle_self(), peer = cubicle_find("peer"),
        third = cubicle_find("third");
    uint8_t *page = pages(4);
    page[4096] = 21;
    int id = window_over(page + 4096, 2 * 4096, CUBICLE_READ);
    CHECK_EQUAL(cubicle_window_open(id, peer), 0);

    int lent = peer_lend(offset_of(page + 4096), 4096, CUBICLE_READ, third);
    CHECK(lent > 0);
    CHECK_EQUAL(third_read(offset_of(page + 4096)), 21);
    CHECK_EQUAL(peer_unlend(lent), 0);
    /* not more rights, not a wider range, not what was never lent */
    CHECK_EQUAL(peer_lend(offset_of(page + 4096), 4096, CUBICLE_WRITE, third), -EPERM);
    CHECK_EQUAL(peer_lend(offset_of(page + 4096), 3 * 4096, CUBICLE_READ, third),
                -EPERM);
    CHECK_EQUAL(peer_lend(offset_of(page), 2 * 4096, CUBICLE_READ, third), -EPERM);
    CHECK_EQUAL(peer_lend(offset_of(page), 1, CUBICLE_READ, third), -EPERM);
    /* the peer's ids are its own */
    lent = peer_lend(offset_of(page + 4096), 4096, CUBICLE_READ, third);
    if (lent > 0 && lent != id) {
        CHECK_EQUAL(cubicle_window_open(lent, self), -EINVAL);
        CHECK_EQUAL(cubicle_window_destroy(lent), -EINVAL);
    }
    CHECK_EQUAL(third_read(offset_of(page + 4096)), 21);
    /* an ended grant cannot be passed on */
    CHECK_EQUAL(cubicle_window_close(id, peer), 0);
    CHECK_EQUAL(peer_lend(offset_of(page + 4096), 4096, CUBICLE_READ, third), -EPERM);
    CHECK_EQUAL(cubicle_window_destroy(id), 0);
    pages_free(page, 4);
}
