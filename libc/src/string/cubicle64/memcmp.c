#include <string.h>

#include "vec.h"

VEC_INLINE int compare_words(uint64_t a, uint64_t b)
{
    a = __builtin_bswap64(a);
    b = __builtin_bswap64(b);
    return (a > b) - (a < b);
}

/* The first difference among the 16 bytes at @a and @b, where @same has a 0. */
VEC_INLINE int compare_at(const unsigned char *a, const unsigned char *b, unsigned same)
{
    const int i = __builtin_ctz(~same);
    return a[i] - b[i];
}

VEC_INLINE int compare_small(const unsigned char *a, const unsigned char *b, size_t n)
{
    if (n >= 8) {
        const uint64_t x = vec_word(a), y = vec_word(b);
        return x != y ? compare_words(x, y)
                      : compare_words(vec_word(a + n - 8), vec_word(b + n - 8));
    }
    if (n >= 4) {
        const uint64_t x = *(const word32 *)a | (uint64_t) * (const word32 *)(a + n - 4)
                                                    << 32;
        const uint64_t y = *(const word32 *)b | (uint64_t) * (const word32 *)(b + n - 4)
                                                    << 32;
        return compare_words(x, y);
    }
    for (; n; n--, a++, b++) {
        if (*a != *b) {
            return *a - *b;
        }
    }
    return 0;
}

int memcmp(const void *left, const void *right, size_t n)
{
    const unsigned char *a = left, *b = right;
    unsigned same;
    if (n < 16) {
        return compare_small(a, b, n);
    }
    for (; n > 64; n -= 64, a += 64, b += 64) {
        const vec all = (vec)(vec_load(a) == vec_load(b)) &
                        (vec)(vec_load(a + 16) == vec_load(b + 16)) &
                        (vec)(vec_load(a + 32) == vec_load(b + 32)) &
                        (vec)(vec_load(a + 48) == vec_load(b + 48));
        if (vec_mask(all) != 0xffff) {
            break;
        }
    }
    for (; n > 16; n -= 16, a += 16, b += 16) {
        same = vec_equal(vec_load(a), vec_load(b));
        if (same != 0xffff) {
            return compare_at(a, b, same);
        }
    }
    a += n;
    a -= 16;
    b += n;
    b -= 16;
    same = vec_equal(vec_load(a), vec_load(b));
    return same == 0xffff ? 0 : compare_at(a, b, same);
}
