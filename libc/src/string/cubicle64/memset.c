/* As memcpy: overlapping stores from both ends, and aligned ones between them. */
#include <string.h>

#include "vec.h"

VEC_INLINE void *set_small(unsigned char *d, unsigned char c, size_t n)
{
    const uint64_t word = c * UINT64_C(0x0101010101010101);
    if (n >= 8) {
        *(word64 *)d = word;
        *(word64 *)(d + n - 8) = word;
    } else if (n >= 4) {
        *(word32 *)d = word;
        *(word32 *)(d + n - 4) = word;
    } else if (n >= 2) {
        *(word16 *)d = word;
        *(word16 *)(d + n - 2) = word;
    } else if (n) {
        *d = c;
    }
    return d;
}

VEC_WIDE void *set_wide(unsigned char *d, unsigned char c, size_t n)
{
    const vec_wide v = (vec_wide){0} + c;
    unsigned char *const end = d + n;
    vec_wide_unaligned *const last = (void *)(end - 128);
    *(vec_wide_unaligned *)d = v;
    vec_wide *p = (vec_wide *)(((uintptr_t)d + 32) & -32UL);
    for (; end - (unsigned char *)p > 128; p += 4) {
        p[0] = v;
        p[1] = v;
        p[2] = v;
        p[3] = v;
    }
    last[0] = v;
    last[1] = v;
    last[2] = v;
    last[3] = v;
    return d;
}

void *memset(void *dest, int c, size_t n)
{
    unsigned char *const d = dest, *const end = d + n;
    if (n < 16) {
        return set_small(d, c, n);
    }
    if (n >= VEC_WIDE_MIN && __cubicle_has_avx) {
        return set_wide(d, c, n);
    }
    const vec v = vec_fill(c);
    vec_store(d, v);
    vec_store(end - 16, v);
    if (n <= 32) {
        return dest;
    }
    vec_store(d + 16, v);
    vec_store(end - 32, v);
    if (n <= 64) {
        return dest;
    }
    vec_store(d + 32, v);
    vec_store(d + 48, v);
    vec_store(end - 48, v);
    vec_store(end - 64, v);
    unsigned char *p = (unsigned char *)(((uintptr_t)d + 64) & -16UL);
    for (; end - p > 64; p += 64) {
        vec_store_aligned(p, v);
        vec_store_aligned(p + 16, v);
        vec_store_aligned(p + 32, v);
        vec_store_aligned(p + 48, v);
    }
    return dest;
}
