/*
 * Interface `cubicle`: interfaces/cubicle.h is the contract of every function here. The
 * trampoline has checked and copied annotated ranges; opaque pointers arrive as the
 * caller passed them, and only their low 32 bits mean anything.
 */
#include "gate.h"
#include "backend/backend.h"
#include "base/panic.h"
#include "call/demand.h"
#include "call/trampoline_body.h"
#include "cubicle_gates.h"
#include "fault/signal_pending.h"
#include "fault/stop.h"
#include "fault/unwind.h"
#include "host_files.h"
#include "load/link.h"
#include "memory/memory.h"
#include "memory/window.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static unsigned gate_caller(void)
{
    return (unsigned)thread_self.running;
}

int gate_cubicle_self(void)
{
    return (int)gate_caller();
}

int gate_cubicle_find(const char *name)
{
    const struct cubicle *cubicle = cubicle_by_name(name);
    return cubicle != NULL ? (int)cubicle->id : -ENOENT;
}

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

int gate_cubicle_thread_pointer_set(uint64_t tp)
{
    struct thread_cubicle *self = &thread_self.cubicle[gate_caller()];
    if (self->tp != 0) {
        return -EBUSY;
    }
    /* Only its low 32 bits mean anything to the cubicle; never lend it other bits. */
    self->tp = (uint32_t)tp;
    thread_self.tp = self->tp;
    return 0;
}

uint64_t gate_cubicle_fenv_get(void)
{
    uint32_t mxcsr;
    uint16_t control;
    uint16_t status;
    __asm__("stmxcsr %0" : "=m"(mxcsr));
    __asm__("fnstcw %0" : "=m"(control));
    __asm__("fnstsw %0" : "=a"(status));
    return mxcsr | (uint64_t)control << 32 | (uint64_t)status << 48;
}

#define FENV_MXCSR_MASKS 0x1f80u /* every exception masked */
#define FENV_MXCSR_KNOWN 0xffffu
#define FENV_X87_MASKS 0x3fu
#define FENV_X87_KNOWN \
    0x0f7fu /* precision, rounding, masks, and the bit that reads 1 */

int gate_cubicle_fenv_set(uint64_t fenv)
{
    const uint32_t mxcsr = (uint32_t)fenv;
    const uint16_t control = (uint16_t)(fenv >> 32);
    if ((mxcsr & FENV_MXCSR_MASKS) != FENV_MXCSR_MASKS ||
        (mxcsr & ~FENV_MXCSR_KNOWN) != 0 ||
        (control & FENV_X87_MASKS) != FENV_X87_MASKS ||
        (control & ~FENV_X87_KNOWN) != 0) {
        return -EINVAL;
    }
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    __asm__ volatile("fnclex; fldcw %0" : : "m"(control));
    return 0;
}

void gate_cubicle_exit(int status)
{
    struct cubicle *self = cubicle_get(gate_caller());
    struct unwind_target target;
    thread_drop_gate();
    window_forget_cubicle(self->id);
    unwind_stop(self, CUBICLE_EXITED, status);
    if (!unwind_to_caller(self, &target)) {
        panic("cubicle_exit() outside any call");
    }
    unwind_resume(&target);
}

void gate_cubicle_abort(const char *reason)
{
    thread_drop_gate();
    fault_stop_running(reason);
}

/* Where everybody sees it. */
static uint64_t *gate_epoch_of(struct cubicle *cubicle)
{
    return backend->processes != NULL ? backend->processes->epoch(cubicle->id)
                                      : &cubicle->epoch;
}

void gate_cubicle_epoch_set(uint64_t epoch)
{
    *gate_epoch_of(cubicle_get(gate_caller())) = epoch;
}

uint64_t gate_cubicle_epoch(int id)
{
    struct cubicle *cubicle = cubicle_get((unsigned)id);
    return cubicle != NULL && cubicle_runs(cubicle) ? *gate_epoch_of(cubicle) : 0;
}

int64_t gate_cubicle_clock(int clock)
{
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
    struct timespec now;
    if (clock < 0 || clock > 1 || clock_gettime(clocks[clock], &now) != 0) {
        return -EINVAL;
    }
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int gate_cubicle_fetch(uint64_t to, uint64_t at, uint64_t size)
{
    return demand_fetch((uint32_t)to, at, size);
}

int gate_cubicle_bind(const char *interface, uint64_t fingerprint, const char *provider,
                      void *table, uint64_t size)
{
    return link_bound_table(gate_caller(), interface, fingerprint, provider, table,
                            size);
}

/* The right that each function needs of the module that imports it; 0: all may import it. The
 * table does not compile while a function is missing here. */
enum {
    NEEDS_cubicle_self = 0,
    NEEDS_cubicle_find = 0,
    NEEDS_cubicle_window_init = 0,
    NEEDS_cubicle_window_add = 0,
    NEEDS_cubicle_window_remove = 0,
    NEEDS_cubicle_window_open = 0,
    NEEDS_cubicle_window_close = 0,
    NEEDS_cubicle_window_close_all = 0,
    NEEDS_cubicle_window_destroy = 0,
    NEEDS_cubicle_window_lender = 0,
    NEEDS_cubicle_page_protect = 0,
    NEEDS_cubicle_page_discard = 0,
    NEEDS_cubicle_page_rights = 0,
    NEEDS_cubicle_page_assign = MONITOR_RIGHT_ALLOCATOR,
    NEEDS_cubicle_page_recall = MONITOR_RIGHT_ALLOCATOR,
    NEEDS_cubicle_page_resume = MONITOR_RIGHT_ALLOCATOR,
    NEEDS_cubicle_page_release = MONITOR_RIGHT_ALLOCATOR,
    NEEDS_cubicle_page_reclaim = MONITOR_RIGHT_ALLOCATOR,
    NEEDS_cubicle_page_space = MONITOR_RIGHT_ALLOCATOR,
    NEEDS_cubicle_thread_pointer_set = 0,
    NEEDS_cubicle_fenv_get = 0,
    NEEDS_cubicle_fenv_set = 0,
    NEEDS_cubicle_exit = 0,
    NEEDS_cubicle_abort = 0,
    NEEDS_cubicle_epoch_set = 0,
    NEEDS_cubicle_epoch = 0,
    NEEDS_cubicle_clock = 0,
    NEEDS_cubicle_fetch = 0,
    NEEDS_cubicle_bind = 0,
    NEEDS_cubicle_signal_set = 0,
    NEEDS_cubicle_signal_take = 0,
    NEEDS_cubicle_signal_wait = 0,
    NEEDS_cubicle_signal_timer = 0,
};

#define GATE(function) {#function, gate_##function, NEEDS_##function},
static const struct gate gates[] = {CUBICLE_GATES(GATE)};
static const struct gate_interface cubicle_interface = {
    .name = "cubicle",
    .fingerprint = CUBICLE_FINGERPRINT,
    .gates = gates,
    .ngates = sizeof(gates) / sizeof(gates[0]),
};

int gate_setup(const struct monitor_config *config)
{
    host_setup(config);
    host_files_setup(config);
    return host_net_setup(config);
}

const struct gate_interface *gate_interface(const char *name)
{
    static const struct gate_interface *const all[] = {
        &cubicle_interface, &host_interface, &host_net_interface,
        &host_files_interface};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(all[i]->name, name) == 0) {
            return all[i];
        }
    }
    return NULL;
}
