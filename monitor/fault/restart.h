/*
 * Policy `restart`: a cubicle that has been stopped begins anew, with the memory that its
 * modules had before anything ran.
 *
 * Invariants
 *   A1  A cubicle begins anew only when no call into it, and no call of its own, is in progress:
 *       none of its old code can go on. Until then calls into it fail.
 *   A2  What it had is gone before its code runs again: windows, its own and those open to it;
 *       heap, stack, variables, thread pointer, epoch. Components that keep something for it
 *       have been told to give that up.
 *   A3  Other cubicles enter it only when its modules have been set up again (R7). Where setting
 *       up fails a few times in a row the cubicle stays dead.
 *   A4  Meanwhile the calls in progress below are out of reach: the monitor has put a frame
 *       without a trampoline on top of them, and unwinding stops there.
 */
#ifndef MONITOR_RESTART_H
#define MONITOR_RESTART_H

#include "load/module.h"
#include "unwind.h"

/**
 * Remembers the variables of @module as they are now, linked and never used: its cubicle begins
 * anew with them. 0 or -ENOMEM.
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

/** The way back to which restart_on_the_way() leads; runs on the monitor's stack. Never called
 *  from C. */
void restart_enter(void);

/** How often setting up may fail in a row (A3), and what is said then: it was @error. */
#define RESTART_ATTEMPTS 3
void restart_failed(const struct cubicle *cubicle, int error);

/** Tells the modules that keep something for @cubicle that it has @ended, or else has begun
 *  anew. */
void restart_tell(const struct cubicle *cubicle, bool ended);

#endif
