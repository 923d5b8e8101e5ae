/*
 * How GS gets the base of another view. Three ways, chosen at start by trying:
 *
 *   kernel    wrgsbase. The kernel offers FSGSBASE: it keeps what the instruction wrote.
 *   parked    wrgsbase. The instruction executes, but the kernel does not know: it may put
 *             its own idea of the base back, at a context switch. That idea is the park.
 *   syscall   arch_prctl(ARCH_SET_GS): the kernel is told. Slow, and runs everywhere.
 *
 * The park is the view of cubicle 0, which does not exist: addresses that nobody maps.
 *
 * Invariants
 *   GS1  While a cubicle runs, GS is its view or, parked, the park; the slot `shown.view`
 *       is its view.
 *   GS2  While none runs, GS and the slot are the park.
 *   GS3  Nothing is mapped in the park, nor in 4 GiB + 64 KiB on either side of it.
 *   GS4  parked: the kernel's own idea of GS is the park, in every thread that runs cubicles
 *       and from before it does. An idea other than 0 is put back whole, so the view of a
 *       cubicle that ran before never comes back.
 *   GS5  A fault counts as a lost base only if a live cubicle's own code accessed the park
 *       and GS is the park. The access then goes on in the view. Any other is as ever.
 *   GS6  A base that is lost again and again at one instruction ends the run, with a
 *       message: a tracer that stops the program at each return from a signal does that.
 */
#ifndef MONITOR_BACKEND_SFI_VIEW_SWITCH_H
#define MONITOR_BACKEND_SFI_VIEW_SWITCH_H

#include "base/emit.h"
#include "monitor.h"

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/** Chooses the way; -ENOTSUP after a message where @wanted, or any, is not possible here. */
int view_switch_init(enum monitor_view_switch wanted, uint64_t park)
    __attribute__((warn_unused_result));

/** May a view be at address 0? Not where the kernel alone sets GS: those that do not offer
 *  FSGSBASE may take 0 for "nothing to set". */
bool view_switch_keeps_zero(void);

/** Parks the calling thread (GS2, GS4). 0 or a negative errno. */
int view_switch_start_thread(void) __attribute__((warn_unused_result));

/** Writes the instructions that switch to @view; see emit_switch in backend.h. */
void view_switch_emit(struct emitter *e, uint64_t view, bool returning);

/** Writes what sets GS to @view again after a host call, in which it may have been lost. May
 *  use r10. */
void view_switch_emit_again(struct emitter *e, uint64_t view);

/** GS5: cubicle code with @view trapped at @address. True: it may go on. */
bool view_switch_heal(const ucontext_t *context, uint64_t address, uint64_t view);

struct filter;
/** Adds to the outer wall's @filter what this way needs. */
void view_switch_allow(struct filter *filter);

/** The way's name, and how many lost bases have been set again. */
const char *view_switch_name(uint64_t *heals);

#endif
