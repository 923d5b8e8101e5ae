/* Conversions between 128-bit integers and float, double, long double. */
#include "int128.h"

#define TWO64 0x1p64

/*
 * Prepares @x for correct rounding to @digits bits in one step. The bits below these are folded
 * into a sticky bit, so that the value is exact in the 64-bit mantissa of long double, and the
 * conversion to the narrower type rounds it once.
 */
static long double sticky(uint128 x, int digits)
{
    if (high64(x) == 0) {
        return (uint64_t)x;
    }
    int shift = 64 - __builtin_clzll(high64(x));
    uint64_t top = x >> shift;
    const int lost = (x & (((uint128)1 << shift) - 1)) != 0;
    if (digits < 64) {
        top |= lost;
    } else if (lost) {
        /* long double: the 64 bits are the result, rounded by hand to nearest, even. */
        const uint128 rest = x & (((uint128)1 << shift) - 1),
                      half = (uint128)1 << (shift - 1);
        if ((rest > half || (rest == half && (top & 1))) && ++top == 0) {
            top = UINT64_C(1) << 63;
            shift++;
        }
    }
    long double r = top;
    for (; shift >= 32; shift -= 32) {
        r *= 0x1p32L;
    }
    return r * (1ULL << shift);
}

#define FROM_INT(type, digits, name_unsigned, name_signed)                   \
    type name_unsigned(uint128 x);                                           \
    type name_signed(int128 x);                                              \
    type name_unsigned(uint128 x)                                            \
    {                                                                        \
        return sticky(x, digits);                                            \
    }                                                                        \
    type name_signed(int128 x)                                               \
    {                                                                        \
        return x < 0 ? -sticky(magnitude128(x), digits) : sticky(x, digits); \
    }

FROM_INT(float, 24, __floatuntisf, __floattisf)
FROM_INT(double, 53, __floatuntidf, __floattidf)
FROM_INT(long double, 64, __floatuntixf, __floattixf)

#define TO_INT(type, name_unsigned, name_signed)                              \
    uint128 name_unsigned(type x);                                            \
    int128 name_signed(type x);                                               \
    uint128 name_unsigned(type x)                                             \
    {                                                                         \
        if (!(x > 0)) {                                                       \
            return 0;                                                         \
        }                                                                     \
        const uint64_t high = (uint64_t)(x / (type)TWO64);                    \
        return (uint128)high << 64 | (uint64_t)(x - high * (type)TWO64);      \
    }                                                                         \
    int128 name_signed(type x)                                                \
    {                                                                         \
        return x < 0 ? -(int128)name_unsigned(-x) : (int128)name_unsigned(x); \
    }

TO_INT(float, __fixunssfti, __fixsfti)
TO_INT(double, __fixunsdfti, __fixdfti)
TO_INT(long double, __fixunsxfti, __fixxfti)
