#include "demand.h"
#include "copy.h"
#include "cubicle.h"
#include "trampoline.h"

#include <errno.h>

uint64_t demand_source(const struct call_frame *frame, unsigned callee, uint64_t at,
                       uint64_t size)
{
    const struct trampoline *t = trampoline_get(frame->trampoline);
    if (t == NULL || t->callee != callee) {
        return 0;
    }
    for (unsigned k = 0; k < frame->nbuffers; k++) {
        const struct call_buffer *buffer = &frame->buffers[k];
        if (buffer->on_demand) {
            return at <= buffer->size && size <= buffer->size - at ? buffer->callee + at
                                                                   : 0;
        }
    }
    return 0;
}

int demand_fetch(uint32_t to, uint64_t at, uint64_t size)
{
    /* The top frame is the call to the monitor, the one below that of the callee. */
    const struct call_frame *frame = thread_self.control - 2;
    const unsigned running = (unsigned)thread_self.running;
    const uint64_t source = demand_source(frame, running, at, size);
    if (source == 0 || to + size > SPACE_SIZE) {
        return -EFAULT;
    }
    const int error = copy_bytes((void *)(uintptr_t)(cubicle_get(running)->view + to),
                                 (const void *)(uintptr_t)source, size);
    if (error == 0) {
        trampoline_get(frame->trampoline)->bytes_in += size;
    }
    return error;
}
