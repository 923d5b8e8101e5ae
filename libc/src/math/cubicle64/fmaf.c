/*
 * musl's fmaf() adds, then tests for FE_INEXACT. A compiler may test before it adds, as GCC does,
 * and FE_UNDERFLOW is lost. This one keeps the order. Double has more than twice the bits of float:
 * the product is exact, and the sum rounded to double and then to float is right, except half-way
 * between two floats.
 */
#include <fenv.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#define EXPONENT_MAX 0x7ff
#define EXPONENT_BIAS 0x3ff
#define LOST_BITS 0x1fffffff /* of a double that becomes a float */
#define LOST_HALF 0x10000000

union bits {
    double value;
    uint64_t word;
};

static int exponent(union bits x)
{
    return x.word >> 52 & EXPONENT_MAX;
}

/* Raises FE_UNDERFLOW where @product + @z is subnormal in float and inexact in double: then it
 * may be exact in float once it has been rounded to double. */
static void raise_underflow(double product, float z, union bits sum)
{
    const int e = exponent(sum);
    if (e >= EXPONENT_BIAS - 126 || e < EXPONENT_BIAS - 149 ||
        !fetestexcept(FE_INEXACT)) {
        return;
    }
    feclearexcept(FE_INEXACT);
    volatile double again = product; /* volatile: added before the flag is tested */
    again += z;
    feraiseexcept(fetestexcept(FE_INEXACT) ? FE_UNDERFLOW | FE_INEXACT : FE_INEXACT);
}

/* @sum, half-way between two floats, moved towards the exact @product + @z. */
static float nudge(double product, float z, union bits sum)
{
    const bool negative = sum.word >> 63;
    const double error =
        negative == (z > product) ? product - sum.value + z : z - sum.value + product;
    if (negative == (error < 0)) {
        sum.word++;
    } else {
        sum.word--;
    }
    return sum.value;
}

float fmaf(float x, float y, float z)
{
    const double product = (double)x * y;
    const union bits sum = {product + z};
    const bool halfway = (sum.word & LOST_BITS) == LOST_HALF;
    if (halfway && exponent(sum) != EXPONENT_MAX &&
        !(sum.value - product == z && sum.value - z == product) &&
        fegetround() == FE_TONEAREST) {
        return nudge(product, z, sum);
    }
    raise_underflow(product, z, sum);
    return sum.value;
}
