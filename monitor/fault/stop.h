/*
 * How a cubicle is stopped, by a fault, by what a trampoline refused, or by itself: its fault
 * policy is applied, and the thread goes on in the cubicle's caller, or ends the system.
 */
#ifndef MONITOR_STOP_H
#define MONITOR_STOP_H

#include "base/cubicle.h"
#include "call/trampoline.h"
#include "unwind.h"

#include <ucontext.h>

/** For trampoline_init(): the running cubicle is reported, and stopped. */
extern const struct trampoline_refusals fault_refusals;

/** Ends the running cubicle with @reason, as a fault would. */
void fault_stop_running(const char *reason) __attribute__((noreturn));

/** Ends @cubicle, interrupted at @context (a ucontext_t) by a signal, with @reason; the call
 *  of it, without a word, where it is not live. */
void fault_stop_interrupted(void *context, struct cubicle *cubicle, const char *reason);

/** Ends @cubicle, interrupted at @context: its policy is applied. A report has been written. */
void fault_stop(ucontext_t *context, struct cubicle *cubicle);

/** @cubicle, interrupted at @context, is not live but was entered or returned to: ends the
 *  call, which is its caller's problem. */
void fault_stop_dead(ucontext_t *context, struct cubicle *cubicle);

/** Makes the thread interrupted at @context continue at @target, with the monitor's rights. */
void fault_continue_at(ucontext_t *context, const struct unwind_target *target);

#endif
