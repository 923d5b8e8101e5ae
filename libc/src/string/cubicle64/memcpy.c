/*
 * memcpy and memmove are one function. Up to 128 bytes everything is loaded before
 * anything is stored, so overlap does not matter; above, the direction is chosen, and
 * only the ends are unaligned at the destination.
 */
#include <string.h>

#include "vec.h"

VEC_INLINE void *move_small(char *d, const char *s, size_t n)
{
    if (n >= 8) {
        const uint64_t a = vec_word(s), b = vec_word(s + n - 8);
        *(word64 *)d = a;
        *(word64 *)(d + n - 8) = b;
    } else if (n >= 4) {
        const uint32_t a = *(const word32 *)s, b = *(const word32 *)(s + n - 4);
        *(word32 *)d = a;
        *(word32 *)(d + n - 4) = b;
    } else if (n >= 2) {
        const uint16_t a = *(const word16 *)s, b = *(const word16 *)(s + n - 2);
        *(word16 *)d = a;
        *(word16 *)(d + n - 2) = b;
    } else if (n) {
        *d = *s;
    }
    return d;
}

/* 33 to 64 bytes. */
VEC_INLINE void *move_64(char *d, const char *s, size_t n)
{
    const vec a = vec_load(s), b = vec_load(s + 16);
    const vec y = vec_load(s + n - 32), z = vec_load(s + n - 16);
    vec_store(d, a);
    vec_store(d + 16, b);
    vec_store(d + n - 32, y);
    vec_store(d + n - 16, z);
    return d;
}

/* 65 to 128 bytes. */
VEC_INLINE void *move_128(char *d, const char *s, size_t n)
{
    const vec a = vec_load(s), b = vec_load(s + 16), c = vec_load(s + 32),
              e = vec_load(s + 48);
    const vec w = vec_load(s + n - 64), x = vec_load(s + n - 48);
    const vec y = vec_load(s + n - 32), z = vec_load(s + n - 16);
    vec_store(d, a);
    vec_store(d + 16, b);
    vec_store(d + 32, c);
    vec_store(d + 48, e);
    vec_store(d + n - 64, w);
    vec_store(d + n - 48, x);
    vec_store(d + n - 32, y);
    vec_store(d + n - 16, z);
    return d;
}

/* More than 128 bytes, upwards: right unless the destination begins inside the source.
 */
VEC_INLINE void *move_up(char *d, const char *s, size_t n)
{
    const vec head = vec_load(s);
    const vec w = vec_load(s + n - 64), x = vec_load(s + n - 48);
    const vec y = vec_load(s + n - 32), z = vec_load(s + n - 16);
    char *const end = d + n;
    char *p = (char *)(((uintptr_t)d + 16) & -16UL);
    const char *q = s + (p - d);
    for (; (size_t)(end - p) > 64; p += 64, q += 64) {
        const vec a = vec_load(q), b = vec_load(q + 16), c = vec_load(q + 32),
                  e = vec_load(q + 48);
        vec_store_aligned(p, a);
        vec_store_aligned(p + 16, b);
        vec_store_aligned(p + 32, c);
        vec_store_aligned(p + 48, e);
    }
    vec_store(end - 64, w);
    vec_store(end - 48, x);
    vec_store(end - 32, y);
    vec_store(end - 16, z);
    vec_store(d, head);
    return d;
}

/* As move_up, at least VEC_WIDE_MIN bytes. */
VEC_WIDE void *move_up_wide(char *d, const char *s, size_t n)
{
    const vec_wide head = *(const vec_wide_unaligned *)s;
    const vec_wide_unaligned *const last = (const void *)(s + n - 128);
    const vec_wide w = last[0], x = last[1], y = last[2], z = last[3];
    char *const end = d + n;
    vec_wide *p = (vec_wide *)(((uintptr_t)d + 32) & -32UL);
    const vec_wide_unaligned *q = (const void *)(s + ((char *)p - d));
    for (; (size_t)(end - (char *)p) > 128; p += 4, q += 4) {
        const vec_wide a = q[0], b = q[1], c = q[2], e = q[3];
        p[0] = a;
        p[1] = b;
        p[2] = c;
        p[3] = e;
    }
    vec_wide_unaligned *const tail = (void *)(end - 128);
    tail[0] = w;
    tail[1] = x;
    tail[2] = y;
    tail[3] = z;
    *(vec_wide_unaligned *)d = head;
    return d;
}

/* More than 128 bytes, downwards. */
VEC_INLINE void *move_down(char *d, const char *s, size_t n)
{
    const vec tail = vec_load(s + n - 16);
    const vec w = vec_load(s), x = vec_load(s + 16), y = vec_load(s + 32),
              z = vec_load(s + 48);
    char *p = (char *)(((uintptr_t)d + n - 1) & -16UL);
    const char *q = s + (p - d);
    for (; p - d > 64; p -= 64, q -= 64) {
        const vec a = vec_load(q - 16), b = vec_load(q - 32), c = vec_load(q - 48),
                  e = vec_load(q - 64);
        vec_store_aligned(p - 16, a);
        vec_store_aligned(p - 32, b);
        vec_store_aligned(p - 48, c);
        vec_store_aligned(p - 64, e);
    }
    vec_store(d + n - 16, tail);
    vec_store(d + 48, z);
    vec_store(d + 32, y);
    vec_store(d + 16, x);
    vec_store(d, w);
    return d;
}

void *memmove(void *dest, const void *src, size_t n)
{
    if (n <= 16) {
        return move_small(dest, src, n);
    }
    if (n <= 32) {
        const vec a = vec_load(src), b = vec_load((const char *)src + n - 16);
        vec_store(dest, a);
        vec_store((char *)dest + n - 16, b);
        return dest;
    }
    if (n <= 64) {
        return move_64(dest, src, n);
    }
    if (n <= 128) {
        return move_128(dest, src, n);
    }
    if ((uintptr_t)dest - (uintptr_t)src >= n) {
        return n >= VEC_WIDE_MIN && __cubicle_has_avx ? move_up_wide(dest, src, n)
                                                      : move_up(dest, src, n);
    }
    return move_down(dest, src, n);
}

void *memcpy(void *restrict, const void *restrict, size_t)
    __attribute__((VEC_ALIAS(memmove)));
