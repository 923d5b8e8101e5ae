/*
 * Carries annotated arguments across: ranges are copied through the callee's stack, or the
 * monitor's own memory where the monitor is called. Nothing is lent for a call, so a callee
 * never reaches what lies next to a range.
 */
#ifndef MONITOR_MARSHAL_H
#define MONITOR_MARSHAL_H

#include "base/thread.h"
#include "descriptor.h"
#include "trampoline.h"

#include <cubicle/abi.h>

/* Longest range for a function of the monitor, in bytes. */
#define MARSHAL_MONITOR_MAX CUBICLE_MONITOR_RANGE_MAX

/* In front of every copy, 16 bytes to keep its alignment; see include/cubicle/out.h. */
#define MARSHAL_OUT_WORD_SIZE CUBICLE_OUT_ROOM
#define MARSHAL_OUT_FORWARD CUBICLE_OUT_FORWARD
_Static_assert(MARSHAL_OUT_WORD_SIZE % 16 == 0, "copies are aligned");

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

/** For functions with stacked arguments: @values receives what the caller of @frame has passed,
 *  one for each parameter. 0 or -EFAULT. */
int marshal_gather_values(struct call_frame *frame, const struct trampoline *t,
                          uint64_t *values);

/** The reverse, for the callee: @values go to the registers of @frame, and to the callee's stack
 *  at *@sp, not below @limit. 0, -ENOBUFS or -EFAULT. */
int marshal_scatter_values(struct call_frame *frame, const struct trampoline *t,
                           uint64_t *values, uint64_t *sp, uint64_t limit);

/** Gives the caller @error instead of a result; returns @error. */
int marshal_fail(struct call_frame *frame, const struct trampoline *t, int error);

/** What a caller of @function gets instead of a result: a negative errno, NULL or NaN. */
uint64_t marshal_error_result(const struct descriptor_function *function, int error);

/** Sets up the monitor's memory for copies; -ENOMEM. */
int marshal_init(void) __attribute__((warn_unused_result));

#endif
