/*
 * Rounding to an integer in one instruction of SSE4.1, instead of musl's portable arithmetic. Every
 * machine on which the monitor runs has SSE4.1, because the monitor needs FSGSBASE, and every
 * processor with FSGSBASE has SSE4.1.
 *
 * ROUND_NOEXC keeps the inexact flag as it is, as nearbyint() must. Without it the instruction
 * raises the flag, as musl's functions of the other names do.
 */
#include <math.h>

#define ROUND_FLOOR 1
#define ROUND_CEIL 2
#define ROUND_TRUNC 3
#define ROUND_CURRENT 4
#define ROUND_NOEXC 8

#define ROUND_DOUBLE(name, mode)                                   \
    double name(double x)                                          \
    {                                                              \
        __asm__("roundsd %2,%1,%0" : "=x"(x) : "x"(x), "i"(mode)); \
        return x;                                                  \
    }

#define ROUND_FLOAT(name, mode)                                    \
    float name(float x)                                            \
    {                                                              \
        __asm__("roundss %2,%1,%0" : "=x"(x) : "x"(x), "i"(mode)); \
        return x;                                                  \
    }
