/*
 * Interface `cubicle`: interfaces/cubicle.h is the contract of every function here. The
 * trampoline has checked and copied annotated ranges; opaque pointers arrive as the
 * caller passed them, and only their low 32 bits mean anything.
 */
#include "gate.h"
#include "backend/backend.h"
#include "base/clock.h"
#include "base/panic.h"
#include "call/demand.h"
#include "call/trampoline_body.h"
#include "cubicle_gates.h"
#include "fault/signal_pending.h"
#include "fault/stop.h"
#include "fault/unwind.h"
#include "load/link.h"
#include "memory/window.h"

#include <errno.h>
#include <string.h>

int gate_cubicle_self(void)
{
    return (int)gate_caller();
}

int gate_cubicle_find(const char *name)
{
    const struct cubicle *cubicle = cubicle_by_name(name);
    return cubicle != NULL ? (int)cubicle->id : -ENOENT;
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
    return clock < 0 || clock > 1 ? -EINVAL : clock_ns(clocks[clock]);
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

/* What gate_setup() was given. */
static const struct gate_host *host[GATE_HOSTS];

int gate_setup(const struct monitor_config *config,
               const struct gate_host *const hosts[GATE_HOSTS])
{
    int error = 0;
    host_setup(config);
    for (size_t i = 0; error == 0 && i < GATE_HOSTS; i++) {
        host[i] = hosts[i];
        error = host[i] != NULL ? host[i]->setup(config) : 0;
    }
    return error;
}

int gate_enter(unsigned id, unsigned rights)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < GATE_HOSTS; i++) {
        if (host[i] != NULL && (host[i]->right & rights) != 0) {
            error = host[i]->enter(id);
        }
    }
    return error;
}

void gate_allow(unsigned id, unsigned rights, struct filter *filter)
{
    for (size_t i = 0; i < GATE_HOSTS; i++) {
        if (host[i] != NULL && (host[i]->right & rights) != 0) {
            host[i]->allow(id, filter);
        }
    }
}

const struct gate_interface *gate_interface(const char *name)
{
    const struct gate_interface *all[2 + GATE_HOSTS] = {&cubicle_interface,
                                                        &host_interface};
    size_t n = 2;
    for (size_t i = 0; i < GATE_HOSTS; i++) {
        if (host[i] != NULL) {
            all[n++] = host[i]->interface;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i]->name, name) == 0) {
            return all[i];
        }
    }
    return NULL;
}
