/* Arguments: special values first, in all pairs, then random ones. */
#include "math_same.h"

#include <stddef.h>
#include <string.h>

/* Zeros, units, thresholds of formats and functions. Signs and NaNs are added. */
static const long double special[] = {
    0,
    1,
    2,
    3,
    0.5L,
    1.5L,
    2.5L,
    0.1L,
    10,
    88.7L,
    103.9L,
    709.78L,
    710.4L,
    745.2L,
    11356.5L,
    16384,
    1e5L,
    1e22L,
    0x1p23L,
    0x1p24L,
    0x1p31L,
    0x1p52L,
    0x1p53L,
    0x1p62L,
    0x1p63L,
    0x1p64L,
    0x1p-24L,
    0x1p-53L,
    0x1p-64L,
    0x1p-126L,
    0x1p-149L,
    0x1p-150L,
    0x1p-1022L,
    0x1p-1074L,
    0x1p-1075L,
    0x1p-16382L,
    0x1p-16445L,
    0x1.fffffep127L,
    0x1.fffffffffffffp1023L,
    0x1.fffffffffffffffep16383L,
    0x1.921fb54442d18p0L,
    0x1.921fb54442d18468p1L,
    0x1.fffffffffffffp-1L,
    0x1.0000000000001p0L,
    0x1.fffffffffffffffep-1L,
    4.35L,
    1755.4L,
    __builtin_infl(),
};
#define NSPECIAL (sizeof(special) / sizeof(special[0]))
#define NVALUES (2 * NSPECIAL + 2)

static uint64_t state;

/* splitmix64 */
uint64_t arguments_random(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

void arguments_seed(uint64_t seed)
{
    state = seed;
}

static long double special_value(size_t i)
{
    if (i >= 2 * NSPECIAL) {
        return i % 2 ? __builtin_nanl("") : -__builtin_nanl("");
    }
    return i % 2 ? -special[i / 2] : special[i / 2];
}

/* @mantissa at the power of two @exponent (16383: 1), made of its bits: no rounding. */
static long double from_bits(uint64_t mantissa, unsigned exponent, bool negative)
{
    long double value = 0;
    const uint16_t top = (uint16_t)(exponent | negative << 15);
    memcpy(&value, &mantissa, sizeof(mantissa));
    memcpy((char *)&value + sizeof(mantissa), &top, sizeof(top));
    return value;
}

/* Any value, one of the range of float or double, one near 1, a number of halves. */
static long double random_value(void)
{
    static const unsigned spread[] = {32766, 2100, 300, 64, 12, 4};
    const uint64_t bits = arguments_random();
    const unsigned kind = bits % 8;
    if (kind >= 6) {
        return (long double)((int64_t)arguments_random() >> (bits >> 8 & 63)) /
               (kind - 5);
    }
    const unsigned range = spread[kind];
    const unsigned exponent = 16383 - range / 2 + (unsigned)(bits >> 16) % range;
    uint64_t mantissa = arguments_random() | 1UL << 63;
    if (bits >> 62) { /* mostly what the shorter types can hold exactly */
        mantissa &= bits >> 63 ? -1UL << 11 : -1UL << 40;
    }
    return from_bits(mantissa, exponent ? exponent : 1, bits >> 8 & 1);
}

void arguments_make(struct arguments *a, unsigned long number)
{
    const uint64_t bits = arguments_random();
    for (unsigned i = 0; i < 4; i++) {
        a->l[i] = random_value();
    }
    if (number < NVALUES * NVALUES) {
        a->l[0] = special_value(number % NVALUES);
        a->l[1] = special_value(number / NVALUES);
        a->l[2] = bits & 1 ? special_value(bits / 2 % NVALUES) : a->l[2];
        a->l[3] = bits & 1 ? special_value((bits >> 32) % NVALUES) : a->l[3];
    } else if (bits % 4 == 0) {
        a->l[2] = -a->l[0] * a->l[1]; /* for fma() */
    }
    for (unsigned i = 0; i < 4; i++) {
        a->d[i] = (double)a->l[i];
        a->f[i] = (float)a->l[i];
    }
    a->integer = (int)(int64_t)bits >> (bits >> 58);
    a->small = (int)(bits >> 40) % 40 - 20;
}

unsigned long arguments_special(void)
{
    return NVALUES * NVALUES;
}
