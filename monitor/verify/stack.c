/*
 * The stack pointer: where it may go, so that disp(%rsp) and push stay in the view.
 *
 * Let V be the base of the view. Views are 4 GiB, 4 GiB-aligned and at least 8 GiB
 * apart, so nothing is mapped in [V - 4 GiB, V) and [V + 4 GiB, V + 8 GiB); the lowest
 * and highest 64 KiB of every view are not mapped either.
 *
 * Invariants (clean, dirty: pass->dirty is false, true):
 *  S1. Clean, rsp is in [V, V + 4 GiB]. That holds when code is entered, and at every
 *      branch, so at every branch target.
 *  S2. push, pop, call and ret move rsp by 8 and touch memory there: rsp stays within 8
 *      bytes of mapped memory, or the code faults. Only the 64-bit forms are listed.
 *  S3. Clean rsp may be moved by a 32-bit constant. It is then dirty and in
 *      [V - 2 GiB, V + 6 GiB], and disp(%rsp) falls in [V - 4 GiB, V + 8 GiB + 32): the
 *      view, what surrounds it, the unmapped start of the next view.
 *  S4. Dirty rsp is not moved again. An access that succeeds closer to rsp than 64 KiB
 *      shows that S1 holds and makes it clean. Prefetches, masked moves, shifts by %cl
 *      or by 0 (they may skip the access), lea and nop show nothing.
 *  S5. No branch of any kind while dirty. So tracking in address order is exact: who
 *      arrives by a branch is clean, whatever the lines above left.
 *  S6. Any other write of rsp is a 32-bit write of esp, followed in its group by
 *      rdgsbase %r11; leaq (%rsp,%r11),%rsp (groups.c): clean, whatever rsp was before.
 *  S7. ud2 and int3 never continue.
 */
#include "internal.h"

static enum verify_reason stack_push(const struct insn *insn)
{
    const ZydisDecodedOperand *operand = &insn->operand[0];

    if (insn->zydis.operand_width != 64) {
        return VERIFY_STACK_FORM;
    }
    switch (operand->type) {
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        return VERIFY_OK;
    case ZYDIS_OPERAND_TYPE_MEMORY:
        return operand->size == 64 ? VERIFY_OK : VERIFY_STACK_FORM;
    case ZYDIS_OPERAND_TYPE_REGISTER:
        return ZydisRegisterGetClass(operand->reg.value) == ZYDIS_REGCLASS_GPR64 &&
                       operand->reg.value != ZYDIS_REGISTER_RSP
                   ? VERIFY_OK
                   : VERIFY_STACK_FORM;
    default:
        return VERIFY_STACK_FORM;
    }
}

static enum verify_reason stack_pop(const struct insn *insn)
{
    const ZydisDecodedOperand *operand = &insn->operand[0];

    if (insn->zydis.operand_width != 64 ||
        operand->type != ZYDIS_OPERAND_TYPE_REGISTER ||
        ZydisRegisterGetClass(operand->reg.value) != ZYDIS_REGCLASS_GPR64) {
        return VERIFY_STACK_FORM;
    }
    return operand->reg.value == ZYDIS_REGISTER_RSP ? VERIFY_STACK_WRITE : VERIFY_OK;
}

/* S3: add $imm,%rsp; sub $imm,%rsp; leaq disp(%rsp),%rsp. */
static bool stack_is_adjustment(const struct insn *insn)
{
    const ZydisDecodedOperand *operand = insn->operand;

    if (!(insn->flags & RULE_ADJUST) || !operand_is(&operand[0], ZYDIS_REGISTER_RSP)) {
        return false;
    }
    if (insn->kind == RULE_ADDRESS) {
        return !insn->address_size && operand[1].mem.base == ZYDIS_REGISTER_RSP &&
               operand[1].mem.index == ZYDIS_REGISTER_NONE;
    }
    return operand[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

/* S6: the first instruction of the group. Its other operands have been checked. */
static bool stack_is_rebase(const struct insn *insn)
{
    return (insn->flags & RULE_REBASE) &&
           operand_is(&insn->operand[0], ZYDIS_REGISTER_ESP);
}

static enum verify_reason stack_write(struct pass *pass, const struct insn *insn)
{
    if (stack_is_adjustment(insn)) {
        if (pass->dirty) {
            return VERIFY_STACK_UNPROBED;
        }
        pass->dirty = true;
        return VERIFY_OK;
    }
    if (stack_is_rebase(insn)) {
        pass->group = GROUP_REBASE;
        pass->group_offset = insn->offset;
        return VERIFY_OK;
    }
    return VERIFY_STACK_WRITE;
}

enum verify_reason stack_check(struct pass *pass, const struct insn *insn)
{
    enum verify_reason reason = VERIFY_OK;

    switch (insn->kind) {
    case RULE_CALL:
    case RULE_JUMP:
    case RULE_BRANCH:
    case RULE_RETURN:
        return pass->dirty ? VERIFY_STACK_UNPROBED : VERIFY_OK;
    case RULE_TRAP:
        pass->dirty = false;
        return VERIFY_OK;
    case RULE_PUSH:
        reason = stack_push(insn);
        break;
    case RULE_POP:
        reason = stack_pop(insn);
        break;
    default:
        break;
    }
    if (reason != VERIFY_OK) {
        return reason;
    }
    if (insn->probes) {
        pass->dirty = false;
    }
    return insn->writes_rsp ? stack_write(pass, insn) : VERIFY_OK;
}
