/*
 * 16-byte vectors for the string functions: C with GCC's vector extension (SSE2).
 *
 * 1. A load may go beyond what the caller named only inside an aligned 16-byte block or
 *    a page that holds at least one byte of it: it can then not fault.
 * 2. These files must not be turned into calls of themselves: hence the pragma, and no
 *    loop that looks like a copy, a fill or a search to the compiler.
 */
#ifndef VEC_H
#define VEC_H

#include <stddef.h>
#include <stdint.h>

#ifndef __clang__ /* only the host's test, under other names, is built with it */
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

/* @name may be a macro: the native test renames these functions. */
#define VEC_STRING_OF(name) #name
#define VEC_ALIAS(name) __alias__(VEC_STRING_OF(name))

#define VEC_INLINE static inline __attribute__((__always_inline__))
#define VEC_SIZE 16

typedef unsigned char vec __attribute__((__vector_size__(16), __may_alias__));
typedef unsigned char vec_unaligned
    __attribute__((__vector_size__(16), __may_alias__, __aligned__(1)));
typedef char vec_char __attribute__((__vector_size__(16)));
typedef uint64_t word64 __attribute__((__may_alias__, __aligned__(1)));
typedef uint32_t word32 __attribute__((__may_alias__, __aligned__(1)));
typedef uint16_t word16 __attribute__((__may_alias__, __aligned__(1)));

/*
 * 32-byte vectors (AVX) store twice as much per cycle, but not every processor that the monitor
 * runs on has them, and a cubicle cannot execute CPUID. The loader defines this absolute symbol:
 * 1 where the processor has AVX, else 0.
 */
extern const char __cubicle_has_avx[] __attribute__((__weak__));

/* From how many bytes on they are worth a branch. */
#define VEC_WIDE_MIN 512

#define VEC_WIDE static __attribute__((__noinline__, __target__("avx")))

typedef unsigned char vec_wide __attribute__((__vector_size__(32), __may_alias__));
typedef unsigned char vec_wide_unaligned
    __attribute__((__vector_size__(32), __may_alias__, __aligned__(1)));

VEC_INLINE vec vec_load(const void *p)
{
    return *(const vec_unaligned *)p;
}

VEC_INLINE void vec_store(void *p, vec v)
{
    *(vec_unaligned *)p = v;
}

VEC_INLINE vec vec_load_aligned(const void *p)
{
    return *(const vec *)p;
}

VEC_INLINE void vec_store_aligned(void *p, vec v)
{
    *(vec *)p = v;
}

VEC_INLINE vec vec_fill(unsigned char c)
{
    return (vec){c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c};
}

VEC_INLINE vec vec_min(vec a, vec b)
{
#ifdef __clang__
    return __builtin_elementwise_min(a, b);
#else
    return (vec)__builtin_ia32_pminub128((vec_char)a, (vec_char)b);
#endif
}

/* Bit i is the top bit of byte i of @v; of the result of a comparison: whether byte i compares
 * true. */
VEC_INLINE unsigned vec_mask(vec v)
{
    return __builtin_ia32_pmovmskb128((vec_char)v);
}

VEC_INLINE unsigned vec_equal(vec a, vec b)
{
    return vec_mask((vec)(a == b));
}

VEC_INLINE uint64_t vec_word(const void *p)
{
    return *(const word64 *)p;
}

#endif
