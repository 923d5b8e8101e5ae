/*
 * The verifier's two passes: all instructions in address order, then direct targets.
 *
 * Invariants:
 *  V1. Every byte of the code belongs to exactly one instruction of the linear
 *      decoding, and control reaches only the starts of these instructions: B3 and B4
 *      for direct branches, V2 for indirect ones and returns.
 *  V2. No instruction and no group crosses a 32-byte boundary, so every multiple of 32
 *      starts an instruction that is not inside a group.
 *  V3. Control does not run past the end of the code.
 *  V4. What is not listed is refused, and so is what could not be looked at.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define CODE_END UINT64_C(0x80000000)

static enum verify_reason verify_instruction(struct pass *pass, uint32_t offset,
                                             const struct insn *insn)
{
    const bool continues = pass->group >= GROUP_OPEN;
    bool inside;

    /* V2 */
    if (offset / VERIFY_BUNDLE != (offset + insn->length - 1) / VERIFY_BUNDLE) {
        return VERIFY_BUNDLE_CROSS;
    }
    enum verify_reason reason = groups_check(pass, offset, insn, &inside);
    if (reason == VERIFY_OK && !continues) {
        reason = stack_check(pass, insn);
    }
    if (reason == VERIFY_OK) {
        reason = branch_check(pass, offset, insn);
    }
    if (reason == VERIFY_OK && !inside) {
        bit_set(pass->starts, offset);
    }
    return reason;
}

static enum verify_reason verify_linear(struct pass *pass,
                                        const struct decoder *decoder)
{
    struct insn insn;

    for (uint32_t offset = 0; offset < pass->len; offset += insn.length) {
        pass->offence = offset;
        enum verify_reason reason =
            classify(decoder, pass->code + offset, pass->len - offset, &insn);
        if (reason == VERIFY_OK) {
            reason = verify_instruction(pass, offset, &insn);
        }
        if (reason != VERIFY_OK) {
            return reason;
        }
    }
    const enum verify_reason reason = groups_unfinished(pass);
    if (reason != VERIFY_OK) {
        pass->offence = pass->group_offset;
        return reason;
    }
    return pass->ended ? VERIFY_OK : VERIFY_FALL_THROUGH; /* V3 */
}

static void verify_describe(const struct pass *pass, const struct decoder *decoder,
                            char *text, size_t size)
{
    ZydisFormatter formatter;
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    const uint32_t offset = pass->offence;

    if (offset >= pass->len ||
        !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder->zydis, pass->code + offset,
                                             pass->len - offset, &instruction,
                                             operands)) ||
        !ZYAN_SUCCESS(ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_ATT)) ||
        !ZYAN_SUCCESS(ZydisFormatterFormatInstruction(
            &formatter, &instruction, operands, instruction.operand_count_visible, text,
            size, (uint64_t)pass->base + offset, NULL))) {
        text[0] = '\0';
    }
}

static bool verify_finish(struct verify_result *result, enum verify_reason reason,
                          uint32_t offset)
{
    result->reason = reason;
    result->offset = offset;
    result->text[0] = '\0';
    return reason == VERIFY_OK;
}

bool verify_code(const uint8_t *code, size_t len, uint32_t base,
                 const struct verify_policy *policy, struct verify_result *result)
{
    struct decoder decoder;

    if (len == 0) {
        return verify_finish(result, VERIFY_OK, 0);
    }
    if (base % VERIFY_BUNDLE != 0 || len % VERIFY_BUNDLE != 0 || base >= CODE_END ||
        len > CODE_END - base) {
        return verify_finish(result, VERIFY_ARGUMENT, 0);
    }
    uint8_t *maps = calloc(2, len / 8);
    if (maps == NULL) {
        return verify_finish(result, VERIFY_MEMORY, 0);
    }
    struct pass pass = {
        .code = code,
        .len = (uint32_t)len,
        .base = base,
        .policy = policy,
        .starts = maps,
        .branches = maps + len / 8,
    };
    decoder_init(&decoder, policy);

    enum verify_reason reason = verify_linear(&pass, &decoder);
    if (reason == VERIFY_OK) {
        reason = branch_targets(&pass);
    }
    free(maps);
    verify_finish(result, reason, reason == VERIFY_OK ? 0 : pass.offence);
    if (reason != VERIFY_OK) {
        verify_describe(&pass, &decoder, result->text, sizeof(result->text));
    }
    return reason == VERIFY_OK;
}
