/*
 * Arguments in messages, and results: the side of the caller. Both sides lay a call's ranges out
 * one behind the other, in the order of the trampoline's steps and each from a multiple of 16, in
 * the area of their channel; each works out where from sizes that it has itself.
 *
 *   CA1  What comes by a channel is copied to private memory and used from there; a size that
 *       the callee works with is one of its own copy of the arguments.
 *   CA2  Whatever a message says, only the channel's area is read and written for it, the
 *       callee's stack, and the ranges that the caller itself has named in its call.
 */
#include "base/copy.h"
#include "call/demand.h"
#include "call/entry.h"
#include "call/marshal.h"
#include "ipc.h"
#include "memory/window.h"

#include <errno.h>
#include <string.h>

/* A call that is being made: where its ranges are. */
struct carry {
    struct call_frame *frame;
    const struct trampoline *t;
    struct channel_peer *peer;
    uint64_t values[CALL_ARGS_MAX]; /* as the caller gave them */
    uint64_t sizes[MARSHAL_STEPS_MAX];
    uint32_t slots[MARSHAL_STEPS_MAX];
    uint64_t next; /* free in the area */
};

/* The caller's own integer behind its pointer; nobody else runs in its memory. */
static int64_t carry_size_behind(const struct carry *c, const struct marshal_step *step)
{
    const uint64_t at = (uint32_t)c->values[step->size_value];
    int64_t size = 0;
    return at != 0 &&
                   copy_bytes(&size, (const void *)(uintptr_t)at, step->size_width) == 0
               ? size
               : -1;
}

static int64_t carry_size(const struct carry *c, const struct marshal_step *step)
{
    switch (step->size_kind) {
    case DESCRIPTOR_SIZE_ARG:
        return marshal_read(step->size_integer, c->values[step->size_value]);
    case DESCRIPTOR_SIZE_CONST:
        return step->size_value;
    default:
        return carry_size_behind(c, step);
    }
}

/* Where the bytes of an `in` range are; 0: nowhere that the caller may read. */
static uint64_t carry_source(const struct carry *c, uint64_t base, uint64_t size)
{
    unsigned whose;
    return demand_stands_for(base) && size > 0
               ? demand_source(c->frame - 1, c->t->caller, base - DEMAND_START, size,
                               &whose)
               : base;
}

static int carry_range(struct carry *c, const struct marshal_step *step,
                       uint64_t *value)
{
    const uint64_t base = (uint32_t)c->values[step->arg];
    *value = base != 0 || !step->or_null;
    if (*value == 0) {
        return 0;
    }
    const uint64_t size = (uint64_t)carry_size(c, step);
    if (size > SPACE_SIZE || base + size > SPACE_SIZE || (base == 0 && size != 0)) {
        return -EFAULT;
    }
    const int error = ipc_slot(&c->next, size, &c->slots[step->index]);
    if (error != 0) {
        return error;
    }
    c->sizes[step->index] = size;
    if (step->kind != DESCRIPTOR_IN &&
        !window_may(c->t->caller, base, size, PAGE_WRITE)) {
        return -EFAULT;
    }
    if (step->kind == DESCRIPTOR_OUT || size == 0) {
        return 0;
    }
    const uint64_t source = carry_source(c, base, size);
    if (source == 0) {
        return -EFAULT;
    }
    const int copied = copy_bytes(c->peer->mine->area + c->slots[step->index],
                                  (const void *)(uintptr_t)source, size);
    return copied == 0 && source != base && ipc_abandoned() ? -ECONNRESET : copied;
}

/* A string's value is its size, with its NUL; 0: NULL. */
static int carry_string(struct carry *c, const struct marshal_step *step,
                        uint64_t *value)
{
    const uint64_t base = (uint32_t)c->values[step->arg];
    *value = 0;
    if (base == 0) {
        return step->or_null ? 0 : -EFAULT;
    }
    const uint64_t room = SPACE_SIZE - base;
    const void *from = (const void *)(uintptr_t)base;
    const int64_t size =
        string_size(from, step->size_value < room ? step->size_value : room);
    if (size < 0) {
        return (int)size;
    }
    *value = (uint64_t)size;
    const int error = ipc_slot(&c->next, (uint64_t)size, &c->slots[step->index]);
    return error != 0 ? error
                      : copy_bytes(c->peer->mine->area + c->slots[step->index], from,
                                   (size_t)size);
}

/* Fills the message in. */
static int carry_arguments(struct carry *c)
{
    const struct trampoline *t = c->t;
    struct channel_line *line = channel_begin(c->peer);
    if (line == NULL) {
        return -ENOBUFS;
    }
    const int gathered = t->stacked ? marshal_gather(c->frame, t) : 0;
    if (gathered != 0) {
        return gathered;
    }
    memcpy(c->values, c->frame->args, sizeof(c->values));
    uint64_t values[CALL_ARGS_MAX];
    memcpy(values, c->values, sizeof(values));
    for (unsigned k = 0; k < t->nsteps; k++) {
        const struct marshal_step *step = &t->steps[k];
        const int error = step->kind == DESCRIPTOR_STRING
                              ? carry_string(c, step, &values[step->arg])
                              : carry_range(c, step, &values[step->arg]);
        if (error != 0) {
            return error;
        }
    }
    for (unsigned i = 0; i < t->function->nargs; i++) {
        line->values[i] = values[i];
    }
    line->kind = CHANNEL_CALL;
    line->nvalues = t->function->nargs;
    line->what = t->id;
    line->offset = c->peer->top;
    return 0;
}

/* Copies what the callee has answered to where the caller wants it: as much as the caller has asked for.
 * Counts as marshal_leave() does. */
static int carry_results(struct carry *c, const struct channel_line *answer)
{
    struct trampoline *t = trampoline_get(c->t->id);
    const int64_t result = marshal_read(t->result, answer->result);
    int error = 0;
    for (unsigned k = 0; k < t->nsteps; k++) {
        const struct marshal_step *step = &t->steps[k];
        if (step->kind == DESCRIPTOR_IN || step->kind == DESCRIPTOR_INOUT) {
            t->count->bytes_in += c->sizes[k];
        }
        const int64_t size = marshal_returned(t, step, result, c->sizes[k]);
        if (size < 0) {
            error = -EPROTO;
            continue;
        }
        t->count->bytes_out += (uint64_t)size;
        if (size > 0 &&
            copy_bytes((void *)(uintptr_t)(uint32_t)c->values[step->arg],
                       c->peer->mine->area + c->slots[k], (uint64_t)size) != 0) {
            error = -EFAULT;
        }
    }
    return error;
}

/* The way out: the result is in the frame, also where it is an error. */
static void carry_call(struct call_frame *frame, const struct trampoline *t)
{
    struct channel_line answer;
    struct carry c = {.frame = frame, .t = t, .peer = channel_peer(t->callee)};
    int error = c.peer != NULL ? 0 : -EOWNERDEAD;
    frame->nbuffers = 0;
    if (error == 0) {
        c.next = c.peer->top;
        error = carry_arguments(&c);
    }
    if (error == 0) {
        const uint32_t top = c.peer->top;
        c.peer->top = (uint32_t)c.next;
        error = ipc_ask(c.peer, false, &answer);
        c.peer->top = top;
    }
    if (error == 0) {
        error = carry_results(&c, &answer);
    }
    if (error != 0) {
        (void)marshal_fail(frame, t, error);
        return;
    }
    frame->result = answer.result;
    frame->vector_result = answer.vector_result;
}

int ipc_enter(struct call_frame *frame, const struct trampoline *t)
{
    if (t->callee == ipc_self && ipc_self != 0) {
        return ipc_arrive(frame, t);
    }
    carry_call(frame, t);
    return 1; /* the callee is not here: the call is over */
}
