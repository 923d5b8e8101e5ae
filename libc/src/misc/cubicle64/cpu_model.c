/*
 * What gcc's __builtin_cpu_init(), __builtin_cpu_supports() and __builtin_cpu_is() read:
 * libgcc's __cpu_model and __cpu_features2, with libgcc's numbers of features (gcc's
 * common/config/i386/i386-cpuinfo.h; they never change). __builtin_cpu_is() knows the
 * maker, not the model.
 */
#include "cpuid_impl.h"

enum { VENDOR_INTEL = 1, VENDOR_AMD, VENDOR_OTHER };
enum { EAX, EBX, ECX, EDX };

struct {
    unsigned vendor, type, subtype, features;
} __cpu_model;
unsigned __cpu_features2[4]; /* of feature 32 and up */

static const struct {
    unsigned char feature; /* libgcc's number */
    unsigned char reg, bit;
    unsigned leaf;
} features[] = {
    {0, EDX, 15, 1},           /* cmov */
    {2, ECX, 23, 1},           /* popcnt */
    {3, EDX, 25, 1},           /* sse */
    {4, EDX, 26, 1},           /* sse2 */
    {5, ECX, 0, 1},            /* sse3 */
    {6, ECX, 9, 1},            /* ssse3 */
    {7, ECX, 19, 1},           /* sse4.1 */
    {8, ECX, 20, 1},           /* sse4.2 */
    {9, ECX, 28, 1},           /* avx */
    {10, EBX, 5, 7},           /* avx2 */
    {14, ECX, 12, 1},          /* fma */
    {16, EBX, 3, 7},           /* bmi */
    {17, EBX, 8, 7},           /* bmi2 */
    {18, ECX, 25, 1},         /* aes */
    {19, ECX, 1, 1},           /* pclmul */
    {54, ECX, 0, 0x80000001},  /* lahf_lm */
    {55, EDX, 29, 0x80000001}, /* lm */
    {57, ECX, 5, 0x80000001},  /* lzcnt */
    {58, ECX, 22, 1},          /* movbe */
    {62, ECX, 27, 1},          /* osxsave */
    {66, ECX, 8, 0x80000001},  /* prfchw */
    {74, EBX, 29, 7},          /* sha */
};

static unsigned vendor(unsigned ebx)
{
    return ebx == 0x756e6547   ? VENDOR_INTEL /* "Genu" */
           : ebx == 0x68747541 ? VENDOR_AMD   /* "Auth" */
                               : VENDOR_OTHER;
}

/* Before all other constructors, as in libgcc: they may ask. */
__attribute__((__constructor__(101))) int __cpu_indicator_init(void)
{
    unsigned words[4];

    if (__cpu_model.vendor) {
        return 0;
    }
    for (unsigned i = 0; i < sizeof(features) / sizeof(*features); i++) {
        const unsigned feature = features[i].feature;

        __libc_cpuid_words(features[i].leaf, 0, words);
        if (!(words[features[i].reg] >> features[i].bit & 1)) {
            continue;
        }
        if (feature < 32) {
            __cpu_model.features |= 1u << feature;
        } else {
            __cpu_features2[feature / 32 - 1] |= 1u << feature % 32;
        }
    }
    __libc_cpuid_words(0, 0, words);
    __cpu_model.vendor = vendor(words[EBX]);
    return 0;
}
