/*
 * A call with annotated ranges is refused by marshal_enter(), which looks at the callee's state.
 * Every other call begins with the stack pointer ANDed with the callee's `entry_mask`. Where the
 * callee is live that is -16, which aligns the stack, as the trampoline has to anyway. Else it is
 * 0: the call instruction itself pushes below address 0, traps, and the fault handler refuses it.
 */
#include "entry.h"
#include "base/counters.h"
#include "base/message.h"

#include <errno.h>

static bool logging;

void entry_setup(bool log)
{
    logging = log;
}

void entry_close(struct cubicle *cubicle)
{
    cubicle->state = CUBICLE_STARTING;
    counters_tell(cubicle);
    thread_self.cubicle[cubicle->id].entry_mask = 0;
}

void entry_open(struct cubicle *cubicle)
{
    if (cubicle->state != CUBICLE_STARTING) {
        return; /* it has ended itself meanwhile */
    }
    cubicle->state = CUBICLE_LIVE;
    counters_tell(cubicle);
    thread_self.cubicle[cubicle->id].entry_mask = STACK_MASK;
}

int entry_error(const struct trampoline *t)
{
    if (t->to == NULL || t->to->state != CUBICLE_STARTING) {
        return t->to != NULL && t->to->may_restart ? -ECONNRESET : -EOWNERDEAD;
    }
    if (logging) {
        struct message m = {.len = 0};
        message_add(&m, "cubicle: log: call of ", t->function->name, " by ",
                    cubicle_name(t->caller), " refused: ", t->to->name,
                    " is not set up yet");
        message_write(&m);
    }
    return -EAGAIN;
}

bool entry_refused(const struct cubicle *running)
{
    if (running->state != CUBICLE_STARTING) {
        return !cubicle_runs(running);
    }
    /* While it is being set up nobody is let in but the monitor. */
    const struct trampoline *t = trampoline_innermost();
    return t != NULL && t->callee == running->id && t->caller != CUBICLE_MONITOR;
}
