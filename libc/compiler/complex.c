/* Products and quotients of complex numbers, C11 annex G.5.1 with its recovery of
 * infinities. */
#define COMPLEX(type, suffix, inf)                                                       \
    type _Complex __mul##suffix(type a, type b, type c, type d);                         \
    type _Complex __div##suffix(type a, type b, type c, type d);                         \
                                                                                         \
    static type boxed_##suffix(type x)                                                   \
    {                                                                                    \
        return COPYSIGN(type, __builtin_isinf(x) ? 1 : 0, x);                            \
    }                                                                                    \
                                                                                         \
    static type zero_nan_##suffix(type x)                                                \
    {                                                                                    \
        return __builtin_isnan(x) ? COPYSIGN(type, 0, x) : x;                            \
    }                                                                                    \
                                                                                         \
    static type _Complex make_##suffix(type re, type im)                                 \
    {                                                                                    \
        type _Complex z;                                                                 \
        __real__ z = re;                                                                 \
        __imag__ z = im;                                                                 \
        return z;                                                                        \
    }                                                                                    \
                                                                                         \
    static type _Complex recover_mul_##suffix(type a, type b, type c, type d, type re,   \
                                              type im)                                   \
    {                                                                                    \
        const int ac = __builtin_isinf(a * c) || __builtin_isinf(b * d) ||               \
                       __builtin_isinf(a * d) || __builtin_isinf(b * c);                 \
        int again = 0;                                                                   \
        if (__builtin_isinf(a) || __builtin_isinf(b)) {                                  \
            a = boxed_##suffix(a);                                                       \
            b = boxed_##suffix(b);                                                       \
            c = zero_nan_##suffix(c);                                                    \
            d = zero_nan_##suffix(d);                                                    \
            again = 1;                                                                   \
        }                                                                                \
        if (__builtin_isinf(c) || __builtin_isinf(d)) {                                  \
            c = boxed_##suffix(c);                                                       \
            d = boxed_##suffix(d);                                                       \
            a = zero_nan_##suffix(a);                                                    \
            b = zero_nan_##suffix(b);                                                    \
            again = 1;                                                                   \
        }                                                                                \
        if (!again && ac) {                                                              \
            a = zero_nan_##suffix(a);                                                    \
            b = zero_nan_##suffix(b);                                                    \
            c = zero_nan_##suffix(c);                                                    \
            d = zero_nan_##suffix(d);                                                    \
            again = 1;                                                                   \
        }                                                                                \
        return again ? make_##suffix(inf * (a * c - b * d), inf * (a * d + b * c))       \
                     : make_##suffix(re, im);                                            \
    }                                                                                    \
                                                                                         \
    type _Complex __mul##suffix(type a, type b, type c, type d)                          \
    {                                                                                    \
        const type re = a * c - b * d, im = a * d + b * c;                               \
        if (__builtin_isnan(re) && __builtin_isnan(im)) {                                \
            return recover_mul_##suffix(a, b, c, d, re, im);                             \
        }                                                                                \
        return make_##suffix(re, im);                                                    \
    }                                                                                    \
                                                                                         \
    static type _Complex recover_div_##suffix(type a, type b, type c, type d, type re,   \
                                              type im)                                   \
    {                                                                                    \
        if (c == 0 && d == 0 && (!__builtin_isnan(a) || !__builtin_isnan(b))) {          \
            return make_##suffix(COPYSIGN(type, inf, c) * a,                             \
                                 COPYSIGN(type, inf, c) * b);                            \
        }                                                                                \
        if ((__builtin_isinf(a) || __builtin_isinf(b)) && __builtin_isfinite(c) &&       \
            __builtin_isfinite(d)) {                                                     \
            a = boxed_##suffix(a);                                                       \
            b = boxed_##suffix(b);                                                       \
            return make_##suffix(inf * (a * c + b * d), inf * (b * c - a * d));          \
        }                                                                                \
        if ((__builtin_isinf(c) || __builtin_isinf(d)) && __builtin_isfinite(a) &&       \
            __builtin_isfinite(b)) {                                                     \
            c = boxed_##suffix(c);                                                       \
            d = boxed_##suffix(d);                                                       \
            return make_##suffix(0 * (a * c + b * d), 0 * (b * c - a * d));              \
        }                                                                                \
        return make_##suffix(re, im);                                                    \
    }                                                                                    \
                                                                                         \
    /* Smith's method: divides by the larger part first, so that nothing overflows     \
     * early. */ \
    type _Complex __div##suffix(type a, type b, type c, type d)                          \
    {                                                                                    \
        type re, im;                                                                     \
        if (FABS(type, c) < FABS(type, d)) {                                             \
            const type ratio = c / d, denominator = c * ratio + d;                       \
            re = (a * ratio + b) / denominator;                                          \
            im = (b * ratio - a) / denominator;                                          \
        } else {                                                                         \
            const type ratio = d / c, denominator = d * ratio + c;                       \
            re = (b * ratio + a) / denominator;                                          \
            im = (b - a * ratio) / denominator;                                          \
        }                                                                                \
        if (__builtin_isnan(re) && __builtin_isnan(im)) {                                \
            return recover_div_##suffix(a, b, c, d, re, im);                             \
        }                                                                                \
        return make_##suffix(re, im);                                                    \
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
