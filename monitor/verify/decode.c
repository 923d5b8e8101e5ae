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

static void decode_add_rules(struct decoder *decoder, const struct rule_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        decoder->rules[set->rows[i].mnemonic] = set->rows[i];
    }
}

void decoder_init(struct decoder *decoder, const struct verify_policy *policy)
{
    memset(decoder, 0, sizeof(*decoder));
    decoder->tp_disp = policy->tp_disp;
    decoder->view_disp = policy->view_disp;
    decode_add_rules(decoder, &rules_integer);
    decode_add_rules(decoder, &rules_control);
    decode_add_rules(decoder, &rules_sse);
    decode_add_rules(decoder, &rules_avx);
    decode_add_rules(decoder, &rules_x87);
    ZydisDecoderInit(&decoder->zydis, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
}

/* The one-byte opcodes A4..A7 and AA..AF are string instructions, whatever their name. */
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

static enum verify_reason decode_rule(const struct decoder *decoder,
                                      struct decoded *decoded)
{
    const ZydisDecodedInstruction *zydis = &decoded->zydis;
    const struct rule_row *row = &decoder->rules[zydis->mnemonic];

    if (decode_is_string(zydis)) {
        decoded->kind = RULE_STRING;
        decoded->flags = 0;
        return decode_is_listed_string(zydis) ? VERIFY_OK : VERIFY_UNLISTED;
    }
    if (row->kind == RULE_UNLISTED) {
        return VERIFY_UNLISTED;
    }
    if (zydis->encoding != ((row->flags & RULE_VEX)
                                ? ZYDIS_INSTRUCTION_ENCODING_VEX
                                : ZYDIS_INSTRUCTION_ENCODING_LEGACY) ||
        decode_is_alias(zydis, row->flags)) {
        return VERIFY_ENCODING;
    }
    decoded->kind = row->kind;
    decoded->flags = row->flags;
    return VERIFY_OK;
}

enum verify_reason decode(const struct decoder *decoder, const uint8_t *bytes,
                          size_t available, struct decoded *decoded)
{
    ZydisDecoderContext context;

    decoded->bytes = bytes;
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder->zydis, &context, bytes,
                                                    available, &decoded->zydis))) {
        return VERIFY_DECODE;
    }
    const enum verify_reason reason = decode_rule(decoder, decoded);
    if (reason != VERIFY_OK) {
        return reason;
    }
    decoded->noperands = decoded->zydis.operand_count;
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeOperands(&decoder->zydis, &context,
                                                 &decoded->zydis, decoded->operand,
                                                 decoded->noperands))) {
        return VERIFY_DECODE; /* never: the instruction has been decoded */
    }
    return VERIFY_OK;
}
