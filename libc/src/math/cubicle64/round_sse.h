/*
 * Rounding to an integer in one instruction. SSE4.1 is there wherever the monitor runs:
 * every processor with FSGSBASE has it. NOEXC keeps the inexact flag as it is,
 * for nearbyint(); the others raise it as musl's do.
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
