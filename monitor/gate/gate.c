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

static int gate_self(void)
{
    return (int)gate_caller();
}

static int gate_find_cubicle(const char *name)
{
    const struct cubicle *cubicle = cubicle_by_name(name);
    return cubicle != NULL ? (int)cubicle->id : -ENOENT;
}

static int gate_window_init(void)
{
    if (backend->processes != NULL) {
        return -ENOSYS; /* nothing is lent from one process to another */
    }
    return window_init(gate_caller());
}

static int gate_window_add(int id, uint64_t base, uint64_t len, int rights)
{
    return window_add(gate_caller(), id, (uint32_t)base, len, (unsigned)rights);
}

static int gate_window_remove(int id, uint64_t base)
{
    return window_remove(gate_caller(), id, (uint32_t)base);
}

static int gate_window_open(int id, int peer)
{
    return peer > 0 ? window_open(gate_caller(), id, (unsigned)peer) : -ESRCH;
}

static int gate_window_close(int id, int peer)
{
    return peer > 0 ? window_close(gate_caller(), id, (unsigned)peer) : -ESRCH;
}

static int gate_window_close_all(int id)
{
    return window_close_all(gate_caller(), id);
}

static int gate_window_destroy(int id)
{
    return window_destroy(gate_caller(), id);
}

static int gate_window_lender(uint64_t base, uint64_t len, int rights)
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

static int gate_page_protect(uint64_t base, uint64_t len, int rights)
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

static int gate_page_discard(uint64_t base, uint64_t len)
{
    uint32_t page;
    uint32_t npages;
    return gate_pages(base, len, &page, &npages)
               ? memory_discard(cubicle_get(gate_caller()), page, npages)
               : -EINVAL;
}

static int gate_page_rights(uint64_t base, uint64_t len)
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
    const struct call_frame *frame = thread_self.control - 2;
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

static int gate_page_assign(int owner, uint64_t base, uint64_t npages)
{
    return gate_change(GATE_PAGES_ASSIGN, owner, base, npages);
}

static int gate_page_recall(int owner, uint64_t base, uint64_t npages)
{
    return gate_change(GATE_PAGES_RECALL, owner, base, npages);
}

static int gate_page_resume(int owner, uint64_t base, uint64_t npages)
{
    return gate_change(GATE_PAGES_RESUME, owner, base, npages);
}

static int gate_page_release(int owner, uint64_t base, uint64_t npages)
{
    return gate_change(GATE_PAGES_RELEASE, owner, base, npages);
}

static int64_t gate_page_reclaim(int owner, uint64_t *base)
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

static int gate_page_space(uint64_t *base, uint64_t *size)
{
    *base = HEAP_START;
    *size = memory_heap_end() - HEAP_START;
    return 0;
}

static int gate_thread_pointer_set(uint64_t tp)
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

static uint64_t gate_fenv_get(void)
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

static int gate_fenv_set(uint64_t fenv)
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

static void gate_exit(int status)
{
    struct cubicle *self = cubicle_get(gate_caller());
    struct unwind_target target;
    thread_self.control--; /* this gate's own frame */
    window_forget_cubicle(self->id);
    unwind_stop(self, CUBICLE_EXITED, status);
    if (!unwind_to_caller(self, &target)) {
        panic("cubicle_exit() outside any call");
    }
    unwind_resume(&target);
}

static void gate_abort(const char *reason)
{
    thread_self.control--;
    fault_stop_running(reason);
}

/* Where everybody sees it. */
static uint64_t *gate_epoch_of(struct cubicle *cubicle)
{
    return backend->processes != NULL ? backend->processes->epoch(cubicle->id)
                                      : &cubicle->epoch;
}

static void gate_epoch_set(uint64_t epoch)
{
    *gate_epoch_of(cubicle_get(gate_caller())) = epoch;
}

static uint64_t gate_epoch(int id)
{
    struct cubicle *cubicle = cubicle_get((unsigned)id);
    return cubicle != NULL && cubicle_runs(cubicle) ? *gate_epoch_of(cubicle) : 0;
}

static int64_t gate_clock(int clock)
{
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
    struct timespec now;
    if (clock < 0 || clock > 1 || clock_gettime(clocks[clock], &now) != 0) {
        return -EINVAL;
    }
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int gate_fetch(uint64_t to, uint64_t at, uint64_t size)
{
    return demand_fetch((uint32_t)to, at, size);
}

static int gate_bind(const char *interface, uint64_t fingerprint, const char *provider,
                     uint64_t *table, uint64_t size)
{
    return link_bound_table(gate_caller(), interface, fingerprint, provider, table,
                            size);
}

static const struct gate gates[] = {
    {"cubicle_self", gate_self, 0},
    {"cubicle_find", gate_find_cubicle, 0},
    {"cubicle_window_init", gate_window_init, 0},
    {"cubicle_window_add", gate_window_add, 0},
    {"cubicle_window_remove", gate_window_remove, 0},
    {"cubicle_window_open", gate_window_open, 0},
    {"cubicle_window_close", gate_window_close, 0},
    {"cubicle_window_close_all", gate_window_close_all, 0},
    {"cubicle_window_destroy", gate_window_destroy, 0},
    {"cubicle_window_lender", gate_window_lender, 0},
    {"cubicle_page_protect", gate_page_protect, 0},
    {"cubicle_page_discard", gate_page_discard, 0},
    {"cubicle_page_rights", gate_page_rights, 0},
    {"cubicle_page_assign", gate_page_assign, MONITOR_RIGHT_ALLOCATOR},
    {"cubicle_page_recall", gate_page_recall, MONITOR_RIGHT_ALLOCATOR},
    {"cubicle_page_resume", gate_page_resume, MONITOR_RIGHT_ALLOCATOR},
    {"cubicle_page_release", gate_page_release, MONITOR_RIGHT_ALLOCATOR},
    {"cubicle_page_reclaim", gate_page_reclaim, MONITOR_RIGHT_ALLOCATOR},
    {"cubicle_page_space", gate_page_space, MONITOR_RIGHT_ALLOCATOR},
    {"cubicle_thread_pointer_set", gate_thread_pointer_set, 0},
    {"cubicle_fenv_get", gate_fenv_get, 0},
    {"cubicle_fenv_set", gate_fenv_set, 0},
    {"cubicle_exit", gate_exit, 0},
    {"cubicle_abort", gate_abort, 0},
    {"cubicle_epoch_set", gate_epoch_set, 0},
    {"cubicle_epoch", gate_epoch, 0},
    {"cubicle_clock", gate_clock, 0},
    {"cubicle_fetch", gate_fetch, 0},
    {"cubicle_bind", gate_bind, 0},
    {"cubicle_signal_set", signal_set, 0},
    {"cubicle_signal_take", signal_take, 0},
    {"cubicle_signal_wait", signal_await, 0},
    {"cubicle_signal_timer", signal_timer, 0},
};
#define NGATES (sizeof(gates) / sizeof(gates[0]))

int gate_setup(const struct monitor_config *config)
{
    host_setup(config);
    host_files_setup(config);
    return host_net_setup(config);
}

static const struct gate *gate_in(const struct gate *table, unsigned count,
                                  const char *name)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

const struct gate *gate_find(const char *name)
{
    const struct gate *gate = gate_in(gates, NGATES, name);
    if (gate == NULL) {
        gate = gate_in(host_gates, host_ngates, name);
    }
    if (gate == NULL) {
        gate = gate_in(host_net_gates, host_net_ngates, name);
    }
    if (gate == NULL) {
        gate = gate_in(host_files_gates, host_files_ngates, name);
    }
    return gate;
}

bool gate_is_interface(const char *name)
{
    static const char *const names[] = {"cubicle", "host", "hostnet", "hostfiles"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}
