#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "call_signals.h"
#include "syscall.h"

const struct call_signals *__call_signals;

int __call_finish(long *r, int restarts)
{
    if (*r >= 0) {
        __call_signals->look(!restarts);
        return 0;
    }
    if (!__call_signals) {
        *r = __call_lie(*r);
        return 0;
    }
    *r = __call_signals->ended(*r, restarts);
    return *r == 0;
}

/* Is defined in programs only. In a component, SIGPIPE has no process that it could end. */
extern int app_main(void) __attribute__((__weak__));

long __call_broken(long r)
{
    if (__call_signals) {
        __call_signals->broken();
    } else if (app_main) {
        _Exit(128 + SIGPIPE);
    }
    return r;
}
