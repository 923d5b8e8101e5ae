/*
 * What the functions of <math.h>, <complex.h> and <fenv.h> answer, for comparison with another
 * library: results bit by bit (any NaN is one) and exception flags, in each rounding mode.
 *
 *   math SEED COUNT                 a line for each function and mode: a hash
 *   math SEED COUNT NAME MODE       a line for each call of one function
 *
 * COUNT arguments of each function; below the number of special ones a part of those.
 */
#define _GNU_SOURCE
#include "math_same.h"

#include <complex.h>
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Those of the standard. musl's FE_ALL_EXCEPT has the processor's flag for subnormal operands, too. */
#define ALL_FLAGS (FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW | FE_INEXACT)

double pow10(double);
float pow10f(float);
long double pow10l(long double);
double scalb(double, double);
float scalbf(float, float);

struct results {
    int number;
    unsigned count;
    uint64_t words[16]; /* two for each result */
};

static void put(struct results *r, const void *bits, size_t size)
{
    memcpy(&r->words[2 * r->count++], bits, size);
}

/* NaNs differ in sign and payload by the order of operands. Looked at bit by bit, for a
 * comparison may raise an exception. */
static void put_real(struct results *r, const void *bits, size_t size, bool is_nan)
{
    put(r, is_nan ? "NaN" : bits, is_nan ? 4 : size);
}

static void put_l(struct results *r, long double x)
{
    uint64_t low;
    uint16_t high;
    memcpy(&low, &x, sizeof(low));
    memcpy(&high, (const char *)&x + sizeof(low), sizeof(high));
    put_real(r, &x, 10, (high & 0x7fff) == 0x7fff && low << 1 != 0);
}

static void put_d(struct results *r, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof(bits));
    put_real(r, &bits, sizeof(bits), bits << 1 > 0x7ffUL << 53);
}

static void put_f(struct results *r, float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    put_real(r, &bits, sizeof(bits), bits << 1 > 0xffU << 24);
}

static void put_i(struct results *r, long n)
{
    put(r, &n, sizeof(n));
}

#define D0 (a->d[0])
#define D1 (a->d[1])
#define D2 (a->d[2])
#define F0 (a->f[0])
#define F1 (a->f[1])
#define F2 (a->f[2])
#define L0 (a->l[0])
#define L1 (a->l[1])
#define L2 (a->l[2])
#define N (a->integer)
#define SMALL_N (a->small)
#define ZD __builtin_complex(a->d[0], a->d[1])
#define WD __builtin_complex(a->d[2], a->d[3])
#define ZF __builtin_complex(a->f[0], a->f[1])
#define WF __builtin_complex(a->f[2], a->f[3])
#define ZL __builtin_complex(a->l[0], a->l[1])
#define WL __builtin_complex(a->l[2], a->l[3])
#define PUT_D(x) put_d(r, x)
#define PUT_F(x) put_f(r, x)
#define PUT_L(x) put_l(r, x)
#define PUT_I(x) put_i(r, x)
#define PUT_ZD(x) put_zd(r, x)
#define PUT_ZF(x) put_zf(r, x)
#define PUT_ZL(x) put_zl(r, x)

static void put_zd(struct results *r, double _Complex z)
{
    put_d(r, __real__ z);
    put_d(r, __imag__ z);
}

static void put_zf(struct results *r, float _Complex z)
{
    put_f(r, __real__ z);
    put_f(r, __imag__ z);
}

static void put_zl(struct results *r, long double _Complex z)
{
    put_l(r, __real__ z);
    put_l(r, __imag__ z);
}

#define FUNCTION(name, arity, ...)                                        \
    static void call_##name(const struct arguments *a, struct results *r) \
    {                                                                     \
        (void)a;                                                          \
        __VA_ARGS__;                                                      \
    }
#include "functions.def"
#undef FUNCTION

static const struct function {
    const char *name;
    unsigned arguments;
    void (*call)(const struct arguments *a, struct results *r);
} functions[] = {
#define FUNCTION(name, arity, ...) {#name, arity, call_##name},
#include "functions.def"
};
#define NFUNCTIONS (sizeof(functions) / sizeof(functions[0]))

static const struct mode {
    const char *name;
    int mode;
} modes[] = {
    {"nearest", FE_TONEAREST},
    {"down", FE_DOWNWARD},
    {"up", FE_UPWARD},
    {"zero", FE_TOWARDZERO},
};
#define NMODES (sizeof(modes) / sizeof(modes[0]))

/* One call in the rounding mode @mode; returns the flags that it leaves. */
static int call(const struct function *function, int mode, const struct arguments *a,
                struct results *r)
{
    memset(r, 0, sizeof(*r));
    fesetround(mode);
    feclearexcept(ALL_FLAGS);
    function->call(a, r);
    const int flags = fetestexcept(ALL_FLAGS);
    fesetround(FE_TONEAREST);
    return flags;
}

/* Ten bytes, the highest first; libraries differ in how they print such numbers. */
static void show_bits(const void *bits)
{
    uint64_t low;
    uint16_t high;
    memcpy(&low, bits, sizeof(low));
    memcpy(&high, (const char *)bits + sizeof(low), sizeof(high));
    printf(" %04x%016lx", high, low);
}

static void show(const struct function *function, const struct arguments *a,
                 const struct results *r, int flags)
{
    printf("%s(", function->name);
    for (unsigned i = 0; i < function->arguments; i++) {
        show_bits(&a->l[i]);
    }
    printf(" %d %d) =", a->integer, a->small);
    for (unsigned i = 0; i < r->count; i++) {
        show_bits(&r->words[2 * i]);
    }
    printf(" %d flags %02x\n", r->number, flags);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 29;
}

/* All calls of one function; the hash of what they answer. */
static uint64_t run(const struct function *function, const struct mode *mode,
                    uint64_t seed, unsigned long count, bool loud)
{
    struct arguments arguments = {0};
    struct results results;
    uint64_t hash = 0;
    const unsigned long all = arguments_special();
    arguments_seed(seed);
    for (unsigned long i = 0; i < count; i++) {
        /* Half are special, spread over all pairs. */
        const unsigned long number = i % 2 ? all : (i / 2 * 7919 + seed) % all;
        arguments_make(&arguments, number);
        const int flags = call(function, mode->mode, &arguments, &results);
        for (unsigned k = 0; k < 2 * results.count; k++) {
            hash = mix(hash, results.words[k]);
        }
        hash = mix(mix(hash, (uint64_t)results.number), (uint64_t)flags);
        if (loud) {
            show(function, &arguments, &results, flags);
        }
    }
    return hash;
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 5) {
        fputs("usage: math SEED COUNT [NAME MODE]\n", stderr);
        return 2;
    }
    const uint64_t seed = strtoull(argv[1], NULL, 0);
    const unsigned long count = strtoul(argv[2], NULL, 0);
    for (unsigned f = 0; f < NFUNCTIONS; f++) {
        for (unsigned m = 0; m < NMODES; m++) {
            const bool named = argc == 5 && strcmp(argv[3], functions[f].name) == 0 &&
                               strcmp(argv[4], modes[m].name) == 0;
            if (argc == 3 || named) {
                const uint64_t hash = run(&functions[f], &modes[m], seed, count, named);
                printf("%s %s %016lx\n", functions[f].name, modes[m].name, hash);
            }
        }
    }
    return 0;
}
