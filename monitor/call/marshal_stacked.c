/* Arguments of functions that have some on the stack, or doubles besides pointers. */
#include "backend/backend.h"
#include "base/copy.h"
#include "marshal_call.h"
#include "memory/window.h"

#include <errno.h>

/* Arguments that a function with stacked ones has on the stack. */
RARE static unsigned marshal_count_stacked(const struct descriptor_function *function)
{
    unsigned integers = 0;
    unsigned doubles = 0;
    unsigned nstacked = 0;
    for (unsigned i = 0; i < function->nargs; i++) {
        nstacked +=
            function->args[i].type == DESCRIPTOR_F64 ? doubles++ >= 8 : integers++ >= 6;
    }
    return nstacked;
}

RARE int marshal_gather(struct marshal *m)
{
    const struct descriptor_function *function = m->t->function;
    uint64_t stack[CALL_ARGS_MAX];
    const unsigned nstacked = marshal_count_stacked(function);
    /* Above the return address; the stack pointer is in the caller's view. */
    if (nstacked > 0 &&
        ((backend->checks_copies &&
          (m->frame->rsp >= SPACE_SIZE - SPACE_GUARD ||
           !window_may(m->t->caller, m->frame->rsp + 8, 8 * nstacked, PAGE_READ))) ||
         copy_bytes(stack, (const void *)(uintptr_t)(m->frame->rsp + 8),
                    8 * nstacked) != 0)) {
        return -EFAULT;
    }
    unsigned integers = 0;
    unsigned doubles = 0;
    unsigned stacked = 0;
    for (unsigned i = 0; i < function->nargs; i++) {
        const struct descriptor_arg *arg = &function->args[i];
        if (arg->type == DESCRIPTOR_F64) {
            m->values[i] =
                doubles < 8 ? m->frame->vector_args[doubles] : stack[stacked];
            stacked += doubles++ >= 8;
        } else {
            m->values[i] = integers < 6 ? m->frame->args[integers] : stack[stacked];
            stacked += integers++ >= 6;
        }
        if (arg->kind == DESCRIPTOR_CALLER) {
            m->values[i] = m->t->caller;
        } else if (arg->kind == DESCRIPTOR_OPAQUE) {
            m->values[i] = (uint32_t)m->values[i];
        } else if (descriptor_type_is_integer(arg->type)) {
            m->values[i] =
                (uint64_t)marshal_read(marshal_integer(arg->type), m->values[i]);
        }
    }
    return 0;
}

RARE int marshal_scatter(struct marshal *m)
{
    const struct descriptor_function *function = m->t->function;
    uint64_t stack[CALL_ARGS_MAX];
    unsigned integers = 0;
    unsigned doubles = 0;
    unsigned nstacked = 0;
    for (unsigned i = 0; i < function->nargs; i++) {
        const bool is_double = function->args[i].type == DESCRIPTOR_F64;
        if (is_double && doubles < 8) {
            m->frame->vector_args[doubles++] = m->values[i];
        } else if (!is_double && integers < 6) {
            m->frame->args[integers++] = m->values[i];
        } else {
            stack[nstacked++] = m->values[i];
        }
    }
    if (nstacked == 0) {
        return 0;
    }
    m->sp &= ~UINT64_C(15);
    const uint64_t at = marshal_take(m, (uint64_t)(nstacked + (nstacked & 1)) * 8);
    if (at == 0) {
        return -ENOBUFS;
    }
    return copy_bytes((void *)(uintptr_t)at, stack, 8 * nstacked);
}

int marshal_gather_values(struct call_frame *frame, const struct trampoline *t,
                          uint64_t *values)
{
    struct marshal m = {.frame = frame, .t = t, .values = values};
    return marshal_gather(&m);
}

int marshal_scatter_values(struct call_frame *frame, const struct trampoline *t,
                           uint64_t *values, uint64_t *sp, uint64_t limit)
{
    struct marshal m = {
        .frame = frame, .t = t, .values = values, .sp = *sp, .limit = limit};
    const int error = marshal_scatter(&m);
    *sp = m.sp;
    return error;
}
