/* Elementary functions at values with known results, rounding, special cases, complex
 * arithmetic. */
#define _GNU_SOURCE
#include "groups.h"

#include <complex.h>
#include <float.h>
#include <math.h>

/* Within @ulps units in the last place. */
static void check_near(double have, double want, double ulps, const char *what,
                       int line)
{
    const double unit = fabs(nextafter(want, INFINITY) - want);
    check_report(fabs(have - want) <= ulps * unit, __FILE__, line,
                 "%s is %.17g, not %.17g", what, have, want);
}

#define CHECK_NEAR(have, want) check_near(have, want, 1, #have, __LINE__)

static void test_elementary(void)
{
    CHECK_NEAR(sin(1.0), 0.84147098480789650665);
    CHECK_NEAR(cos(1.0), 0.54030230586813971740);
    CHECK_NEAR(tan(1.0), 1.5574077246549022305);
    CHECK_NEAR(sin(1e22), -0.85220084976718880177);
    CHECK_NEAR(asin(0.5), 0.52359877559829887308);
    CHECK_NEAR(acos(0.5), 1.0471975511965977462);
    CHECK_NEAR(atan(1.0), 0.78539816339744830962);
    CHECK_NEAR(atan2(-1.0, -1.0), -2.3561944901923449288);
    CHECK_NEAR(sinh(1.0), 1.1752011936438014569);
    CHECK_NEAR(cosh(1.0), 1.5430806348152437785);
    CHECK_NEAR(tanh(0.5), 0.46211715726000975850);
    CHECK_NEAR(exp(1.0), 2.7182818284590452354);
    CHECK_NEAR(exp2(0.5), 1.4142135623730950488);
    CHECK_NEAR(expm1(1e-10), 1.00000000005e-10);
    CHECK_NEAR(log(10.0), 2.3025850929940456840);
    CHECK_NEAR(log2(10.0), 3.3219280948873623479);
    CHECK_NEAR(log10(2.0), 0.30102999566398119521);
    CHECK_NEAR(log1p(1e-10), 9.9999999995e-11);
    CHECK_NEAR(pow(2.0, 0.5), 1.4142135623730950488);
    CHECK_NEAR(pow(1.5, 2.5), 2.7556759606310753605);
    CHECK_NEAR(cbrt(2.0), 1.2599210498948731648);
    CHECK_NEAR(hypot(3e200, 4e200), 5e200);
    CHECK_NEAR(erf(0.5), 0.52049987781304653768);
    CHECK_NEAR(tgamma(5.0), 24.0);
    CHECK_NEAR(lgamma(10.0), 12.801827480081469611);
    CHECK_NEAR(j0(1.0), 0.76519768655796655145);
    CHECK(sinf(1.0f) == 0.84147098f && expf(1.0f) == 2.7182818f &&
          powf(2.0f, 10.0f) == 1024.0f);
}

static void test_long_double(void)
{
    CHECK(fabsl(sqrtl(2.0L) - 1.41421356237309504880L) <= LDBL_EPSILON);
    CHECK(fabsl(expl(1.0L) - 2.71828182845904523536L) <= 4 * LDBL_EPSILON);
    CHECK(fabsl(logl(2.0L) - 0.69314718055994530942L) <= LDBL_EPSILON);
    CHECK(fabsl(sinl(1.0L) - 0.84147098480789650665L) <= LDBL_EPSILON);
    CHECK(fabsl(atanl(1.0L) - 0.78539816339744830962L) <= LDBL_EPSILON);
    CHECK(fabsl(powl(2.0L, 0.5L) - 1.41421356237309504880L) <= 2 * LDBL_EPSILON);
    CHECK(fabsl(exp2l(0.5L) - 1.41421356237309504880L) <= 2 * LDBL_EPSILON);
    CHECK(floorl(-2.5L) == -3 && ceill(-2.5L) == -2 && truncl(-2.5L) == -2 &&
          rintl(2.5L) == 2);
    CHECK(fmodl(10.5L, 3) == 1.5L && remainderl(11, 3) == -1);
    int quotient;
    CHECK(remquol(29.0L, 4, &quotient) == 1 && (quotient & 7) == 7);
    CHECK(lrintl(2.5L) == 2 && llrintl(-3.5L) == -4);
    CHECK(ldexpl(0.75L, 3) == 6 && nextafterl(1, 2) == 1 + LDBL_EPSILON);
}

static void test_rounding(void)
{
    static const double x[] = {-2.5, -1.5, -0.5, -0.0,   0.0,     0.3,
                               0.5,  1.5,  2.5,  0x1p60, INFINITY};
    static const double down[] = {-3, -2, -1, -0.0, 0, 0, 0, 1, 2, 0x1p60, INFINITY};
    static const double up[] = {-2, -1, -0.0, -0.0, 0, 1, 1, 2, 3, 0x1p60, INFINITY};
    static const double zero[] = {-2, -1, -0.0, -0.0, 0, 0, 0, 1, 2, 0x1p60, INFINITY};
    static const double even[] = {-2, -2, -0.0, -0.0, 0, 0, 0, 2, 2, 0x1p60, INFINITY};
    static const double away[] = {-3, -2, -1, -0.0, 0, 0, 1, 2, 3, 0x1p60, INFINITY};
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) {
        CHECK_DOUBLE(floor(x[i]), down[i]);
        CHECK_DOUBLE(ceil(x[i]), up[i]);
        CHECK_DOUBLE(trunc(x[i]), zero[i]);
        CHECK_DOUBLE(rint(x[i]), even[i]);
        CHECK_DOUBLE(nearbyint(x[i]), even[i]);
        CHECK_DOUBLE(round(x[i]), away[i]);
        CHECK(floorf((float)x[i]) == down[i] && ceilf((float)x[i]) == up[i]);
        CHECK(truncf((float)x[i]) == zero[i] && rintf((float)x[i]) == even[i]);
    }
    CHECK(isnan(floor(NAN)) && isnan(rint(NAN)));
    CHECK(lrint(2.5) == 2 && llrint(3.5) == 4 && lround(2.5) == 3 &&
          llround(-2.5) == -3);
}

static void test_special(void)
{
    CHECK(isnan(sqrt(-1.0)) && isinf(log(0.0)) && isnan(log(-1.0)) && isnan(acos(2.0)));
    CHECK(exp(1000.0) == INFINITY && exp(-1000.0) == 0.0);
    CHECK(pow(0.0, 0.0) == 1.0 && pow(NAN, 0.0) == 1.0 && pow(-2.0, 3.0) == -8.0);
    CHECK_DOUBLE(copysign(3.0, -0.0), -3.0);
    CHECK_DOUBLE(fmod(-5.5, 2.0), -1.5);
    CHECK_DOUBLE(remainder(5.5, 2.0), -0.5);
    CHECK_DOUBLE(fma(0x1.0000001p0, 0x1.0000001p0, -1.0), 0x1.00000008p-27);
    CHECK(fmaf(3.0f, 4.0f, 5.0f) == 17.0f && fmin(1, NAN) == 1 && fmax(1, 2) == 2 &&
          fdim(3, 1) == 2);
    int exponent;
    double whole;
    CHECK(frexp(12.0, &exponent) == 0.75 && exponent == 4);
    CHECK(modf(-3.25, &whole) == -0.25 && whole == -3.0);
    CHECK(ldexp(1.0, -1074) == 0x1p-1074 && scalbn(1.0, 1023) == 0x1p1023 &&
          ilogb(8.0) == 3 && logb(0.25) == -2);
    CHECK(nextafter(0.0, 1.0) == 0x1p-1074 && fpclassify(0x1p-1074) == FP_SUBNORMAL &&
          signbit(-0.0));
    CHECK(sqrt(2.0) == 0x1.6a09e667f3bcdp+0 && sqrtf(2.0f) == 0x1.6a09e6p+0f);
}

static void test_complex(void)
{
    volatile double complex a = 3 + 4 * I, b = 1 - 2 * I;
    CHECK(creal(a * b) == 11 && cimag(a * b) == -2);
    CHECK(creal(a / b) == -1 && cimag(a / b) == 2);
    CHECK(cabs(a) == 5 && creal(csqrt(-4)) == 0 && cimag(csqrt(-4)) == 2);
    volatile float complex f = 1 + 1 * I;
    CHECK(crealf(f * f) == 0 && cimagf(f * f) == 2);
    volatile long double complex l = 1 + 1 * I;
    CHECK(cimagl(l * l) == 2 && creall(l / l) == 1);
    volatile double complex huge = CMPLX(INFINITY, 1);
    CHECK(isinf(creal(huge * a)) || isinf(cimag(huge * a)));
    CHECK(creal(a / huge) == 0);
}

void test_math(void)
{
    test_elementary();
    test_long_double();
    test_rounding();
    test_special();
    test_complex();
}
