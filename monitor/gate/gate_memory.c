/* Interface `cubicle`, as in gate.c: windows and pages. */
#include "backend/backend.h"
#include "call/trampoline.h"
#include "cubicle_gates.h"
#include "gate.h"
#include "memory/memory.h"
#include "memory/window.h"

#include <errno.h>

int gate_cubicle_window_init(void)
{
    if (backend->processes != NULL) {
        return -ENOSYS; /* nothing is lent from one process to another */
    }
    return window_create(gate_caller());
}

int gate_cubicle_window_add(int id, uint64_t base, uint64_t len, int rights)
{
    return window_add(gate_caller(), id, (uint32_t)base, len, (unsigned)rights);
}

int gate_cubicle_window_remove(int id, uint64_t base)
{
    return window_remove(gate_caller(), id, (uint32_t)base);
}

int gate_cubicle_window_open(int id, int peer)
{
    return peer > 0 ? window_open(gate_caller(), id, (unsigned)peer) : -ESRCH;
}

int gate_cubicle_window_close(int id, int peer)
{
    return peer > 0 ? window_close(gate_caller(), id, (unsigned)peer) : -ESRCH;
}

int gate_cubicle_window_close_all(int id)
{
    return window_close_all(gate_caller(), id);
}

int gate_cubicle_window_destroy(int id)
{
    return window_destroy(gate_caller(), id);
}

int gate_cubicle_window_lender(uint64_t base, uint64_t len, int rights)
{
    const uint64_t offset = (uint32_t)base;
    if (len == 0 || len > SPACE_SIZE || offset + len > SPACE_SIZE ||
        (rights != PAGE_READ && rights != (PAGE_READ | PAGE_WRITE))) {
        return -EINVAL;
    }
    return window_lender(gate_caller(), (uint32_t)offset, len, (unsigned)rights);
}

/* Whole pages of [@base, @base + @len), inside the offset space. */
static bool gate_pages(uint64_t base, uint64_t len, uint32_t *page, uint32_t *npages)
{
    const uint64_t offset = (uint32_t)base;
    if (offset % PAGE_SIZE != 0 || len % PAGE_SIZE != 0 || len == 0 ||
        len > SPACE_SIZE || offset + len > SPACE_SIZE) {
        return false;
    }
    *page = page_of(offset);
    *npages = page_of(len);
    return true;
}

int gate_cubicle_page_protect(uint64_t base, uint64_t len, int rights)
{
    uint32_t page;
    uint32_t npages;
    if (!gate_pages(base, len, &page, &npages) ||
        (rights != 0 && rights != PAGE_READ && rights != (PAGE_READ | PAGE_WRITE))) {
        return -EINVAL;
    }
    return memory_protect(cubicle_get(gate_caller()), page, npages, PAGE_HEAP,
                          (unsigned)rights);
}

int gate_cubicle_page_discard(uint64_t base, uint64_t len)
{
    uint32_t page;
    uint32_t npages;
    return gate_pages(base, len, &page, &npages)
               ? memory_discard(cubicle_get(gate_caller()), page, npages)
               : -EINVAL;
}

int gate_cubicle_page_rights(uint64_t base, uint64_t len)
{
    uint32_t page;
    uint32_t npages;
    return gate_pages(base, len, &page, &npages)
               ? memory_rights(cubicle_get(gate_caller()), page, npages)
               : -EINVAL;
}

/* The cubicle that the running allocator acts for: itself, or who called it just now. The
 * top frame is the call to this gate, the one below the call to the allocator. */
static struct cubicle *gate_owner(int owner)
{
    if (owner == 0 || owner == (int)gate_caller()) {
        return cubicle_get(gate_caller());
    }
    const struct call_frame *frame = thread_caller_frame();
    const struct trampoline *t = trampoline_get(frame->trampoline);
    if (t == NULL || t->caller != (unsigned)owner || t->callee != gate_caller()) {
        return NULL;
    }
    return cubicle_get((unsigned)owner);
}

static bool gate_in_heap(uint64_t base, uint64_t npages)
{
    const uint64_t offset = (uint32_t)base;
    return offset % PAGE_SIZE == 0 && npages > 0 && offset >= HEAP_START &&
           offset < memory_heap_end() &&
           npages <= (memory_heap_end() - offset) >> PAGE_SHIFT;
}

int gate_change_pages(enum gate_pages change, struct cubicle *owner, uint64_t base,
                      uint64_t npages)
{
    if (!gate_in_heap(base, npages)) {
        return -EINVAL;
    }
    const uint32_t page = page_of((uint32_t)base);
    switch (change) {
    case GATE_PAGES_ASSIGN:
        return page_get(page).owner == owner->id
                   ? memory_renew(owner, page, (uint32_t)npages)
                   : memory_give(owner, page, (uint32_t)npages, PAGE_HEAP);
    case GATE_PAGES_RECALL:
        return memory_recall(owner, page, (uint32_t)npages);
    case GATE_PAGES_RESUME:
        return memory_resume(owner, page, (uint32_t)npages);
    case GATE_PAGES_RELEASE:
        return memory_take(owner, page, (uint32_t)npages);
    }
    return -EINVAL;
}

/* Where the owner has a process of its own, that one knows whether it has called. */
static int gate_change(enum gate_pages change, int owner, uint64_t base,
                       uint64_t npages)
{
    if (owner > 0 && owner != (int)gate_caller() && backend->processes != NULL) {
        return backend->processes->change_pages(change, (unsigned)owner, base, npages);
    }
    struct cubicle *cubicle = gate_owner(owner);
    /* What another has given back is not in use, and may be needed. */
    if (cubicle == NULL && change == GATE_PAGES_RELEASE && owner > 0 &&
        gate_in_heap(base, npages) &&
        page_all_kept(page_of((uint32_t)base), (uint32_t)npages)) {
        cubicle = cubicle_get((unsigned)owner);
    }
    return cubicle != NULL ? gate_change_pages(change, cubicle, base, npages) : -EPERM;
}

int gate_cubicle_page_assign(int owner, uint64_t base, uint64_t npages)
{
    return gate_change(GATE_PAGES_ASSIGN, owner, base, npages);
}

int gate_cubicle_page_recall(int owner, uint64_t base, uint64_t npages)
{
    return gate_change(GATE_PAGES_RECALL, owner, base, npages);
}

int gate_cubicle_page_resume(int owner, uint64_t base, uint64_t npages)
{
    return gate_change(GATE_PAGES_RESUME, owner, base, npages);
}

int gate_cubicle_page_release(int owner, uint64_t base, uint64_t npages)
{
    return gate_change(GATE_PAGES_RELEASE, owner, base, npages);
}

int64_t gate_cubicle_page_reclaim(int owner, uint64_t *base)
{
    struct cubicle *cubicle = owner > 0 ? cubicle_get((unsigned)owner) : NULL;
    uint32_t page;
    if (cubicle == NULL || cubicle->state != CUBICLE_DEAD) {
        return -EPERM;
    }
    const int64_t npages = memory_reclaim(cubicle, &page);
    *base = npages > 0 ? (uint64_t)page << PAGE_SHIFT : 0;
    return npages;
}

int gate_cubicle_page_space(uint64_t *base, uint64_t *size)
{
    *base = HEAP_START;
    *size = memory_heap_end() - HEAP_START;
    return 0;
}
