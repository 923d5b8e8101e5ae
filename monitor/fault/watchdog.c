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

/* Every tick that finds a call on top, in its callee, is one more for it. The first can come
 * right behind the call's beginning. */
static void watchdog_tick(int signal, siginfo_t *info, void *opaque)
{
    ucontext_t *context = opaque;
    struct cubicle *cubicle = cubicle_get((unsigned)thread_self.running);
    struct call_frame *frame = thread_top_frame();
    (void)signal;
    (void)info;
    if (cubicle == NULL || cubicle->limit_ticks == 0 || !cubicle_runs(cubicle) ||
        !backend->interrupted_cubicle(context) || frame == NULL ||
        trampoline_get(frame->trampoline)->callee != cubicle->id) {
        return;
    }
    if (frame->ticks++ > cubicle->limit_ticks) {
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
