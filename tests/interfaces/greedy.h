/* What the attacker offers to whom hands it a buffer (callee.c). */
#ifndef CUBICLE_TEST_GREEDY_H
#define CUBICLE_TEST_GREEDY_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <sys/types.h>

CUBICLE_INTERFACE(greedy);

/** Fills @buf, or looks at it; and reaches for more meanwhile, if it was told to. @size or an error. */
ssize_t greedy_fill(CUBICLE_OUT(size, ret) char *buf, size_t size);
ssize_t greedy_take(CUBICLE_IN(size) const char *buf, size_t size);

#endif
