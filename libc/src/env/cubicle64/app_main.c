/*
 * Interface `app`: a program with main(). Its arguments and environment come from plat
 * and lie on this function's stack, which lasts as long as the program.
 *
 * exit() leaves through cubicle_exit(), which ends the outermost call into the cubicle.
 * Where boot is in the same cubicle that call is boot's, so app_main() returns by
 * longjmp instead.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libc.h"
#include "syscall.h"

#define ARGUMENT_BYTES (128 * 1024) /* all arguments and the environment */
#define ARGUMENT_COUNT 4096
#define ARGUMENT_CALL 4096 /* what one call asks for first: most fit */

/* Variables that programs take for granted. Each is used where the system sets none of its name. */
static const char *const defaults[] = {"PATH=/bin", "HOME=/", "USER=root", "LOGNAME=root",
                                       "TMPDIR=/tmp"};

#define EXIT_ARGUMENTS 126 /* as shells say "cannot be executed" */

int main(int, char **, char **);

/* Defined in crt1.o: runs the constructors. */
void __module_construct(int, char **, char **);

/* Replaces crt1.o's function, which runs the constructors of a component when the module is set up.
 * Those of a program run in app_run(). */
void __module_started(void)
{
}

/* Referred to so that it is linked for __init_tls.c, whether or not the program uses malloc(). */
hidden void *__tls_map(size_t);
hidden extern void *(*const __app_tls_map)(size_t);
void *(*const __app_tls_map)(size_t) = __tls_map;

/* call_long.c replaces it, in programs that read or write. */
static void dummy(void)
{
}
weak_alias(dummy, __app_streams);

/* The loader's: an absolute symbol, 1 where boot calls app_main() plainly. */
extern const char __cubicle_app_grouped[];

static jmp_buf leave;
static int leave_status, leave_armed;

void __app_leave(int status)
{
    if (leave_armed) {
        leave_status = status;
        longjmp(leave, 1);
    }
}

struct arguments {
    char *next;
    size_t left;
    char **vector;
    size_t count;
};

static long argument_fetch(struct arguments *a, long (*get)(int, char *, unsigned long),
                           int index)
{
    const size_t first = a->left < ARGUMENT_CALL ? a->left : ARGUMENT_CALL;
    const long r = get(index, a->next, first);
    return r == -ERANGE && first < a->left ? get(index, a->next, a->left) : r;
}

/* Appends all that @get has, and a NULL. */
static long argument_append(struct arguments *a,
                            long (*get)(int, char *, unsigned long))
{
    for (int index = 0; a->count < ARGUMENT_COUNT - 1; index++) {
        const long r = argument_fetch(a, get, index);
        if (r == -ENOENT) {
            a->vector[a->count++] = 0;
            return 0;
        }
        if (r <= 0 || (size_t)r > a->left || a->next[r - 1] != '\0') {
            return r < 0 ? r : -EINVAL;
        }
        a->vector[a->count++] = a->next;
        a->next += r;
        a->left -= r;
    }
    return -E2BIG;
}

/* Appends the defaults whose names are not in @envp, the list that was appended last. */
static long argument_append_defaults(struct arguments *a, char **envp)
{
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
        const size_t len = strchr(defaults[i], '=') + 1 - defaults[i];
        char **variable = envp;
        while (*variable && strncmp(*variable, defaults[i], len)) {
            variable++;
        }
        if (*variable) {
            continue;
        }
        if (a->count == ARGUMENT_COUNT) {
            return -E2BIG;
        }
        *variable = (char *)defaults[i];
        a->vector[a->count++] = 0;
    }
    return 0;
}

static void app_run(void)
{
    char bytes[ARGUMENT_BYTES];
    char *vector[ARGUMENT_COUNT];
    struct arguments a = {.next = bytes, .left = sizeof bytes, .vector = vector};

    if (argument_append(&a, plat_argument)) {
        _Exit(EXIT_ARGUMENTS);
    }
    const int argc = a.count - 1;
    char **envp = vector + a.count;
    if (argument_append(&a, plat_environment) || argument_append_defaults(&a, envp)) {
        _Exit(EXIT_ARGUMENTS);
    }

    __environ = envp;
    if (argc > 0) {
        __progname = __progname_full = vector[0];
        for (char *p = vector[0]; *p; p++) {
            if (*p == '/') {
                __progname = p + 1;
            }
        }
    }
    __app_streams();
    __module_construct(argc, vector, envp);
    exit(main(argc, vector, __environ));
}

int app_main(void)
{
    const char *grouped = __cubicle_app_grouped;
    __asm__("" : "+r"(grouped)); /* the compiler takes addresses for non-zero */
    if (grouped) {
        if (setjmp(leave)) {
            return leave_status;
        }
        leave_armed = 1;
    }
    app_run();
    return 0;
}
