/* What is told of each call, trap and fault as it happens: a trace (observe/trace.h), or nothing. */
#ifndef MONITOR_TRACER_H
#define MONITOR_TRACER_H

#include "base/thread.h"
#include "trampoline.h"

#include <stdint.h>

struct tracer {
    /** In the place of marshal_enter() and marshal_leave(), for every call. */
    int (*enter)(struct call_frame *frame, const struct trampoline *t);
    void (*leave)(struct call_frame *frame, struct trampoline *t);
    /** @page was mapped, or moved, for the running cubicle. */
    void (*trap)(uint32_t page);
    /** Cubicle @id is about to be stopped. */
    void (*fault)(unsigned id);
};

/** NULL: nothing is told. What it is when trampolines are made it stays. */
extern const struct tracer *tracer;

#endif
