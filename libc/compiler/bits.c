/* Bit counting for processors that have no instruction for it, as far as the compiler
 * knows. */
#include "int128.h"

int __popcountdi2(uint64_t x);
int __popcountsi2(uint32_t x);
int __popcountti2(uint128 x);
int __paritydi2(uint64_t x);
int __paritysi2(uint32_t x);
int __parityti2(uint128 x);
int __clzti2(uint128 x);
int __ctzti2(uint128 x);
int __ffsti2(uint128 x);
int __clrsbdi2(int64_t x);
int __clrsbsi2(int32_t x);

int __popcountdi2(uint64_t x)
{
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return x * UINT64_C(0x0101010101010101) >> 56;
}

int __popcountsi2(uint32_t x)
{
    return __popcountdi2(x);
}

int __popcountti2(uint128 x)
{
    return __popcountdi2(x) + __popcountdi2(high64(x));
}

int __paritydi2(uint64_t x)
{
    x ^= x >> 32;
    x ^= x >> 16;
    x ^= x >> 8;
    x ^= x >> 4;
    return 0x6996 >> (x & 15) & 1;
}

int __paritysi2(uint32_t x)
{
    return __paritydi2(x);
}

int __parityti2(uint128 x)
{
    return __paritydi2(x ^ high64(x));
}

int __clzti2(uint128 x)
{
    return high64(x) ? __builtin_clzll(high64(x)) : 64 + __builtin_clzll(x);
}

int __ctzti2(uint128 x)
{
    return (uint64_t)x ? __builtin_ctzll(x) : 64 + __builtin_ctzll(high64(x));
}

int __ffsti2(uint128 x)
{
    return x ? __ctzti2(x) + 1 : 0;
}

int __clrsbdi2(int64_t x)
{
    const uint64_t y = x < 0 ? ~x : x;
    return y ? __builtin_clzll(y) - 1 : 63;
}

int __clrsbsi2(int32_t x)
{
    const uint32_t y = x < 0 ? ~x : x;
    return y ? __builtin_clz(y) - 1 : 31;
}
