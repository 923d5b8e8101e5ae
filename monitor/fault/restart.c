#include "restart.h"
#include "backend/backend.h"
#include "base/counters.h"
#include "base/message.h"
#include "base/thread.h"
#include "call/entry.h"
#include "call/trampoline.h"
#include "call/trampoline_body.h"
#include "load/link.h"
#include "memory/memory.h"
#include "memory/window.h"
#include "signal_pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of the monitor's stack, what this file and what it calls may use, in bytes; and how often that
 * may lie on itself: a cubicle that begins anew may stop another. */
#define RESTART_STACK UINT64_C(0x8000)
#define RESTART_DEPTH 3

/* What restart_on_the_way() has put off. */
static _Thread_local struct {
    struct cubicle *cubicle;
    struct unwind_target target;
} due;
static _Thread_local unsigned depth;

void restart_run(void);

int restart_keep(struct module *module)
{
    const size_t size = link_segment_contents(module, IMAGE_DATA);
    if (size == 0) {
        return 0;
    }
    module->fresh_data = malloc(size);
    if (module->fresh_data == NULL) {
        return -ENOMEM;
    }
    memcpy(module->fresh_data,
           cubicle_address(module->cubicle, module->base[IMAGE_DATA]), size);
    module->fresh_size = size;
    return 0;
}

void restart_allow(struct cubicle *cubicle)
{
    cubicle->may_restart =
        cubicle->state == CUBICLE_LIVE && cubicle->on_fault == MONITOR_ON_FAULT_RESTART;
}

/* A1, but for @ending. Looks at frames below others that cannot be unwound, too. */
static bool restart_is_free(const struct cubicle *cubicle,
                            const struct call_frame *ending)
{
    for (const struct call_frame *frame = thread_self.control_start;
         frame < thread_self.control; frame++) {
        const struct trampoline *t = trampoline_get(frame->trampoline);
        if (t != NULL && frame != ending &&
            (t->caller == cubicle->id || t->callee == cubicle->id)) {
            return false;
        }
    }
    return true;
}

void restart_on_the_way(struct cubicle *cubicle, struct unwind_target *target)
{
    if (backend->processes != NULL) {
        return; /* another process begins anew */
    }
    if (cubicle->state != CUBICLE_DEAD || !cubicle->may_restart ||
        depth == RESTART_DEPTH || thread_self.control + 8 >= thread_self.control_end ||
        !restart_is_free(cubicle, target->frame)) {
        return;
    }
    due.cubicle = cubicle;
    due.target = *target;
    target->leave = (uint64_t)(uintptr_t)restart_enter;
}

void restart_tell(const struct cubicle *cubicle, bool ended)
{
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        const struct cubicle *other = cubicle_get(id);
        for (size_t i = 0; i < other->nmodules && other->state == CUBICLE_LIVE; i++) {
            const struct module *module = other->modules[i];
            const struct trampoline *t = ended ? module->ended : module->restarted;
            if (t != NULL && !unwind_ending()) {
                (void)trampoline_call(t, (int)cubicle->id);
            }
        }
    }
}

/* A2: what the allocator has not fetched, and the rest, which stays where it is. */
static int restart_clear(struct cubicle *cubicle)
{
    uint32_t page;
    int64_t npages;
    while ((npages = memory_reclaim(cubicle, &page)) > 0) {
    }
    int error = (int)npages;
    if (error == 0) {
        error = memory_clear(cubicle, page_of(cubicle->stack_start),
                             cubicle->stack_size >> PAGE_SHIFT, PAGE_STACK);
    }
    for (size_t i = 0; error == 0 && i < cubicle->nmodules; i++) {
        const struct module *module = cubicle->modules[i];
        const uint32_t base = module->base[IMAGE_DATA];
        const uint32_t size = module_segment_pages(module, IMAGE_DATA);
        if (size != 0) {
            error = memory_clear(cubicle, page_of(base), size, PAGE_DATA);
        }
        if (error == 0 && module->fresh_size != 0) {
            memcpy(cubicle_address(cubicle, base), module->fresh_data,
                   module->fresh_size);
        }
    }
    return error;
}

/* A3 */
static int restart_set_up(struct cubicle *cubicle)
{
    entry_close(cubicle);
    for (size_t i = 0; i < cubicle->nmodules; i++) {
        const int error = trampoline_call(cubicle->modules[i]->init, 0);
        if (error != 0 || cubicle->state != CUBICLE_STARTING) {
            return error < 0 ? error : -EOWNERDEAD;
        }
    }
    entry_open(cubicle);
    return 0;
}

static int restart_attempt(struct cubicle *cubicle)
{
    struct thread_cubicle *self = &thread_self.cubicle[cubicle->id];
    window_forget_cubicle(cubicle->id);    /* what a failed attempt was lent, too */
    cubicle->epoch += cubicle->epoch != 0; /* what others remember of it is old */
    cubicle->reclaimed = 0;
    signal_forget(cubicle);
    restart_tell(cubicle, true);
    int error = restart_clear(cubicle);
    if (error == 0) {
        self->tp = 0;
        self->stack = cubicle->stack_top;
        error = restart_set_up(cubicle);
    }
    if (error != 0 && cubicle_runs(cubicle)) {
        unwind_stop(cubicle, CUBICLE_DEAD, 0);
    }
    return error;
}

void restart_failed(const struct cubicle *cubicle, int error)
{
    (void)message_error(error,
                        "%s: the cubicle could not begin anew and stays dead: %s",
                        cubicle->name, strerror(-error));
}

static void restart_cubicle(struct cubicle *cubicle)
{
    cubicle->may_restart = false; /* not while it begins */
    int error = -EOWNERDEAD;
    for (unsigned i = 0; i < RESTART_ATTEMPTS && error != 0 && !unwind_ending(); i++) {
        error = restart_attempt(cubicle);
    }
    if (unwind_ending()) {
        return;
    }
    if (error != 0) {
        window_forget_cubicle(cubicle->id);
        restart_failed(cubicle, error);
        return;
    }
    cubicle->restarts++;
    counters_tell(cubicle);
    restart_allow(cubicle);
    restart_tell(cubicle, false);
}

/* The stopped cubicle may have changed the floating-point environment. */
static void restart_usual_fenv(void)
{
    const uint32_t mxcsr = FENV_MXCSR;
    __asm__ volatile("fninit\n ldmxcsr %0" : : "m"(mxcsr));
}

/* From restart_enter(), and back to where the call ends that was in progress. */
void restart_run(void)
{
    struct cubicle *cubicle = due.cubicle;
    const struct unwind_target target = due.target;
    struct call_frame *const below = thread_self.control;
    const uint64_t stack = thread_self.monitor_stack;

    memset(below, 0, sizeof(*below)); /* A4 */
    thread_self.control = below + 1;
    thread_self.monitor_stack = stack - RESTART_STACK;
    thread_self.running = CUBICLE_MONITOR;
    restart_usual_fenv();
    depth++;
    restart_cubicle(cubicle);
    depth--;
    thread_self.monitor_stack = stack;
    thread_self.control = below;
    if (unwind_ending()) {
        unwind_all(unwind_end_status());
    }
    unwind_resume(&target);
}
