/*
 * Faults: from the host's signal to a mapped page, or to a report and the end of the
 * cubicle that caused it.
 */
#ifndef MONITOR_FAULT_H
#define MONITOR_FAULT_H

#include "base/cubicle.h"
#include "call/trampoline.h"

#include <signal.h>
#include <stdbool.h>

/** Installs the handlers. 0 or a negative errno. */
int fault_init(bool log) __attribute__((warn_unused_result));

/** Installs @handler for @signal, with all others blocked meanwhile. @flags besides the usual
 *  SA_ flags. 0 or a negative errno. */
int fault_handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
    __attribute__((warn_unused_result));

/** Ends everything with status 128 + @signal, from the handler of that signal with its @context
 *  (a ucontext_t): cubicle code stops at once and is unwound, a host call ends with the
 *  process. */
void fault_interrupt(int signal, void *context);

#endif
