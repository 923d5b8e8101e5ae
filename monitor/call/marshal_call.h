/*
 * One call that is being prepared, for the parts of marshal_enter(): ranges (marshal.c), and
 * arguments on the stack (marshal_stacked.c).
 */
#ifndef MONITOR_MARSHAL_CALL_H
#define MONITOR_MARSHAL_CALL_H

#include "base/cubicle.h"
#include "marshal.h"

/* What is rare stays out of the way of what is not; it gets a copy of struct marshal, so
 * that the original can live in registers. */
#define RARE __attribute__((noinline, cold))
#define INLINE inline __attribute__((always_inline))
#define likely(condition) __builtin_expect((condition), 1)
#define unlikely(condition) __builtin_expect((condition), 0)

/* One call being prepared. */
struct marshal {
    struct call_frame *frame;
    const struct trampoline *t;
    const struct cubicle *from, *to; /* of the trampoline; NULL: the monitor */
    uint64_t *values;   /* one per parameter; the caller's, then the callee's */
    uint64_t sp, limit; /* copies grow down from sp to limit */
    uint64_t from_view; /* of the caller */
    uint64_t to_view; /* what the callee's addresses are relative to; 0: the monitor */
};

/* Takes @size bytes of the callee's memory for a copy; 0 when there is not enough. */
static INLINE uint64_t marshal_take(struct marshal *m, uint64_t size)
{
    if (m->sp - m->limit < size + 16) {
        return 0;
    }
    m->sp = (m->sp - size) & ~UINT64_C(15);
    return m->sp;
}

/** Sorts arguments from registers and the caller's stack into @m's values (M1). 0 or -EFAULT. */
int marshal_gather(struct marshal *m);

/** Hands @m's values over: in the frame for registers, the rest on the callee's stack. 0,
 *  -ENOBUFS or -EFAULT. */
int marshal_scatter(struct marshal *m);

#endif
