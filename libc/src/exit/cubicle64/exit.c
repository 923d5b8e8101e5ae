/* As musl's, with the loader's bounds of the module's .fini_array. */
#include <stdint.h>
#include <stdlib.h>

#include "libc.h"

static void dummy(void)
{
}
weak_alias(dummy, __funcs_on_exit);
weak_alias(dummy, __stdio_exit);

extern void (*const __fini_array_start[])(void), (*const __fini_array_end[])(void);

_Noreturn void exit(int code)
{
    __funcs_on_exit();
    void (*const *end)(void) = __fini_array_end;
    while ((uintptr_t)end > (uintptr_t)__fini_array_start) {
        (*--end)();
    }
    __stdio_exit();
    _Exit(code);
}
