/*
 * All that can be said about one instruction without its neighbours: is it allowed at
 * all, and what does it do to control flow, to rsp, in a group?
 *
 * Invariants:
 *  C1. The answer depends on the instruction's bytes and on the displacements of the two
 *      FS slots, on nothing else.
 *  C2. Every explicit write of rsp or of a part of it has an insn_stack other than
 *      STACK_KEEP, or is refused. push and pop, in their listed forms, are not explicit
 *      writes.
 */
#include "internal.h"

#define OPCODE_STOS 0xaa

/* ---- forms ---- */

static bool classify_gpr64(const ZydisDecodedOperand *operand)
{
    return operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
           ZydisRegisterGetClass(operand->reg.value) == ZYDIS_REGCLASS_GPR64;
}

/* push $imm, push %reg64 (not rsp), push 64-bit memory; pop %reg64 */
static enum verify_reason classify_push_pop(const struct decoded *decoded)
{
    const ZydisDecodedOperand *operand = &decoded->operand[0];
    const bool push = decoded->kind == RULE_PUSH;

    if (decoded->zydis.operand_width != 64) {
        return VERIFY_STACK_FORM;
    }
    if (classify_gpr64(operand)) {
        if (operand->reg.value != ZYDIS_REGISTER_RSP) {
            return VERIFY_OK;
        }
        return push ? VERIFY_STACK_FORM : VERIFY_STACK_WRITE;
    }
    return push && (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE ||
                    (operand->type == ZYDIS_OPERAND_TYPE_MEMORY && operand->size == 64))
               ? VERIFY_OK
               : VERIFY_STACK_FORM;
}

/* ---- what happens to rsp ---- */

/* leaq (%reg,%r11),%reg */
static bool classify_bases(const struct decoded *decoded, ZydisRegister reg)
{
    const ZydisDecodedOperandMem *memory = &decoded->operand[1].mem;

    return decoded->kind == RULE_ADDRESS && !decoded->address_size &&
           operand_is(&decoded->operand[0], reg) && memory->base == reg &&
           memory->index == ZYDIS_REGISTER_R11 && memory->scale == 1 &&
           !memory->disp.has_displacement;
}

/* add $imm,%rsp; sub $imm,%rsp; leaq disp(%rsp),%rsp */
static bool classify_moves_rsp(const struct decoded *decoded)
{
    const ZydisDecodedOperand *operand = decoded->operand;

    if (!(decoded->flags & RULE_ADJUST) ||
        !operand_is(&operand[0], ZYDIS_REGISTER_RSP)) {
        return false;
    }
    if (decoded->kind == RULE_ADDRESS) {
        return !decoded->address_size && operand[1].mem.base == ZYDIS_REGISTER_RSP &&
               operand[1].mem.index == ZYDIS_REGISTER_NONE;
    }
    return operand[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

/* C2 */
static enum verify_reason classify_stack(const struct decoded *decoded,
                                         struct insn *insn)
{
    if (decoded->kind == RULE_PUSH || decoded->kind == RULE_POP) {
        return classify_push_pop(decoded);
    }
    if (!decoded->writes_rsp) {
        return VERIFY_OK;
    }
    if (classify_moves_rsp(decoded)) {
        insn->stack = STACK_MOVE;
    } else if (classify_bases(decoded, ZYDIS_REGISTER_RSP)) {
        insn->stack = STACK_BASE;
    } else if ((decoded->flags & RULE_REBASE) &&
               operand_is(&decoded->operand[0], ZYDIS_REGISTER_ESP)) {
        insn->stack = STACK_CUT;
    } else {
        return VERIFY_STACK_WRITE;
    }
    return VERIFY_OK;
}

/* ---- parts in groups ---- */

static bool classify_is_branch_mask(const struct decoded *decoded)
{
    return decoded->operand[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           ZydisRegisterGetClass(decoded->operand[0].reg.value) ==
               ZYDIS_REGCLASS_GPR32 &&
           operand_is_imm(&decoded->operand[1], BRANCH_MASK);
}

static bool classify_is_return_mask(const struct decoded *decoded)
{
    const ZydisDecodedOperand *memory = decoded->memory;

    return memory != NULL && memory == &decoded->operand[0] && memory->size == 64 &&
           memory->mem.base == ZYDIS_REGISTER_RSP &&
           memory->mem.index == ZYDIS_REGISTER_NONE &&
           !memory->mem.disp.has_displacement &&
           operand_is_imm(&decoded->operand[1], RETURN_MASK);
}

static bool classify_cuts(const struct decoded *decoded, ZydisRegister reg)
{
    return operand_is(&decoded->operand[0], reg) &&
           operand_is(&decoded->operand[1], reg);
}

static void classify_role(const struct decoded *decoded, struct insn *insn)
{
    if (decoded->kind == RULE_STRING) {
        insn->role =
            (decoded->zydis.opcode & 0xfe) == OPCODE_STOS ? ROLE_STOS : ROLE_MOVS;
    } else if (decoded->reads_view) {
        insn->role = ROLE_VIEW;
    } else if (decoded->zydis.mnemonic == ZYDIS_MNEMONIC_AND) {
        if (classify_is_branch_mask(decoded)) {
            insn->role = ROLE_BRANCH_MASK;
            insn->reg = (uint8_t)ZydisRegisterGetId(decoded->operand[0].reg.value);
        } else if (classify_is_return_mask(decoded)) {
            insn->role = ROLE_RETURN_MASK;
        }
    } else if (decoded->zydis.mnemonic == ZYDIS_MNEMONIC_MOV) {
        if (classify_cuts(decoded, ZYDIS_REGISTER_EDI)) {
            insn->role = ROLE_CUT_RDI;
        } else if (classify_cuts(decoded, ZYDIS_REGISTER_ESI)) {
            insn->role = ROLE_CUT_RSI;
        }
    } else if (classify_bases(decoded, ZYDIS_REGISTER_RDI)) {
        insn->role = ROLE_BASE_RDI;
    } else if (classify_bases(decoded, ZYDIS_REGISTER_RSI)) {
        insn->role = ROLE_BASE_RSI;
    }
}

/* ---- */

/* Branches are known by their bytes; all others are of forms that are not listed (B1). */
static enum verify_reason classify_flow(const struct decoded *decoded,
                                        struct insn *insn)
{
    switch (decoded->kind) {
    case RULE_TRAP:
        insn->flow = FLOW_NEVER;
        return VERIFY_OK;
    case RULE_RETURN:
        return VERIFY_RETURN;
    case RULE_CALL:
    case RULE_JUMP:
        return VERIFY_INDIRECT;
    case RULE_BRANCH:
        return VERIFY_INDIRECT; /* never: there are no other forms */
    default:
        return VERIFY_OK;
    }
}

static enum verify_reason classify_decoded(const struct decoder *decoder,
                                           struct decoded *decoded, struct insn *insn)
{
    enum verify_reason reason = prefix_check(decoded);

    if (reason == VERIFY_OK) {
        reason = operands_check(decoder, decoded);
    }
    if (reason == VERIFY_OK) {
        reason = classify_flow(decoded, insn);
    }
    if (reason == VERIFY_OK) {
        reason = classify_stack(decoded, insn);
    }
    if (reason != VERIFY_OK) {
        return reason;
    }
    classify_role(decoded, insn);
    insn->length = decoded->zydis.length;
    insn->probes = decoded->probes;
    return VERIFY_OK;
}

enum verify_reason classify_decode(const struct decoder *decoder, const uint8_t *bytes,
                                   size_t available, struct insn *insn)
{
    struct decoded decoded;
    const enum verify_reason reason = decode(decoder, bytes, available, &decoded);

    *insn = (struct insn){0};
    return reason != VERIFY_OK ? reason : classify_decoded(decoder, &decoded, insn);
}

enum verify_reason classify(const struct decoder *decoder, const uint8_t *bytes,
                            size_t available, struct insn *insn)
{
    *insn = (struct insn){0};
    if (branch_form(bytes, available, insn) || plain_classify(bytes, available, insn)) {
        return VERIFY_OK;
    }
    return classify_decode(decoder, bytes, available, insn);
}
