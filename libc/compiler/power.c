/* __builtin_powi: a power with an integer exponent, by squaring. */
#define POWER(type, name)                                                 \
    type name(type x, int n);                                             \
    type name(type x, int n)                                              \
    {                                                                     \
        type r = n & 1 ? x : 1;                                           \
        for (unsigned m = n < 0 ? -(unsigned)n : (unsigned)n; m >>= 1;) { \
            x *= x;                                                       \
            if (m & 1) {                                                  \
                r *= x;                                                   \
            }                                                             \
        }                                                                 \
        return n < 0 ? 1 / r : r;                                         \
    }

POWER(float, __powisf2)
POWER(double, __powidf2)
POWER(long double, __powixf2)
