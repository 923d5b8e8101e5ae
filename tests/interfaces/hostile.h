/* What the attacker offers, so that it can also misbehave while somebody is waiting for
 * it. */
#ifndef CUBICLE_TEST_HOSTILE_H
#define CUBICLE_TEST_HOSTILE_H

#include <cubicle/interface.h>

CUBICLE_INTERFACE(hostile);

enum {
    HOSTILE_NOTHING,
    HOSTILE_EARLY_RETURN, /* jumps to its return address from a nested function */
    HOSTILE_LONGJMP,      /* leaves by longjmp to before the call that led here */
    HOSTILE_REGISTERS, /* returns with every register and the stack pointer changed */
    HOSTILE_RECURSE,   /* calls victim_call(HOSTILE_RECURSE) for ever */
    HOSTILE_LOOK,      /* looks for what victim_leave() left in registers */
    HOSTILE_PENDING,   /* returns while an x87 exception waits to be noticed */
    HOSTILE_OVERWRITE, /* changes where its own call of the victim returns to */
    HOSTILE_ALIGN      /* returns with the flag that makes misaligned accesses trap */
};
int hostile_event(int event);

#endif
