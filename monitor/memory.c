#include "memory.h"
#include "backend/backend.h"
#include "window.h"

#include <errno.h>
#include <sys/mman.h>

static uint32_t heap_end = HEAP_END;

int memory_init(void)
{
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
    return 0;
}

int memory_give(struct cubicle *cubicle, uint32_t page, uint32_t npages,
                enum page_kind kind)
{
    if (!cubicle_quota_allows(cubicle, npages)) {
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
    return 0;
}

int memory_take(struct cubicle *cubicle, uint32_t page, uint32_t npages)
{
    if (!page_all(page, npages, cubicle->id, PAGE_HEAP)) {
        return -EPERM;
    }
    /* Foreign views first: while one of them could still reach a page it is not free. */
    window_forget_pages(page, npages);
    const int error = backend->unmap(cubicle->id, page, npages);
    if (error != 0) {
        return error;
    }
    page_free(page, npages);
    cubicle->npages -= npages;
    return 0;
}

int memory_protect(struct cubicle *cubicle, uint32_t page, uint32_t npages,
                   enum page_kind kind, unsigned rights)
{
    if (!page_all(page, npages, cubicle->id, kind)) {
        return -EPERM;
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
