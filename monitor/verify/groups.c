/*
 * Groups: sequences that are safe only as a whole. Only the first instruction may be
 * the target of a branch, and a group lies in one bundle, so that no indirect branch
 * can land in it either.
 *
 *  G1. indirect branch   andl $-32,%r32; jmp *%r64        (or call)
 *  G2. return            andq $0x7fffffe0,(%rsp); ret
 *  G3. new rsp           <32-bit write of esp>; rdgsbase %r11; leaq (%rsp,%r11),%rsp
 *  G4. string            rdgsbase %r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi;
 *                        movl %esi,%esi; leaq (%rsi,%r11),%rsi; [rep] movs
 *                        (the esi pair only, and always, for movs)
 *
 * Between the first and the last instruction of G3 and G4 nothing else is accepted, so
 * r11 is the view's base. G4 relies on the direction flag being clear: nothing listed
 * sets it. A repeated string instruction runs upwards from an address in the view until
 * its count ends or the first unmapped page stops it, at the latest the top of the
 * view.
 *
 * rdgsbase leaves the view's base in r11 for what follows, as rsp and copies of it do
 * anyway: the base is not a secret.
 */
#include "internal.h"

#define RETURN_MASK INT64_C(0x7fffffe0)
#define BRANCH_MASK INT64_C(-32)

/* andl $-32,%r32 */
static bool groups_is_branch_mask(const struct insn *insn)
{
    return insn->zydis.mnemonic == ZYDIS_MNEMONIC_AND &&
           insn->operand[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           ZydisRegisterGetClass(insn->operand[0].reg.value) == ZYDIS_REGCLASS_GPR32 &&
           operand_is_imm(&insn->operand[1], BRANCH_MASK);
}

/* andq $0x7fffffe0,(%rsp) */
static bool groups_is_return_mask(const struct insn *insn)
{
    return insn->zydis.mnemonic == ZYDIS_MNEMONIC_AND && insn->memory != NULL &&
           insn->memory == &insn->operand[0] && insn->memory->size == 64 &&
           insn->memory->mem.base == ZYDIS_REGISTER_RSP &&
           insn->memory->mem.index == ZYDIS_REGISTER_NONE &&
           insn->memory->mem.disp.value == 0 &&
           operand_is_imm(&insn->operand[1], RETURN_MASK);
}

/* movl %reg,%reg */
static bool groups_is_truncation(const struct insn *insn, ZydisRegister reg)
{
    return insn->zydis.mnemonic == ZYDIS_MNEMONIC_MOV &&
           operand_is(&insn->operand[0], reg) && operand_is(&insn->operand[1], reg);
}

/* leaq (%reg,%r11),%reg */
static bool groups_is_basing(const struct insn *insn, ZydisRegister reg)
{
    const ZydisDecodedOperandMem *memory = &insn->operand[1].mem;

    return insn->kind == RULE_ADDRESS && !insn->address_size &&
           operand_is(&insn->operand[0], reg) && memory->base == reg &&
           memory->index == ZYDIS_REGISTER_R11 && memory->scale == 1 &&
           memory->disp.value == 0;
}

static bool groups_is_gs_base(const struct insn *insn)
{
    return insn->kind == RULE_GS_BASE &&
           operand_is(&insn->operand[0], ZYDIS_REGISTER_R11);
}

static bool groups_is_string(const struct insn *insn, uint8_t first_opcode)
{
    return insn->kind == RULE_STRING && (insn->zydis.opcode == first_opcode ||
                                         insn->zydis.opcode == first_opcode + 1);
}

#define OPCODE_MOVS 0xa4
#define OPCODE_STOS 0xaa

/* The state after @insn in a group that must be completed; false: it does not belong.
 */
static bool groups_step(const struct insn *insn, enum group_state state,
                        enum group_state *next)
{
    bool fits = false;

    *next = GROUP_NONE;
    switch (state) {
    case GROUP_REBASE:
        *next = GROUP_REBASE_GS;
        return groups_is_gs_base(insn);
    case GROUP_REBASE_GS:
        return groups_is_basing(insn, ZYDIS_REGISTER_RSP);
    case GROUP_STRING_GS:
        *next = GROUP_STRING_EDI;
        return groups_is_truncation(insn, ZYDIS_REGISTER_EDI);
    case GROUP_STRING_EDI:
        *next = GROUP_STRING_RDI;
        return groups_is_basing(insn, ZYDIS_REGISTER_RDI);
    case GROUP_STRING_RDI:
        fits = groups_is_truncation(insn, ZYDIS_REGISTER_ESI);
        *next = fits ? GROUP_STRING_ESI : GROUP_NONE;
        return fits || groups_is_string(insn, OPCODE_STOS);
    case GROUP_STRING_ESI:
        *next = GROUP_STRING_RSI;
        return groups_is_basing(insn, ZYDIS_REGISTER_RSI);
    case GROUP_STRING_RSI:
        return groups_is_string(insn, OPCODE_MOVS);
    default:
        return false;
    }
}

enum verify_reason groups_unfinished(const struct pass *pass)
{
    switch (pass->group) {
    case GROUP_NONE:
    case GROUP_MASKED:
    case GROUP_RETURN_MASKED:
        return VERIFY_OK;
    case GROUP_REBASE:
    case GROUP_REBASE_GS:
        return VERIFY_STACK_REBASE;
    default:
        return VERIFY_GS_BASE;
    }
}

/* G3, G4: @insn must continue the group. */
static enum verify_reason groups_continue(struct pass *pass, const struct insn *insn)
{
    enum group_state next;

    if (!groups_step(insn, pass->group, &next)) {
        pass->offence = pass->group_offset;
        return groups_unfinished(pass);
    }
    if (pass->group == GROUP_REBASE_GS) {
        pass->dirty = false; /* S6 */
    }
    pass->group = next;
    return VERIFY_OK;
}

/* The last instructions of G1 and G2 need the right mask before them. */
static enum verify_reason groups_end_masked(const struct pass *pass,
                                            const struct insn *insn)
{
    if (insn->kind == RULE_RETURN) {
        return pass->group == GROUP_RETURN_MASKED ? VERIFY_OK : VERIFY_RETURN;
    }
    return pass->group == GROUP_MASKED &&
                   operand_is(&insn->operand[0], pass->group_mask)
               ? VERIFY_OK
               : VERIFY_INDIRECT;
}

static bool groups_is_end_masked(const struct insn *insn)
{
    return insn->kind == RULE_RETURN ||
           ((insn->kind == RULE_CALL || insn->kind == RULE_JUMP) &&
            insn->operand[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE);
}

static void groups_begin(struct pass *pass, const struct insn *insn)
{
    pass->group = GROUP_NONE;
    pass->group_offset = insn->offset;
    if (insn->kind == RULE_GS_BASE) {
        pass->group = GROUP_STRING_GS;
    } else if (groups_is_return_mask(insn)) {
        pass->group = GROUP_RETURN_MASKED;
    } else if (groups_is_branch_mask(insn)) {
        pass->group = GROUP_MASKED;
        pass->group_mask = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64,
                                                            insn->operand[0].reg.value);
    }
}

enum verify_reason groups_check(struct pass *pass, const struct insn *insn,
                                bool *inside)
{
    const bool end_masked = groups_is_end_masked(insn);
    enum verify_reason reason = VERIFY_OK;

    *inside = pass->group >= GROUP_REBASE || end_masked;
    if (pass->group >= GROUP_REBASE) {
        reason = groups_continue(pass, insn);
    } else if (end_masked) {
        reason = groups_end_masked(pass, insn);
        pass->group = GROUP_NONE;
    } else if (insn->kind == RULE_STRING) {
        return VERIFY_STRING;
    } else if (insn->kind == RULE_GS_BASE && !groups_is_gs_base(insn)) {
        return VERIFY_GS_BASE;
    } else {
        groups_begin(pass, insn);
    }
    if (reason == VERIFY_OK && *inside &&
        insn->offset / VERIFY_BUNDLE != pass->group_offset / VERIFY_BUNDLE) {
        pass->offence = pass->group_offset;
        return VERIFY_GROUP_CROSS;
    }
    return reason;
}
