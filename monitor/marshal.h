/*
 * Carries annotated arguments across: ranges up to COPY_MAX are copied through the
 * callee's stack (the monitor's own memory where the monitor is called), longer ones get
 * a window for the time of the call.
 */
#ifndef MONITOR_MARSHAL_H
#define MONITOR_MARSHAL_H

#include "descriptor.h"
#include "thread.h"
#include "trampoline.h"

/** Works out once what @t's calls need: its `marshal`, `stacked`, `simple` and `steps`. */
void marshal_plan(struct trampoline *t);

/**
 * Prepares the call of @frame: `args` hold the caller's register arguments and become the
 * callee's; `callee_rsp` is set. Returns 0; or non-zero, with `result` set to what the
 * caller gets instead of a call. Called by trampolines on the monitor's stack.
 */
int marshal_enter(struct call_frame *frame, const struct trampoline *t);

/** The same for trampolines that are `simple`. */
int marshal_enter_simple(struct call_frame *frame, const struct trampoline *t);

/** Ends the call: `result` is the callee's and may become an error. */
void marshal_leave(struct call_frame *frame, struct trampoline *t);

/** Drops what marshal_enter() opened, without copying back: the call is being unwound. */
void marshal_abandon(struct call_frame *frame);

/** What a caller of @function gets instead of a result: a negative errno, NULL or NaN. */
uint64_t marshal_error_result(const struct descriptor_function *function, int error);

/** Sets up the monitor's memory for copies; -ENOMEM. */
int marshal_init(void) __attribute__((warn_unused_result));

#endif
