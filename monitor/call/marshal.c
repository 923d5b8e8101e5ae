/*
 * Invariants
 *   M1  A size, a stacked argument or a pointer is read once; what is checked is what is
 *       used (no double fetch).
 *   M2  The callee receives addresses of its own memory only, or opaque values.
 *   M3  Bytes outside the annotated range, or beyond what `ret` allows, never cross.
 *       What the callee does not write of an `out` range is zero, not stale; with `ret`
 *       it is for the callee not to return more than it wrote.
 *   M4  Every copy goes through the view of the cubicle it is done for, with its rights.
 *   M5  A range on demand is the caller's range and nothing else, only for the callee, and
 *       only until it returns; passing it on makes it no longer.
 */
#include "marshal.h"
#include "backend/backend.h"
#include "base/copy.h"
#include "base/cubicle.h"
#include "base/page.h"
#include "demand.h"
#include "entry.h"
#include "marshal_call.h"
#include "memory/window.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_SIZE (6 * (MARSHAL_MONITOR_MAX + PAGE_SIZE))

/* Where copies for the monitor's own functions are kept: a stack of its own, used from
 * the top. One call of the monitor at a time. */
static _Thread_local uint64_t arena_top;

_Static_assert(sizeof(((struct call_frame *)0)->buffers) / sizeof(struct call_buffer) ==
                   DESCRIPTOR_RANGES_MAX,
               "a frame has a buffer for every range");

int marshal_init(void)
{
    void *arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena == MAP_FAILED) {
        return -ENOMEM;
    }
    arena_top = (uint64_t)(uintptr_t)arena + ARENA_SIZE;
    return 0;
}

uint64_t marshal_error_result(const struct descriptor_function *function, int error)
{
    switch (function->returns) {
    case DESCRIPTOR_PTR:
    case DESCRIPTOR_VOID:
        return 0;
    case DESCRIPTOR_F64:
        return MARSHAL_NOT_A_NUMBER;
    default:
        return (uint64_t)(int64_t)error;
    }
}

RARE int marshal_fail(struct call_frame *frame, const struct trampoline *t, int error)
{
    frame->nbuffers = 0;
    frame->result = marshal_error_result(t->function, error);
    frame->vector_result = frame->result;
    return error;
}

/* From the callee's copy of the integer, which has been made already (M1). */
RARE int64_t marshal_size_behind(const struct call_frame *frame,
                                 const struct trampoline *t,
                                 const struct marshal_step *step)
{
    for (unsigned k = 0; k < frame->nbuffers; k++) {
        const struct call_buffer *buffer = &frame->buffers[k];
        if (t->steps[buffer->step].arg == step->size_value && !buffer->on_demand) {
            int64_t size = 0;
            memcpy(&size, (const void *)(uintptr_t)buffer->callee, step->size_width);
            return size;
        }
    }
    return -1;
}

/* Notes a range, for the way back. */
static INLINE struct call_buffer *marshal_buffer(struct call_frame *frame,
                                                 const struct marshal_step *step,
                                                 uint64_t caller, uint64_t callee,
                                                 uint64_t size)
{
    struct call_buffer *buffer = &frame->buffers[frame->nbuffers++];
    buffer->caller = caller;
    buffer->callee = callee;
    buffer->size = size;
    buffer->step = step->index;
    buffer->delivered = 0;
    buffer->on_demand = 0;
    return buffer;
}

/* Zeros @size bytes at @at, and up to the next multiple of 16, which is ours too. Not by memset():
 * plain code may have set the direction flag, which libc relies on. */
static void marshal_zero(uint64_t at, uint64_t size)
{
    typedef uint64_t pair __attribute__((vector_size(16), may_alias));
    for (uint64_t done = 0; done < size; done += sizeof(pair)) {
        *(pair *)(uintptr_t)(at + done) = (pair){0, 0};
    }
}

/* Address of the bytes of an `in` range; 0 where it stands for a range that the caller has
 * not been given (M5), or the caller has no right to them (M4). Rights can go meanwhile, so only
 * the copy itself tells in the end. @whose becomes the cubicle that the bytes belong to. */
static INLINE uint64_t marshal_source(const struct call_frame *frame,
                                      const struct trampoline *t, uint64_t base,
                                      uint64_t size, unsigned *whose)
{
    *whose = t->caller;
    if (size > 0 && demand_stands_for(base)) {
        return demand_source(frame - 1, t->caller, base - DEMAND_START, size, whose);
    }
    return window_may(t->caller, base, size, PAGE_READ) ? t->from->view + base : 0;
}

/* An `in` range that the callee brings in itself: it is given what stands for it. */
static int marshal_on_demand(struct call_frame *frame, const struct trampoline *t,
                             const struct marshal_step *step, uint64_t base,
                             uint64_t size)
{
    unsigned whose;
    const uint64_t source = marshal_source(frame, t, base, size, &whose);
    if (source == 0) {
        return -EFAULT;
    }
    marshal_buffer(frame, step, base, source, size)->on_demand = (uint16_t)whose;
    frame->args[step->arg] = DEMAND_START;
    return 0;
}

static INLINE int marshal_range(struct marshal *m, const struct marshal_step *step)
{
    const uint64_t base = (uint32_t)m->frame->args[step->arg];
    /* Of a negative one: too much. */
    const uint64_t size = (uint64_t)marshal_size(m->frame, m->t, step);
    if (unlikely(base == 0) && (step->or_null || size != 0)) {
        m->frame->args[step->arg] = 0;
        return step->or_null ? 0 : -EFAULT;
    }
    if (size > SPACE_SIZE - base) {
        return -EFAULT;
    }
    if (unlikely(size > MARSHAL_MONITOR_MAX) && m->to == NULL) {
        return -E2BIG;
    }
    uint64_t source = m->t->from->view + base;
    if (step->kind == DESCRIPTOR_IN) {
        if (step->on_demand && size > DEMAND_MIN && size <= DEMAND_MAX &&
            m->to != NULL) {
            return marshal_on_demand(m->frame, m->t, step, base, size);
        }
        if (unlikely(demand_stands_for(base) || backend->checks_copies)) {
            unsigned whose;
            source = marshal_source(m->frame, m->t, base, size, &whose);
            if (source == 0 && size > 0) {
                return -EFAULT;
            }
        }
    } else if (!window_may(m->t->caller, base, size, PAGE_WRITE)) {
        return -EFAULT; /* the callee must not do what has a result for nobody */
    }
    uint64_t at = marshal_take(&m->sp, m->limit, size + MARSHAL_OUT_WORD_SIZE);
    if (at == 0) {
        return -ENOBUFS;
    }
    *(uint64_t *)(uintptr_t)at = 0; /* the word of cubicle/out.h */
    at += MARSHAL_OUT_WORD_SIZE;
    if (step->kind == DESCRIPTOR_OUT) {
        if (!step->ret) {
            /* All of it goes back: not what the callee's stack held before (M3). */
            marshal_zero(at, size);
        }
    } else if (copy_bytes((void *)(uintptr_t)at, (const void *)(uintptr_t)source,
                          size) != 0) {
        return -EFAULT;
    }
    (void)marshal_buffer(m->frame, step, base, at, size);
    m->frame->args[step->arg] = at - m->to_view;
    return 0;
}

/* How many of the @max bytes at @base a string can be looked for in. */
static uint64_t marshal_readable(const struct marshal *m, uint64_t base, uint64_t max)
{
    uint64_t size = 0;
    if (!backend->checks_copies) {
        return max;
    }
    while (size < max && window_may(m->t->caller, base + size, 1, PAGE_READ)) {
        size = page_round_up(base + size + 1) - base;
    }
    return size < max ? size : max;
}

/* What is rare works on a copy of @m, so that the original can live in registers: the callee's
 * stack pointer is all that it changes. */
RARE static int marshal_string(struct marshal m, const struct marshal_step *step,
                               uint64_t *sp)
{
    uint64_t *value = &m.frame->args[step->arg];
    const uint64_t base = (uint32_t)*value;
    if (base == 0) {
        *value = 0;
        return step->or_null ? 0 : -EFAULT;
    }
    const uint64_t room = SPACE_SIZE - base;
    const uint64_t max = step->size_value < room ? step->size_value : room;
    const uint64_t readable = marshal_readable(&m, base, max);
    const char *from = cubicle_address(m.t->from, base);
    const int64_t size = string_size(from, readable);
    if (size < 0) {
        return readable < max ? -EFAULT : (int)size;
    }
    char *at = (char *)(uintptr_t)marshal_take(&m.sp, m.limit, (uint64_t)size);
    if (at == NULL) {
        return -ENOBUFS;
    }
    if (copy_bytes(at, from, (size_t)size) != 0) {
        return -EFAULT;
    }
    at[size - 1] = '\0'; /* whatever the caller has made of it meanwhile (M1) */
    *value = (uint64_t)(uintptr_t)at - m.to_view;
    *sp = m.sp;
    return 0;
}

static INLINE int marshal_arguments(struct marshal *m)
{
    uint64_t sp;
    if (unlikely(m->t->stacked)) {
        const int error = marshal_gather(m->frame, m->t);
        if (error != 0) {
            return error;
        }
    }
    const struct marshal_step *step = m->t->steps;
    for (unsigned left = m->t->nsteps; left > 0; left--, step++) {
        int error;
        if (likely(step->kind != DESCRIPTOR_STRING)) {
            error = marshal_range(m, step);
        } else {
            sp = m->sp;
            error = marshal_string(*m, step, &sp);
            m->sp = sp;
        }
        if (unlikely(error != 0)) {
            return error;
        }
    }
    if (unlikely(m->t->stacked)) {
        sp = m->sp;
        const int error = marshal_scatter(m->frame, m->t, &sp, m->limit);
        m->sp = sp;
        return error;
    }
    return 0;
}

int marshal_enter(struct call_frame *frame, const struct trampoline *t)
{
    struct marshal m = {.frame = frame, .t = t, .to = t->to};
    frame->nbuffers = 0;
    if (m.to == NULL) {
        m.sp = arena_top;
        m.limit = arena_top - ARENA_SIZE;
    } else {
        if (unlikely(m.to->state != CUBICLE_LIVE)) {
            if (m.to->state == CUBICLE_DEAD && m.to->may_restart) {
                /* It begins anew where calls trap on the stack that it has not. */
                frame->callee_rsp = thread_self.cubicle[t->callee].stack & STACK_MASK;
                return 0;
            }
            return marshal_fail(frame, t, entry_error(t));
        }
        m.to_view = m.to->view;
        m.sp = thread_self.cubicle[t->callee].stack & STACK_MASK;
        /* Only the stack's own pages can neither be protected, freed nor revoked; a cubicle
         * that called out with another stack pointer, below the limit or above the top, cannot be
         * entered meanwhile. */
        m.limit = m.to->stack_limit;
        if (unlikely(m.sp - m.limit > m.to->stack_top - m.limit)) {
            return marshal_fail(frame, t, -ENOBUFS);
        }
    }
    const int error = marshal_arguments(&m);
    frame->callee_rsp = m.sp;
    return unlikely(error != 0) ? marshal_fail(frame, t, error) : 0;
}
