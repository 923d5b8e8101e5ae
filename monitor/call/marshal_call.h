/* One call that is being prepared: what the parts of marshal_enter() share. */
#ifndef MONITOR_MARSHAL_CALL_H
#define MONITOR_MARSHAL_CALL_H

#include "base/cubicle.h"
#include "marshal.h"

#define RARE __attribute__((noinline, cold))
#define INLINE inline __attribute__((always_inline))
#define likely(condition) __builtin_expect((condition), 1)
#define unlikely(condition) __builtin_expect((condition), 0)

/* One call being prepared. The frame's `args` have the caller's arguments, then the callee's. */
struct marshal {
    struct call_frame *frame;
    const struct trampoline *t;
    const struct cubicle *to; /* the callee; NULL: the monitor */
    uint64_t sp, limit;       /* copies grow down from sp to limit; aligned */
    uint64_t to_view; /* what the callee's addresses are relative to; 0: the monitor */
};

/* Takes @size bytes of the callee's memory, from *@sp down, for a copy; 0 when there is not
 * enough. */
static INLINE uint64_t marshal_take(uint64_t *sp, uint64_t limit, uint64_t size)
{
    if (*sp - limit < size + 16) {
        return 0;
    }
    *sp = (*sp - size) & STACK_MASK;
    return *sp;
}

/** Size in bytes of a range that stands behind a pointer; -1 where there is none. */
int64_t marshal_size_behind(const struct call_frame *frame, const struct trampoline *t,
                            const struct marshal_step *step);

/** Size in bytes of a range; negative where that is not a size. */
static INLINE int64_t marshal_size(const struct call_frame *frame,
                                   const struct trampoline *t,
                                   const struct marshal_step *step)
{
    if (likely(step->size_kind == DESCRIPTOR_SIZE_ARG)) {
        return marshal_read(step->size_integer, frame->args[step->size_value]);
    }
    return step->size_kind == DESCRIPTOR_SIZE_CONST
               ? step->size_value
               : marshal_size_behind(frame, t, step);
}

#endif
