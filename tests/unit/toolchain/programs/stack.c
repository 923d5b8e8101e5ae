/* Stack frames of every kind. */
#include "probe.h"

#include <stdarg.h>

__attribute__((noinline)) static long variable(int n)
{
    long sum = 0;

    for (int i = 1; i < n; i++) {
        long values[i];

        for (int k = 0; k < i; k++) {
            values[k] = k * i;
        }
        __asm__ volatile("" : : "r"(values) : "memory");
        sum += values[i - 1];
    }
    return sum;
}

__attribute__((noinline)) static char *fill(char *text, int n)
{
    for (int i = 0; i < n; i++) {
        text[i] = (char)i;
    }
    return text;
}

__attribute__((noinline)) static int allocated(int n)
{
    char *one = __builtin_alloca((size_t)n);
    char *two = fill(__builtin_alloca((size_t)n * 2), n * 2);

    fill(one, n);
    return one[n - 1] + two[n] + (two < one ? 1000 : 2000);
}

__attribute__((noinline)) static long large(int i)
{
    volatile char buffer[200000];

    buffer[i] = 5;
    buffer[i + 100000] = 6;
    return buffer[i] + buffer[i + 100000];
}

__attribute__((noinline)) static long aligned(int n)
{
    _Alignas(64) volatile char line[128];
    char more[n];

    line[3] = (char)n;
    fill(more, n);
    return ((uintptr_t)line & 63) + (unsigned long)line[3] + (unsigned long)more[n - 1];
}

struct big {
    long values[30];
};

__attribute__((noinline)) static struct big by_value(struct big in, int a,
                                                     struct big more)
{
    in.values[3] += a + more.values[29];
    return in;
}

static long sum(int count, ...)
{
    va_list list;
    va_list copy;
    double d = 0;
    long n = 0;

    va_start(list, count);
    va_copy(copy, list);
    for (int i = 0; i < count; i++) {
        n += va_arg(list, int);
        d += va_arg(list, double);
    }
    for (int i = 0; i < count; i++) {
        n ^= va_arg(copy, int);
        d -= va_arg(copy, double) * 0.5;
    }
    va_end(list);
    va_end(copy);
    return n + (long)d;
}

__attribute__((noinline)) static int red_zone(int a, int b)
{
    volatile int spill[8];

    for (int i = 0; i < 8; i++) {
        spill[i] = a * i + b;
    }
    return spill[3] + spill[7];
}

/* Pointers into the stack must compare equal however they were made. */
__attribute__((noinline)) static int same(char **slot, char *p)
{
    return *slot == p;
}

__attribute__((noinline)) static int compares(int n)
{
    char local[64];
    char array[n];
    char *kept = local;
    char *start = array;
    int steps = 0;

    __asm__ volatile("" : : "r"(local), "r"(array) : "memory");
    for (char *p = array; p < array + n; p++) {
        steps++;
    }
    return steps + 100 * same(&kept, &local[probe_hide(0)]) +
           200 * same(&start, &array[probe_hide(0)]) +
           400 * (((uintptr_t)local >> 32) == ((uintptr_t)array >> 32));
}

__attribute__((noinline)) static int deep(int n, int *up)
{
    int here = n;

    return n == 0 ? *up : deep(n - 1, &here) + here;
}

/* Arguments beyond the six in registers. */
__attribute__((noinline)) static long many(long a, long b, long c, long d, long e,
                                           long f, long g, long h, double x, long i)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + (long)x;
}

void program(void)
{
    struct big big = {{1, 2, 3, 4}};
    int zero = 0;

    probe_int("variable", variable(40));
    probe_int("allocated", allocated((int)probe_hide(50)));
    probe_int("large", large((int)probe_hide(99)));
    probe_int("aligned", aligned((int)probe_hide(37)));
    big.values[29] = 1000;
    probe_int("by_value", by_value(big, 7, big).values[3]);
    probe_int("sum", sum(5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5));
    probe_int("red_zone", red_zone(3, 4));
    probe_int("compares", compares((int)probe_hide(33)));
    probe_int("deep", deep(10000, &zero));
    probe_int("many", many(1, 2, 3, 4, 5, 6, 7, 8, 9.5, 10));
}
