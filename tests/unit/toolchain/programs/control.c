/* Loops, switches, computed goto, function pointers, recursion, tail calls. */
#include "probe.h"

static int dense(int x)
{
    switch (x) {
    case 0:
        return 17;
    case 1:
        return x * 3;
    case 2:
        return (int)probe_hide(99);
    case 3:
        return x - 100;
    case 4:
        return x << 5;
    case 5:
        return 1;
    case 6:
        return x ^ 0x55;
    case 7:
        return -x;
    case 8:
        return 1000;
    default:
        return -1;
    }
}

static int sparse(long x)
{
    switch (x) {
    case -5:
        return 1;
    case 10 ... 20:
        return 2;
    case 1000:
        return 3;
    case 1000000:
        return 4;
    case 0x7fffffffffffffff:
        return 5;
    default:
        return 6;
    }
}

/* A small interpreter with threaded code. */
static long interpret(const unsigned char *code)
{
    static const void *const labels[] = {&&op_end, &&op_push, &&op_add, &&op_mul,
                                         &&op_loop};
    long stack[16];
    long *top = stack;
    int count = 0;

    goto *labels[*code++];
op_push:
    *top++ = *code++;
    goto *labels[*code++];
op_add:
    top--;
    top[-1] += top[0];
    goto *labels[*code++];
op_mul:
    top--;
    top[-1] *= top[0];
    goto *labels[*code++];
op_loop:
    if (++count < 10) {
        code -= 4;
    }
    goto *labels[*code++];
op_end:
    return top[-1];
}

static int add(int a, int b)
{
    return a + b;
}
static int sub(int a, int b)
{
    return a - b;
}
static int mul(int a, int b)
{
    return a * b;
}
static int (*const table[])(int, int) = {add, sub, mul};
static int (*volatile chosen)(int, int) = sub;

__attribute__((noinline)) static int fib(int n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

__attribute__((noinline)) static int odd(unsigned n);
__attribute__((noinline)) static int even(unsigned n)
{
    return n == 0 ? 1 : odd(n - 1);
}
__attribute__((noinline)) static int odd(unsigned n)
{
    return n == 0 ? 0 : even(n - 1);
}

__attribute__((noinline)) static int through(int (*f)(int, int), int a, int b)
{
    return f(b, a); /* a tail call through a register */
}

static int primes(void)
{
    static char sieve[2000];
    int found = 0;

    for (int i = 2; i < 2000; i++) {
        if (!sieve[i]) {
            found++;
            for (int k = i + i; k < 2000; k += i) {
                sieve[k] = 1;
            }
        }
    }
    return found;
}

void program(void)
{
    static const unsigned char code[] = {1, 7, 1, 6, 3, 1, 2, 2, 4, 0};
    static const long points[] = {-5, 10, 15, 20, 21, 1000, 1000000, 0x7fffffffffffffff,
                                  0};

    for (int i = -1; i < 10; i++) {
        probe_int("dense", dense((int)probe_hide(i)));
    }
    for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++) {
        probe_int("sparse", sparse(probe_hide(points[i])));
    }
    probe_int("interpret", interpret(code));
    for (int i = 0; i < 9; i++) {
        probe_int("table", table[i % 3](i, 7));
    }
    probe_int("chosen", chosen(3, 4));
    probe_int("fib", fib(20));
    probe_int("even", even(100001));
    probe_int("through", through(table[probe_hide(1)], 5, 9));
    probe_int("primes", primes());
}
