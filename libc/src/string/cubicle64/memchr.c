#include <string.h>

#include "vec.h"

void *memchr(const void *src, int c, size_t n)
{
    const char *const s = src;
    if (n == 0) {
        return 0;
    }
    /* n may be larger than what is left of the address space: memchr(s, c, SIZE_MAX). */
    const uintptr_t room = UINTPTR_MAX - (uintptr_t)s;
    const uintptr_t last = (uintptr_t)s + (n - 1 < room ? n - 1 : room);
    const vec wanted = vec_fill(c);
    const char *p = (const char *)((uintptr_t)s & -16UL);
    unsigned found = vec_equal(vec_load_aligned(p), wanted) & (~0u << (s - p));
    while (!found) {
        if (last - (uintptr_t)p < VEC_SIZE) {
            return 0;
        }
        p += VEC_SIZE;
        found = vec_equal(vec_load_aligned(p), wanted);
    }
    p += __builtin_ctz(found);
    return (uintptr_t)p <= last ? (void *)p : 0;
}
