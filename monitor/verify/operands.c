/*
 * Operands: which registers may be named, which memory may be reached.
 *
 * Invariants:
 *  M1. Memory is named by %gs:disp(%base,%index,scale) with 32-bit registers or none:
 *      the address is computed modulo 4 GiB, then the view's base is added.
 *  M2. Or by disp(%rsp) without index or segment prefix. stack.c keeps rsp so close to
 *      the view that any 32-bit displacement reaches the view or the 4 GiB on either
 *      side of it, where nothing is mapped.
 *  M3. Or it is one of two FS slots: movq %fs:disp32,%reg64 with a displacement of the
 *      policy, absolute, full width. The thread pointer may go to any register, the
 *      base of the view to r11 only, in a group (groups.c).
 *  M4. A register never indexes a bit string in memory: it reaches 2^60 bytes far.
 *  M5. Memory that no operand names is touched only by push, pop, call, ret (at rsp)
 *      and by movs and stos in their group.
 *  M6. Registers are integer, XMM, YMM and x87: no MMX, mask, segment, control or debug
 *      register.
 *  M7. An access is 32 bytes at most. It may start at the last byte of the view.
 */
#include "internal.h"

#define ACCESS_MAX_BITS 256

static bool operands_gpr32_or_none(ZydisRegister reg)
{
    return reg == ZYDIS_REGISTER_NONE ||
           ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_GPR32;
}

static bool operands_is_branch(const struct decoded *decoded)
{
    return decoded->kind == RULE_CALL || decoded->kind == RULE_JUMP ||
           decoded->kind == RULE_BRANCH || decoded->kind == RULE_RETURN;
}

/* M3 */
static enum verify_reason operands_fs(const struct decoder *decoder,
                                      struct decoded *decoded,
                                      const ZydisDecodedOperandMem *memory)
{
    const bool form = decoded->zydis.mnemonic == ZYDIS_MNEMONIC_MOV &&
                      decoded->zydis.opcode == 0x8b &&
                      decoded->zydis.operand_width == 64 && !decoded->address_size &&
                      memory->base == ZYDIS_REGISTER_NONE &&
                      memory->index == ZYDIS_REGISTER_NONE;

    if (form && memory->disp.value == decoder->tp_disp) {
        return VERIFY_OK;
    }
    decoded->reads_view = form && memory->disp.value == decoder->view_disp &&
                          operand_is(&decoded->operand[0], ZYDIS_REGISTER_R11);
    return decoded->reads_view ? VERIFY_OK : VERIFY_ACCESS_FS;
}

/* M1 */
static enum verify_reason operands_gs(const struct decoded *decoded,
                                      const ZydisDecodedOperandMem *memory)
{
    if (!decoded->address_size) {
        return VERIFY_ACCESS_WIDTH;
    }
    /* Without a ModRM byte the address is an immediate (moffs). */
    if (!(decoded->zydis.attributes & ZYDIS_ATTRIB_HAS_MODRM) ||
        !operands_gpr32_or_none(memory->base) ||
        !operands_gpr32_or_none(memory->index)) {
        return VERIFY_ACCESS_FORM;
    }
    return VERIFY_OK;
}

/* S4 in stack.c. A shift takes its count from the last operand, modulo 32 or 64. */
static bool operands_always_accesses(const struct decoded *decoded)
{
    const ZydisDecodedOperand *last =
        &decoded->operand[decoded->zydis.operand_count_visible - 1];

    if (decoded->flags & RULE_COUNT) {
        return last->type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
               (last->imm.value.u & 31) != 0;
    }
    return !(decoded->flags & RULE_NO_PROBE);
}

static enum verify_reason operands_memory(const struct decoder *decoder,
                                          struct decoded *decoded,
                                          const ZydisDecodedOperand *operand)
{
    const ZydisDecodedOperandMem *memory = &operand->mem;

    if (memory->type != ZYDIS_MEMOP_TYPE_MEM || operand->size > ACCESS_MAX_BITS ||
        decoded->memory != NULL) {
        return VERIFY_ACCESS_FORM;
    }
    decoded->memory = operand;
    if (decoded->segment == 0x64) {
        return operands_fs(decoder, decoded, memory);
    }
    if (decoded->segment == 0x65) {
        return operands_gs(decoded, memory);
    }
    /* M2 */
    if (memory->base != ZYDIS_REGISTER_RSP || decoded->address_size) {
        return VERIFY_ACCESS_SEGMENT;
    }
    if (memory->index != ZYDIS_REGISTER_NONE) {
        return VERIFY_ACCESS_STACK;
    }
    decoded->probes = memory->disp.value < PROBE_REACH &&
                      memory->disp.value > -PROBE_REACH &&
                      operands_always_accesses(decoded);
    return VERIFY_OK;
}

/* M5 */
static enum verify_reason operands_hidden_memory(const struct decoded *decoded,
                                                 const ZydisDecodedOperand *operand)
{
    const ZydisRegister base = operand->mem.base;

    switch (decoded->kind) {
    case RULE_PUSH:
    case RULE_POP:
    case RULE_CALL:
    case RULE_RETURN:
        return base == ZYDIS_REGISTER_RSP ? VERIFY_OK : VERIFY_ACCESS_HIDDEN;
    case RULE_STRING:
        return base == ZYDIS_REGISTER_RDI || base == ZYDIS_REGISTER_RSI
                   ? VERIFY_OK
                   : VERIFY_ACCESS_HIDDEN;
    default:
        return VERIFY_ACCESS_HIDDEN;
    }
}

/* M6. Flags, the x87 status and, for branches, the instruction pointer are side
 * effects. */
static enum verify_reason operands_register_class(const struct decoded *decoded,
                                                  const ZydisDecodedOperand *operand)
{
    const bool hidden = operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;

    switch (ZydisRegisterGetClass(operand->reg.value)) {
    case ZYDIS_REGCLASS_GPR8:
    case ZYDIS_REGCLASS_GPR16:
    case ZYDIS_REGCLASS_GPR32:
    case ZYDIS_REGCLASS_GPR64:
    case ZYDIS_REGCLASS_X87:
    case ZYDIS_REGCLASS_XMM:
    case ZYDIS_REGCLASS_YMM:
        return VERIFY_OK;
    case ZYDIS_REGCLASS_FLAGS:
        return hidden ? VERIFY_OK : VERIFY_REGISTER; /* never: always hidden */
    case ZYDIS_REGCLASS_IP:
        return hidden && (operands_is_branch(decoded) || decoded->kind == RULE_TRAP)
                   ? VERIFY_OK
                   : VERIFY_REGISTER;
    default:
        return hidden && operand->reg.value == ZYDIS_REGISTER_X87STATUS
                   ? VERIFY_OK
                   : VERIFY_REGISTER;
    }
}

static bool operands_is_rsp(ZydisRegister reg)
{
    return reg == ZYDIS_REGISTER_RSP || reg == ZYDIS_REGISTER_ESP ||
           reg == ZYDIS_REGISTER_SP || reg == ZYDIS_REGISTER_SPL;
}

static enum verify_reason operands_register(struct decoded *decoded,
                                            const ZydisDecodedOperand *operand)
{
    const enum verify_reason reason = operands_register_class(decoded, operand);

    if (reason != VERIFY_OK) {
        return reason;
    }
    if (operands_is_rsp(operand->reg.value) &&
        (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)) {
        if (operand->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN) {
            decoded->writes_rsp = true;
        } else if (!operands_is_branch(decoded) && decoded->kind != RULE_PUSH &&
                   decoded->kind != RULE_POP) {
            return VERIFY_STACK_WRITE;
        }
    }
    return VERIFY_OK;
}

static enum verify_reason operands_one(const struct decoder *decoder,
                                       struct decoded *decoded,
                                       const ZydisDecodedOperand *operand)
{
    switch (operand->type) {
    case ZYDIS_OPERAND_TYPE_REGISTER:
        return operands_register(decoded, operand);
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        return VERIFY_OK;
    case ZYDIS_OPERAND_TYPE_MEMORY:
        if (operand->visibility != ZYDIS_OPERAND_VISIBILITY_EXPLICIT) {
            return operands_hidden_memory(decoded, operand);
        }
        if (decoded->kind == RULE_ADDRESS) {
            return operand->mem.type == ZYDIS_MEMOP_TYPE_AGEN ? VERIFY_OK
                                                              : VERIFY_ACCESS_FORM;
        }
        return operands_memory(decoder, decoded, operand);
    default:
        return VERIFY_ACCESS_FORM; /* never: no far pointers in 64-bit mode */
    }
}

/* nop names a memory operand and touches nothing: only its opcode matters. The other
 * hint opcodes (0F 0D, 0F 18 to 0F 1E) have got meanings over time and may get more. */
static enum verify_reason operands_nop(const struct decoded *decoded)
{
    const ZydisDecodedInstruction *zydis = &decoded->zydis;

    if (zydis->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && zydis->opcode == 0x90) {
        return VERIFY_OK;
    }
    return zydis->opcode_map == ZYDIS_OPCODE_MAP_0F && zydis->opcode == 0x1f &&
                   zydis->raw.modrm.reg == 0
               ? VERIFY_OK
               : VERIFY_ENCODING;
}

enum verify_reason operands_check(const struct decoder *decoder,
                                  struct decoded *decoded)
{
    decoded->memory = NULL;
    decoded->writes_rsp = false;
    decoded->reads_view = false;
    decoded->probes = decoded->kind == RULE_PUSH || decoded->kind == RULE_POP;
    if (decoded->kind == RULE_NOP) {
        return operands_nop(decoded);
    }
    for (unsigned i = 0; i < decoded->noperands; i++) {
        const enum verify_reason reason =
            operands_one(decoder, decoded, &decoded->operand[i]);
        if (reason != VERIFY_OK) {
            return reason;
        }
    }
    /* M4 */
    if ((decoded->flags & RULE_BIT_INDEX) && decoded->memory != NULL &&
        decoded->operand[1].type == ZYDIS_OPERAND_TYPE_REGISTER) {
        return VERIFY_ACCESS_BIT;
    }
    return VERIFY_OK;
}
