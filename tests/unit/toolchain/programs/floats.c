/* float, double, long double, complex, and conversions between all of them. */
#include "probe.h"

static volatile double values[] = {0.0,  -0.0,  1.0,    -1.5,     3.999999,
                                   1e10, -1e18, 1e-300, 123456.75};
static volatile long double wide = 1.25L;

__attribute__((noinline)) static long double horner(long double x)
{
    long double result = 0;

    for (int i = 10; i > 0; i--) {
        result = result * x + 1.0L / i;
    }
    return result;
}

__attribute__((noinline)) static _Complex double product(_Complex double a,
                                                         _Complex double b)
{
    return a + b * 2.0;
}

static void conversions(double d)
{
    long double l = d;

    probe_int("i32", (int32_t)(d > 2e9 || d < -2e9 ? 0 : d));
    probe_int("i64", (int64_t)d);
    probe_int("u32", (uint32_t)(d < 0 || d > 4e9 ? 0 : d));
    probe_int("u64", (int64_t)(uint64_t)(d < 0 ? -d : d));
    probe_int("l64", (int64_t)l);
    probe_int("l16", (int16_t)(l > 30000 || l < -30000 ? 0 : l));
    probe_double("f", (double)(float)d);
    probe_double("sqrt", __builtin_sqrt(d < 0 ? -d : d));
    probe_double("fabs", __builtin_fabs(d));
    probe_int("less", d < 1.0);
    probe_int("nan", __builtin_isnan(d / d));
}

static double dot(const double *a, const double *b, int n)
{
    double s = 0;

    for (int i = 0; i < n; i++) {
        s += a[i] * b[i];
    }
    return s;
}

void program(void)
{
    double a[20];
    double b[20];
    float single[16];
    _Complex double z = product(1.0 + 2.0i, (double)probe_hide(3) - 1.0i);

    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        conversions(values[i]);
    }
    for (int i = 0; i < 20; i++) {
        a[i] = i * 0.5;
        b[i] = 20 - i;
    }
    for (int i = 0; i < 16; i++) {
        single[i] = (float)a[i] * 1.1f;
    }
    probe_double("dot", dot(a, b, (int)probe_hide(20)));
    probe_double("single", (double)single[probe_hide(7)]);
    probe_double("horner", (double)horner(wide));
    probe_double("re", __real__ z);
    probe_double("im", __imag__ z);
    probe_double("u2d", (double)(uint64_t)probe_hide(-5));
    probe_double("u2l", (double)((long double)(uint64_t)probe_hide(-5) / 3));
    probe_int("echo", probe_echo(5, values[3]));
}
