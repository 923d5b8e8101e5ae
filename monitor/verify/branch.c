/*
 * Branches: their forms, where calls end, where direct branches go.
 *
 * Invariants:
 *  B1. Branches are jmp rel8/rel32, jcc rel8/rel32, call rel32, jmp/call *%reg64 and
 *      ret, judged by their bytes: no prefix (but REX.B of a register). So there is no
 *      form that processors disagree about (66 E9 has 4 or 6 bytes), nothing far,
 *      nothing through memory.
 *  B2. A call ends its bundle: its return address is 32-aligned, and the mask of ret
 *      does not change it.
 *  B3. A direct target in the code starts an instruction that is not inside a group.
 *  B4. A direct target outside the code is 32-aligned, below 2 GiB, and allowed by the
 *      policy.
 */
#include "internal.h"

#define CODE_END UINT64_C(0x80000000)

static int32_t branch_read32(const uint8_t *bytes)
{
    return (int32_t)((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 |
                     (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24);
}

/* Reads the direct branch at @bytes; false if it is none. */
static bool branch_direct(const uint8_t *bytes, unsigned *length, int32_t *displacement)
{
    if (bytes[0] == 0xeb || (bytes[0] & 0xf0) == 0x70) {
        *length = 2;
        *displacement = (int8_t)bytes[1];
        return true;
    }
    if (bytes[0] == 0xe8 || bytes[0] == 0xe9) {
        *length = 5;
        *displacement = branch_read32(bytes + 1);
        return true;
    }
    if (bytes[0] == 0x0f && (bytes[1] & 0xf0) == 0x80) {
        *length = 6;
        *displacement = branch_read32(bytes + 2);
        return true;
    }
    return false;
}

/* FF /2 (call) or FF /4 (jmp) with a register, with or without 41. */
static bool branch_indirect(const struct insn *insn)
{
    const uint8_t *bytes = insn->bytes;
    const unsigned rex = bytes[0] == 0x41;

    return insn->zydis.length == rex + 2 && bytes[rex] == 0xff &&
           (bytes[rex + 1] & 0xf8) == (insn->kind == RULE_CALL ? 0xd0 : 0xe0);
}

enum verify_reason branch_check(struct pass *pass, const struct insn *insn)
{
    unsigned length;
    int32_t displacement;

    switch (insn->kind) {
    case RULE_TRAP:
        pass->ended = true;
        return VERIFY_OK;
    case RULE_RETURN:
        pass->ended = true;
        return insn->zydis.length == 1 && insn->bytes[0] == 0xc3 ? VERIFY_OK
                                                                 : VERIFY_RETURN;
    case RULE_CALL:
    case RULE_JUMP:
    case RULE_BRANCH:
        break;
    default:
        pass->ended = false;
        return VERIFY_OK;
    }
    pass->ended = insn->kind == RULE_JUMP;
    if (insn->kind == RULE_CALL && insn_end(insn) % VERIFY_BUNDLE != 0) {
        return VERIFY_CALL_END;
    }
    if (branch_direct(insn->bytes, &length, &displacement) &&
        length == insn->zydis.length) {
        bit_set(pass->branches, insn->offset);
        return VERIFY_OK;
    }
    return branch_indirect(insn) ? VERIFY_OK : VERIFY_INDIRECT;
}

static enum verify_reason branch_target(const struct pass *pass, uint32_t offset)
{
    unsigned length;
    int32_t displacement;

    if (!branch_direct(pass->code + offset, &length, &displacement)) {
        return VERIFY_DECODE;
    }
    const int64_t target = (int64_t)offset + length + displacement;
    if (target >= 0 && target < pass->len) {
        return bit_get(pass->starts, (uint32_t)target) ? VERIFY_OK
                                                       : VERIFY_TARGET_INSIDE;
    }
    const int64_t address = target + pass->base;
    if (address < 0 || address >= (int64_t)CODE_END || address % VERIFY_BUNDLE != 0 ||
        pass->policy->target_allowed == NULL ||
        !pass->policy->target_allowed(pass->policy->context, (uint32_t)address)) {
        return VERIFY_TARGET_OUTSIDE;
    }
    return VERIFY_OK;
}

enum verify_reason branch_targets(struct pass *pass)
{
    for (uint32_t i = 0; i < pass->len / 8; i++) {
        for (uint8_t bits = pass->branches[i]; bits != 0; bits &= (uint8_t)(bits - 1)) {
            const uint32_t offset = i * 8 + (uint32_t)__builtin_ctz(bits);
            const enum verify_reason reason = branch_target(pass, offset);
            if (reason != VERIFY_OK) {
                pass->offence = offset;
                return reason;
            }
        }
    }
    return VERIFY_OK;
}
