/*
 * How a cubicle is stopped: its policy applied, its calls ended, and where the thread goes
 * on. As in fault.c, no stdio, no allocation, no recursion.
 */
#include "stop.h"
#include "backend/backend.h"
#include "base/message.h"
#include "base/panic.h"
#include "call/entry.h"
#include "call/tracer.h"
#include "memory/window.h"
#include "report.h"
#include "restart.h"
#include "unwind_offsets.h"

#include <string.h>

#define SELECTORS_KEPT 0x0000ffffffff0000 /* GS, FS */
#define SELECTORS_64 0x002b000000000033   /* SS, CS of 64-bit code */
#define XSTATE_ABOUT 464 /* bytes into the frame: struct _fpx_sw_bytes */
#define XSTATE_SSE 2u

/* In unwind_entry.S; never called from C. */
void unwind_not_caller(void);
void unwind_not_ours(void);
void unwind_changed(void);

const struct trampoline_refusals fault_refusals = {
    .not_caller = unwind_not_caller,
    .not_ours = unwind_not_ours,
    .changed = unwind_changed,
};

void fault_refuse(uint32_t id, int kind);

/* Applies the fault policy of @cubicle; @target becomes where to go on. */
static void stop_apply_policy(struct cubicle *cubicle, struct unwind_target *target)
{
    fault_report_policy(cubicle);
    if (tracer != NULL) {
        tracer->fault(cubicle->id);
    }
    const bool abort = cubicle->on_fault == MONITOR_ON_FAULT_ABORT;
    if (abort) {
        unwind_end(MONITOR_EXIT_FAULT);
    } else {
        window_forget_cubicle(cubicle->id);
        unwind_stop(cubicle, CUBICLE_DEAD, 0);
    }
    if (abort ? !unwind_to_monitor(MONITOR_EXIT_FAULT, target)
              : !unwind_to_caller(cubicle, target)) {
        panic("a fault outside any call");
    }
    if (!abort) {
        restart_on_the_way(cubicle, target);
    }
}

static void stop_report_refused(const struct cubicle *cubicle,
                                const struct trampoline *t, int kind)
{
    struct message m = {.len = 0};
    fault_report_start(&m, cubicle, 0);
    if (kind == UNWIND_NOT_CALLER) {
        message_add(&m, "cannot call ", t->function->name, " of ",
                    cubicle_name(t->callee), " through the trampoline of ",
                    cubicle_name(t->caller),
                    ": not an entry point the cubicle imports");
    } else {
        message_add(&m, "cannot return from ", t->function->name,
                    kind == UNWIND_CHANGED
                        ? ": the return address on the stack has changed"
                        : ": return without a matching call");
    }
    message_write(&m);
}

/* A trampoline refused to go on, see unwind_entry.S. */
void fault_refuse(uint32_t id, int kind)
{
    struct cubicle *running = cubicle_get((unsigned)thread_self.running);
    struct unwind_target target;
    if (running == NULL) {
        panic("a trampoline was entered from the monitor");
    }
    stop_report_refused(running, trampoline_get(id), kind);
    stop_apply_policy(running, &target);
    unwind_resume(&target);
}

void fault_stop_running(const char *reason)
{
    struct cubicle *cubicle = cubicle_get((unsigned)thread_self.running);
    struct unwind_target target;
    struct message m = {.len = 0};
    fault_report_start(&m, cubicle, 0);
    message_add(&m, "stopped by itself: ", reason);
    message_write(&m);
    stop_apply_policy(cubicle, &target);
    unwind_resume(&target);
}

/* Makes the interrupted thread continue at @target. */
void fault_continue_at(ucontext_t *context, const struct unwind_target *target)
{
    greg_t *regs = context->uc_mcontext.gregs;
    regs[REG_RIP] = (greg_t)target->leave;
    regs[REG_R11] = (greg_t)(uintptr_t)target->frame;
    regs[REG_RAX] = (greg_t)target->result;
    regs[REG_EFL] &= ~EFLAGS_OF_CUBICLES;
    /* Plain code may have gone to 32-bit mode by a far jump. */
    regs[REG_CSGSFS] = (regs[REG_CSGSFS] & SELECTORS_KEPT) | SELECTORS_64;
    backend->continue_as_monitor(context);
    /* Where the function returns a double, the error is one: not a number. The kernel
     * restores XMM registers from here only if they are marked as in use. */
    struct _xstate *state = (struct _xstate *)context->uc_mcontext.fpregs;
    if (state != NULL) {
        memcpy(&state->fpstate._xmm[0], &target->result, 8);
        struct _fpx_sw_bytes about;
        memcpy(&about, (const char *)state + XSTATE_ABOUT, sizeof(about));
        if (about.magic1 == FP_XSTATE_MAGIC1) {
            state->xstate_hdr.xstate_bv |= XSTATE_SSE;
        }
    }
}

void fault_stop(ucontext_t *context, struct cubicle *cubicle)
{
    struct unwind_target target;
    stop_apply_policy(cubicle, &target);
    fault_continue_at(context, &target);
}

/* A cubicle was entered that is not live, or returned to: its caller's problem. */
void fault_stop_dead(ucontext_t *context, struct cubicle *cubicle)
{
    struct unwind_target target;
    if (!unwind_to_caller(cubicle, &target)) {
        panic("a dead cubicle runs outside any call");
    }
    if (!cubicle_runs(cubicle)) {
        unwind_poison(cubicle);
    }
    restart_on_the_way(cubicle, &target);
    fault_continue_at(context, &target);
}

void fault_stop_interrupted(void *opaque, struct cubicle *cubicle, const char *reason)
{
    ucontext_t *context = opaque;
    if (entry_refused(cubicle)) {
        fault_stop_dead(context, cubicle); /* as its next instruction would */
        return;
    }
    fault_report_text(cubicle, (uint64_t)context->uc_mcontext.gregs[REG_RIP], reason);
    fault_stop(context, cubicle);
}
