/*
 * Names and types of GCC's run-time library (GCC Internals, "The GCC low-level runtime
 * library"). The host's libgcc is not compiled for cubicles, so what compiled code
 * calls is here.
 */
#ifndef INT128_H
#define INT128_H

#include <stdint.h>

typedef __int128 int128;
typedef unsigned __int128 uint128;

uint128 __udivmodti4(uint128 n, uint128 d, uint128 *rest);

static inline uint64_t high64(uint128 x)
{
    return x >> 64;
}

static inline uint128 magnitude128(int128 x)
{
    return x < 0 ? -(uint128)x : (uint128)x;
}

#endif
