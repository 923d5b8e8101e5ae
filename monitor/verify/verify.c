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

static enum verify_reason verify_instruction(struct pass *pass, struct insn *insn,
                                             bool *inside)
{
    enum verify_reason reason = prefix_check(insn);

    if (reason == VERIFY_OK) {
        reason = operands_check(pass, insn);
    }
    if (reason != VERIFY_OK) {
        return reason;
    }
    const bool continues = pass->group >= GROUP_REBASE;
    reason = groups_check(pass, insn, inside);
    if (reason != VERIFY_OK || continues) {
        pass->ended = false;
        return reason;
    }
    reason = stack_check(pass, insn);
    return reason != VERIFY_OK ? reason : branch_check(pass, insn);
}

static enum verify_reason verify_linear(struct pass *pass)
{
    struct insn insn;
    uint32_t offset = 0;

    while (offset < pass->len) {
        bool inside = false;

        pass->offence = offset;
        enum verify_reason reason = decode_at(pass, offset, &insn);
        if (reason == VERIFY_OK) {
            reason = verify_instruction(pass, &insn, &inside);
        }
        if (reason != VERIFY_OK) {
            return reason;
        }
        if (!inside) {
            bit_set(pass->starts, offset);
        }
        offset = insn_end(&insn);
    }
    const enum verify_reason reason = groups_unfinished(pass);
    if (reason != VERIFY_OK) {
        pass->offence = pass->group_offset;
        return reason;
    }
    return pass->ended ? VERIFY_OK : VERIFY_FALL_THROUGH;
}

static void verify_describe(const struct pass *pass, struct verify_result *result)
{
    ZydisFormatter formatter;
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    const uint32_t offset = pass->offence;

    result->text[0] = '\0';
    if (offset >= pass->len ||
        !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&pass->decoder, pass->code + offset,
                                             pass->len - offset, &instruction,
                                             operands)) ||
        !ZYAN_SUCCESS(ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_ATT))) {
        return;
    }
    if (!ZYAN_SUCCESS(ZydisFormatterFormatInstruction(
            &formatter, &instruction, operands, instruction.operand_count_visible,
            result->text, sizeof(result->text), (uint64_t)pass->base + offset, NULL))) {
        result->text[0] = '\0';
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
    struct pass pass;

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
    memset(&pass, 0, sizeof(pass));
    pass.code = code;
    pass.len = (uint32_t)len;
    pass.base = base;
    pass.policy = policy;
    pass.starts = maps;
    pass.branches = maps + len / 8;
    decode_init(&pass);

    enum verify_reason reason = verify_linear(&pass);
    if (reason == VERIFY_OK) {
        reason = branch_targets(&pass);
    }
    free(maps);
    verify_finish(result, reason, reason == VERIFY_OK ? 0 : pass.offence);
    if (reason != VERIFY_OK) {
        verify_describe(&pass, result);
    }
    return reason == VERIFY_OK;
}
