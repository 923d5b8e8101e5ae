/* Rounding modes and exception flags, of both units. */
#include "groups.h"

#include <fenv.h>
#include <math.h>

static void check_mode(int mode, double third, long double long_third, double nearest)
{
    volatile double one = 1, three = 3, x = -2.5;
    volatile long double long_one = 1, long_three = 3;
    CHECK_INT(fesetround(mode), 0);
    CHECK_INT(fegetround(), mode);
    const double d = one / three;
    const long double l = long_one / long_three;
    const double r = rint(x);
    CHECK_INT(fesetround(FE_TONEAREST), 0);
    CHECK(d == third);
    CHECK(l == long_third);
    CHECK(r == nearest);
}

static void test_rounding(void)
{
    CHECK_INT(fegetround(), FE_TONEAREST);
    check_mode(FE_TONEAREST, 0x1.5555555555555p-2, 0x1.5555555555555556p-2L, -2);
    check_mode(FE_DOWNWARD, 0x1.5555555555555p-2, 0x1.5555555555555554p-2L, -3);
    check_mode(FE_UPWARD, 0x1.5555555555556p-2, 0x1.5555555555555556p-2L, -2);
    check_mode(FE_TOWARDZERO, 0x1.5555555555555p-2, 0x1.5555555555555554p-2L, -2);
    CHECK(fesetround(12345) != 0);
}

static void test_flags(void)
{
    volatile double zero = 0, one = 1, huge = 1e308;
    volatile double sink;
    volatile long double long_zero = 0, long_sink;

    CHECK_INT(feclearexcept(FE_ALL_EXCEPT), 0);
    CHECK_INT(fetestexcept(FE_ALL_EXCEPT), 0);
    sink = one / zero;
    CHECK_INT(fetestexcept(FE_ALL_EXCEPT), FE_DIVBYZERO);
    sink = huge * huge;
    CHECK(fetestexcept(FE_OVERFLOW) && fetestexcept(FE_INEXACT));
    CHECK_INT(feclearexcept(FE_OVERFLOW | FE_INEXACT), 0);
    CHECK_INT(fetestexcept(FE_ALL_EXCEPT), FE_DIVBYZERO);
    feclearexcept(FE_ALL_EXCEPT);
    long_sink = long_zero / long_zero; /* in the other unit */
    CHECK_INT(fetestexcept(FE_ALL_EXCEPT), FE_INVALID);
    feclearexcept(FE_ALL_EXCEPT);
    CHECK_INT(feraiseexcept(FE_UNDERFLOW), 0);
    CHECK_INT(fetestexcept(FE_ALL_EXCEPT), FE_UNDERFLOW);
    feclearexcept(FE_ALL_EXCEPT);
    sink = nearbyint(1.5);
    CHECK_INT(fetestexcept(FE_ALL_EXCEPT), 0);
    (void)sink;
    (void)long_sink;
}

/* What x87 has raised stays when flags or the rounding mode are set. */
static void test_flags_of_both_units(void)
{
    volatile long double zero = 0, one = 1, sink;
    feclearexcept(FE_ALL_EXCEPT);
    sink = one / zero;
    CHECK_INT(feraiseexcept(FE_INVALID), 0);
    CHECK_INT(fetestexcept(FE_ALL_EXCEPT), FE_INVALID | FE_DIVBYZERO);
    sink = zero / zero;
    CHECK_INT(feclearexcept(FE_UNDERFLOW | FE_INVALID), 0);
    CHECK_INT(fetestexcept(FE_ALL_EXCEPT), FE_DIVBYZERO);
    sink = one / 3;
    CHECK_INT(fesetround(FE_UPWARD) + fesetround(FE_TONEAREST), 0);
    CHECK_INT(fetestexcept(FE_ALL_EXCEPT), FE_DIVBYZERO | FE_INEXACT);
    (void)sink;
}

static void test_flags_of_functions(void)
{
    volatile float tiny = 0x1p-120f, least = 0x1p-149f, sink;
    volatile double half = 0.5, rounded;
    feclearexcept(FE_ALL_EXCEPT);
    sink = fmaf(tiny, tiny, least);
    CHECK_INT(fetestexcept(FE_ALL_EXCEPT & ~2), FE_UNDERFLOW | FE_INEXACT);
    feclearexcept(FE_ALL_EXCEPT);
    rounded = floor(half);
    CHECK_INT(fetestexcept(FE_ALL_EXCEPT), FE_INEXACT);
    (void)sink;
    (void)rounded;
}

static void test_environment_saved(void)
{
    fenv_t env;
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(FE_INVALID);
    fesetround(FE_UPWARD);
    CHECK_INT(feholdexcept(&env), 0);
    CHECK_INT(fetestexcept(FE_ALL_EXCEPT), 0);
    fesetround(FE_DOWNWARD);
    feraiseexcept(FE_INEXACT);
    CHECK_INT(feupdateenv(&env), 0);
    CHECK_INT(fegetround(), FE_UPWARD);
    CHECK_INT(fetestexcept(FE_ALL_EXCEPT), FE_INVALID | FE_INEXACT);
    CHECK_INT(fesetenv(FE_DFL_ENV), 0);
    CHECK_INT(fegetround(), FE_TONEAREST);
    CHECK_INT(fetestexcept(FE_ALL_EXCEPT), 0);
}

void test_fenv(void)
{
    test_rounding();
    test_flags();
    test_flags_of_both_units();
    test_flags_of_functions();
    test_environment_saved();
}
