/*
 * Policy `restart`: a cubicle that has been stopped begins anew, with the memory that its
 * modules had before anything ran.
 *
 * Invariants
 *   A1  A cubicle begins anew only when no call into it, and none that it has made, is in progress:
 *       none of its code can go on from before. Until then calls into it fail.
 *   A2  What it had is gone before its code runs again: windows, both ways; heap, stack, variables,
 *       thread pointer, epoch. What others keep for it they were told to give up.
 *   A3  It is entered by others only when its modules have been set up again (R7). Where that
 *       fails a few times in a row it stays dead.
 *   A4  While the monitor does this the calls in progress below are out of reach: a frame without a
 *       trampoline lies on them, which no unwinding crosses.
 */
#ifndef MONITOR_RESTART_H
#define MONITOR_RESTART_H

#include "load/module.h"
#include "unwind.h"

/**
 * Remembers @module's variables as they are now, linked and never used, for its cubicle to begin
 * anew with. -ENOMEM.
 */
int restart_keep(struct module *module) __attribute__((warn_unused_result));

/** Every module of @cubicle has been set up: from now on it can begin anew, if that is its
 *  policy. */
void restart_allow(struct cubicle *cubicle);

/**
 * @cubicle has been stopped, and the innermost call into it is about to end at @target. Where
 * it is to begin anew now (A1), @target becomes the way there, and the call ends afterwards.
 * Also inside a fault handler.
 */
void restart_on_the_way(struct cubicle *cubicle, struct unwind_target *target);

/** Where that way leads; on the monitor's stack. Never called from C. */
void restart_enter(void);

/** Tells those who keep something for @cubicle that it has @ended, or else has begun anew. */
void restart_tell(const struct cubicle *cubicle, bool ended);

#endif
