/*
 * The start of every module: interfaces/module.h. Linked first, before libc.a.
 *
 * The loader defines the bounds of .init_array; a component may define
 * component_init(). The constructors of a program with main() wait for app_main()
 * (env/cubicle64/app_main.c), when it has arguments, environment and files.
 */
#include <stdint.h>

int __libc_setup(void);
int module_init(void);

/* Constructors get the arguments of main(), as glibc gives them. */
typedef void constructor(int argc, char **argv, char **envp);

extern constructor *const __init_array_start[], *const __init_array_end[];

void __module_construct(int argc, char **argv, char **envp);

void __module_construct(int argc, char **argv, char **envp)
{
    for (constructor *const *next = __init_array_start;
         (uintptr_t)next < (uintptr_t)__init_array_end; next++) {
        (*next)(argc, argv, envp);
    }
}

/* env/cubicle64/app_main.c replaces it, in programs, by an empty function. */
void __module_started(void);

__attribute__((__weak__)) void __module_started(void)
{
    char *none[] = {0};
    __module_construct(0, none, none);
}

/* A component may define its own, which replaces it. */
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
    __module_started();
    return component_init();
}
