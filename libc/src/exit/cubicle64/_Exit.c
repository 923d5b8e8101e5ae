#include <stdlib.h>

#include "syscall.h"

/* env/cubicle64/app_main.c replaces it, in programs. */
static void dummy(int status)
{
}
weak_alias(dummy, __app_leave);

_Noreturn void _Exit(int status)
{
    __app_leave(status & 0xff);
    cubicle_exit(status & 0xff);
}
