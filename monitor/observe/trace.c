#include "trace.h"
#include "base/cubicle.h"
#include "base/thread.h"
#include "call/marshal.h"
#include "call/tracer.h"

#include <string.h>
#include <x86intrin.h>

static struct trace_memory *memory;

/* The reader sees an event that is counted whole. */
static void trace_event(enum trace_kind kind, uint32_t id,
                        const struct call_frame *frame)
{
    const uint64_t at = memory->written;
    memory->events[at % TRACE_CAPACITY] = (struct trace_event){
        .time = __rdtsc(),
        .id = id,
        .depth = (uint16_t)(frame - thread_self.control_start),
        .kind = (uint16_t)kind,
    };
    __atomic_store_n(&memory->written, at + 1, __ATOMIC_RELEASE);
}

/* What emit_enter_callee() and emit_align_stack() do for a call without ranges. */
static int trace_enter_plain(struct call_frame *frame, const struct trampoline *t)
{
    const struct thread_cubicle *callee = &thread_self.cubicle[t->callee];
    frame->nbuffers = 0;
    frame->callee_rsp =
        callee->stack &
        (t->caller == CUBICLE_MONITOR ? STACK_MASK : callee->entry_mask);
    return 0;
}

static int trace_enter(struct call_frame *frame, const struct trampoline *t)
{
    const int error = t->nsteps > 0 || t->stacked ? marshal_enter(frame, t)
                                                  : trace_enter_plain(frame, t);
    if (error == 0) {
        trace_event(TRACE_CALL, t->id, frame);
    }
    return error;
}

static void trace_leave(struct call_frame *frame, struct trampoline *t)
{
    trace_event(TRACE_RETURN, t->id, frame);
    marshal_leave(frame, t);
}

static void trace_trap(uint32_t page)
{
    trace_event(TRACE_TRAP, page, thread_self.control);
}

static void trace_fault(unsigned id)
{
    /* Gates that it has called lie above its own call (T1). */
    const struct call_frame *frame = thread_self.control - 1;
    while (frame->trampoline != 0 && trampoline_get(frame->trampoline)->callee != id) {
        frame--;
    }
    trace_event(TRACE_FAULT, frame->trampoline, thread_self.control);
}

void trace_setup(struct trace_memory *given)
{
    static const struct tracer tracing = {trace_enter, trace_leave, trace_trap,
                                          trace_fault};
    memory = given;
    tracer = given != NULL ? &tracing : NULL;
}

static void trace_name(char *to, const char *name)
{
    strncpy(to, name, TRACE_NAME_SIZE - 1);
}

void trace_names(void)
{
    if (memory == NULL) {
        return;
    }
    for (uint32_t id = 1; id <= trampoline_count(); id++) {
        const struct trampoline *t = trampoline_get(id);
        trace_name(memory->names[id].caller, cubicle_name(t->caller));
        trace_name(memory->names[id].callee, cubicle_name(t->callee));
        trace_name(memory->names[id].interface, t->interface);
        trace_name(memory->names[id].function, t->function->name);
    }
    memory->nnames = trampoline_count();
}
