#define _GNU_SOURCE
#include <string.h>

#include "vec.h"

char *__strchrnul(const char *s, int c)
{
    const vec zero = vec_fill(0), wanted = vec_fill(c);
    const char *p = (const char *)((uintptr_t)s & -16UL);
    vec v = vec_load_aligned(p);
    unsigned found = vec_mask((vec)(v == zero) | (vec)(v == wanted)) & (~0u << (s - p));
    while (!found) {
        p += 16;
        v = vec_load_aligned(p);
        found = vec_mask((vec)(v == zero) | (vec)(v == wanted));
    }
    return (char *)p + __builtin_ctz(found);
}

char *strchrnul(const char *, int) __attribute__((__weak__, VEC_ALIAS(__strchrnul)));
