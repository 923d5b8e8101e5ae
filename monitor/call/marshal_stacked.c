/* Arguments of functions that have some on the stack, or doubles besides pointers. */
#include "backend/backend.h"
#include "base/copy.h"
#include "marshal_call.h"
#include "memory/window.h"

#include <errno.h>
#include <string.h>

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

RARE uint64_t marshal_value(const struct descriptor_arg *arg, uint64_t value,
                            unsigned caller)
{
    if (arg->kind == DESCRIPTOR_CALLER) {
        return caller;
    }
    if (arg->kind == DESCRIPTOR_OPAQUE) {
        return (uint32_t)value;
    }
    return descriptor_type_is_integer(arg->type)
               ? (uint64_t)marshal_read(marshal_integer(arg->type), value)
               : value;
}

RARE int marshal_gather(struct call_frame *frame, const struct trampoline *t)
{
    const struct descriptor_function *function = t->function;
    uint64_t registers[6];
    uint64_t stack[CALL_ARGS_MAX];
    const unsigned nstacked = marshal_count_stacked(function);
    /* Above the return address; the stack pointer is in the caller's view. */
    if (nstacked > 0 &&
        ((backend->checks_copies &&
          (frame->rsp >= SPACE_SIZE - SPACE_GUARD ||
           !window_may(t->caller, frame->rsp + 8, 8 * nstacked, PAGE_READ))) ||
         copy_bytes(stack, (const void *)(uintptr_t)(frame->rsp + 8), 8 * nstacked) !=
             0)) {
        return -EFAULT;
    }
    memcpy(registers, frame->args, sizeof(registers));
    unsigned integers = 0;
    unsigned doubles = 0;
    unsigned stacked = 0;
    for (unsigned i = 0; i < function->nargs; i++) {
        const struct descriptor_arg *arg = &function->args[i];
        uint64_t value;
        if (arg->type == DESCRIPTOR_F64) {
            value = doubles < 8 ? frame->vector_args[doubles] : stack[stacked];
            stacked += doubles++ >= 8;
        } else {
            value = integers < 6 ? registers[integers] : stack[stacked];
            stacked += integers++ >= 6;
        }
        frame->args[i] = marshal_value(arg, value, t->caller);
    }
    return 0;
}

RARE int marshal_scatter(struct call_frame *frame, const struct trampoline *t,
                         uint64_t *sp, uint64_t limit)
{
    const struct descriptor_function *function = t->function;
    uint64_t stack[CALL_ARGS_MAX];
    unsigned integers = 0;
    unsigned doubles = 0;
    unsigned nstacked = 0;
    for (unsigned i = 0; i < function->nargs; i++) {
        const bool is_double = function->args[i].type == DESCRIPTOR_F64;
        if (is_double && doubles < 8) {
            frame->vector_args[doubles++] = frame->args[i];
        } else if (!is_double && integers < 6) {
            frame->args[integers++] = frame->args[i]; /* never of one yet to come */
        } else {
            stack[nstacked++] = frame->args[i];
        }
    }
    if (nstacked == 0) {
        return 0;
    }
    const uint64_t at = marshal_take(sp, limit, (nstacked + (nstacked & 1)) * 8);
    return at == 0 ? -ENOBUFS : copy_bytes((void *)(uintptr_t)at, stack, 8 * nstacked);
}
