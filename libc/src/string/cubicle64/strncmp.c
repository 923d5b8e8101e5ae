/* As strcmp. */
#include <string.h>

#include "vec.h"

#define PAGE_MASK 4095
#define LAST_IN_PAGE (4096 - VEC_SIZE)

int strncmp(const char *left, const char *right, size_t n)
{
    const unsigned char *a = (const void *)left, *b = (const void *)right;
    const vec zero = vec_fill(0);
    for (; n >= 16; a += 16, b += 16, n -= 16) {
        if (((uintptr_t)a & PAGE_MASK) <= LAST_IN_PAGE &&
            ((uintptr_t)b & PAGE_MASK) <= LAST_IN_PAGE) {
            const vec x = vec_load(a), y = vec_load(b);
            const unsigned stop = vec_equal(vec_min(x, (vec)(x == y)), zero);
            if (stop) {
                const int i = __builtin_ctz(stop);
                return a[i] - b[i];
            }
            continue;
        }
        for (int i = 0; i < VEC_SIZE; i++) {
            if (a[i] != b[i] || a[i] == 0) {
                return a[i] - b[i];
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (a[i] != b[i] || a[i] == 0) {
            return a[i] - b[i];
        }
    }
    return 0;
}
