/*
 * Faults: from the host's signal to a mapped page, or to a report and the end of the
 * cubicle that caused it.
 */
#ifndef MONITOR_FAULT_H
#define MONITOR_FAULT_H

#include "base/cubicle.h"
#include "call/trampoline.h"
#include "unwind.h"

#include <signal.h>
#include <stdbool.h>

/** Flags that plain code can set and that the monitor must not run with: AC, DF, TF. */
#define FAULT_EFLAGS_OF_CUBICLES 0x40500

/** Installs the handlers. 0 or a negative errno. */
int fault_init(bool log) __attribute__((warn_unused_result));

/** Installs @handler for @signal, with all others blocked meanwhile. @flags besides the usual
 *  SA_ flags. 0 or a negative errno. */
int fault_handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
    __attribute__((warn_unused_result));

/** Ends everything with status 128 + @signal, from the handler of that signal with its @context (a ucontext_t): cubicle
 *  code stops at once and is unwound, a host call ends with the process. */
void fault_interrupt(int signal, void *context);

/** Everything ends, with @status: where calls of the monitor's lie on each other, each of them. */
void fault_end(int status);
bool fault_ending(void);
int fault_end_status(void);

/** True once policy `abort` has stopped the system. */
bool fault_aborted(void);

/** Reports a call or return that trampoline @t refused to the running cubicle; @kind is
 *  one of UNWIND_* (unwind_offsets.h). */
void fault_report_refused(const struct cubicle *cubicle, const struct trampoline *t,
                          int kind);

/** Ends the running cubicle with @reason, as a fault would. */
void fault_stop_running(const char *reason) __attribute__((noreturn));

/** Applies @cubicle's fault policy; @target is where to go on. */
void fault_apply_policy(struct cubicle *cubicle, struct unwind_target *target);

/** Ends @cubicle, interrupted at @context (a ucontext_t) by a signal, with @reason; the call
 *  of it, without a word, where it is not live. */
void fault_stop_interrupted(void *context, struct cubicle *cubicle, const char *reason);

#endif
