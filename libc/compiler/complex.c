/* Products and quotients of complex numbers, C11 annex G.5.1 with its recovery of
 * infinities. */
#include <float.h>
#include <stdbool.h>

#define COMPLEX(type, suffix, inf)                                                     \
    type _Complex __mul##suffix(type a, type b, type c, type d);                       \
    type _Complex __div##suffix(type a, type b, type c, type d);                       \
                                                                                       \
    static type boxed_##suffix(type x)                                                 \
    {                                                                                  \
        return COPYSIGN(type, __builtin_isinf(x) ? 1 : 0, x);                          \
    }                                                                                  \
                                                                                       \
    static type zero_nan_##suffix(type x)                                              \
    {                                                                                  \
        return __builtin_isnan(x) ? COPYSIGN(type, 0, x) : x;                          \
    }                                                                                  \
                                                                                       \
    static type _Complex make_##suffix(type re, type im)                               \
    {                                                                                  \
        type _Complex z;                                                               \
        __real__ z = re;                                                               \
        __imag__ z = im;                                                               \
        return z;                                                                      \
    }                                                                                  \
                                                                                       \
    static type _Complex recover_mul_##suffix(type a, type b, type c, type d, type re, \
                                              type im)                                 \
    {                                                                                  \
        const int ac = __builtin_isinf(a * c) || __builtin_isinf(b * d) ||             \
                       __builtin_isinf(a * d) || __builtin_isinf(b * c);               \
        int again = 0;                                                                 \
        if (__builtin_isinf(a) || __builtin_isinf(b)) {                                \
            a = boxed_##suffix(a);                                                     \
            b = boxed_##suffix(b);                                                     \
            c = zero_nan_##suffix(c);                                                  \
            d = zero_nan_##suffix(d);                                                  \
            again = 1;                                                                 \
        }                                                                              \
        if (__builtin_isinf(c) || __builtin_isinf(d)) {                                \
            c = boxed_##suffix(c);                                                     \
            d = boxed_##suffix(d);                                                     \
            a = zero_nan_##suffix(a);                                                  \
            b = zero_nan_##suffix(b);                                                  \
            again = 1;                                                                 \
        }                                                                              \
        if (!again && ac) {                                                            \
            a = zero_nan_##suffix(a);                                                  \
            b = zero_nan_##suffix(b);                                                  \
            c = zero_nan_##suffix(c);                                                  \
            d = zero_nan_##suffix(d);                                                  \
            again = 1;                                                                 \
        }                                                                              \
        return again ? make_##suffix(inf * (a * c - b * d), inf * (a * d + b * c))     \
                     : make_##suffix(re, im);                                          \
    }                                                                                  \
                                                                                       \
    type _Complex __mul##suffix(type a, type b, type c, type d)                        \
    {                                                                                  \
        const type re = a * c - b * d, im = a * d + b * c;                             \
        if (__builtin_isnan(re) && __builtin_isnan(im)) {                              \
            return recover_mul_##suffix(a, b, c, d, re, im);                           \
        }                                                                              \
        return make_##suffix(re, im);                                                  \
    }                                                                                  \
                                                                                       \
    static type _Complex recover_div_##suffix(type a, type b, type c, type d, type re, \
                                              type im)                                 \
    {                                                                                  \
        if (c == 0 && d == 0 && (!__builtin_isnan(a) || !__builtin_isnan(b))) {        \
            return make_##suffix(COPYSIGN(type, inf, c) * a,                           \
                                 COPYSIGN(type, inf, c) * b);                          \
        }                                                                              \
        if ((__builtin_isinf(a) || __builtin_isinf(b)) && __builtin_isfinite(c) &&     \
            __builtin_isfinite(d)) {                                                   \
            a = boxed_##suffix(a);                                                     \
            b = boxed_##suffix(b);                                                     \
            return make_##suffix(inf * (a * c + b * d), inf * (b * c - a * d));        \
        }                                                                              \
        if ((__builtin_isinf(c) || __builtin_isinf(d)) && __builtin_isfinite(a) &&     \
            __builtin_isfinite(b)) {                                                   \
            c = boxed_##suffix(c);                                                     \
            d = boxed_##suffix(d);                                                     \
            return make_##suffix(0 * (a * c + b * d), 0 * (b * c - a * d));            \
        }                                                                              \
        return make_##suffix(re, im);                                                  \
    }                                                                                  \
                                                                                       \
    static type _Complex checked_##suffix(type a, type b, type c, type d, type re,     \
                                          type im)                                     \
    {                                                                                  \
        return __builtin_isnan(re) && __builtin_isnan(im)                              \
                   ? recover_div_##suffix(a, b, c, d, re, im)                          \
                   : make_##suffix(re, im);                                            \
    }

/* A quotient in a wider type @wide, where neither products nor sums overflow. */
#define DIVIDE_WIDE(type, suffix, wide)                                                \
    type _Complex __div##suffix(type a, type b, type c, type d)                        \
    {                                                                                  \
        const wide wa = a, wb = b, wc = c, wd = d;                                     \
        const wide denominator = wc * wc + wd * wd;                                    \
        return checked_##suffix(a, b, c, d, (type)((wa * wc + wb * wd) / denominator), \
                                (type)((wb * wc - wa * wd) / denominator));            \
    }

/*
 * Smith's method as Baudin and Smith made it robust (arXiv:1210.4539), in the form that GCC 12 has,
 * so that results have the same bits: it divides by the larger part of the divisor first. All four
 * parts are scaled where that part is very large or small, or where a part of the dividend is
 * subnormal. Where the ratio of the divisor's parts is subnormal, products are computed in another
 * order. TINY, HUGE and EPSILON are the type's.
 */
#define DIVIDE_SCALED(type, suffix, TINY, HUGE, EPSILON)                                \
    /* The factor; @large is the larger part of the divisor, @a + i @b the dividend. */ \
    static type scale_##suffix(type a, type b, type large)                              \
    {                                                                                   \
        const type fits = (HUGE) / 2 * (EPSILON); /* times 1 / EPSILON */               \
        a = FABS(type, a);                                                              \
        b = FABS(type, b);                                                              \
        large = FABS(type, large);                                                      \
        if (large < (EPSILON)) {                                                        \
            return 1 / (EPSILON);                                                       \
        }                                                                               \
        const bool subnormal = (a < (TINY) && b < fits && large < fits) ||              \
                               (b < (TINY) && a < fits && large < fits);                \
        return subnormal ? 1 / (EPSILON) : large >= (HUGE) / 2 ? (type)0.5 : 1;         \
    }                                                                                   \
                                                                                        \
    type _Complex __div##suffix(type a, type b, type c, type d)                         \
    {                                                                                   \
        const bool swap = FABS(type, c) < FABS(type, d);                                \
        const type scale = scale_##suffix(a, b, swap ? d : c);                          \
        if (scale != 1) {                                                               \
            a *= scale;                                                                 \
            b *= scale;                                                                 \
            c *= scale;                                                                 \
            d *= scale;                                                                 \
        }                                                                               \
        const type large = swap ? d : c, small = swap ? c : d;                          \
        const type ratio = small / large, denominator = small * ratio + large;          \
        const bool usual = FABS(type, ratio) > (TINY);                                  \
        /* (a or b) * ratio, in one of two orders */                                    \
        const type ar = usual ? a * ratio : small * (a / large);                        \
        const type br = usual ? b * ratio : small * (b / large);                        \
        return swap ? checked_##suffix(a, b, c, d, (ar + b) / denominator,              \
                                       (br - a) / denominator)                          \
                    : checked_##suffix(a, b, c, d, (br + a) / denominator,              \
                                       (b - ar) / denominator);                         \
    }

#define COPYSIGN(type, x, y)                           \
    ((type) _Generic((type)0, float                    \
                     : __builtin_copysignf, double     \
                     : __builtin_copysign, long double \
                     : __builtin_copysignl)(x, y))
#define FABS(type, x)                              \
    ((type) _Generic((type)0, float                \
                     : __builtin_fabsf, double     \
                     : __builtin_fabs, long double \
                     : __builtin_fabsl)(x))

COMPLEX(float, sc3, __builtin_inff())
COMPLEX(double, dc3, __builtin_inf())
COMPLEX(long double, xc3, __builtin_infl())

DIVIDE_WIDE(float, sc3, double)
DIVIDE_SCALED(double, dc3, DBL_MIN, DBL_MAX, DBL_EPSILON)
DIVIDE_SCALED(long double, xc3, LDBL_MIN, LDBL_MAX, LDBL_EPSILON)
