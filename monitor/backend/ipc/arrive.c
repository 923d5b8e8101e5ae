/* Arguments in messages, and results: the side of the callee (CA1, CA2 in carry.c). */
#include "base/copy.h"
#include "call/demand.h"
#include "call/entry.h"
#include "call/marshal_call.h"
#include "ipc.h"

#include <errno.h>
#include <string.h>

#define AREA_SIZE sizeof(((struct channel_side *)0)->area)

struct ipc_incoming *ipc_incoming;

bool ipc_abandoned(void)
{
    const struct ipc_incoming *in = ipc_incoming;
    return in != NULL && !channel_is_current(in->from, in->line.call);
}

int ipc_slot(uint64_t *next, uint64_t size, uint32_t *slot)
{
    if (size > AREA_SIZE - *next) {
        return -ENOBUFS;
    }
    *slot = (uint32_t)*next;
    *next = (*next + size + 15) & ~UINT64_C(15);
    return *next > AREA_SIZE ? -ENOBUFS : 0;
}

/* A call that is being let in. */
struct arrival {
    struct call_frame *frame;
    const struct trampoline *t;
    struct ipc_incoming *in;
    uint64_t sp, limit; /* of the callee's stack */
    uint64_t next;      /* of the area */
};

/* Where the caller has put @size bytes, and room for them on the stack, which is NULL for none (on demand). */
static int arrive_place(struct arrival *a, uint64_t size, uint32_t *slot, uint64_t *at)
{
    if (ipc_slot(&a->next, size, slot) != 0) {
        return -EPROTO;
    }
    if (at == NULL) {
        return 0;
    }
    const uint64_t room = size + MARSHAL_OUT_WORD_SIZE + 16;
    if (a->sp < a->limit + room) {
        return -ENOBUFS;
    }
    a->sp = (a->sp - size - MARSHAL_OUT_WORD_SIZE) & ~UINT64_C(15);
    *(uint64_t *)(uintptr_t)a->sp = 0; /* the word of cubicle/out.h */
    *at = a->sp + MARSHAL_OUT_WORD_SIZE;
    return 0;
}

static int arrive_string(struct arrival *a, const struct marshal_step *step)
{
    const uint64_t size = a->frame->args[step->arg];
    uint32_t slot;
    uint64_t at;
    if (size == 0) {
        return step->or_null ? 0 : -EFAULT;
    }
    if (size > step->size_value) {
        return -EPROTO;
    }
    const int error = arrive_place(a, size, &slot, &at);
    if (error != 0) {
        return error;
    }
    memcpy((void *)(uintptr_t)at, a->in->from->theirs->area + slot, size);
    ((char *)(uintptr_t)at)[size - 1] = '\0';
    a->frame->args[step->arg] = at;
    return 0;
}

static int arrive_range(struct arrival *a, const struct marshal_step *step)
{
    uint32_t slot;
    uint64_t at;
    if (a->frame->args[step->arg] == 0) {
        return step->or_null ? 0 : -EFAULT;
    }
    const uint64_t size = (uint64_t)marshal_size(a->frame, a->t, step);
    if (size > SPACE_SIZE) {
        return -EFAULT;
    }
    const bool on_demand = step->on_demand && step->kind == DESCRIPTOR_IN &&
                           size > DEMAND_MIN && size <= DEMAND_MAX;
    const int error = arrive_place(a, size, &slot, on_demand ? NULL : &at);
    if (error != 0) {
        return error;
    }
    const uint8_t *bytes = a->in->from->theirs->area + slot;
    if (on_demand) {
        at = (uint64_t)(uintptr_t)bytes;
    } else if (step->kind != DESCRIPTOR_OUT) {
        memcpy((void *)(uintptr_t)at, bytes, size);
    } else if (!step->ret) {
        memset((void *)(uintptr_t)at, 0, size);
    }
    a->in->slots[step->index] = slot;
    a->frame->buffers[a->frame->nbuffers++] = (struct call_buffer){
        .callee = at,
        .size = size,
        .step = step->index,
        .on_demand = (uint16_t)(on_demand ? ipc_self : 0),
    };
    a->frame->args[step->arg] = on_demand ? DEMAND_START : at;
    return 0;
}

static int arrive_arguments(struct arrival *a)
{
    const struct descriptor_function *function = a->t->function;
    for (unsigned i = 0; i < function->nargs; i++) {
        a->frame->args[i] =
            marshal_value(&function->args[i], a->in->line.values[i], a->in->from->id);
    }
    int error = 0;
    for (unsigned k = 0; error == 0 && k < a->t->nsteps; k++) {
        const struct marshal_step *step = &a->t->steps[k];
        error = step->kind == DESCRIPTOR_STRING ? arrive_string(a, step)
                                                : arrive_range(a, step);
    }
    return error == 0 && a->t->stacked
               ? marshal_scatter(a->frame, a->t, &a->sp, a->limit)
               : error;
}

int ipc_arrive(struct call_frame *frame, const struct trampoline *t)
{
    struct ipc_incoming *in = ipc_incoming;
    frame->nbuffers = 0;
    frame->sender = in->from->id;
    if (t->to->state != CUBICLE_LIVE &&
        (in->from->id != 0 || t->to->state != CUBICLE_STARTING)) {
        return marshal_fail(frame, t, entry_error(t));
    }
    struct arrival a = {
        .frame = frame,
        .t = t,
        .in = in,
        .sp = thread_self.cubicle[t->callee].stack & STACK_MASK,
        .limit = t->to->stack_limit,
        .next = in->line.offset,
    };
    if (a.sp - a.limit > t->to->stack_top - a.limit) {
        return marshal_fail(frame, t, -ENOBUFS);
    }
    if (a.next > AREA_SIZE || a.next % 16 != 0) {
        return marshal_fail(frame, t, -EPROTO);
    }
    int error = arrive_arguments(&a);
    if (error == 0 && ipc_abandoned()) { /* CH9 */
        error = -ECONNRESET;
    }
    frame->callee_rsp = a.sp & STACK_MASK;
    return error != 0 ? marshal_fail(frame, t, error) : 0;
}

/* Where the result for @buffer lies; the word is one of the callee's own stack. */
static uint64_t leave_source(const struct call_buffer *buffer, bool ret)
{
    const uint64_t word =
        ret ? *(const uint64_t *)(uintptr_t)(buffer->callee - MARSHAL_OUT_WORD_SIZE)
            : 0;
    return word > MARSHAL_OUT_FORWARD ? (uint32_t)word : buffer->callee;
}

/* Results go to where the caller has room for them; 0 or a negative errno. */
static int leave_results(const struct call_frame *frame, const struct trampoline *t)
{
    const struct ipc_incoming *in = ipc_incoming;
    const int64_t result = marshal_read(t->result, frame->result);
    int error = 0;
    for (unsigned k = 0; k < frame->nbuffers; k++) {
        const struct call_buffer *buffer = &frame->buffers[k];
        const struct marshal_step *step = &t->steps[buffer->step];
        const int64_t size = marshal_returned(t, step, result, buffer->size);
        const uint64_t source =
            leave_source(buffer, step->ret && step->kind == DESCRIPTOR_OUT);
        if (size < 0) {
            error = -EPROTO;
        } else if (size > 0 &&
                   copy_bytes(in->from->theirs->area + in->slots[buffer->step],
                              (const void *)(uintptr_t)source, (uint64_t)size) != 0) {
            error = -EFAULT;
        }
    }
    return error;
}

void ipc_leave(struct call_frame *frame, struct trampoline *t)
{
    struct ipc_incoming *in = ipc_incoming;
    if (!ipc_abandoned()) {
        const int error = leave_results(frame, t);
        if (error != 0) {
            (void)marshal_fail(frame, t, error);
        }
        if (ipc_abandoned()) { /* CH9 */
            channel_refuse(in->from, -ECONNRESET);
        }
    }
    frame->nbuffers = 0;
    in->result = frame->result;
    in->vector_result = frame->vector_result;
    in->done = true;
}
