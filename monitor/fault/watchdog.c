#include "watchdog.h"
#include "backend/backend.h"
#include "base/cubicle.h"
#include "base/thread.h"
#include "call/trampoline.h"
#include "fault.h"
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>
#include <ucontext.h>

/* Calls are told apart by their trampoline and by how often it has been used. */
static uint64_t watchdog_call(const struct trampoline *t)
{
    _Static_assert(TRAMPOLINE_MAX <= 1u << 16, "ids fit below the count");
    return t->count->calls << 16 | t->id;
}

/* Every tick that finds the same call on top, in the same cubicle, is one more for it. */
static void watchdog_tick(int signal, siginfo_t *info, void *opaque)
{
    ucontext_t *context = opaque;
    struct cubicle *cubicle = cubicle_get((unsigned)thread_self.running);
    struct call_frame *frame = thread_top_frame();
    (void)signal;
    (void)info;
    if (cubicle == NULL || cubicle->limit_ticks == 0 || !cubicle_runs(cubicle) ||
        !backend->interrupted_cubicle(context) || frame == NULL) {
        return;
    }
    const struct trampoline *t = trampoline_get(frame->trampoline);
    if (t->callee != cubicle->id || frame->watched_call != watchdog_call(t)) {
        frame->watched_call = watchdog_call(t);
        frame->watched_ticks = 0;
        return;
    }
    if (++frame->watched_ticks > cubicle->limit_ticks) {
        fault_stop_interrupted(
            context, cubicle, "the call computes longer than the cubicle's time limit");
    }
}

int watchdog_start(void)
{
    bool wanted = false;
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        wanted |= cubicle_get(id)->limit_ticks != 0;
    }
    if (!wanted) {
        return 0;
    }
    const struct timeval tick = {.tv_usec = WATCHDOG_TICK_MS * 1000};
    const struct itimerval timer = {.it_interval = tick, .it_value = tick};
    /* CPU time of the process: waiting is not computing. */
    if (fault_handle(SIGVTALRM, watchdog_tick, SA_RESTART) != 0 ||
        setitimer(ITIMER_VIRTUAL, &timer, NULL) != 0) {
        return -errno;
    }
    return 0;
}
