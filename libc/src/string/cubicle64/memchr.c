#include <string.h>
#include "vec.h"

void *memchr(const void *src, int c, size_t n)
{
    const char *const s = src;
    if (n == 0) {
        return 0;
    }
    /* The last byte; n may be larger than what is left of the address space. */
    const char *const last = n - 1 > UINTPTR_MAX - (uintptr_t)s ? (const char *)UINTPTR_MAX : s + n - 1;
    const vec wanted = vec_fill(c);
    const char *p = (const char *)((uintptr_t)s & -16UL);
    unsigned found = vec_equal(vec_load_aligned(p), wanted) & (~0u << (s - p));
    while (!found) {
        if (last - p < 16) {
            return 0;
        }
        p += 16;
        found = vec_equal(vec_load_aligned(p), wanted);
    }
    p += __builtin_ctz(found);
    return p <= last ? (void *)p : 0;
}
