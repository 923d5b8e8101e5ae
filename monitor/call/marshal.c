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

/* Of a callee's stack, one part in so many holds no copies. */
#define STACK_FRAMES_PART 4
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
        return UINT64_C(0x7ff8000000000000); /* not a number */
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

/* Size in bytes that stands behind a pointer: read from the callee's copy of the integer,
 * which has been made already (M1). */
RARE static int64_t marshal_size_behind(struct marshal m,
                                        const struct marshal_step *step)
{
    for (unsigned k = 0; k < m.frame->nbuffers; k++) {
        const struct call_buffer *buffer = &m.frame->buffers[k];
        if (m.t->steps[buffer->step].arg == step->size_value && !buffer->on_demand) {
            int64_t size = 0;
            memcpy(&size, (const void *)(uintptr_t)buffer->callee, step->size_width);
            return size;
        }
    }
    return -1;
}

/* Size in bytes of a range; negative where that is not a size. */
static INLINE int64_t marshal_size(const struct marshal *m,
                                   const struct marshal_step *step)
{
    if (likely(step->size_kind == DESCRIPTOR_SIZE_ARG)) {
        return marshal_read(step->size_integer, m->values[step->size_value]);
    }
    return step->size_kind == DESCRIPTOR_SIZE_CONST ? step->size_value
                                                    : marshal_size_behind(*m, step);
}

static INLINE struct call_buffer *marshal_buffer(struct marshal *m,
                                                 const struct marshal_step *step,
                                                 uint64_t caller, uint64_t callee,
                                                 uint64_t size)
{
    struct call_buffer *buffer = &m->frame->buffers[m->frame->nbuffers++];
    buffer->caller = caller;
    buffer->callee = callee;
    buffer->size = size;
    buffer->step = step->index;
    buffer->delivered = 0;
    buffer->on_demand = 0;
    return buffer;
}

/* Zeros @size bytes at @at, and up to the next multiple of 16, which is ours too. */
static void marshal_zero(uint64_t at, uint64_t size)
{
    typedef uint64_t pair __attribute__((vector_size(16), may_alias));
    for (uint64_t done = 0; done < size; done += sizeof(pair)) {
        *(pair *)(uintptr_t)(at + done) = (pair){0, 0};
    }
}

/* Address of the bytes of an `in` range; 0 where it stands for a range that the caller has
 * not been given (M5), or, where that is asked here (@check), where the caller has no right to
 * them (M4). Rights can go meanwhile, so only the copy itself tells in the end. @whose becomes
 * the cubicle that the bytes belong to. */
static INLINE uint64_t marshal_source(const struct marshal *m, uint64_t base,
                                      uint64_t size, bool check, unsigned *whose)
{
    *whose = m->t->caller;
    if (size > 0 && demand_stands_for(base) && m->from != NULL) {
        return demand_source(m->frame - 1, m->t->caller, base - DEMAND_START, size,
                             whose);
    }
    return check && m->from != NULL && !window_may(m->t->caller, base, size, PAGE_READ)
               ? 0
               : m->from_view + base;
}

static INLINE int marshal_range(struct marshal *m, const struct marshal_step *step)
{
    const uint64_t base = (uint32_t)m->values[step->arg];
    if (base == 0 && step->or_null) {
        m->values[step->arg] = 0;
        return 0;
    }
    const uint64_t size =
        (uint64_t)marshal_size(m, step); /* of a negative one: too much */
    if (size > SPACE_SIZE || base + size > SPACE_SIZE || (base == 0 && size != 0)) {
        return -EFAULT;
    }
    if (unlikely(size > MARSHAL_MONITOR_MAX) && m->to == NULL) {
        return -E2BIG;
    }
    uint64_t source = m->from_view + base;
    if (step->kind == DESCRIPTOR_IN) {
        const bool on_demand = step->on_demand && size > DEMAND_MIN &&
                               size <= DEMAND_MAX && m->from != NULL && m->to != NULL;
        unsigned whose;
        source =
            marshal_source(m, base, size, on_demand || backend->checks_copies, &whose);
        if (source == 0 && size > 0) {
            return -EFAULT;
        }
        if (on_demand) {
            marshal_buffer(m, step, base, source, size)->on_demand = (uint16_t)whose;
            m->values[step->arg] = DEMAND_START;
            return 0;
        }
    } else if (m->from != NULL && !window_may(m->t->caller, base, size, PAGE_WRITE)) {
        return -EFAULT; /* the callee must not do what has a result for nobody */
    }
    uint64_t at = marshal_take(m, size + MARSHAL_OUT_WORD_SIZE);
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
    (void)marshal_buffer(m, step, base, at, size);
    m->values[step->arg] = at - m->to_view;
    return 0;
}

/* How many of the @max bytes at @base a string can be looked for in. */
static uint64_t marshal_readable(const struct marshal *m, uint64_t base, uint64_t max)
{
    uint64_t size = 0;
    if (!backend->checks_copies || m->from == NULL) {
        return max;
    }
    while (size < max && window_may(m->t->caller, base + size, 1, PAGE_READ)) {
        size = page_round_up(base + size + 1) - base;
    }
    return size < max ? size : max;
}

RARE static int marshal_string(struct marshal *m, const struct marshal_step *step)
{
    const uint64_t base = (uint32_t)m->values[step->arg];
    if (base == 0) {
        m->values[step->arg] = 0;
        return step->or_null ? 0 : -EFAULT;
    }
    const uint64_t room = SPACE_SIZE - base;
    const uint64_t max = step->size_value < room ? step->size_value : room;
    const uint64_t readable = marshal_readable(m, base, max);
    const char *from = (const char *)(uintptr_t)(m->from_view + base);
    const int64_t size = string_size(from, readable);
    if (size < 0) {
        return readable < max ? -EFAULT : (int)size;
    }
    char *at = (char *)(uintptr_t)marshal_take(m, (uint64_t)size);
    if (at == NULL) {
        return -ENOBUFS;
    }
    if (copy_bytes(at, from, (size_t)size) != 0) {
        return -EFAULT;
    }
    at[size - 1] = '\0'; /* whatever the caller has made of it meanwhile (M1) */
    m->values[step->arg] = (uint64_t)(uintptr_t)at - m->to_view;
    return 0;
}

static int marshal_prepare(struct marshal *m)
{
    for (unsigned k = 0; k < m->t->nsteps; k++) {
        const struct marshal_step *step = &m->t->steps[k];
        const int error = step->kind == DESCRIPTOR_STRING ? marshal_string(m, step)
                                                          : marshal_range(m, step);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

static INLINE int marshal_enter_as(struct call_frame *frame, const struct trampoline *t,
                                   bool simple)
{
    uint64_t values[CALL_ARGS_MAX];
    struct marshal m = {
        .frame = frame,
        .t = t,
        .from = t->from,
        .to = t->to,
        .values = !simple && t->stacked ? values : frame->args,
        .from_view = simple || t->from != NULL ? t->from->view : 0,
    };
    if (simple && (m.from == NULL || m.to == NULL)) {
        __builtin_unreachable();
    }
    frame->nbuffers = 0;
    if (m.to == NULL) {
        m.sp = arena_top;
        m.limit = arena_top - ARENA_SIZE;
    } else {
        if (unlikely(m.to->state != CUBICLE_LIVE)) {
            if (m.to->state == CUBICLE_DEAD && m.to->may_restart) {
                /* It begins anew where calls trap on the stack that it has not. */
                frame->callee_rsp =
                    thread_self.cubicle[t->callee].stack & ~UINT64_C(15);
                return 0;
            }
            return marshal_fail(frame, t, entry_error(t));
        }
        m.to_view = m.to->view;
        m.sp = thread_self.cubicle[t->callee].stack & ~UINT64_C(15);
        /* Only the stack's own pages can neither be protected, freed nor revoked; a cubicle
         * that called out with another stack pointer cannot be entered meanwhile. Whatever a
         * caller hands over, the callee's frames have a part of the stack left. */
        const uint64_t bottom = m.to_view + m.to->stack_start;
        const uint64_t top = bottom + m.to->stack_size;
        m.limit = bottom + m.to->stack_size / STACK_FRAMES_PART;
        if (unlikely(m.sp < m.limit || m.sp > top)) {
            return marshal_fail(frame, t, -ENOBUFS);
        }
    }
    int error = 0;
    if (simple) {
        error = marshal_range(&m, &t->steps[0]);
    } else {
        struct marshal any = m;
        error = t->stacked ? marshal_gather(&any) : 0;
        if (error == 0) {
            error = marshal_prepare(&any);
        }
        if (error == 0 && t->stacked) {
            error = marshal_scatter(&any);
        }
        m.sp = any.sp;
    }
    frame->callee_rsp = m.sp & ~UINT64_C(15);
    return unlikely(error != 0) ? marshal_fail(frame, t, error) : 0;
}

int marshal_enter(struct call_frame *frame, const struct trampoline *t)
{
    return marshal_enter_as(frame, t, false);
}

int marshal_enter_simple(struct call_frame *frame, const struct trampoline *t)
{
    return marshal_enter_as(frame, t, true);
}
