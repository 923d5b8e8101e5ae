#include "memory.h"
#include "backend/backend.h"
#include "base/copy.h"
#include "base/counters.h"
#include "window.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

/* Of the host's mappings, what is left to the monitor itself. */
#define MAPPINGS_RESERVED 4096u
#define MAPPINGS_DEFAULT 65530u

/* Up to here zeros are written over old contents: faster than that the host takes the pages
 * away, and gives new ones one by one as they are touched. Above, it is slower. */
#define RENEW_WRITTEN 64u

static uint32_t heap_end = HEAP_END;
static const uint8_t zeros[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* Is anything below 4 GiB mapped? A personality of the process may have had page 0 mapped. */
static bool memory_low_is_empty(void)
{
    unsigned long first = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    const bool read = maps != NULL && fscanf(maps, "%lx-", &first) == 1;
    if (maps != NULL) {
        (void)fclose(maps);
    }
    return read && first >= SPACE_SIZE;
}

int memory_init(void)
{
    if (!memory_low_is_empty()) {
        return -EEXIST;
    }
    void *low =
        mmap((void *)(uintptr_t)SPACE_GUARD, SPACE_SIZE - SPACE_GUARD, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (low == MAP_FAILED) {
        return -errno;
    }
    if (low != (void *)(uintptr_t)SPACE_GUARD) { /* a kernel without FIXED_NOREPLACE */
        munmap(low, SPACE_SIZE - SPACE_GUARD);
        return -EEXIST;
    }
    /* The host joins neighbours that are alike again (P5) only where both come of memory
     * that was in use already: so one page is, before the space is cut into pieces. */
    if (mprotect(low, PAGE_SIZE, PROT_READ | PROT_WRITE) != 0) {
        return -errno;
    }
    *(volatile char *)low = 0;
    return mprotect(low, PAGE_SIZE, PROT_NONE) == 0 ? 0 : -errno;
}

void memory_divide_mappings(size_t ncubicles)
{
    unsigned long max = MAPPINGS_DEFAULT;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
    if (file != NULL) {
        if (fscanf(file, "%lu", &max) != 1 || max <= MAPPINGS_RESERVED) {
            max = MAPPINGS_DEFAULT;
        }
        (void)fclose(file);
    }
    const unsigned long each =
        (max - MAPPINGS_RESERVED) / PAGE_RUN_MAPPINGS / ncubicles;
    page_limit_runs(each > UINT32_MAX ? UINT32_MAX : (uint32_t)each);
}

int memory_give(struct cubicle *cubicle, uint32_t page, uint32_t npages,
                enum page_kind kind)
{
    if (!cubicle_quota_allows(cubicle, npages) || !page_may_split(cubicle->id, 1)) {
        return -ENOMEM;
    }
    int error = page_claim(page, npages, cubicle->id, kind, PAGE_READ | PAGE_WRITE);
    if (error != 0) {
        return error;
    }
    error = backend->map(cubicle->id, page, npages);
    if (error != 0) {
        (void)backend->unmap(cubicle->id, page, npages); /* it may have got half-way */
        page_free(page, npages);
        return error;
    }
    cubicle_book(cubicle, npages);
    counters_tell(cubicle);
    return 0;
}

int memory_recall(struct cubicle *cubicle, uint32_t page, uint32_t npages)
{
    if (!page_all(page, npages, cubicle->id, PAGE_HEAP)) {
        return -EPERM;
    }
    window_forget_pages(page, npages);
    page_set_kept(page, npages, true);
    return 0;
}

int memory_resume(struct cubicle *cubicle, uint32_t page, uint32_t npages)
{
    if (!page_all(page, npages, cubicle->id, PAGE_HEAP) ||
        !page_all_kept(page, npages)) {
        return -EPERM;
    }
    page_set_kept(page, npages, false);
    return 0;
}

/* All heap of @cubicle's that it has not given back. */
static bool memory_is_in_use(const struct cubicle *cubicle, uint32_t page,
                             uint32_t npages)
{
    if (!page_all(page, npages, cubicle->id, PAGE_HEAP)) {
        return false;
    }
    for (uint32_t p = page; p < page + npages; p++) {
        if (page_all_kept(p, 1)) {
            return false;
        }
    }
    return true;
}

int memory_discard(struct cubicle *cubicle, uint32_t page, uint32_t npages)
{
    return memory_is_in_use(cubicle, page, npages)
               ? backend->empty(cubicle->id, page, npages)
               : -EPERM;
}

static bool memory_has_rights(uint32_t page, uint32_t npages, unsigned rights)
{
    for (uint32_t p = page; p < page + npages; p++) {
        if (page_get(p).rights != rights) {
            return false;
        }
    }
    return true;
}

int memory_rights(const struct cubicle *cubicle, uint32_t page, uint32_t npages)
{
    if (!memory_is_in_use(cubicle, page, npages)) {
        return -EPERM;
    }
    const unsigned rights = page_get(page).rights;
    return memory_has_rights(page, npages, rights) ? (int)rights : -EINVAL;
}

/* The owner's view has the pages, and is not in use: one thread. But where the host could not
 * take all of a range back, some of it is not there any more. */
static int memory_write_zeros(const struct cubicle *cubicle, uint32_t page,
                              uint32_t npages)
{
    for (uint32_t p = page; p < page + npages; p++) {
        if (copy_bytes(cubicle_address(cubicle, (uint64_t)p << PAGE_SHIFT), zeros,
                       PAGE_SIZE) != 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

/* The rights are said again, for the same reason: to a host that has them it is nothing. */
static int memory_empty(const struct cubicle *cubicle, uint32_t page, uint32_t npages)
{
    const unsigned both = PAGE_READ | PAGE_WRITE;
    return backend->empty(cubicle->id, page, npages) == 0 &&
                   backend->protect(cubicle->id, page, npages, both) == 0
               ? 0
               : -ENOMEM;
}

int memory_renew(struct cubicle *cubicle, uint32_t page, uint32_t npages)
{
    /* Before they are zero: with a window, another cubicle could write on. */
    if (memory_recall(cubicle, page, npages) != 0) {
        return -EBUSY;
    }
    if (!memory_has_rights(page, npages, PAGE_READ | PAGE_WRITE)) {
        const int error =
            memory_protect(cubicle, page, npages, PAGE_HEAP, PAGE_READ | PAGE_WRITE);
        if (error != 0) {
            return error;
        }
    }
    const int error = npages <= RENEW_WRITTEN
                          ? memory_write_zeros(cubicle, page, npages)
                          : memory_empty(cubicle, page, npages);
    if (error == 0) {
        page_set_kept(page, npages, false);
    }
    return error;
}

int memory_take(struct cubicle *cubicle, uint32_t page, uint32_t npages)
{
    if (!page_all(page, npages, cubicle->id, PAGE_HEAP)) {
        return -EPERM;
    }
    const bool splits = page_get(page - 1).owner == cubicle->id &&
                        page_get(page + npages).owner == cubicle->id;
    if (splits && !page_may_split(cubicle->id, 1)) {
        return -ENOMEM;
    }
    /* Foreign views first: while one of them could still reach a page it is not free. */
    window_forget_pages(page, npages);
    const int error = backend->unmap(cubicle->id, page, npages);
    if (error != 0) {
        return error;
    }
    page_free(page, npages);
    cubicle->npages -= npages;
    counters_tell(cubicle);
    return 0;
}

static bool memory_is_heap_of(const struct cubicle *cubicle, uint32_t page)
{
    const struct page_info info = page_get(page);
    return info.owner == cubicle->id && info.kind == PAGE_HEAP;
}

int64_t memory_reclaim(struct cubicle *cubicle, uint32_t *page)
{
    const uint32_t end = page_of(HEAP_END);
    uint32_t first = cubicle->reclaimed;
    if (first < page_of(HEAP_START)) {
        first = page_of(HEAP_START);
    }
    while (first < end && !memory_is_heap_of(cubicle, first)) {
        first++;
    }
    uint32_t next = first;
    while (next < end && memory_is_heap_of(cubicle, next)) {
        next++;
    }
    if (next != first) {
        const int error = memory_take(cubicle, first, next - first);
        if (error != 0) {
            return error;
        }
    }
    *page = first;
    cubicle->reclaimed = next;
    return next - first;
}

int memory_clear(struct cubicle *cubicle, uint32_t page, uint32_t npages,
                 enum page_kind kind)
{
    if (!page_all(page, npages, cubicle->id, kind)) {
        return -EPERM;
    }
    window_forget_pages(page, npages);
    const int error = backend->unmap(cubicle->id, page, npages);
    return error != 0 ? error : backend->map(cubicle->id, page, npages);
}

int memory_protect(struct cubicle *cubicle, uint32_t page, uint32_t npages,
                   enum page_kind kind, unsigned rights)
{
    if (!page_all(page, npages, cubicle->id, kind)) {
        return -EPERM;
    }
    if (memory_has_rights(page, npages, rights)) {
        return 0; /* libc asks so whether pages are its own */
    }
    if (!page_may_split(cubicle->id, 2)) {
        return -ENOMEM;
    }
    const int error = backend->protect(cubicle->id, page, npages, rights);
    if (error != 0) {
        return error;
    }
    page_set_rights(page, npages, rights);
    window_settle(page, npages);
    return 0;
}

uint32_t memory_heap_end(void)
{
    return heap_end;
}

uint32_t memory_reserve_top(uint32_t npages)
{
    const uint64_t size = (uint64_t)npages << PAGE_SHIFT;
    if (size > heap_end - HEAP_START) {
        return 0;
    }
    heap_end -= (uint32_t)size;
    return page_of(heap_end);
}
