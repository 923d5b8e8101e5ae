/*
 * What programs ask of the processor, in the ways that they ask, and that what is said to
 * be there can be run. Plain code executes the instruction itself, and may use whatever it
 * says.
 */
#include "groups.h"

#include <cpuid.h>
#include <immintrin.h>

static int has_avx2; /* a constructor may ask */

__attribute__((constructor)) static void ask_early(void)
{
    has_avx2 = __builtin_cpu_supports("avx2") != 0;
}

static void test_leaves(void)
{
    unsigned a = 0, b = 0, c = 0, d = 0, max = __get_cpuid_max(0, &b);

    CHECK(__get_cpuid(0, &a, &b, &c, &d) && a == max && b != 0);
    CHECK(__get_cpuid(1, &a, &b, &c, &d) && a != 0);
    CHECK((d & (bit_SSE | bit_SSE2 | bit_CMOV)) == (bit_SSE | bit_SSE2 | bit_CMOV));
    CHECK(__get_cpuid(0x80000001, &a, &b, &c, &d) && (d & bit_LM) && (c & bit_LAHF_LM));
}

static void test_refused(void)
{
#ifdef __CUBICLE_SFI__
    unsigned a, b, c, d;

    CHECK(__get_cpuid_max(0, NULL) <= 7);
    CHECK(__get_cpuid_max(0x80000000, NULL) == 0x80000001);
    CHECK(!__get_cpuid(8, &a, &b, &c, &d));
    __cpuid(0x40000000, a, b, c, d);
    CHECK(!(a | b | c | d));
    __cpuid_count(7, 1, a, b, c, d);
    CHECK(!(a | b | c | d));
    __cpuid(1, a, b, c, d);
    CHECK((b & 0xffff00ff) == 0);
    CHECK(!(c & (bit_F16C | bit_RDRND | bit_XSAVE | bit_CMPXCHG16B)));
    CHECK(!(d & (bit_MMX | bit_FXSAVE | 1u << 4)));
    __cpuid_count(7, 0, a, b, c, d);
    CHECK(!(b & (bit_AVX512F | bit_AVX512VL | bit_AVX512BW | bit_ADX | bit_RDSEED |
                 bit_RTM | bit_FSGSBASE)));
    CHECK(!c);
#endif
}

/* Registers, the red zone, and a computation in the middle. */
__attribute__((noinline)) static unsigned long mixed(unsigned long x, double y)
{
    volatile unsigned long red[8] = {x,     x + 1, x + 2, x + 3,
                                     x + 4, x + 5, x + 6, x + 7};
    register unsigned long si __asm__("rsi") = x * 3, di __asm__("rdi") = x * 5,
                              r8 __asm__("r8") = x * 7, r9 __asm__("r9") = x * 11,
                              r10 __asm__("r10") = x * 13;
    unsigned a = 7, b, c = 0, d;

    y *= 1.5;
    __asm__ volatile("cpuid"
                     : "+a"(a), "=b"(b), "+c"(c), "=d"(d), "+r"(si), "+r"(di), "+r"(r8),
                       "+r"(r9), "+r"(r10), "+x"(y));
    unsigned long sum = si + di + r8 + r9 + r10 + (unsigned long)y;
    for (unsigned i = 0; i < 8; i++) {
        sum += red[i];
    }
    return sum;
}

static void test_kept(void)
{
    CHECK_INT(mixed(1000, 2000), 1000 * (3 + 5 + 7 + 11 + 13) + 3000 + 8 * 1000 + 28);
}

static unsigned long xgetbv(unsigned number)
{
    unsigned a, d;

    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(number));
    return (unsigned long)d << 32 | a;
}

static unsigned long xgetbv_bytes(unsigned number)
{
    unsigned a, d;

    __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(a), "=d"(d) : "c"(number));
    return (unsigned long)d << 32 | a;
}

static void test_xgetbv(void)
{
    unsigned a, b, c, d;

    __cpuid(1, a, b, c, d);
    if (!(c & bit_OSXSAVE)) {
        return;
    }
    CHECK((xgetbv(0) & 3) == 3);
    CHECK_INT(xgetbv_bytes(0), xgetbv(0));
#ifdef __CUBICLE_SFI__
    CHECK((xgetbv(0) & ~7ul) == 0);
#endif
    CHECK(!(c & bit_AVX) || (xgetbv(0) & 7) == 7);
}

__attribute__((target("avx2"), noinline)) static int sum_avx2(const int *v)
{
    typedef int wide __attribute__((vector_size(32), aligned(4)));
    const wide sum = *(const wide *)v + *(const wide *)(v + 8);

    return sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7];
}

__attribute__((target("bmi2,popcnt,lzcnt,bmi"), noinline)) static unsigned bits(
    unsigned x)
{
    return (unsigned)__builtin_popcount(x) + (unsigned)__builtin_clz(x) + (x & (x - 1));
}

/* The operands and results of Intel's white papers on AES (2010) and CLMUL (2014). */
__attribute__((target("aes,pclmul,sse2"), noinline)) static void test_aes(void)
{
    const __m128i a = _mm_set_epi64x(0x7b5b546573745665, 0x63746f725d53475d);
    const __m128i b = _mm_set_epi64x(0x4869285368617929, 0x5b477565726f6e5d);
    unsigned long r[2];

    _mm_storeu_si128((__m128i_u *)r, _mm_aesenc_si128(a, b));
    CHECK(r[1] == 0xa8311c2f9fdba3c5 && r[0] == 0x8b104b58ded7e595);
    _mm_storeu_si128((__m128i_u *)r, _mm_clmulepi64_si128(a, b, 0));
    CHECK(r[1] == 0x1d4d84c85c3440c0 && r[0] == 0x929633d5d36f0451);
}

__attribute__((target("sha,sse2"), noinline)) static void test_sha(void)
{
    const __m128i e = _mm_set_epi32(0x40000001, 2, 3, 4), w = _mm_set_epi32(5, 6, 7, 8);
    unsigned r[4];

    _mm_storeu_si128((__m128i_u *)r, _mm_sha1nexte_epu32(e, w));
    CHECK(r[3] == 5 + 0x50000000 && r[2] == 6 && r[1] == 7 && r[0] == 8);
}

static void test_builtins(void)
{
    static const int v[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    unsigned a, b, c, d;

    __builtin_cpu_init();
    __cpuid(1, a, b, c, d);
    CHECK(__builtin_cpu_supports("sse2") && __builtin_cpu_supports("cmov"));
    CHECK(!__builtin_cpu_supports("avx512f") && !__builtin_cpu_supports("mmx"));
    CHECK(!__builtin_cpu_supports("aes") == !(c & bit_AES));
    CHECK(!__builtin_cpu_supports("pclmul") == !(c & bit_PCLMUL));
    CHECK(!__builtin_cpu_supports("sse4.2") == !(c & bit_SSE4_2));
    CHECK(!__builtin_cpu_supports("popcnt") == !(c & bit_POPCNT));
    CHECK(!__builtin_cpu_supports("movbe") == !(c & bit_MOVBE));
    CHECK(!__builtin_cpu_supports("fma") == !(c & bit_FMA));
    CHECK(!__builtin_cpu_supports("avx") == !(c & bit_AVX));
    __cpuid(0x80000001, a, b, c, d);
    CHECK(!__builtin_cpu_supports("lzcnt") == !(c & bit_LZCNT));
    CHECK(!__builtin_cpu_supports("prfchw") == !(c & bit_PRFCHW));
    CHECK(__builtin_cpu_supports("lm"));
    __cpuid_count(7, 0, a, b, c, d);
    CHECK(!__builtin_cpu_supports("bmi") == !(b & bit_BMI));
    CHECK(!__builtin_cpu_supports("bmi2") == !(b & bit_BMI2));
    CHECK(!__builtin_cpu_supports("avx2") == !(b & bit_AVX2));
    CHECK(!__builtin_cpu_supports("sha") == !(b & bit_SHA));
    CHECK_INT(has_avx2, __builtin_cpu_supports("avx2") != 0);
    __cpuid(0, a, b, c, d);
    CHECK(!__builtin_cpu_is("amd") == (b != signature_AMD_ebx));
    CHECK(!__builtin_cpu_is("intel") == (b != signature_INTEL_ebx));
    __cpuid_count(7, 0, a, b, c, d);
    if (b & bit_SHA) {
        test_sha();
    }
    if (__builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul")) {
        test_aes();
    }
    if (__builtin_cpu_supports("avx2")) {
        CHECK_INT(sum_avx2(v), 136);
    }
    if (__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("lzcnt")) {
        CHECK_INT(bits(0xf0), 4 + 24 + 0xe0);
    }
}

void test_cpuid(void)
{
    test_leaves();
    test_refused();
    test_kept();
    test_xgetbv();
    test_builtins();
}
