/* Stands in for include/cubicle/out.h: these tests call plainly, so there is no trampoline's buffer. */
#ifndef CUBICLE_OUT_H
#define CUBICLE_OUT_H

#include <stdbool.h>

static inline bool cubicle_out_is_copy(int caller)
{
    (void)caller;
    return false;
}

static inline void cubicle_out_from(void *out, const void *source)
{
    (void)out;
    (void)source;
}

static inline void cubicle_out_forward(void *out)
{
    (void)out;
}

#endif
