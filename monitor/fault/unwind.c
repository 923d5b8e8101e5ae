#include "unwind.h"
#include "base/counters.h"
#include "base/panic.h"
#include "call/entry.h"
#include "call/marshal.h"
#include "call/trampoline.h"
#include "unwind_offsets.h"

#include <errno.h>
#include <stddef.h>

_Static_assert(offsetof(struct thread, monitor_stack) == THREAD_MONITOR_STACK,
               "offset");
_Static_assert(offsetof(struct unwind_target, frame) == UNWIND_FRAME, "offset");
_Static_assert(offsetof(struct unwind_target, leave) == UNWIND_LEAVE, "offset");
_Static_assert(offsetof(struct unwind_target, result) == UNWIND_RESULT, "offset");

/* A stack pointer in the guard of the view: the first push or store through it traps. */
#define POISON_OFFSET 32

static bool ending; /* everything: with this status */
static int end_status;

void unwind_end(int status)
{
    ending = true;
    end_status = status;
}

bool unwind_ending(void)
{
    return ending;
}

int unwind_end_status(void)
{
    return end_status;
}

bool unwind_aborted(void)
{
    return ending && end_status == MONITOR_EXIT_FAULT;
}

/* Takes @cubicle's stack away (U1), also from calls that would return into it. */
void unwind_poison(const struct cubicle *cubicle)
{
    const uint64_t poison = cubicle->view + POISON_OFFSET;
    thread_self.cubicle[cubicle->id].stack = poison;
    for (struct call_frame *frame = thread_self.control - 1;
         frame > thread_self.control_start; frame--) {
        const struct trampoline *t = trampoline_get(frame->trampoline);
        if (t != NULL && t->caller == cubicle->id) {
            frame->rsp = poison;
            frame->caller_stack = poison;
        }
    }
}

void unwind_stop(struct cubicle *cubicle, enum cubicle_state state, int status)
{
    cubicle->state = state;
    cubicle->exit_status = status;
    counters_tell(cubicle);
    /* One that ends itself stays ended. */
    cubicle->may_restart &= state == CUBICLE_DEAD;
    unwind_poison(cubicle);
}

/* Gives up the top frame without returning through it. */
static void unwind_pop(struct call_frame *frame)
{
    frame->nbuffers = 0; /* nothing goes back */
    const struct trampoline *t = trampoline_get(frame->trampoline);
    thread_self.cubicle[t->caller].stack = frame->caller_stack;
    thread_self.control = frame;
}

/* True when a call into @cubicle is in progress below @frame. */
static bool unwind_called_below(const struct cubicle *cubicle,
                                const struct call_frame *frame)
{
    for (frame--; frame->trampoline != 0; frame--) {
        if (trampoline_get(frame->trampoline)->callee == cubicle->id) {
            return true;
        }
    }
    return false;
}

bool unwind_to_caller(struct cubicle *cubicle, struct unwind_target *target)
{
    for (struct call_frame *frame; (frame = thread_top_frame()) != NULL;) {
        const struct trampoline *t = trampoline_get(frame->trampoline);
        if (t->callee != cubicle->id) {
            unwind_pop(frame);
            continue;
        }
        frame->nbuffers = 0; /* nothing goes back */
        const bool exits =
            cubicle->state == CUBICLE_EXITED && !unwind_called_below(cubicle, frame);
        *target = (struct unwind_target){
            .frame = frame,
            .leave = t->leave,
            .result = exits ? (uint64_t)(int64_t)cubicle->exit_status
                            : marshal_error_result(t->function, entry_error(t)),
        };
        if (exits) {
            cubicle->state = CUBICLE_DEAD; /* that was the call that gets the status */
            counters_tell(cubicle);
        }
        return true;
    }
    return false;
}

bool unwind_to_monitor(int status, struct unwind_target *target)
{
    for (struct call_frame *frame; (frame = thread_top_frame()) != NULL;) {
        const struct trampoline *t = trampoline_get(frame->trampoline);
        if (t->caller != CUBICLE_MONITOR) {
            unwind_pop(frame);
            continue;
        }
        frame->nbuffers = 0; /* nothing goes back */
        *target = (struct unwind_target){
            .frame = frame, .leave = t->leave, .result = (uint64_t)(int64_t)status};
        return true;
    }
    return false;
}

void unwind_all(int status)
{
    struct unwind_target target;
    unwind_end(status);
    if (!unwind_to_monitor(status, &target)) {
        panic("no call in progress");
    }
    unwind_resume(&target);
}
