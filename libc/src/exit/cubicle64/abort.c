/* A handler that returns, a blocked or an ignored SIGABRT change nothing: the cubicle
 * stops. */
#include <stdlib.h>

#include "syscall.h"

/* call_signal.c has the real one; a program that never sets a handler does without it.
 */
static void dummy(void)
{
}
weak_alias(dummy, __call_sigabrt);

_Noreturn void abort(void)
{
    __call_sigabrt();
    cubicle_abort("abort() was called");
}
