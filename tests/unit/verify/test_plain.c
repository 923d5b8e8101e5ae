/*
 * T1 of plain.c: what the table finds, the decoder accepts with the same class. All forms
 * with one opcode byte, or with 0F and one more, are compared: every prefix of T2, every
 * REX, every ModRM and SIB byte, with the displacements and immediates that matter.
 */
#include "internal.h"
#include "verify_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define AVAILABLE 16
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct decoder decoder;
static unsigned long nfound, ndiffer;

static const int32_t displacements[] = {
    0, 0xffff, 0x10000, -0xffff, -0x10000,
};
static const int32_t immediates[] = {0, 1, 32, -32, 0x7fffffe0};

/* Both opinions on @bytes. */
static bool compare(const uint8_t *bytes)
{
    struct insn found, decoded;

    memset(&found, 0, sizeof(found));
    if (!plain_classify(bytes, AVAILABLE, &found)) {
        return false;
    }
    nfound++;
    const enum verify_reason reason =
        classify_decode(&decoder, bytes, AVAILABLE, &decoded);
    if (reason == VERIFY_OK && memcmp(&found, &decoded, sizeof(found)) == 0) {
        return true;
    }
    if (ndiffer++ < 20) {
        char text[3 * AVAILABLE + 1];
        for (unsigned i = 0; i < AVAILABLE; i++) {
            sprintf(text + 3 * (size_t)i, "%02x ", bytes[i]);
        }
        print_error("%s: found (length %u), but the decoder: %s (length %u)\n", text,
                    found.length, verify_reason_name(reason), decoded.length);
    }
    return true;
}

/* Displacements and immediates behind the first @n bytes, which name memory or not. */
static void compare_tails(uint8_t *bytes, unsigned n)
{
    for (size_t d = 0; d < LENGTH(displacements); d++) {
        for (size_t i = 0; i < (d < 2 ? LENGTH(immediates) : 1); i++) {
            memcpy(bytes + n, &displacements[d], 4);
            memcpy(bytes + n + 4, &immediates[i], AVAILABLE - n < 8 ? 3 : 4);
            (void)compare(bytes);
            bytes[n] = 0x40; /* a short displacement */
            memcpy(bytes + n + 1, &immediates[i], 4);
            (void)compare(bytes);
            if (d == 0) {
                memcpy(bytes + n, &immediates[i], 4);
                (void)compare(bytes);
            }
        }
    }
}

/* ModRM and SIB behind the first @n bytes. */
static void compare_operands(uint8_t *bytes, unsigned n)
{
    for (unsigned modrm = 0; modrm < 256; modrm++) {
        const bool has_sib = modrm < 0xc0 && (modrm & 7) == 4;
        bytes[n] = (uint8_t)modrm;
        for (unsigned sib = 0; sib < (has_sib ? 256 : 1); sib++) {
            memset(bytes + n + 1, 0, AVAILABLE - n - 1);
            bytes[n + 1] = (uint8_t)sib;
            if (compare(bytes) && (!has_sib || sib == 0x24)) {
                compare_tails(bytes, n + (has_sib ? 2 : 1));
            }
        }
    }
}

static void compare_opcodes(uint8_t *bytes, unsigned n)
{
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        bytes[n] = (uint8_t)opcode;
        compare_operands(bytes, n + 1);
        bytes[n] = 0x0f;
        bytes[n + 1] = (uint8_t)opcode;
        compare_operands(bytes, n + 2);
    }
}

/* One test for each REX: @state is its byte, 0 for none. */
static void test_forms(void **state)
{
    static const uint8_t prefixes[] = {0, 0x66, 0xf2, 0xf3};
    const uint8_t rex = *(const uint8_t *)*state;
    uint8_t bytes[AVAILABLE] = {0};

    nfound = ndiffer = 0;
    for (unsigned gs = 0; gs < 2; gs++) {
        for (size_t i = 0; i < LENGTH(prefixes); i++) {
            unsigned n = 0;
            if (gs) {
                bytes[n++] = 0x65;
                bytes[n++] = 0x67;
            }
            if (prefixes[i] != 0) {
                bytes[n++] = prefixes[i];
            }
            if (rex != 0) {
                bytes[n++] = rex;
            }
            compare_opcodes(bytes, n);
        }
    }
    assert_int_equal(ndiffer, 0);
    assert_true(nfound > 1000);
}

static void test_nops(void **state)
{
    (void)state;
    uint8_t bytes[AVAILABLE] = {0};

    nfound = ndiffer = 0;
    for (unsigned fill = 0; fill < 5; fill++) {
        for (unsigned segment = 0; segment < 2; segment++) {
            unsigned n = fill;
            memset(bytes, 0x66, sizeof(bytes));
            if (segment) {
                bytes[n++] = 0x2e;
            }
            bytes[n] = 0x90;
            (void)compare(bytes);
            bytes[n] = 0x0f;
            bytes[n + 1] = 0x1f;
            compare_operands(bytes, n + 2);
        }
    }
    assert_int_equal(ndiffer, 0);
    assert_true(nfound > 1000);
}

/* Anything: prefixes in other orders and numbers, cut-off code, other maps. */
static void test_any(void **state)
{
    (void)state;
    static const uint8_t first[] = {0x65, 0x67, 0x66, 0xf2, 0xf3, 0x0f,
                                    0x2e, 0x41, 0x48, 0x64, 0xf0};
    uint8_t *bytes = malloc(AVAILABLE);
    struct insn insn;
    uint64_t random = 1;

    assert_non_null(bytes);
    nfound = ndiffer = 0;
    for (unsigned long i = 0; i < 1000000; i++) {
        for (unsigned k = 0; k < AVAILABLE; k++) {
            random = random * UINT64_C(6364136223846793005) + 1;
            bytes[k] = (uint8_t)(random >> 40);
            if ((random >> 56) % 16 < (k < 5 ? 6 : 0)) {
                bytes[k] = first[(random >> 33) % LENGTH(first)];
            }
        }
        (void)compare(bytes);
        assert_false(plain_classify(bytes, AVAILABLE - 1, &insn));
    }
    free(bytes);
    assert_int_equal(ndiffer, 0);
    assert_true(nfound > 1000);
}

int main(void)
{
    static const struct verify_policy policy = {.tp_disp = CASE_TP,
                                                .view_disp = CASE_VIEW};
    static uint8_t rexes[17];
    static char names[17][16];
    struct CMUnitTest tests[19];

    decoder_init(&decoder, &policy);
    for (unsigned i = 0; i < 17; i++) {
        rexes[i] = (uint8_t)(i == 0 ? 0 : 0x3f + i);
        snprintf(names[i], sizeof(names[i]), "T1 forms_%02x", rexes[i]);
        tests[i] = (struct CMUnitTest){
            .name = names[i], .test_func = test_forms, .initial_state = &rexes[i]};
    }
    tests[17] = (struct CMUnitTest){.name = "T1 nops", .test_func = test_nops};
    tests[18] = (struct CMUnitTest){.name = "T1 any", .test_func = test_any};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return _cmocka_run_group_tests("plain", tests, LENGTH(tests), NULL, NULL);
}
