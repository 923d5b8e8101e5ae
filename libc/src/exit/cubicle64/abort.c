/* abort() stops the cubicle, also when SIGABRT is blocked or ignored, or its handler returns. */
#include <stdlib.h>

#include "syscall.h"

/* call_signal.c replaces it, in programs that set a handler. */
static void dummy(void)
{
}
weak_alias(dummy, __call_sigabrt);

_Noreturn void abort(void)
{
    __call_sigabrt();
    cubicle_abort("abort() was called");
}
