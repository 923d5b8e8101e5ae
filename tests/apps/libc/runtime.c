/* What compiled code and the loader expect of the C run time: helpers, constructors. */
#include "groups.h"

#include <stdarg.h>

typedef __int128 i128;
typedef unsigned __int128 u128;

static int constructed, constructed_first;

__attribute__((constructor(200))) static void construct_first(void)
{
    constructed_first = !constructed;
}

__attribute__((constructor)) static void construct(void)
{
    constructed = 1;
}

static void test_wide_division(void)
{
    volatile u128 n = ((u128)0x123456789abcdef0 << 64) | 0x0fedcba987654321,
                  d = 0x1000000007;
    CHECK(n / d * d + n % d == n && n % d < d);
    d = ((u128)5 << 64) | 17;
    CHECK(n / d * d + n % d == n && n % d < d);
    d = ((u128)1 << 127);
    CHECK(n / d == 0 && n % d == n);
    volatile i128 m = -(i128)n, k = 1000000007;
    CHECK(m / k * k + m % k == m && m % k <= 0);
    CHECK((u128)(m / -k) == (u128)(-(i128)(m / k)));
    volatile uint64_t x = UINT64_C(0xfedcba9876543210);
    CHECK((uint64_t)(((u128)x * x) >> 64) == UINT64_C(0xfdbac097c8dc5acc));
}

static void test_conversions(void)
{
    volatile u128 big = (u128)1 << 100;
    volatile double d = 0x1p100;
    CHECK((double)big == d && (u128)d == big && (float)big == 0x1p100f);
    volatile i128 negative = -((i128)1 << 90) - 1;
    CHECK((double)negative == -0x1p90 && (long double)negative == -0x1p90L);
    volatile u128 tie = ((u128)1 << 100) | ((u128)1 << 47);
    CHECK((double)tie == 0x1p100);
    volatile u128 above = tie + 1;
    CHECK((double)above == 0x1.0000000000001p100);
    volatile double huge = 1e19;
    CHECK((uint64_t)huge == UINT64_C(10000000000000000000));
    volatile long double exact = 123456789012345678.0L;
    CHECK((long)exact == 123456789012345678);
    volatile double below = -7.9;
    CHECK((int)below == -7);
}

static void test_bits(void)
{
    volatile unsigned long x = 0xf0f0f0f000000001;
    CHECK_INT(__builtin_popcountl(x), 17);
    CHECK_INT(__builtin_parityl(x), 1);
    CHECK_INT(__builtin_clzl(x), 0);
    CHECK_INT(__builtin_ctzl(x), 0);
    CHECK_INT(__builtin_bswap32((unsigned)x), 0x01000000);
    volatile double base = 1.5;
    volatile int power = -3;
    CHECK(__builtin_powi(base, power) == 1 / (1.5 * 1.5 * 1.5));
}

static double sum(int count, ...)
{
    va_list ap, again;
    double total = 0;
    va_start(ap, count);
    va_copy(again, ap);
    for (int i = 0; i < count; i++) {
        total += i & 1 ? va_arg(ap, double) : va_arg(ap, int);
    }
    CHECK_INT(va_arg(again, int), 1);
    va_end(again);
    va_end(ap);
    return total;
}

struct large {
    long v[9];
};

static struct large __attribute__((noinline)) make_large(long first)
{
    struct large l = {{first}};
    l.v[8] = first * 2;
    return l;
}

static void test_calling(void)
{
    CHECK(sum(10, 1, 2.0, 3, 4.0, 5, 6.0, 7, 8.0, 9, 10.0) == 55);
    const struct large l = make_large(21);
    CHECK(l.v[0] == 21 && l.v[4] == 0 && l.v[8] == 42);
    const size_t n = 1000 + (size_t)constructed;
    char *dynamic = __builtin_alloca(n);
    memset(dynamic, 3, n);
    CHECK_INT(dynamic[n - 1], 3);
    volatile int selector = 3;
    static const void *const labels[] = {&&zero, &&one, &&two, &&three};
    goto *labels[selector];
zero:
one:
two:
    CHECK(!"computed goto");
three:
    CHECK(1);
}

void test_runtime(void)
{
    CHECK(constructed && constructed_first);
    test_wide_division();
    test_conversions();
    test_bits();
    test_calling();
}
