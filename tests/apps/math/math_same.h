/* What arguments.c and main.c share. */
#ifndef MATH_SAME_H
#define MATH_SAME_H

#include <stdbool.h>
#include <stdint.h>

/* The same values in each type, rounded to nearest. */
struct arguments {
    double d[4];
    float f[4];
    long double l[4];
    int integer; /* of any size */
    int small;   /* -20 to 19 */
};

/* Starts the sequence anew: equal seeds give equal arguments. */
void arguments_seed(uint64_t seed);
uint64_t arguments_random(void);
/* The next arguments; the first arguments_special() are pairs of special values. The rounding
 * mode must be to nearest. */
void arguments_make(struct arguments *arguments, unsigned long number);
unsigned long arguments_special(void);

#endif
