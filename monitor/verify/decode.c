/*
 * One instruction at a time: what it is and which rule it falls under.
 *
 * Invariants:
 *  D1. Nothing is accepted that Zydis does not decode, nor a mnemonic without a rule,
 *      nor a mnemonic in another encoding than its rule names: EVEX, XOP and 3DNow!
 *      have no rule.
 *  D2. Where one mnemonic names two instructions (movsd, cmpsd: string and SSE2) the
 *      opcode decides.
 */
#include "internal.h"

#include <string.h>

static void decode_add_rules(struct pass *pass, const struct rule_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        pass->rules[set->rows[i].mnemonic] = set->rows[i];
    }
}

void decode_init(struct pass *pass)
{
    memset(pass->rules, 0, sizeof(pass->rules));
    decode_add_rules(pass, &rules_integer);
    decode_add_rules(pass, &rules_control);
    decode_add_rules(pass, &rules_sse);
    decode_add_rules(pass, &rules_avx);
    decode_add_rules(pass, &rules_x87);
    ZydisDecoderInit(&pass->decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
}

/* The one-byte opcodes A4..A7 and AA..AF are string instructions, whatever their name.
 */
static bool decode_is_string(const ZydisDecodedInstruction *zydis)
{
    return zydis->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
           zydis->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
           ((zydis->opcode >= 0xa4 && zydis->opcode <= 0xa7) ||
            (zydis->opcode >= 0xaa && zydis->opcode <= 0xaf));
}

static bool decode_is_listed_string(const ZydisDecodedInstruction *zydis)
{
    return zydis->opcode == 0xa4 || zydis->opcode == 0xa5 || zydis->opcode == 0xaa ||
           zydis->opcode == 0xab;
}

/* Encodings that no manual lists, though processors execute them: second names of fcom,
 * fcomp, fxch and fstp, and fences with a register number. */
static bool decode_is_alias(const ZydisDecodedInstruction *zydis, uint16_t flags)
{
    const uint8_t mod = zydis->raw.modrm.mod, reg = zydis->raw.modrm.reg;

    if (zydis->opcode_map == ZYDIS_OPCODE_MAP_0F && zydis->opcode == 0xae) {
        return mod == 3 && reg >= 5 && zydis->raw.modrm.rm != 0;
    }
    if (!(flags & RULE_X87) || mod != 3) {
        return false;
    }
    switch (zydis->opcode) {
    case 0xdc:
        return reg == 2 || reg == 3;
    case 0xdd:
        return reg == 1;
    case 0xde:
        return reg == 2;
    case 0xdf:
        return reg >= 1 && reg <= 3;
    default:
        return false;
    }
}

static enum verify_reason decode_rule(const struct pass *pass, struct insn *insn)
{
    const ZydisDecodedInstruction *zydis = &insn->zydis;
    const struct rule_row *row = &pass->rules[zydis->mnemonic];

    if (decode_is_string(zydis)) {
        insn->kind = RULE_STRING;
        insn->flags = 0;
        return decode_is_listed_string(zydis) ? VERIFY_OK : VERIFY_UNLISTED;
    }
    if (row->kind == RULE_UNLISTED) {
        return VERIFY_UNLISTED;
    }
    if (zydis->encoding != ((row->flags & RULE_VEX)
                                ? ZYDIS_INSTRUCTION_ENCODING_VEX
                                : ZYDIS_INSTRUCTION_ENCODING_LEGACY)) {
        return VERIFY_ENCODING;
    }
    if (decode_is_alias(zydis, row->flags)) {
        return VERIFY_ENCODING;
    }
    insn->kind = row->kind;
    insn->flags = row->flags;
    return VERIFY_OK;
}

enum verify_reason decode_at(const struct pass *pass, uint32_t offset,
                             struct insn *insn)
{
    ZydisDecoderContext context;

    insn->offset = offset;
    insn->bytes = pass->code + offset;
    insn->noperands = 0;
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(
            &pass->decoder, &context, insn->bytes, pass->len - offset, &insn->zydis))) {
        return VERIFY_DECODE;
    }
    if (offset / VERIFY_BUNDLE != (insn_end(insn) - 1) / VERIFY_BUNDLE) {
        return VERIFY_BUNDLE_CROSS;
    }
    const enum verify_reason reason = decode_rule(pass, insn);
    if (reason != VERIFY_OK) {
        return reason;
    }
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeOperands(&pass->decoder, &context, &insn->zydis,
                                                 insn->operand,
                                                 insn->zydis.operand_count))) {
        return VERIFY_DECODE;
    }
    insn->noperands = insn->zydis.operand_count;
    return VERIFY_OK;
}
