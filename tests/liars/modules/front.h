/* The generated functions of a hostile provider, and what they ask. */
#ifndef LIAR_FRONT_H
#define LIAR_FRONT_H

#include "liar.h"

/**
 * What a call of liar_own[@index] with @args answers: the truth, which is what @real says, or
 * the lie that was told last.
 */
uint64_t liar_answer(unsigned index, uint64_t *args, liar_any *real);

/** As tell_lie(), for the next @times calls (0: for all). 0, or -ENOENT. */
int liar_tell(const char *function, int lie, uint64_t value, unsigned times);

static inline uint64_t liar_of_pointer(void *value)
{
    return (uint64_t)(uintptr_t)value;
}

static inline uint64_t liar_of_integer(int64_t value)
{
    return (uint64_t)value;
}

/** An argument as a word. */
#define liar_word(value) \
    _Generic((value), void * : liar_of_pointer, default : liar_of_integer)(value)

#endif
