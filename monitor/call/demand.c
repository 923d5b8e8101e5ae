#include "demand.h"
#include "backend/backend.h"
#include "base/copy.h"
#include "base/cubicle.h"
#include "memory/window.h"
#include "trampoline.h"

#include <errno.h>

static bool demand_readable(const struct call_buffer *buffer, uint64_t address,
                            uint64_t size)
{
    return !backend->checks_copies ||
           window_may(buffer->on_demand, address - cubicle_get(buffer->on_demand)->view,
                      size, PAGE_READ);
}

uint64_t demand_source(const struct call_frame *frame, unsigned callee, uint64_t at,
                       uint64_t size, unsigned *whose)
{
    const struct trampoline *t = trampoline_get(frame->trampoline);
    if (t == NULL || t->callee != callee) {
        return 0;
    }
    for (unsigned k = 0; k < frame->nbuffers; k++) {
        const struct call_buffer *buffer = &frame->buffers[k];
        if (buffer->on_demand != 0) {
            *whose = buffer->on_demand;
            return at <= buffer->size && size <= buffer->size - at &&
                           demand_readable(buffer, buffer->callee + at, size)
                       ? buffer->callee + at
                       : 0;
        }
    }
    return 0;
}

int demand_fetch(uint32_t to, uint64_t at, uint64_t size)
{
    const struct call_frame *frame = thread_caller_frame();
    const unsigned running = (unsigned)thread_self.running;
    unsigned whose;
    const uint64_t source = demand_source(frame, running, at, size, &whose);
    if (source == 0 || to + size > SPACE_SIZE ||
        (backend->checks_copies && !window_may(running, to, size, PAGE_WRITE))) {
        return -EFAULT;
    }
    const int error = copy_bytes((void *)(uintptr_t)(cubicle_get(running)->view + to),
                                 (const void *)(uintptr_t)source, size);
    if (error == 0 && backend->processes != NULL && backend->processes->abandoned()) {
        return -ECONNRESET;
    }
    if (error == 0) {
        trampoline_get(frame->trampoline)->count->bytes_in += size;
    }
    return error;
}
