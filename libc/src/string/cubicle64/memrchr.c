#define _GNU_SOURCE
#include <string.h>

#include "vec.h"

void *__memrchr(const void *src, int c, size_t n)
{
    const char *const s = src;
    if (n == 0) {
        return 0;
    }
    const vec wanted = vec_fill(c);
    const char *const last = s + n - 1;
    const char *p = (const char *)((uintptr_t)last & -16UL);
    unsigned found =
        vec_equal(vec_load_aligned(p), wanted) & (0xffffu >> (15 - (last - p)));
    while (!found) {
        if (p <= s) {
            return 0;
        }
        p -= 16;
        found = vec_equal(vec_load_aligned(p), wanted);
    }
    p += 31 - __builtin_clz(found);
    return p >= s ? (void *)p : 0;
}

void *memrchr(const void *, int, size_t)
    __attribute__((__weak__, VEC_ALIAS(__memrchr)));
