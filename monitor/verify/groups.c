/*
 * Groups: sequences that are safe only as a whole. Only the first instruction may be
 * the target of a branch, and a group lies in one bundle, so that no indirect branch
 * can land in it either.
 *
 *  G1. indirect branch   andl $-32,%r32; jmp *%r64        (or call)
 *  G2. return            andq $0x7fffffe0,(%rsp); ret
 *  G3. new rsp           <32-bit write of esp>; movq %fs:VIEW,%r11; leaq (%rsp,%r11),%rsp
 *  G4. string            movq %fs:VIEW,%r11; movl %edi,%edi; leaq (%rdi,%r11),%rdi;
 *                        movl %esi,%esi; leaq (%rsi,%r11),%rsi; [rep] movs
 *                        (the esi pair only, and always, for movs)
 *
 * %fs:VIEW is the slot of the policy that holds the base of the running cubicle's view;
 * only the monitor writes it. The base is not taken from GS itself: where the kernel does
 * not know of FSGSBASE, GS is another region after a context switch (the park), until the
 * next access through it traps, and a pointer into that would never get back.
 *
 * Between the first and the last instruction of G3 and G4 nothing else is accepted, so
 * r11 is the view's base. G4 relies on the direction flag being clear: nothing listed
 * sets it. A repeated string instruction runs upwards from an address in the view until
 * its count ends or the first unmapped page stops it, at the latest the top of the
 * view.
 *
 * The view's base stays in r11 for what follows, as rsp and copies of it do anyway: the
 * base is not a secret.
 */
#include "internal.h"

/* The state after @insn in a group that must be completed; false: it does not belong. */
static bool groups_step(enum group_state state, const struct insn *insn,
                        enum group_state *next)
{
    static const struct {
        enum group_state state;
        uint8_t role, stack;
        enum group_state next;
    } steps[] = {
        {GROUP_STACK_CUT, ROLE_VIEW, STACK_KEEP, GROUP_STACK_VIEW},
        {GROUP_STACK_VIEW, ROLE_NONE, STACK_BASE, GROUP_NONE},
        {GROUP_STRING_VIEW, ROLE_CUT_RDI, STACK_KEEP, GROUP_STRING_EDI},
        {GROUP_STRING_EDI, ROLE_BASE_RDI, STACK_KEEP, GROUP_STRING_RDI},
        {GROUP_STRING_RDI, ROLE_STOS, STACK_KEEP, GROUP_NONE},
        {GROUP_STRING_RDI, ROLE_CUT_RSI, STACK_KEEP, GROUP_STRING_ESI},
        {GROUP_STRING_ESI, ROLE_BASE_RSI, STACK_KEEP, GROUP_STRING_RSI},
        {GROUP_STRING_RSI, ROLE_MOVS, STACK_KEEP, GROUP_NONE},
    };

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i].state == state && steps[i].role == insn->role &&
            steps[i].stack == insn->stack) {
            *next = steps[i].next;
            return true;
        }
    }
    return false;
}

enum verify_reason groups_unfinished(const struct pass *pass)
{
    if (pass->group < GROUP_OPEN) {
        return VERIFY_OK;
    }
    return pass->group < GROUP_STRING_VIEW ? VERIFY_STACK_REBASE : VERIFY_VIEW;
}

/* G3, G4: @insn must continue the group. */
static enum verify_reason groups_continue(struct pass *pass, const struct insn *insn)
{
    enum group_state next = GROUP_NONE;

    if (!groups_step(pass->group, insn, &next)) {
        pass->offence = pass->group_offset;
        return groups_unfinished(pass);
    }
    if (insn->stack == STACK_BASE) {
        pass->dirty = false; /* S6 */
    }
    pass->group = next;
    return VERIFY_OK;
}

/* G1, G2: the last instruction needs the right mask before it. */
static enum verify_reason groups_end_masked(struct pass *pass, const struct insn *insn)
{
    const enum group_state state = pass->group;

    pass->group = GROUP_NONE;
    if (insn->flow == FLOW_RETURN) {
        return state == GROUP_RETURN_MASKED ? VERIFY_OK : VERIFY_RETURN;
    }
    return state == GROUP_MASKED && pass->group_reg == insn->reg ? VERIFY_OK
                                                                 : VERIFY_INDIRECT;
}

static enum verify_reason groups_begin(struct pass *pass, uint32_t offset,
                                       const struct insn *insn)
{
    pass->group = GROUP_NONE;
    pass->group_offset = offset;
    if (insn->stack == STACK_CUT) {
        pass->group = GROUP_STACK_CUT;
        return VERIFY_OK;
    }
    switch (insn->role) {
    case ROLE_BRANCH_MASK:
        pass->group = GROUP_MASKED;
        pass->group_reg = insn->reg;
        return VERIFY_OK;
    case ROLE_RETURN_MASK:
        pass->group = GROUP_RETURN_MASKED;
        return VERIFY_OK;
    case ROLE_VIEW:
        pass->group = GROUP_STRING_VIEW;
        return VERIFY_OK;
    case ROLE_STOS:
    case ROLE_MOVS:
        return VERIFY_STRING;
    default:
        return VERIFY_OK; /* of no consequence outside a group */
    }
}

enum verify_reason groups_check(struct pass *pass, uint32_t offset,
                                const struct insn *insn, bool *inside)
{
    enum verify_reason reason;

    *inside = true;
    if (pass->group >= GROUP_OPEN) {
        reason = groups_continue(pass, insn);
    } else if (insn->flow >= FLOW_JUMP_INDIRECT) {
        reason = groups_end_masked(pass, insn);
    } else {
        *inside = false;
        return groups_begin(pass, offset, insn);
    }
    if (reason == VERIFY_OK &&
        offset / VERIFY_BUNDLE != pass->group_offset / VERIFY_BUNDLE) {
        pass->offence = pass->group_offset;
        return VERIFY_GROUP_CROSS;
    }
    return reason;
}
