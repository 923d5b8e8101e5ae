/*
 * Less copying of large results. The buffer of a CUBICLE_OUT(size, ret) range is a copy that the trampoline
 * made room for and carries to the caller when the call returns. A function may instead name memory of its own to carry
 * from, or let a function that it calls deliver to its caller at once.
 *
 * Both need a trampoline's buffer: use them only where cubicle_out_is_copy() says so, and write nothing to the buffer then.
 */
#ifndef CUBICLE_OUT_H
#define CUBICLE_OUT_H

#include <cubicle/abi.h>
#include <stdbool.h>
#include <stdint.h>

/** Whether a result buffer is a trampoline's, by the CUBICLE_CALLER argument: a plain call has none. */
static inline bool cubicle_out_is_copy(int caller)
{
    return caller != 0;
}

/* The word that the trampoline keeps in front of the buffer: 0, CUBICLE_OUT_FORWARD, or an address. */
static inline void cubicle_out_word(void *out, uint64_t word)
{
    ((volatile uint64_t *)out)[-(CUBICLE_OUT_ROOM / 8)] = word;
}

/**
 * The result's bytes are those at @source, memory of the running cubicle that must stay unchanged until the call
 * returns. The trampoline reads them with the rights of the running cubicle.
 */
static inline void cubicle_out_from(void *out, const void *source)
{
    cubicle_out_word(out, (uintptr_t)source);
}

/**
 * The next cross-cubicle call that is given @out as its own result buffer delivers to our caller directly; @out itself
 * stays as it is.
 */
static inline void cubicle_out_forward(void *out)
{
    cubicle_out_word(out, CUBICLE_OUT_FORWARD);
}

#endif
