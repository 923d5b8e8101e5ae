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
#include <errno.h>

/* Longest range for a function of the monitor, in bytes. */
#define MARSHAL_MONITOR_MAX CUBICLE_MONITOR_RANGE_MAX

/* In front of every copy, 16 bytes to keep its alignment; see include/cubicle/out.h. */
#define MARSHAL_OUT_WORD_SIZE CUBICLE_OUT_ROOM
#define MARSHAL_OUT_FORWARD CUBICLE_OUT_FORWARD
/* The error of a function that returns a double. */
#define MARSHAL_NOT_A_NUMBER UINT64_C(0x7ff8000000000000)

_Static_assert(MARSHAL_OUT_WORD_SIZE % 16 == 0, "copies are aligned");

/**
 * Prepares the call of @frame: `args` hold the caller's register arguments and become the
 * callee's; `callee_rsp` is set. Returns 0; or non-zero, with `result` set to what the
 * caller gets instead of a call. Called by trampolines on the monitor's stack.
 */
int marshal_enter(struct call_frame *frame, const struct trampoline *t);

/** Ends the call: `result` is the callee's and may become an error. */
void marshal_leave(struct call_frame *frame, struct trampoline *t);

/** What the callee gets for its argument @arg, of which @value is as wide as a register; @caller: the id of
 *  the caller. Ranges and strings stay what they are. */
uint64_t marshal_value(const struct descriptor_arg *arg, uint64_t value,
                       unsigned caller);

/** For functions with stacked arguments: sorts those in registers and on the caller's stack, read once, into
 *  @frame's `args`, one for each parameter. 0 or -EFAULT. */
int marshal_gather(struct call_frame *frame, const struct trampoline *t);

/** The reverse, for the callee: its arguments go to the registers of @frame, and to its stack at *@sp,
 *  which is aligned, not below @limit. 0, -ENOBUFS or -EFAULT. */
int marshal_scatter(struct call_frame *frame, const struct trampoline *t, uint64_t *sp,
                    uint64_t limit);

/**
 * How many of the @size bytes of a range of @step go back to the caller when its function has returned
 * @result, read as @t's results are: an error has no result in an `out` range. -EPROTO: with `ret`, the
 * function says that it has written more than it was given room for.
 */
static inline int64_t marshal_returned(const struct trampoline *t,
                                       const struct marshal_step *step, int64_t result,
                                       uint64_t size)
{
    const bool failed = result < 0 && t->result.is_signed;
    if (step->kind < DESCRIPTOR_OUT || (step->kind == DESCRIPTOR_OUT && failed)) {
        return 0;
    }
    if (!step->ret) {
        return (int64_t)size;
    }
    if (result <= 0) {
        return 0;
    }
    return (uint64_t)result > size ? -EPROTO : result;
}

/** Gives the caller @error instead of a result; returns @error. */
int marshal_fail(struct call_frame *frame, const struct trampoline *t, int error);

/** What a caller of @function gets instead of a result: a negative errno, NULL or NaN. */
uint64_t marshal_error_result(const struct descriptor_function *function, int error);

/** Sets up the monitor's memory for copies; -ENOMEM. */
int marshal_init(void) __attribute__((warn_unused_result));

#endif
