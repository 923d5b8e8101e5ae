/*
 * What the files of the verifier share: one decoded instruction, one pass over the
 * code. Every check returns the reason to refuse, or VERIFY_OK.
 */
#ifndef MONITOR_VERIFY_INTERNAL_H
#define MONITOR_VERIFY_INTERNAL_H

#include "verify.h"

#include <Zydis/Zydis.h>

/* ---- rules ---- */

/** How an instruction is checked. The zero value is what an unlisted mnemonic has. */
enum rule_kind {
    RULE_UNLISTED = 0,
    RULE_PLAIN,   /* explicit operands, no hidden memory */
    RULE_ADDRESS, /* lea: computes an address, reads nothing */
    RULE_NOP,     /* nop of any length */
    RULE_TRAP,    /* ud2, int3: never continues */
    RULE_PUSH,
    RULE_POP,
    RULE_CALL,
    RULE_JUMP,
    RULE_BRANCH, /* conditional jump */
    RULE_RETURN,
    RULE_STRING,  /* movs, stos */
    RULE_GS_BASE, /* rdgsbase */
};

enum rule_flag {
    RULE_VEX = 1,       /* encoded with VEX; without this flag: legacy encoding */
    RULE_LOCK = 2,      /* may carry LOCK when its first operand is memory */
    RULE_NO_PROBE = 4,  /* may skip its memory access: does not show where rsp is */
    RULE_BIT_INDEX = 8, /* a register as second operand indexes memory without bound */
    RULE_ADJUST = 16,   /* may move rsp by a constant */
    RULE_REBASE = 32,   /* may write esp as the first of a re-basing group */
    RULE_BARE = 64,     /* no REX */
    RULE_X87 = 128,     /* no operand-size prefix */
    RULE_NARROW = 512,  /* REX.W means nothing */
    RULE_COUNT = 256,   /* shows where rsp is only with a constant count other than 0 */
};

struct rule_row {
    uint16_t mnemonic; /* ZydisMnemonic */
    uint16_t flags;    /* enum rule_flag */
    uint8_t kind;      /* enum rule_kind */
};

struct rule_set {
    const struct rule_row *rows;
    size_t count;
};

extern const struct rule_set rules_integer, rules_control, rules_sse, rules_avx,
    rules_x87;

/* ---- one instruction ---- */

struct insn {
    uint32_t offset; /* from the start of the code */
    const uint8_t *bytes;
    uint16_t flags; /* of its rule */
    uint8_t kind;
    uint8_t noperands;
    /* prefixes, as bytes; 0: absent */
    uint8_t segment, rex, repeat; /* repeat: F0 (LOCK), F2 or F3 */
    bool operand_size, address_size;
    /* set by operands_check() */
    const ZydisDecodedOperand
        *memory;     /* the explicit operand that is accessed, or NULL */
    bool writes_rsp; /* rsp or a part of it is an explicit destination */
    bool probes;     /* accesses memory close to rsp, always */
    ZydisDecodedInstruction zydis;
    ZydisDecodedOperand operand[ZYDIS_MAX_OPERAND_COUNT];
};

static inline uint32_t insn_end(const struct insn *insn)
{
    return insn->offset + insn->zydis.length;
}

/* ---- one pass ---- */

enum group_state {
    GROUP_NONE = 0,
    GROUP_MASKED,        /* andl $-32,%r32 */
    GROUP_RETURN_MASKED, /* andq $0x7fffffe0,(%rsp) */
    /* from here on the group must be completed */
    GROUP_REBASE,     /* an instruction that wrote esp */
    GROUP_REBASE_GS,  /* ... and rdgsbase %r11 */
    GROUP_STRING_GS,  /* rdgsbase %r11 */
    GROUP_STRING_EDI, /* ... movl %edi,%edi */
    GROUP_STRING_RDI, /* ... leaq (%rdi,%r11),%rdi: stos, or esi next */
    GROUP_STRING_ESI, /* ... movl %esi,%esi */
    GROUP_STRING_RSI, /* ... leaq (%rsi,%r11),%rsi: movs next */
};

struct pass {
    const uint8_t *code;
    uint32_t len, base;
    const struct verify_policy *policy;
    ZydisDecoder decoder;
    uint8_t *starts;   /* bit per byte: a branch may go here */
    uint8_t *branches; /* bit per byte: a direct branch with a target to check */
    enum group_state group;
    uint32_t group_offset;    /* first instruction of the group */
    ZydisRegister group_mask; /* GROUP_MASKED: the 64-bit name of the masked register */
    bool dirty;               /* rsp was moved and not probed since */
    bool ended;               /* the last instruction does not fall through */
    uint32_t offence;         /* offset to report */
    struct rule_row rules[ZYDIS_MNEMONIC_MAX_VALUE + 1];
};

/* decode.c */
void decode_init(struct pass *pass);
enum verify_reason decode_at(const struct pass *pass, uint32_t offset,
                             struct insn *insn);

/* prefix.c */
enum verify_reason prefix_check(struct insn *insn);

/* operands.c */
enum verify_reason operands_check(const struct pass *pass, struct insn *insn);

/* stack.c */
enum verify_reason stack_check(struct pass *pass, const struct insn *insn);

/* groups.c */
enum verify_reason groups_check(struct pass *pass, const struct insn *insn,
                                bool *inside);
enum verify_reason groups_unfinished(const struct pass *pass);

/* branch.c */
enum verify_reason branch_check(struct pass *pass, const struct insn *insn);
enum verify_reason branch_targets(struct pass *pass);

/* ---- small helpers ---- */

static inline void bit_set(uint8_t *map, uint32_t bit)
{
    map[bit / 8] |= (uint8_t)(1u << (bit % 8));
}

static inline bool bit_get(const uint8_t *map, uint32_t bit)
{
    return (map[bit / 8] >> (bit % 8)) & 1;
}

static inline bool operand_is(const ZydisDecodedOperand *operand, ZydisRegister reg)
{
    return operand->type == ZYDIS_OPERAND_TYPE_REGISTER && operand->reg.value == reg;
}

static inline bool operand_is_imm(const ZydisDecodedOperand *operand, int64_t value)
{
    return operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
           operand->imm.value.s == value;
}

#endif
