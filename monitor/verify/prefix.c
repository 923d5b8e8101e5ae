/*
 * Prefixes. Processors ignore many prefixes in many places, and differ in which; a
 * decoder may differ from all of them. So only prefixes with a meaning are accepted.
 *
 * Invariants:
 *  X1. At most one prefix of each group: segment; operand size; address size; LOCK,
 *      REP and REPNE.
 *  X2. A REX prefix comes last and each of its bits means something; jumps,
 *      calls, string and x87 instructions have none without bits.
 *  X3. The operand-size prefix is part of the opcode or makes a 16-bit operand.
 *  X4. The address-size prefix and a segment prefix come with an explicit memory
 *      operand. The segment is GS or FS, and never on lea.
 *  X5. REP and REPNE are part of the opcode, or REP repeats a listed string
 *      instruction.
 *  X6. LOCK locks a listed read-modify-write of memory.
 *  X7. nop has operand-size prefixes and at most one CS prefix, as assemblers fill.
 */
#include "internal.h"

static bool prefix_is_segment(uint8_t byte)
{
    return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e ||
           byte == 0x64 || byte == 0x65;
}

/* X3: a 16-bit operand must be there, and no REX.W or 8-bit form that overrules it. x87
 * instructions have 16-bit operands of their own. */
static enum verify_reason prefix_size(const struct decoded *decoded,
                                      ZydisPrefixType type)
{
    if (type == ZYDIS_PREFIX_TYPE_MANDATORY) {
        return VERIFY_OK;
    }
    if (type != ZYDIS_PREFIX_TYPE_EFFECTIVE || decoded->zydis.operand_width != 16 ||
        (decoded->flags & RULE_X87)) {
        return VERIFY_PREFIX_SIZE;
    }
    for (unsigned i = 0; i < decoded->noperands; i++) {
        if (decoded->operand[i].size == 16 &&
            decoded->operand[i].type != ZYDIS_OPERAND_TYPE_IMMEDIATE) {
            return VERIFY_OK;
        }
    }
    return VERIFY_PREFIX_SIZE;
}

/* The bits of REX that have something to extend. */
static uint8_t prefix_rex_bits(const struct decoded *decoded)
{
    const bool implied = decoded->kind == RULE_PUSH || decoded->kind == RULE_POP ||
                         decoded->kind == RULE_CALL || decoded->kind == RULE_JUMP;
    uint8_t bits = 0;

    /* movq between XMM registers, or an XMM register and memory, not a general one */
    const bool vector = decoded->zydis.mnemonic == ZYDIS_MNEMONIC_MOVQ &&
                        (decoded->repeat == 0xf3 || decoded->zydis.opcode == 0xd6);

    if (decoded->zydis.operand_width == 64 && !implied && !vector &&
        !(decoded->flags & (RULE_X87 | RULE_NARROW))) {
        bits |= REX_W;
    }
    for (unsigned i = 0; i < decoded->zydis.operand_count_visible; i++) {
        const ZydisDecodedOperand *operand = &decoded->operand[i];
        const bool memory = operand->type == ZYDIS_OPERAND_TYPE_MEMORY;

        if (operand->encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG) {
            bits |= REX_R;
        } else if (operand->encoding == ZYDIS_OPERAND_ENCODING_OPCODE ||
                   (operand->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM &&
                    (memory || !(decoded->flags & RULE_X87)))) {
            bits |= REX_B;
        }
        if (memory && (decoded->zydis.attributes & ZYDIS_ATTRIB_HAS_SIB)) {
            bits |= REX_X;
        }
    }
    return bits;
}

/* X2. Without bits REX only names spl, bpl, sil and dil where there would be ah, ch, dh
 * and bh, so it serves to fill bundles as well. */
static enum verify_reason prefix_rex(const struct decoded *decoded)
{
    const bool fills = !(decoded->flags & RULE_X87) &&
                       (decoded->kind == RULE_PLAIN || decoded->kind == RULE_ADDRESS ||
                        decoded->kind == RULE_PUSH || decoded->kind == RULE_POP);

    if ((decoded->flags & RULE_BARE) || (decoded->rex == 0x40 && !fills) ||
        (decoded->rex & 15 & ~prefix_rex_bits(decoded)) != 0) {
        return VERIFY_PREFIX_REX;
    }
    return VERIFY_OK;
}

/* X7 */
static enum verify_reason prefix_nop(const struct decoded *decoded)
{
    bool segment = false;

    for (unsigned i = 0; i < decoded->zydis.raw.prefix_count; i++) {
        switch (decoded->zydis.raw.prefixes[i].value) {
        case 0x66:
            break;
        case 0x2e:
            if (segment) {
                return VERIFY_PREFIX_REPEATED;
            }
            segment = true;
            break;
        case 0x67:
            return VERIFY_PREFIX_ADDRESS;
        case 0xf0:
            return VERIFY_PREFIX_LOCK; /* never: Zydis knows that it is invalid */
        case 0xf2:
        case 0xf3:
            return VERIFY_PREFIX_REP;
        case 0x26:
        case 0x36:
        case 0x3e:
        case 0x64:
        case 0x65:
            return VERIFY_PREFIX_SEGMENT;
        default:
            return VERIFY_PREFIX_REX;
        }
    }
    return VERIFY_OK;
}

/* X1. Also notes which prefixes there are. */
static enum verify_reason prefix_collect(struct decoded *decoded)
{
    const ZydisDecodedInstructionRaw *raw = &decoded->zydis.raw;

    for (unsigned i = 0; i < raw->prefix_count; i++) {
        const uint8_t byte = raw->prefixes[i].value;
        bool repeated;

        if (byte >= 0x40 && byte <= 0x4f) {
            decoded->rex = byte;
            if (i + 1 != raw->prefix_count) {
                return VERIFY_PREFIX_REX; /* X2 */
            }
            continue;
        }
        switch (byte) {
        case 0x66:
            repeated = decoded->operand_size;
            decoded->operand_size = true;
            break;
        case 0x67:
            repeated = decoded->address_size;
            decoded->address_size = true;
            break;
        case 0xf0:
        case 0xf2:
        case 0xf3:
            repeated = decoded->repeat != 0;
            decoded->repeat = byte;
            break;
        default:
            if (!prefix_is_segment(byte)) {
                return VERIFY_DECODE; /* never: there are no others */
            }
            repeated = decoded->segment != 0;
            decoded->segment = byte;
            break;
        }
        if (repeated) {
            return VERIFY_PREFIX_REPEATED;
        }
    }
    return VERIFY_OK;
}

static enum verify_reason prefix_meaning(const struct decoded *decoded, uint8_t byte,
                                         ZydisPrefixType type)
{
    switch (byte) {
    case 0x64:
    case 0x65:
    case 0x67:
    case 0xf0:
        return VERIFY_OK; /* prefix_operands() */
    case 0x66:
        return prefix_size(decoded, type);
    case 0xf2:
    case 0xf3:
        /* X5 */
        return type == ZYDIS_PREFIX_TYPE_MANDATORY &&
                       (byte == 0xf3 || decoded->kind != RULE_STRING)
                   ? VERIFY_OK
                   : VERIFY_PREFIX_REP;
    default:
        return prefix_is_segment(byte) ? VERIFY_PREFIX_SEGMENT : prefix_rex(decoded);
    }
}

/* X4, X6: what the explicit operands must be. */
static enum verify_reason prefix_operands(const struct decoded *decoded)
{
    bool memory = false, accessed = false;

    for (unsigned i = 0; i < decoded->zydis.operand_count_visible; i++) {
        if (decoded->operand[i].type == ZYDIS_OPERAND_TYPE_MEMORY) {
            memory =
                decoded->operand[i].visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT;
            accessed = memory && decoded->kind != RULE_ADDRESS;
        }
    }
    if (decoded->segment != 0 && !accessed) {
        return VERIFY_PREFIX_SEGMENT;
    }
    if (decoded->address_size && !memory) {
        return VERIFY_PREFIX_ADDRESS;
    }
    if (decoded->repeat == 0xf0 &&
        (!(decoded->flags & RULE_LOCK) ||
         decoded->operand[0].type != ZYDIS_OPERAND_TYPE_MEMORY)) {
        return VERIFY_PREFIX_LOCK;
    }
    return VERIFY_OK;
}

enum verify_reason prefix_check(struct decoded *decoded)
{
    const ZydisDecodedInstructionRaw *raw = &decoded->zydis.raw;

    decoded->segment = decoded->rex = decoded->repeat = 0;
    decoded->operand_size = decoded->address_size = false;
    if (raw->prefix_count == 0) {
        return VERIFY_OK;
    }
    if (decoded->kind == RULE_NOP) {
        return prefix_nop(decoded);
    }
    const enum verify_reason reason = prefix_collect(decoded);
    if (reason != VERIFY_OK) {
        return reason;
    }
    for (unsigned i = 0; i < raw->prefix_count; i++) {
        const enum verify_reason meaning =
            prefix_meaning(decoded, raw->prefixes[i].value, raw->prefixes[i].type);
        if (meaning != VERIFY_OK) {
            return meaning;
        }
    }
    return prefix_operands(decoded);
}
