/*
 * CPUID as libc shows it (libc/arch/cubicle64/cpu_offered.h) against the list: a feature is
 * offered when, and only when, all its instructions are listed. Which instructions a
 * feature has the decoder says: every opcode of its maps is decoded with each prefix.
 */
#include "cpu_offered.h"
#include "internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SETS 4
#define EXCEPTIONS 8

/* Some are not of the feature alone (MMX, PCLMULQDQ), or are refused though it is offered
 * (docs/libc.md): @except. */
struct feature {
    const char *name;
    bool offered;
    ZydisISASet sets[SETS]; /* 0 ends them */
    ZydisMnemonic except[EXCEPTIONS];
};

#define OFFERED(word, bit) ((CPU_OFFERED_##word & CPU_BIT(bit)) != 0)
#define SET(name) ZYDIS_ISA_SET_##name
#define M(name) ZYDIS_MNEMONIC_##name

static const struct feature features[] = {
    {"cmov", OFFERED(1_EDX, 15), {SET(CMOV), SET(FCMOV)}, {0}},
    {"sse",
     OFFERED(1_EDX, 25),
     {SET(SSE), SET(SSE_PREFETCH)},
     {M(CVTPI2PS), M(CVTPS2PI), M(CVTTPS2PI)}},
    {"sse2",
     OFFERED(1_EDX, 26),
     {SET(SSE2)},
     {M(MASKMOVDQU), M(CVTPD2PI), M(CVTPI2PD), M(CVTTPD2PI), M(MOVDQ2Q), M(MOVQ2DQ)}},
    {"sse3", OFFERED(1_ECX, 0), {SET(SSE3), SET(SSE3X87)}, {0}},
    {"ssse3", OFFERED(1_ECX, 9), {SET(SSSE3)}, {0}},
    {"sse4.1", OFFERED(1_ECX, 19), {SET(SSE4)}, {0}},
    {"sse4.2", OFFERED(1_ECX, 20), {SET(SSE42)}, {0}},
    {"fma", OFFERED(1_ECX, 12), {SET(FMA)}, {0}},
    {"movbe", OFFERED(1_ECX, 22), {SET(MOVBE)}, {0}},
    {"popcnt", OFFERED(1_ECX, 23), {SET(POPCNT)}, {0}},
    {"avx",
     OFFERED(1_ECX, 28),
     {SET(AVX)},
     {M(VLDMXCSR), M(VSTMXCSR), M(VMASKMOVDQU), M(VPCLMULQDQ)}},
    {"avx2", OFFERED(7_EBX, 5), {SET(AVX2)}, {0}},
    {"bmi1", OFFERED(7_EBX, 3), {SET(BMI1)}, {0}},
    {"bmi2", OFFERED(7_EBX, 8), {SET(BMI2)}, {0}},
    {"lahf", OFFERED(80000001_ECX, 0), {SET(LAHF)}, {0}},
    {"lzcnt", OFFERED(80000001_ECX, 5), {SET(LZCNT)}, {0}},
    {"prefetchw", OFFERED(80000001_ECX, 8), {SET(PREFETCH_NOP)}, {M(PREFETCH)}},
    {"mmx", OFFERED(1_EDX, 23), {SET(PENTIUMMMX)}, {0}},
    {"fxsr", OFFERED(1_EDX, 24), {SET(FXSAVE)}, {0}},
    {"tsc", OFFERED(1_EDX, 4), {SET(PENTIUMREAL)}, {0}},
    {"pclmul", OFFERED(1_ECX, 1), {SET(PCLMULQDQ)}, {0}},
    {"aes", OFFERED(1_ECX, 25), {SET(AES), SET(AVXAES)}, {0}},
    {"cmpxchg16b", OFFERED(1_ECX, 13), {SET(CMPXCHG16B)}, {0}},
    {"xsave", OFFERED(1_ECX, 26), {SET(XSAVE)}, {0}},
    {"f16c", OFFERED(1_ECX, 29), {SET(F16C)}, {0}},
    {"rdrand", OFFERED(1_ECX, 30), {SET(RDRAND)}, {0}},
    {"rdseed", OFFERED(7_EBX, 18), {SET(RDSEED)}, {0}},
    {"fsgsbase", OFFERED(7_EBX, 0), {SET(RDWRFSGS)}, {0}},
    {"rtm", OFFERED(7_EBX, 11), {SET(RTM)}, {0}},
    {"adx", OFFERED(7_EBX, 19), {SET(ADOX_ADCX)}, {0}},
    {"sha", OFFERED(7_EBX, 29), {SET(SHA)}, {0}},
    {"clflushopt", OFFERED(7_EBX, 23), {SET(CLFLUSHOPT)}, {0}},
    {"clwb", OFFERED(7_EBX, 24), {SET(CLWB)}, {0}},
    {"clflush", OFFERED(1_EDX, 19), {SET(CLFSH)}, {0}},
    {"avx512f", OFFERED(7_EBX, 16), {SET(AVX512F_512), SET(AVX512F_SCALAR)}, {0}},
    {"avx512bw", OFFERED(7_EBX, 30), {SET(AVX512BW_512)}, {0}},
    {"avx512vl", OFFERED(7_EBX, 31), {SET(AVX512F_128), SET(AVX512F_256)}, {0}},
    {"sse4a", OFFERED(80000001_ECX, 6), {SET(SSE4A)}, {0}},
    {"xop", OFFERED(80000001_ECX, 11), {SET(XOP)}, {0}},
    {"fma4", OFFERED(80000001_ECX, 16), {SET(FMA4)}, {0}},
    {"tbm", OFFERED(80000001_ECX, 21), {SET(TBM)}, {0}},
    {"rdtscp", OFFERED(80000001_EDX, 27), {SET(RDTSCP)}, {0}},
};

#define NFEATURES (sizeof(features) / sizeof(features[0]))

static struct decoder decoder;
static unsigned found[NFEATURES], refused[NFEATURES];
static ZydisMnemonic first_refused[NFEATURES];

static bool has_set(const struct feature *feature, ZydisISASet set)
{
    for (unsigned i = 0; i < SETS && feature->sets[i] != 0; i++) {
        if (feature->sets[i] == set) {
            return true;
        }
    }
    return false;
}

static bool is_exception(const struct feature *feature, ZydisMnemonic mnemonic)
{
    for (unsigned i = 0; i < EXCEPTIONS && feature->except[i] != 0; i++) {
        if (feature->except[i] == mnemonic) {
            return true;
        }
    }
    return false;
}

static bool is_listed(ZydisMnemonic mnemonic)
{
    static const struct rule_row none;

    return memcmp(&decoder.rules[mnemonic], &none, sizeof(none)) != 0;
}

static void count(const uint8_t *bytes, size_t len)
{
    ZydisDecodedInstruction zydis;

    if (!ZYAN_SUCCESS(
            ZydisDecoderDecodeInstruction(&decoder.zydis, NULL, bytes, len, &zydis))) {
        return;
    }
    for (size_t i = 0; i < NFEATURES; i++) {
        if (!has_set(&features[i], zydis.meta.isa_set) ||
            is_exception(&features[i], zydis.mnemonic)) {
            continue;
        }
        found[i]++;
        if (!is_listed(zydis.mnemonic)) {
            refused[i]++;
            first_refused[i] = zydis.mnemonic;
        }
    }
}

/* A register and memory, with each value of the middle field, which may be an opcode. */
static void count_operands(uint8_t *bytes, size_t len)
{
    for (unsigned modrm = 0; modrm < 0x100; modrm++) {
        if (modrm >> 6 == 0 || modrm >> 6 == 3) {
            bytes[len] = (uint8_t)modrm;
            count(bytes, 15);
        }
    }
}

static void count_legacy(unsigned opcode)
{
    static const uint8_t prefixes[] = {0, 0x66, 0xf3, 0xf2};
    static const uint8_t maps[][2] = {{0}, {0x0f}, {0x0f, 0x38}, {0x0f, 0x3a}};

    for (unsigned p = 0; p < sizeof(prefixes); p++) {
        for (unsigned w = 0; w < 2; w++) {
            for (unsigned m = 0; m < 4; m++) {
                uint8_t bytes[15] = {0};
                size_t len = 0;

                if (p > 0) {
                    bytes[len++] = prefixes[p];
                }
                if (w > 0) {
                    bytes[len++] = 0x48;
                }
                for (unsigned i = 0; i < 2 && maps[m][i] != 0; i++) {
                    bytes[len++] = maps[m][i];
                }
                bytes[len++] = (uint8_t)opcode;
                count_operands(bytes, len);
            }
        }
    }
}

/* VEX, and XOP, whose first byte is 8f and whose maps are 8 to 10. */
static void count_vex(unsigned opcode)
{
    for (unsigned map = 1; map <= 10; map++) {
        for (unsigned last = 0; last < 16; last++) { /* W, L, pp */
            for (unsigned vvvv = 0; vvvv <= 0x78; vvvv += 0x78) {
                uint8_t bytes[15] = {map < 8 ? 0xc4 : 0x8f, (uint8_t)(0xe0 | map),
                                     (uint8_t)((last & 8) << 4 | vvvv | (last & 7)),
                                     (uint8_t)opcode};
                count_operands(bytes, 4);
            }
        }
    }
}

static void count_evex(unsigned opcode)
{
    for (unsigned map = 1; map <= 3; map++) {
        for (unsigned i = 0; i < 32; i++) { /* W, pp, length */
            uint8_t bytes[15] = {0x62, (uint8_t)(0xf0 | map),
                                 (uint8_t)((i & 1) << 7 | 0x7c | (i >> 1 & 3)),
                                 (uint8_t)((i >> 3 & 3) << 5 | 8), (uint8_t)opcode};
            count_operands(bytes, 5);
        }
    }
}

static void test_offered(void **state)
{
    const struct verify_policy policy = {0};
    bool good = true;

    (void)state;
    decoder_init(&decoder, &policy);
    for (unsigned opcode = 0; opcode < 0x100; opcode++) {
        count_legacy(opcode);
        count_vex(opcode);
        count_evex(opcode);
    }
    for (size_t i = 0; i < NFEATURES; i++) {
        const bool listed = refused[i] == 0;
        if (found[i] == 0 || listed != features[i].offered) {
            print_error("%s: offered %d, %u forms, %u refused, one is %s\n",
                        features[i].name, features[i].offered, found[i], refused[i],
                        ZydisMnemonicGetString(first_refused[i]));
            good = false;
        }
    }
    assert_true(good);
}

/* Bits that name no instruction, and no others that the table leaves out. */
static void test_rest(void **state)
{
    (void)state;
    assert_int_equal(CPU_OFFERED_1_EBX, 0xff00);
    assert_int_equal(CPU_OFFERED_1_ECX, 1u | 1u << 1 | 1u << 9 | 1u << 12 | 1u << 19 |
                                            1u << 20 | 1u << 22 | 1u << 23 | 1u << 25 |
                                            1u << 27 | 1u << 28);
    assert_int_equal(CPU_OFFERED_1_EDX, 1u | 1u << 15 | 1u << 25 | 1u << 26);
    assert_int_equal(CPU_OFFERED_7_EBX,
                     1u << 3 | 1u << 5 | 1u << 8 | 1u << 9 | 1u << 29);
    assert_int_equal(CPU_OFFERED_7_EDX, 1u << 4);
    assert_int_equal(CPU_OFFERED_80000001_ECX, 1u | 1u << 5 | 1u << 8);
    assert_int_equal(CPU_OFFERED_80000001_EDX, 1u << 29);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offered),
        cmocka_unit_test(test_rest),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
