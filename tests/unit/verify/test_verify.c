/*
 * The tables, one test per row; then what has no row: the request, the end of the code,
 * branches out of it, host failures, and that every reason and every listed instruction
 * is covered by a row.
 */
#include "internal.h"
#include "verify_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CODE_MAX 256

static const struct verify_case_set *const case_sets[] = {
    VERIFY_CASE_SETS,
    &cases_deny,
};
static const struct verify_form_set *const form_sets[] = {
    VERIFY_FORM_SETS,
};
static const struct rule_set *const rule_sets[] = {
    &rules_integer, &rules_control, &rules_sse, &rules_avx, &rules_x87,
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct verify_policy closed = {.tp_disp = CASE_TP, .view_disp = CASE_VIEW};

static bool fail_calloc;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return fail_calloc ? NULL : __real_calloc(count, size);
}

static void expect(const uint8_t *code, size_t len, enum verify_reason reason,
                   uint32_t offset)
{
    struct verify_result result;
    const bool accepted = verify_code(code, len, CASE_BASE, &closed, &result);

    if (result.reason != reason || result.offset != offset) {
        print_error("expected %s at %u, got %s at %u: %s\n", verify_reason_name(reason),
                    offset, verify_reason_name(result.reason), result.offset,
                    result.text);
    }
    assert_int_equal(result.reason, reason);
    assert_int_equal(result.offset, offset);
    assert_int_equal(accepted, reason == VERIFY_OK);
}

/* Fills @code with @nops nops, the bytes, and at least one int3. Returns the length. */
static size_t build(uint8_t *code, unsigned nops, const char *bytes, unsigned length)
{
    assert_true(nops + length < CODE_MAX);
    memset(code, 0xcc, CODE_MAX);
    memset(code, 0x90, nops);
    memcpy(code + nops, bytes, length);
    return (nops + length + VERIFY_BUNDLE) / VERIFY_BUNDLE * VERIFY_BUNDLE;
}

/* ---- rows ---- */

static void test_case(void **state)
{
    const struct verify_case *row = *state;
    uint8_t code[CODE_MAX];
    const size_t len = build(code, row->nops, row->bytes, row->length);

    expect(code, len, row->reason, row->offset);
}

static void expect_bytes(const char *prefix, unsigned nprefix, const char *bytes,
                         unsigned length, enum verify_reason reason)
{
    char joined[32];
    uint8_t code[CODE_MAX];

    memcpy(joined, prefix, nprefix);
    memcpy(joined + nprefix, bytes, length);
    expect(code, build(code, 0, joined, nprefix + length), reason, 0);
}

/* One instruction at the end of a bundle, of the code, and behind it. */
static void expect_layout(const char *bytes, unsigned length)
{
    uint8_t code[CODE_MAX];

    expect(code, build(code, VERIFY_BUNDLE - length, bytes, length), VERIFY_OK, 0);
    for (unsigned inside = 1; inside < length; inside++) {
        const unsigned at = VERIFY_BUNDLE - inside;
        build(code, at, bytes, length);
        expect(code, 2 * VERIFY_BUNDLE, VERIFY_BUNDLE_CROSS, at);
        struct verify_result result;
        assert_false(verify_code(code, VERIFY_BUNDLE, CASE_BASE, &closed, &result));
    }
}

static void test_form_registers(void **state)
{
    const struct verify_form *form = *state;

    expect_bytes("", 0, form->registers, form->nregisters, VERIFY_OK);
    if (form->registers[0] != '\xcc' && form->registers[0] != '\xeb' &&
        (form->registers[0] & 0xf0) != 0x70) {
        expect_layout(form->registers, form->nregisters);
    }
}

/* M1, M3, X1, X4: every way to leave out or to spoil the prefixes of an access. */
static void test_form_memory(void **state)
{
    const struct verify_form *form = *state;
    const char *bytes = form->memory;
    const unsigned length = form->nmemory;

    expect_bytes("\x65\x67", 2, bytes, length, VERIFY_OK);
    expect_bytes("\x67\x65", 2, bytes, length, VERIFY_OK);
    expect_bytes("", 0, bytes, length, VERIFY_ACCESS_SEGMENT);
    expect_bytes("\x67", 1, bytes, length, VERIFY_ACCESS_SEGMENT);
    expect_bytes("\x65", 1, bytes, length, VERIFY_ACCESS_WIDTH);
    expect_bytes("\x64\x67", 2, bytes, length, VERIFY_ACCESS_FS);
    expect_bytes("\x64", 1, bytes, length, VERIFY_ACCESS_FS);
    expect_bytes("\x2e\x67", 2, bytes, length, VERIFY_PREFIX_SEGMENT);
    expect_bytes("\x36\x67", 2, bytes, length, VERIFY_PREFIX_SEGMENT);
    expect_bytes("\x3e\x67", 2, bytes, length, VERIFY_PREFIX_SEGMENT);
    expect_bytes("\x26\x67", 2, bytes, length, VERIFY_PREFIX_SEGMENT);
    expect_bytes("\x65\x67\x67", 3, bytes, length, VERIFY_PREFIX_REPEATED);
    expect_bytes("\x65\x65\x67", 3, bytes, length, VERIFY_PREFIX_REPEATED);
    expect_bytes("\x64\x65\x67", 3, bytes, length, VERIFY_PREFIX_REPEATED);
    expect_bytes("\x65\x2e\x67", 3, bytes, length, VERIFY_PREFIX_REPEATED);
}

/* ---- without rows ---- */

/* V3 */
static void test_fall_through(void **state)
{
    (void)state;
    uint8_t code[CODE_MAX];

    memset(code, 0x90, sizeof(code));
    expect(code, 32, VERIFY_FALL_THROUGH, 31);
    code[31] = 0xcc;
    expect(code, 32, VERIFY_OK, 0);
    memcpy(code + 30, "\x0f\x0b", 2); /* ud2 */
    expect(code, 32, VERIFY_OK, 0);
    memcpy(code + 30, "\xeb\xe0", 2); /* jmp 0 */
    expect(code, 32, VERIFY_OK, 0);
    memcpy(code + 30, "\x74\xe0", 2); /* je 0 */
    expect(code, 32, VERIFY_FALL_THROUGH, 30);
    memcpy(code + 27, "\xe8\xe0\xff\xff\xff", 5); /* call 0 */
    expect(code, 32, VERIFY_FALL_THROUGH, 27);
    memset(code, 0x90, sizeof(code));
    memcpy(code + 27, "\x83\xe0\xe0\xff\xe0", 5); /* andl $-32,%eax; jmp *%rax */
    expect(code, 32, VERIFY_OK, 0);
    memcpy(code + 27, "\x83\xe0\xe0\xff\xd0", 5); /* andl $-32,%eax; call *%rax */
    expect(code, 32, VERIFY_FALL_THROUGH, 30);
    memset(code, 0x90, sizeof(code));
    memcpy(code + 23, "\x48\x81\x24\x24\xe0\xff\xff\x7f\xc3", 9);
    expect(code, 32, VERIFY_OK, 0);
}

/* D1, G3, G4: nothing may be left open at the end of the code. */
static void test_cut_off(void **state)
{
    (void)state;
    uint8_t code[CODE_MAX];

    memset(code, 0x90, sizeof(code));
    memcpy(code + 28, "\xb8\x00\x00\x00", 4); /* movl $...,%eax without its last byte */
    expect(code, 32, VERIFY_DECODE, 28);
    memset(code, 0x90, sizeof(code));
    memcpy(code + 30, "\x89\xc4", 2); /* movl %eax,%esp */
    expect(code, 32, VERIFY_STACK_REBASE, 30);
    /* ... movq %fs:view,%r11 */
    memcpy(code + 21, "\x89\xc4\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff", 11);
    expect(code, 32, VERIFY_STACK_REBASE, 21);
    memset(code, 0x90, sizeof(code));
    memcpy(code + 23, "\x64\x4c\x8b\x1c\x25\xc8\xff\xff\xff", 9);
    expect(code, 32, VERIFY_VIEW, 23);
}

static void test_arguments(void **state)
{
    (void)state;
    uint8_t code[64];
    struct verify_result result;

    memset(code, 0xcc, sizeof(code));
    assert_true(verify_code(code, 0, CASE_BASE, &closed, &result));
    assert_true(verify_code(code, 64, 0x7fffffc0, &closed, &result));
    assert_false(verify_code(code, 33, CASE_BASE, &closed, &result));
    assert_int_equal(result.reason, VERIFY_ARGUMENT);
    assert_false(verify_code(code, 32, CASE_BASE + 16, &closed, &result));
    assert_int_equal(result.reason, VERIFY_ARGUMENT);
    assert_false(verify_code(code, 64, 0x7fffffe0, &closed, &result));
    assert_int_equal(result.reason, VERIFY_ARGUMENT);
    assert_false(verify_code(code, 32, 0x80000000, &closed, &result));
    assert_int_equal(result.reason, VERIFY_ARGUMENT);
    assert_false(verify_code(code, 32, 0xffffffe0, &closed, &result));
    assert_int_equal(result.reason, VERIFY_ARGUMENT);
    assert_false(verify_code(code, SIZE_MAX - 31, CASE_BASE, &closed, &result));
    assert_int_equal(result.reason, VERIFY_ARGUMENT);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    uint8_t code[32];
    struct verify_result result;

    memset(code, 0xcc, sizeof(code));
    fail_calloc = true;
    const bool accepted = verify_code(code, sizeof(code), CASE_BASE, &closed, &result);
    fail_calloc = false;
    assert_false(accepted);
    assert_int_equal(result.reason, VERIFY_MEMORY);
}

struct outside {
    uint32_t allowed, asked;
    unsigned count;
};

static bool outside_allowed(void *context, uint32_t target)
{
    struct outside *outside = context;

    outside->asked = target;
    outside->count++;
    return target == outside->allowed;
}

/* jmp from the first bytes of the code to the absolute address @target */
static enum verify_reason jump_outside(struct outside *outside, int64_t target)
{
    const struct verify_policy policy = {.tp_disp = CASE_TP,
                                         .view_disp = CASE_VIEW,
                                         .target_allowed = outside_allowed,
                                         .context = outside};
    const int32_t displacement = (int32_t)(target - (CASE_BASE + 5));
    uint8_t code[32];
    struct verify_result result;

    memset(code, 0xcc, sizeof(code));
    code[0] = 0xe9;
    memcpy(code + 1, &displacement, 4);
    outside->count = 0;
    verify_code(code, sizeof(code), CASE_BASE, &policy, &result);
    return result.reason;
}

/* B4 */
static void test_outside(void **state)
{
    (void)state;
    struct outside outside = {.allowed = 0x7f000020};
    uint8_t code[32];

    assert_int_equal(jump_outside(&outside, 0x7f000020), VERIFY_OK);
    assert_int_equal(outside.count, 1);
    assert_int_equal(outside.asked, 0x7f000020);
    assert_int_equal(jump_outside(&outside, 0x7f000040), VERIFY_TARGET_OUTSIDE);
    assert_int_equal(outside.count, 1);
    /* Not asked at all: */
    outside.allowed = 0x7f000010;
    assert_int_equal(jump_outside(&outside, 0x7f000010), VERIFY_TARGET_OUTSIDE);
    outside.allowed = 0x80000000;
    assert_int_equal(jump_outside(&outside, 0x80000000), VERIFY_TARGET_OUTSIDE);
    outside.allowed = (uint32_t)-32;
    assert_int_equal(jump_outside(&outside, -32), VERIFY_TARGET_OUTSIDE);
    assert_int_equal(outside.count, 0);
    /* The ends of the code, and a policy that allows nothing. */
    outside.allowed = 0;
    assert_int_equal(jump_outside(&outside, CASE_BASE + 32), VERIFY_TARGET_OUTSIDE);
    assert_int_equal(outside.asked, CASE_BASE + 32);
    assert_int_equal(jump_outside(&outside, CASE_BASE - 32), VERIFY_TARGET_OUTSIDE);
    assert_int_equal(outside.asked, CASE_BASE - 32);
    memset(code, 0xcc, sizeof(code));
    memcpy(code, "\x74\x7e", 2); /* je 0x80 */
    expect(code, sizeof(code), VERIFY_TARGET_OUTSIDE, 0);
}

/* The first offence is reported, and disassembled. */
static void test_text(void **state)
{
    (void)state;
    uint8_t code[64];
    struct verify_result result;

    memset(code, 0xcc, sizeof(code));
    memcpy(code + 33, "\x0f\x05", 2);
    memcpy(code + 40, "\x0f\xa2", 2);
    assert_false(verify_code(code, sizeof(code), CASE_BASE, &closed, &result));
    assert_int_equal(result.offset, 33);
    assert_string_equal(result.text, "syscall");
    memcpy(code + 33, "\x06", 1);
    assert_false(verify_code(code, sizeof(code), CASE_BASE, &closed, &result));
    assert_string_equal(result.text, "");
    for (int reason = 0; reason < VERIFY_REASON_COUNT; reason++) {
        assert_true(strlen(verify_reason_text(reason)) > 10);
        assert_string_not_equal(verify_reason_name(reason), "VERIFY_UNKNOWN");
    }
    assert_string_equal(verify_reason_name(VERIFY_REASON_COUNT), "VERIFY_UNKNOWN");
    assert_non_null(verify_reason_text(VERIFY_REASON_COUNT));
}

/* ---- second lines of defence: what the list or the decoder stops first ---- */

/* @bytes: 15 of them. */
static enum verify_reason check_as(const char *bytes, uint8_t kind, uint16_t flags)
{
    static struct decoder decoder;
    struct decoded decoded = {.bytes = (const uint8_t *)bytes};
    ZydisDecoderContext context;

    decoder_init(&decoder, &closed);
    assert_true(ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder.zydis, &context,
                                                           bytes, 15, &decoded.zydis)));
    decoded.kind = kind;
    decoded.flags = flags;
    decoded.noperands = decoded.zydis.operand_count;
    assert_true(ZYAN_SUCCESS(ZydisDecoderDecodeOperands(
        &decoder.zydis, &context, &decoded.zydis, decoded.operand, decoded.noperands)));
    const enum verify_reason reason = prefix_check(&decoded);
    return reason != VERIFY_OK ? reason : operands_check(&decoder, &decoded);
}

/* Were these listed by mistake, or under a wrong rule, their operands would still
 * refuse them. Not all instructions: Zydis does not know of the memory of monitor, nor
 * that wrgsbase writes the base. The list is what counts. */
static void test_second_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes;
        uint8_t kind;
        enum verify_reason reason;
    } rows[] = {
        {"maskmovdqu", "\x66\x0f\xf7\xc1", RULE_PLAIN, VERIFY_ACCESS_HIDDEN},
        {"xlat", "\xd7", RULE_PLAIN, VERIFY_ACCESS_HIDDEN},
        {"movsb", "\xa4", RULE_PLAIN, VERIFY_ACCESS_HIDDEN},
        {"movsb", "\xa4", RULE_PUSH, VERIFY_ACCESS_HIDDEN},
        {"xlat", "\xd7", RULE_STRING, VERIFY_ACCESS_HIDDEN},
        {"pushfq", "\x9c", RULE_PLAIN, VERIFY_STACK_WRITE},
        {"leave", "\xc9", RULE_PLAIN, VERIFY_ACCESS_HIDDEN},
        {"enter", "\xc8\x08", RULE_PLAIN, VERIFY_STACK_WRITE},
        {"syscall", "\x0f\x05", RULE_PLAIN, VERIFY_REGISTER},
        {"jmp", "\xeb", RULE_PLAIN, VERIFY_REGISTER},
        {"movl %gs:(%eax)", "\x65\x67\x8b", RULE_ADDRESS, VERIFY_PREFIX_SEGMENT},
        {"movl (%rax)", "\x8b", RULE_ADDRESS, VERIFY_ACCESS_FORM},
        {"fxsave", "\x65\x67\x0f\xae", RULE_PLAIN, VERIFY_ACCESS_FORM},
        {"vpgatherdd", "\x65\x67\xc4\xe2\x7d\x90\x14\x88", RULE_PLAIN,
         VERIFY_ACCESS_FORM},
        {"lock cmpxchg16b", "\xf0\x65\x67\x48\x0f\xc7\x08", RULE_PLAIN,
         VERIFY_PREFIX_LOCK},
        {"ldmxcsr", "\x65\x67\x0f\xae\x10", RULE_PLAIN, VERIFY_REGISTER},
        {"movdir64b", "\x65\x67\x66\x0f\x38\xf8\x08", RULE_PLAIN, VERIFY_ACCESS_FORM},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        char bytes[16] = {0};
        memcpy(bytes, rows[i].bytes, strlen(rows[i].bytes));
        const enum verify_reason reason = check_as(bytes, rows[i].kind, 0);
        if (reason != rows[i].reason) {
            print_error("%s: %s\n", rows[i].text, verify_reason_name(reason));
        }
        assert_int_equal(reason, rows[i].reason);
    }
}

/* ---- completeness ---- */

/* Every reason is the expected one of some row or of a test above. */
static void test_reasons_covered(void **state)
{
    (void)state;
    bool covered[VERIFY_REASON_COUNT] = {
        [VERIFY_ARGUMENT] = true,     [VERIFY_MEMORY] = true,
        [VERIFY_FALL_THROUGH] = true, [VERIFY_TARGET_OUTSIDE] = true,
        [VERIFY_PREFIX_LOCK] = true,  [VERIFY_ACCESS_HIDDEN] = true,
    };

    for (size_t s = 0; s < LENGTH(case_sets); s++) {
        for (unsigned i = 0; i < case_sets[s]->count; i++) {
            covered[case_sets[s]->cases[i].reason] = true;
        }
    }
    for (int reason = 0; reason < VERIFY_REASON_COUNT; reason++) {
        if (!covered[reason]) {
            print_error("no row for %s\n", verify_reason_name(reason));
        }
        assert_true(covered[reason]);
    }
}

static void mark_mnemonics(bool *seen, const uint8_t *code, size_t len)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (size_t at = 0; at < len; at += instruction.length) {
        assert_true(ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code + at, len - at,
                                                        &instruction, operands)));
        seen[instruction.mnemonic] = true;
    }
}

/* A1: each row of the list has an accepted form here, so none is removed unnoticed, and
 * none is added without a test. */
static void test_list_covered(void **state)
{
    (void)state;
    bool seen[ZYDIS_MNEMONIC_MAX_VALUE + 1] = {false};

    for (size_t s = 0; s < LENGTH(case_sets); s++) {
        for (unsigned i = 0; i < case_sets[s]->count; i++) {
            const struct verify_case *row = &case_sets[s]->cases[i];
            if (row->reason == VERIFY_OK) {
                mark_mnemonics(seen, (const uint8_t *)row->bytes, row->length);
            }
        }
    }
    for (size_t s = 0; s < LENGTH(form_sets); s++) {
        for (unsigned i = 0; i < form_sets[s]->count; i++) {
            const struct verify_form *form = &form_sets[s]->forms[i];
            mark_mnemonics(seen, (const uint8_t *)form->registers, form->nregisters);
            mark_mnemonics(seen, (const uint8_t *)form->memory, form->nmemory);
        }
    }
    for (size_t s = 0; s < LENGTH(rule_sets); s++) {
        for (size_t i = 0; i < rule_sets[s]->count; i++) {
            const ZydisMnemonic mnemonic = rule_sets[s]->rows[i].mnemonic;
            if (!seen[mnemonic]) {
                print_error("no accepted form of %s\n",
                            ZydisMnemonicGetString(mnemonic));
            }
            assert_true(seen[mnemonic]);
        }
    }
}

/* ---- main ---- */

static struct CMUnitTest tests[4096];
static size_t ntests;

static void add(const char *kind, const char *name, CMUnitTestFunction function,
                const void *row)
{
    char *full = malloc(strlen(kind) + strlen(name) + 2);

    if (full == NULL || ntests == LENGTH(tests)) {
        abort();
    }
    sprintf(full, "%s %s", kind, name);
    tests[ntests++] = (struct CMUnitTest){
        .name = full, .test_func = function, .initial_state = (void *)(uintptr_t)row};
}

int main(void)
{
    for (size_t s = 0; s < LENGTH(case_sets); s++) {
        for (unsigned i = 0; i < case_sets[s]->count; i++) {
            const struct verify_case *row = &case_sets[s]->cases[i];
            add(row->invariant, row->text, test_case, row);
        }
    }
    for (size_t s = 0; s < LENGTH(form_sets); s++) {
        for (unsigned i = 0; i < form_sets[s]->count; i++) {
            const struct verify_form *form = &form_sets[s]->forms[i];
            if (form->nregisters != 0) {
                add("A1", form->mnemonic, test_form_registers, form);
            }
            if (form->nmemory != 0) {
                add("M1", form->mnemonic, test_form_memory, form);
            }
        }
    }
    add("V3", "fall_through", test_fall_through, NULL);
    add("D1", "cut_off", test_cut_off, NULL);
    add("V4", "arguments", test_arguments, NULL);
    add("V4", "out_of_memory", test_out_of_memory, NULL);
    add("B4", "outside", test_outside, NULL);
    add("V4", "text", test_text, NULL);
    add("V4", "second_line", test_second_line, NULL);
    add("V4", "reasons_covered", test_reasons_covered, NULL);
    add("A1", "list_covered", test_list_covered, NULL);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return _cmocka_run_group_tests("verify", tests, ntests, NULL, NULL);
}
