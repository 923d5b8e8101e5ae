/* Vector extensions, loops that the compiler vectorizes, intrinsics. */
#include "probe.h"

/* Intrinsics, without the header that needs stdlib.h. */
#define _MM_MALLOC_H_INCLUDED
#include <emmintrin.h>

typedef int v4 __attribute__((vector_size(16)));
typedef float f8 __attribute__((vector_size(32)));
typedef unsigned char b16 __attribute__((vector_size(16)));

static int ints[100];
static float floats[100];
static unsigned char text[256];

__attribute__((noinline)) static int find(const unsigned char *at, unsigned char c)
{
    for (;; at += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)at);
        int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8((char)c)));

        if (mask) {
            return (int)(at - text) + __builtin_ctz((unsigned)mask);
        }
    }
}

__attribute__((noinline)) static void scale(float *restrict to,
                                            const int *restrict from, int n)
{
    for (int i = 0; i < n; i++) {
        to[i] = (float)from[i] * 1.5f + to[i];
    }
}

__attribute__((noinline)) static long gather(const int *index, int n)
{
    long sum = 0;

    for (int i = 0; i < n; i++) {
        sum += ints[index[i] & 63] * (long)text[i];
    }
    return sum;
}

void program(void)
{
    v4 a = {1, 2, 3, (int)probe_hide(4)};
    v4 b = __builtin_shuffle(a, (v4){3, 2, 1, 0});
    f8 f = {1, 2, 3, 4, 5, 6, 7, (float)probe_hide(8)};
    b16 c = {1, 2, 3};

    for (int i = 0; i < 100; i++) {
        ints[i] = i * i - 50;
        floats[i] = (float)i;
    }
    for (int i = 0; i < 256; i++) {
        text[i] = (unsigned char)i;
    }
    a = a * b + (a > b);
    f = f * f - 3.0f;
    c = c + (unsigned char)probe_hide(250);
    probe_int("a", a[0] + a[1] * 10 + a[2] * 100 + a[3] * 1000);
    probe_double("f", (double)(f[0] + f[3] * f[7]));
    probe_int("c", c[0] + c[2]);
    scale(floats, ints, (int)probe_hide(97));
    for (int i = 0; i < 100; i += 9) {
        probe_double("scale", (double)floats[i]);
    }
    probe_int("find", find(text, (unsigned char)probe_hide(200)));
    probe_int("gather", gather(ints, (int)probe_hide(90)));
}
