#include <string.h>

#include "vec.h"

size_t strlen(const char *s)
{
    const char *p = (const char *)((uintptr_t)s & -16UL);
    const vec zero = vec_fill(0);
    unsigned found = vec_equal(vec_load_aligned(p), zero) >> (s - p);
    if (found) {
        return __builtin_ctz(found);
    }
    /* Single blocks up to a multiple of 64, so that four at a time stay in a page. */
    for (p += 16; (uintptr_t)p & 63; p += 16) {
        found = vec_equal(vec_load_aligned(p), zero);
        if (found) {
            return p - s + __builtin_ctz(found);
        }
    }
    for (;; p += 64) {
        const vec least =
            vec_min(vec_min(vec_load_aligned(p), vec_load_aligned(p + 16)),
                    vec_min(vec_load_aligned(p + 32), vec_load_aligned(p + 48)));
        if (vec_equal(least, zero)) {
            break;
        }
    }
    for (;; p += 16) {
        found = vec_equal(vec_load_aligned(p), zero);
        if (found) {
            return p - s + __builtin_ctz(found);
        }
    }
}
