/*
 * The start of every module: interfaces/module.h. Linked first, before libc.a.
 *
 * The loader defines the bounds of .init_array; a component may define
 * component_init().
 */
#include <stdint.h>

int __libc_setup(void);
int module_init(void);

extern void (*const __init_array_start[])(void), (*const __init_array_end[])(void);

/* Replaced by the component's own. */
__attribute__((__weak__)) int component_init(void)
{
    return 0;
}

int module_init(void)
{
    const int error = __libc_setup();
    if (error) {
        return error;
    }
    for (void (*const *constructor)(void) = __init_array_start;
         (uintptr_t)constructor < (uintptr_t)__init_array_end; constructor++) {
        (*constructor)();
    }
    return component_init();
}
