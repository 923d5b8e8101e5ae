/*
 * Ending calls from outside: a cubicle faulted, exited or was refused something.
 *
 * Invariants
 *   U1  A cubicle that is not live never executes another instruction.
 *   U2  Its callers get an error (or its exit status) from the calls in progress, one
 *       frame at a time; calls that it had made to others run to their end.
 */
#ifndef MONITOR_UNWIND_H
#define MONITOR_UNWIND_H

#include "base/cubicle.h"
#include "base/thread.h"

/** Where to continue, and with which result. */
struct unwind_target {
    struct call_frame *frame;
    uint64_t leave; /* address: the exit of the frame's trampoline */
    uint64_t result;
};

/** Sets the stack pointer of @cubicle, and of calls that would return into it, to a guard page:
 *  its next instruction that uses the stack traps (U1). */
void unwind_poison(const struct cubicle *cubicle);

/**
 * Makes @cubicle stop: it becomes @state, its stack is taken away, and calls that return
 * into it will trap. @status is the result of its outermost call where it exited.
 */
void unwind_stop(struct cubicle *cubicle, enum cubicle_state state, int status);

/**
 * Pops frames down to the innermost call into @cubicle, which is not live, and fills
 * @target. False when there is none.
 */
bool unwind_to_caller(struct cubicle *cubicle, struct unwind_target *target);

/** Pops frames down to the monitor's own call, whose result will be @status. */
bool unwind_to_monitor(int status, struct unwind_target *target);

/** From now on the whole system ends, with @status: every call that the monitor has made, one
 *  inside the other, is to return as soon as it can. */
void unwind_end(int status);

/** Does the system end? With which status? */
bool unwind_ending(void);
int unwind_end_status(void);

/** True once policy `abort` has stopped the system. */
bool unwind_aborted(void);

/** Ends the system: the monitor's own call, the lowest frame in reach, returns @status. */
void unwind_all(int status) __attribute__((noreturn));

/** Continues at @target, abandoning the calling C code. */
void unwind_resume(const struct unwind_target *target) __attribute__((noreturn));

#endif
