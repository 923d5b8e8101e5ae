/* 128-bit products of -ftrapv and __builtin_mul_overflow. */
#include "int128.h"

int128 __mulvti3(int128 a, int128 b);
int128 __muloti4(int128 a, int128 b, int *overflow);

int128 __muloti4(int128 a, int128 b, int *overflow)
{
    const uint128 x = magnitude128(a), y = magnitude128(b);
    const uint128 limit = ((uint128)1 << 127) - ((a < 0) == (b < 0));
    *overflow = x != 0 && y > limit / x;
    return (int128)((uint128)a * (uint128)b);
}

int128 __mulvti3(int128 a, int128 b)
{
    int overflow;
    const int128 product = __muloti4(a, b, &overflow);
    if (overflow) {
        __builtin_trap();
    }
    return product;
}
