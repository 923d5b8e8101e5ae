/* 128 by 128 bits. The `div` instruction does 128 by 64 when the quotient fits 64 bits.
 */
#include "int128.h"

/* @high < @d. */
static uint64_t div_128_by_64(uint64_t high, uint64_t low, uint64_t d, uint64_t *rest)
{
    uint64_t quotient;
    __asm__("divq %4"
            : "=a"(quotient), "=d"(*rest)
            : "a"(low), "d"(high), "r"(d)
            : "cc");
    return quotient;
}

static uint128 divide_by_64(uint128 n, uint64_t d, uint128 *rest)
{
    uint64_t high = high64(n), r = high, q = 0;
    if (high >= d) {
        q = high / d;
        r = high % d;
    }
    const uint64_t low = div_128_by_64(r, n, d, &r);
    *rest = r;
    return (uint128)q << 64 | low;
}

uint128 __udivmodti4(uint128 n, uint128 d, uint128 *rest)
{
    uint128 r;
    if (!rest) {
        rest = &r;
    }
    if (d > n) {
        *rest = n;
        return 0;
    }
    if (high64(d) == 0) {
        return divide_by_64(n, d, rest); /* traps for 0, as the instruction does */
    }
    /* The quotient is below 2^64: schoolbook, from the highest bit it can have. */
    const int shift = __builtin_clzll(high64(d)) - __builtin_clzll(high64(n));
    uint64_t q = 0;
    d <<= shift;
    for (int i = 0; i <= shift; i++) {
        q <<= 1;
        if (n >= d) {
            n -= d;
            q |= 1;
        }
        d >>= 1;
    }
    *rest = n;
    return q;
}
