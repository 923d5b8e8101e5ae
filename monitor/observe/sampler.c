#include "sampler.h"
#include "backend/backend.h"
#include "call/trampoline.h"
#include "fault/fault.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>

/* It can come in the middle of a trampoline. */
static void sampler_tick(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    (void)context;
    const struct trampoline *t = backend->processes != NULL
                                     ? backend->processes->carried_out()
                                     : trampoline_innermost();
    if (t != NULL) {
        t->count->samples++;
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
