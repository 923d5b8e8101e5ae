#include "sampler.h"
#include "fault.h"
#include "thread.h"
#include "trampoline.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>

/* It can come in the middle of a trampoline. A frame that is not filled yet names the call that was there
 * before, or none. */
static void sampler_tick(int signal, siginfo_t *info, void *context)
{
    const struct call_frame *frame = thread_top_frame();
    (void)signal;
    (void)info;
    (void)context;
    if (frame != NULL && frame->trampoline <= trampoline_count()) {
        trampoline_get(frame->trampoline)->count->samples++;
    }
}

int sampler_start(void)
{
    const struct timeval tick = {.tv_usec = SAMPLER_TICK_MS * 1000};
    const struct itimerval timer = {.it_interval = tick, .it_value = tick};
    if (fault_handle(SIGPROF, sampler_tick, SA_RESTART) != 0 ||
        setitimer(ITIMER_PROF, &timer, NULL) != 0) {
        return -errno;
    }
    return 0;
}
