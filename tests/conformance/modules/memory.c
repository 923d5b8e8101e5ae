/* Memory: quota, zeroed pages, giving back, page rights. The driver's quota is 32 MiB. */
#define _GNU_SOURCE
#include "check.h"

#include <alloc.h>
#include <cubicle.h>
#include <peer.h>
#include <sys/mman.h>
#include <third.h>

enum { MIB = 1 << 20 };

static int allocate_all(void **blocks, int max)
{
    int count = 0;
    while (count < max && (blocks[count] = malloc(MIB)) != NULL) {
        memset(blocks[count], 0xee, MIB);
        count++;
    }
    return count;
}

static void test_quota(void)
{
    static void *blocks[64];
    errno = 0;
    CHECK(malloc(64 * MIB) == NULL && errno == ENOMEM);
    CHECK_EQUAL(alloc_map(64 * MIB, 0), -ENOMEM);
    CHECK_EQUAL(alloc_map((size_t)1 << 40, 0), -ENOMEM);
    CHECK_EQUAL(alloc_map(SIZE_MAX, 0), -ENOMEM);
    CHECK_EQUAL(alloc_map(0, 0), -EINVAL);
    int first = allocate_all(blocks, 64);
    CHECK(first >= 8 && first < 32);
    for (int i = 0; i < first; i++) {
        free(blocks[i]);
    }
    int second = allocate_all(blocks, 64);
    CHECK_EQUAL(second, first);
    for (int i = 0; i < second; i++) {
        free(blocks[i]);
    }
}

static void test_give_back(void)
{
    int bad = 0;
    for (int i = 0; i < 50; i++) {
        uint8_t *base = pages(8 * MIB / 4096);
        for (size_t k = 0; k < 8 * MIB; k += 4096) {
            bad += base[k] != 0 || base[k + 4095] != 0;
            base[k] = base[k + 4095] = 0xff;
        }
        pages_free(base, 8 * MIB / 4096);
    }
    CHECK_EQUAL(bad, 0);
    /* in part, in the middle */
    uint8_t *base = pages(8);
    memset(base, 1, 8 * 4096);
    pages_free(base + 2 * 4096, 3);
    CHECK(base[2 * 4096 - 1] == 1 && base[5 * 4096] == 1);
    pages_free(base, 2);
    pages_free(base + 5 * 4096, 3);
    /* from one cubicle to another */
    CHECK_EQUAL(peer_dirty_pages(4 * MIB), 0);
    CHECK_EQUAL(third_fresh(4 * MIB), 0);
    CHECK_EQUAL(peer_dirty_pages(4 * MIB), 0);
    CHECK_EQUAL(peer_dirty_pages(64 * 4096), 0);
    CHECK_EQUAL(third_fresh(64 * 4096), 0);
}

static int count_nonzero(const uint8_t *base, size_t npages)
{
    int count = 0;
    for (size_t i = 0; i < npages * 4096; i++) {
        count += base[i] != 0;
    }
    return count;
}

/* Pages that come and go are zero each time, whoever had them and whatever was done to
 * them. */
static void test_again(void)
{
    enum { SLOTS = 16, STEPS = 3000 };
    static struct {
        uint8_t *base;
        size_t npages;
    } slots[SLOTS];
    int bad = 0;
    srand(1);
    for (int step = 0; step < STEPS; step++) {
        const int i = rand() % SLOTS;
        if (slots[i].base == NULL) {
            slots[i].npages = 1 + (size_t)(rand() % (step % 8 == 0 ? 100 : 10));
            slots[i].base = pages(slots[i].npages);
            for (size_t k = 0; k < slots[i].npages; k++) {
                bad += slots[i].base[k * 4096] != 0 || slots[i].base[k * 4096 + 9] != 0;
                slots[i].base[k * 4096] = (uint8_t)(i + 1);
                slots[i].base[k * 4096 + 9] = 0xee;
            }
        } else {
            for (size_t k = 0; k < slots[i].npages; k++) { /* nobody else's */
                bad += slots[i].base[k * 4096] != i + 1;
            }
            pages_free(slots[i].base, slots[i].npages);
            slots[i].base = NULL;
        }
    }
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i].base != NULL) {
            pages_free(slots[i].base, slots[i].npages);
        }
    }
    CHECK_EQUAL(bad, 0);

    /* Read-only, or not even that; written to after it was given back. */
    uint8_t *base = pages(3);
    memset(base, 1, 3 * 4096);
    CHECK_EQUAL(cubicle_page_protect(base, 4096, CUBICLE_READ), 0);
    CHECK_EQUAL(cubicle_page_protect(base + 4096, 4096, 0), 0);
    pages_free(base, 3);
    volatile uint8_t *stale = base + 2 * 4096;
    *stale = 2;
    uint8_t *again = pages(3);
    CHECK(again == base);
    CHECK_EQUAL(count_nonzero(again, 3), 0);
    memset(again, 3, 3 * 4096);
    pages_free(again, 3);

    /* Small extents from one cubicle to another. */
    for (size_t npages = 1; npages <= 64; npages *= 4) {
        CHECK_EQUAL(peer_dirty_pages(npages * 4096), 0);
        CHECK_EQUAL(third_fresh(npages * 4096), 0);
        again = pages(npages);
        CHECK_EQUAL(count_nonzero(again, npages), 0);
        memset(again, 6, npages * 4096);
        pages_free(again, npages);
    }
}

/* What was lent, and written by others, is zero for its owner as well. */
static void test_lent_again(void)
{
    uint8_t *base = pages(4);
    const int id = cubicle_window_init();
    CHECK_EQUAL(cubicle_window_add(id, base, 4 * 4096, CUBICLE_WRITE), 0);
    CHECK_EQUAL(cubicle_window_open(id, cubicle_find("peer")), 0);
    CHECK_EQUAL(peer_write(offset_of(base + 2 * 4096), 5), 0);
    pages_free(base, 4);
    uint8_t *again = pages(4);
    CHECK(again == base);
    CHECK_EQUAL(count_nonzero(again, 4), 0);
    CHECK_EQUAL(cubicle_window_destroy(id), 0);
    pages_free(again, 4);
}

/* Contents that go while the memory stays, lent or not. */
static void test_discard(void)
{
    uint8_t *base = pages(100);
    memset(base, 5, 100 * 4096);
    const int id = cubicle_window_init();
    if (id != -ENOSYS) {
        CHECK_EQUAL(cubicle_window_add(id, base, 4 * 4096, CUBICLE_WRITE), 0);
        CHECK_EQUAL(cubicle_window_open(id, cubicle_find("peer")), 0);
        CHECK_EQUAL(peer_write(offset_of(base + 4096), 6), 0);
    }
    CHECK_EQUAL(cubicle_page_discard(base, 90 * 4096), 0);
    CHECK_EQUAL(count_nonzero(base, 90), 0);
    CHECK_EQUAL(base[90 * 4096], 5);
    if (id != -ENOSYS) {
        CHECK_EQUAL(peer_read(offset_of(base + 4096)),
                    0); /* the window is open still */
        CHECK_EQUAL(peer_write(offset_of(base + 4096), 7), 0);
        CHECK_EQUAL(base[4096], 7);
        CHECK_EQUAL(cubicle_window_destroy(id), 0);
    }

    CHECK_EQUAL(cubicle_page_rights(base, 100 * 4096), CUBICLE_WRITE);
    CHECK_EQUAL(cubicle_page_protect(base, 4096, CUBICLE_READ), 0);
    CHECK_EQUAL(cubicle_page_rights(base, 4096), CUBICLE_READ);
    CHECK_EQUAL(cubicle_page_rights(base, 2 * 4096), -EINVAL);
    const uintptr_t theirs = (uintptr_t)peer_keep(8192) & ~(uintptr_t)4095;
    const uintptr_t code = (uintptr_t)test_memory & ~(uintptr_t)4095;
    const uintptr_t stack = (uintptr_t)&base & ~(uintptr_t)4095;
    const uintptr_t wrong[] = {theirs, code, stack, 0, 0xfffe0000};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CHECK_EQUAL(cubicle_page_discard((void *)wrong[i], 4096), -EPERM);
        CHECK_EQUAL(cubicle_page_rights((void *)wrong[i], 4096), -EPERM);
    }
    CHECK_EQUAL(cubicle_page_discard(base + 1, 4096), -EINVAL);
    CHECK_EQUAL(cubicle_page_discard(base, 0), -EINVAL);
    CHECK_EQUAL(cubicle_page_discard(base, (size_t)1 << 32), -EINVAL);
    CHECK_EQUAL(cubicle_page_discard(base, SIZE_MAX & ~(size_t)4095), -EINVAL);
    pages_free(base, 100);
    CHECK_EQUAL(cubicle_page_discard(base, 4096), -EPERM); /* given back */
    CHECK_EQUAL(cubicle_page_rights(base, 4096), -EPERM);
}

/* Beyond the quota: ENOMEM, and all that was there is there. */
static void test_exhausted(void)
{
    uint8_t *base = pages(1000);
    memset(base, 9, 1000 * 4096);
    CHECK(mremap(base, 1000 * 4096, 48 * MIB, MREMAP_MAYMOVE) == MAP_FAILED);
    CHECK_EQUAL(errno, ENOMEM);
    CHECK(base[0] == 9 && base[1000 * 4096 - 1] == 9);
    uint8_t *space =
        mmap(NULL, 512 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(space != MAP_FAILED);
    CHECK(mprotect(space, 48 * MIB, PROT_READ | PROT_WRITE) == -1 && errno == ENOMEM);
    CHECK_EQUAL(mprotect(space, 4 * MIB, PROT_READ | PROT_WRITE), 0);
    space[4 * MIB - 1] = 1;
    CHECK_EQUAL(munmap(space, 512 * MIB), 0);
    /* The next is as long as ever. */
    base = mremap(base, 1000 * 4096, 2000 * 4096, MREMAP_MAYMOVE);
    CHECK(base != MAP_FAILED && base[1000 * 4096 - 1] == 9);
    CHECK_EQUAL(count_nonzero(base + 1000 * 4096, 1000), 0);
    pages_free(base, 2000);
    for (int i = 0; i < 100; i++) { /* what one keeps does not add up */
        base = pages(1000 + (size_t)i);
        base[5] = 1;
        pages_free(base, 1000 + (size_t)i);
    }
}

static void test_refusals(void)
{
    uint8_t *page = pages(2);
    uint64_t theirs = peer_keep(8192) & ~(uint64_t)4095;
    CHECK_EQUAL(alloc_unmap((void *)theirs, 4096, 0), -EINVAL);
    CHECK_EQUAL(alloc_unmap(page + 1, 4096, 0), -EINVAL);
    CHECK_EQUAL(alloc_unmap(page, 0, 0), -EINVAL);
    CHECK_EQUAL(alloc_unmap(NULL, 4096, 0), -EINVAL);
    CHECK_EQUAL(alloc_unmap((void *)0xfffff000, 8192, 0), -EINVAL);
    CHECK_EQUAL(alloc_unmap(page, SIZE_MAX, 0), -EINVAL);

    CHECK_EQUAL(cubicle_page_protect(page, 4096, CUBICLE_READ), 0);
    CHECK_EQUAL(page[0], 0);
    CHECK_EQUAL(cubicle_page_protect(page, 4096, CUBICLE_WRITE), 0);
    page[0] = 1;
    CHECK_EQUAL(page[0], 1);
    CHECK_EQUAL(cubicle_page_protect(page, 0, CUBICLE_READ), -EINVAL);
    CHECK_EQUAL(cubicle_page_protect(page + 1, 4096, CUBICLE_READ), -EINVAL);
    CHECK_EQUAL(cubicle_page_protect(page, 100, CUBICLE_READ), -EINVAL);
    CHECK_EQUAL(cubicle_page_protect(page, 4096, 8), -EINVAL);
    CHECK_EQUAL(cubicle_page_protect((void *)theirs, 4096, CUBICLE_READ), -EPERM);
    uintptr_t code = (uintptr_t)test_memory & ~(uintptr_t)4095;
    CHECK_EQUAL(cubicle_page_protect((void *)code, 4096, CUBICLE_WRITE), -EPERM);
    pages_free(page, 2);
    CHECK_EQUAL(alloc_unmap(page, 4096, 0), -EINVAL); /* twice */
    CHECK_EQUAL(alloc_unmap(page + 4096, 2 * 4096, 0), -EINVAL);
    page = pages(PAGES_GONE);
    pages_free(page, PAGES_GONE);
    CHECK_EQUAL(cubicle_page_protect(page, 4096, CUBICLE_READ), -EPERM);
    CHECK_EQUAL(cubicle_thread_pointer_set(page), -EBUSY);
}

void test_memory(void)
{
    test_quota();
    test_give_back();
    test_again();
    if (windows_possible()) {
        test_lent_again();
    }
    test_discard();
    test_exhausted();
    test_quota(); /* with some pages given back but still its own */
    test_refusals();
}
