/* Both strings 16 bytes at a time while neither load leaves its page, else byte by
 * byte. */
#include <string.h>

#include "vec.h"

#define PAGE_MASK 4095
#define LAST_IN_PAGE (4096 - VEC_SIZE)

int strcmp(const char *left, const char *right)
{
    const unsigned char *a = (const void *)left, *b = (const void *)right;
    const vec zero = vec_fill(0);
    for (;; a += 16, b += 16) {
        if (((uintptr_t)a & PAGE_MASK) <= LAST_IN_PAGE &&
            ((uintptr_t)b & PAGE_MASK) <= LAST_IN_PAGE) {
            const vec x = vec_load(a), y = vec_load(b);
            /* A byte of min(x, x == y) is 0 where x ends or the two differ. */
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
}
