#include <string.h>

#include "vec.h"

/* The sets of one or two bytes that parsers look for, 16 bytes at a time. */
VEC_INLINE size_t span_until(const char *s, unsigned char a, unsigned char b)
{
    const vec zero = vec_fill(0), first = vec_fill(a), second = vec_fill(b);
    const char *p = (const char *)((uintptr_t)s & -16UL);
    vec v = vec_load_aligned(p);
    unsigned found =
        vec_mask((vec)(v == zero) | (vec)(v == first) | (vec)(v == second)) &
        (~0u << (s - p));
    while (!found) {
        p += 16;
        v = vec_load_aligned(p);
        found = vec_mask((vec)(v == zero) | (vec)(v == first) | (vec)(v == second));
    }
    return p + __builtin_ctz(found) - s;
}

size_t strcspn(const char *s, const char *reject)
{
    const unsigned char *p, *r = (const unsigned char *)reject;
    uint64_t set[4] = {1}; /* the NUL ends a string too */
    if (!r[0] || !r[1] || !r[2]) {
        return span_until(s, r[0], r[0] ? r[1] : 0);
    }
    for (; *r; r++) {
        set[*r / 64] |= (uint64_t)1 << *r % 64;
    }
    for (p = (const unsigned char *)s; !(set[*p / 64] >> *p % 64 & 1); p++) {
    }
    return p - (const unsigned char *)s;
}
