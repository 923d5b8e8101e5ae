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

/* Reads the direct branch at @bytes; false if there is none. */
static bool branch_read(const uint8_t *bytes, size_t available, uint8_t *length,
                        int32_t *displacement)
{
    if (available >= 2 && (bytes[0] == 0xeb || (bytes[0] & 0xf0) == 0x70)) {
        *length = 2;
        *displacement = bytes[1] < 0x80 ? bytes[1] : bytes[1] - 0x100;
        return true;
    }
    if (available >= 5 && (bytes[0] == 0xe8 || bytes[0] == 0xe9)) {
        *length = 5;
        *displacement = branch_read32(bytes + 1);
        return true;
    }
    if (available >= 6 && bytes[0] == 0x0f && (bytes[1] & 0xf0) == 0x80) {
        *length = 6;
        *displacement = branch_read32(bytes + 2);
        return true;
    }
    return false;
}

static bool branch_direct(const uint8_t *bytes, size_t available, struct insn *insn)
{
    int32_t displacement;

    if (!branch_read(bytes, available, &insn->length, &displacement)) {
        return false;
    }
    if (bytes[0] == 0xe8) {
        insn->flow = FLOW_CALL;
    } else {
        insn->flow = bytes[0] == 0xe9 || bytes[0] == 0xeb ? FLOW_JUMP : FLOW_BRANCH;
    }
    return true;
}

/* FF /2 (call) or FF /4 (jmp) with a register, with or without 41. */
static bool branch_indirect(const uint8_t *bytes, size_t available, struct insn *insn)
{
    const unsigned rex = bytes[0] == 0x41;

    if (available < rex + 2 || bytes[rex] != 0xff) {
        return false;
    }
    switch (bytes[rex + 1] & 0xf8) {
    case 0xd0:
        insn->flow = FLOW_CALL_INDIRECT;
        break;
    case 0xe0:
        insn->flow = FLOW_JUMP_INDIRECT;
        break;
    default:
        return false;
    }
    insn->length = (uint8_t)(rex + 2);
    insn->reg = (uint8_t)(rex * 8 + (bytes[rex + 1] & 7));
    return true;
}

bool branch_form(const uint8_t *bytes, size_t available, struct insn *insn)
{
    if (bytes[0] == 0xcc || bytes[0] == 0xc3) {
        insn->length = 1;
        insn->flow = bytes[0] == 0xcc ? FLOW_NEVER : FLOW_RETURN;
        return true;
    }
    if (available >= 2 && bytes[0] == 0x0f && bytes[1] == 0x0b) { /* ud2 */
        insn->length = 2;
        insn->flow = FLOW_NEVER;
        return true;
    }
    return branch_direct(bytes, available, insn) ||
           branch_indirect(bytes, available, insn);
}

enum verify_reason branch_check(struct pass *pass, uint32_t offset,
                                const struct insn *insn)
{
    switch (insn->flow) {
    case FLOW_CALL:
    case FLOW_CALL_INDIRECT:
        if ((offset + insn->length) % VERIFY_BUNDLE != 0) {
            return VERIFY_CALL_END; /* B2 */
        }
        pass->ended = false;
        break;
    case FLOW_NEXT:
    case FLOW_BRANCH:
        pass->ended = false;
        break;
    default:
        pass->ended = true;
        break;
    }
    if (insn->flow == FLOW_CALL || insn->flow == FLOW_JUMP ||
        insn->flow == FLOW_BRANCH) {
        bit_set(pass->branches, offset);
    }
    return VERIFY_OK;
}

static enum verify_reason branch_target(const struct pass *pass, uint32_t offset)
{
    uint8_t length;
    int32_t displacement;

    if (!branch_read(pass->code + offset, pass->len - offset, &length, &displacement)) {
        return VERIFY_DECODE; /* never: it was read when its bit was set */
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
