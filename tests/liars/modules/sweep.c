#include "sweep.h"

#include "liar.h"

#include <cubicle.h>
#include <string.h>

int sweep_benign(void)
{
    static char bytes[8192] __attribute__((aligned(16)));
    int answered = 0;
    for (unsigned i = 0; i < liar_nimports; i++) {
        const struct liar_function *f = &liar_imports[i];
        uint64_t args[LIAR_ARGS] = {0};
        if (f->noreturn || f->call == NULL) {
            continue;
        }
        for (unsigned k = 0; k < f->nargs; k++) {
            const struct liar_arg *arg = &f->args[k];
            if (arg->kind == LIAR_STRING || liar_is_range(arg)) {
                args[k] = (uintptr_t)bytes;
            }
            if (arg->size_kind == LIAR_SIZE_ARG && liar_is_range(arg)) {
                args[arg->size] = 16;
            }
        }
        memset(bytes, 0, sizeof(bytes));
        strcpy(bytes, "/reenter");
        const int64_t result = liar_result(f, liar_call(f->call, args));
        answered += result >= 0;
        if (result > 0 && strcmp(f->name, "cubicle_window_init") == 0) {
            cubicle_window_destroy((int)result); /* an honest component may need one */
        }
    }
    return answered;
}
