/*
 * What the files of the verifier share: one decoded instruction, one pass over the
 * code. Every check returns the reason to refuse, or VERIFY_OK.
 */
#ifndef MONITOR_VERIFY_INTERNAL_H
#define MONITOR_VERIFY_INTERNAL_H

#include "verify.h"

#include <Zydis/Zydis.h>

/* The low bits of a REX prefix: 64-bit operand, extension of reg, index, rm or base. */
#define REX_W 8u
#define REX_R 4u
#define REX_X 2u
#define REX_B 1u

/* The masks of returns and of indirect branches; see groups.c. */
#define RETURN_MASK INT64_C(0x7fffffe0)
#define BRANCH_MASK INT64_C(-32)

/* An access this close to rsp shows that rsp is near mapped memory: the lowest and the
 * highest 64 KiB of a view are never mapped. */
#define PROBE_REACH 0x10000

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
    RULE_STRING, /* movs, stos */
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

/* ---- one instruction, in Zydis' words ---- */

struct decoded {
    const uint8_t *bytes;
    uint16_t flags; /* of its rule */
    uint8_t kind;
    uint8_t noperands;
    /* prefixes, as bytes; 0: absent */
    uint8_t segment, rex, repeat; /* repeat: F0 (LOCK), F2 or F3 */
    bool operand_size, address_size;
    /* set by operands_check() */
    const ZydisDecodedOperand *memory; /* the explicit, accessed operand, or NULL */
    bool writes_rsp; /* rsp or a part of it is an explicit destination */
    bool probes;     /* accesses memory close to rsp, always */
    bool reads_view; /* the slot with the view's base */
    ZydisDecodedInstruction zydis;
    ZydisDecodedOperand operand[ZYDIS_MAX_OPERAND_COUNT];
};

/* What decides about an instruction but its bytes. */
struct decoder {
    ZydisDecoder zydis;
    int32_t tp_disp, view_disp; /* of the policy */
    struct rule_row rules[ZYDIS_MNEMONIC_MAX_VALUE + 1];
};

/* decode.c */
void decoder_init(struct decoder *decoder, const struct verify_policy *policy);
enum verify_reason decode(const struct decoder *decoder, const uint8_t *bytes,
                          size_t available, struct decoded *decoded);

/* prefix.c */
enum verify_reason prefix_check(struct decoded *decoded);

/* operands.c */
enum verify_reason operands_check(const struct decoder *decoder,
                                  struct decoded *decoded);

/* ---- one accepted instruction, in the words of the rules ---- */

enum insn_flow {
    FLOW_NEXT = 0,
    FLOW_NEVER,  /* ud2, int3 */
    FLOW_BRANCH, /* conditional, direct */
    FLOW_JUMP,
    FLOW_CALL,
    FLOW_JUMP_INDIRECT,
    FLOW_CALL_INDIRECT,
    FLOW_RETURN,
};

/** The part that an instruction can have in a group; see groups.c. */
enum insn_role {
    ROLE_NONE = 0,
    ROLE_BRANCH_MASK, /* andl $-32,%r32 */
    ROLE_RETURN_MASK, /* andq $0x7fffffe0,(%rsp) */
    ROLE_VIEW,        /* movq %fs:VIEW,%r11 */
    ROLE_CUT_RDI,     /* movl %edi,%edi */
    ROLE_CUT_RSI,     /* movl %esi,%esi */
    ROLE_BASE_RDI,    /* leaq (%rdi,%r11),%rdi */
    ROLE_BASE_RSI,    /* leaq (%rsi,%r11),%rsi */
    ROLE_STOS,
    ROLE_MOVS,
};

/** What an instruction does to rsp, apart from push and pop; see stack.c. */
enum insn_stack {
    STACK_KEEP = 0,
    STACK_MOVE, /* adds a constant */
    STACK_CUT,  /* writes esp, clearing the upper half */
    STACK_BASE, /* leaq (%rsp,%r11),%rsp */
};

struct insn {
    uint8_t length;
    uint8_t flow;  /* enum insn_flow */
    uint8_t role;  /* enum insn_role */
    uint8_t stack; /* enum insn_stack */
    uint8_t reg;   /* number of the register: ROLE_BRANCH_MASK, indirect branches */
    bool probes;   /* accesses memory close to rsp, always */
};

/* classify.c: all that can be said without the instructions around it */
enum verify_reason classify(const struct decoder *decoder, const uint8_t *bytes,
                            size_t available, struct insn *insn);
/** The same for what is not a branch, int3 or ret; with the decoder alone, at a tenth of
 * the speed. */
enum verify_reason classify_decode(const struct decoder *decoder, const uint8_t *bytes,
                                   size_t available, struct insn *insn);

/* plain.c */
/** classify_decode() for the most frequent instructions. False: not one of them. */
bool plain_classify(const uint8_t *bytes, size_t available, struct insn *insn);

/* ---- one pass over the code ---- */

enum group_state {
    GROUP_NONE = 0,
    GROUP_MASKED,        /* andl $-32,%r32 */
    GROUP_RETURN_MASKED, /* andq $0x7fffffe0,(%rsp) */
    /* from here on the group must be completed */
    GROUP_STACK_CUT,   /* a write of esp */
    GROUP_STACK_VIEW,  /* ... movq %fs:VIEW,%r11: leaq (%rsp,%r11),%rsp next */
    GROUP_STRING_VIEW, /* movq %fs:VIEW,%r11 */
    GROUP_STRING_EDI,  /* ... movl %edi,%edi */
    GROUP_STRING_RDI,  /* ... leaq (%rdi,%r11),%rdi: stos, or esi next */
    GROUP_STRING_ESI,  /* ... movl %esi,%esi */
    GROUP_STRING_RSI,  /* ... leaq (%rsi,%r11),%rsi: movs next */
};

#define GROUP_OPEN GROUP_STACK_CUT

struct pass {
    const uint8_t *code;
    uint32_t len, base;
    const struct verify_policy *policy;
    uint8_t *starts;   /* bit per byte: a branch may go here */
    uint8_t *branches; /* bit per byte: a direct branch with a target to check */
    enum group_state group;
    uint32_t group_offset; /* first instruction of the group */
    uint8_t group_reg;     /* GROUP_MASKED: the register */
    bool dirty;            /* rsp was moved and not probed since */
    bool ended;            /* the last instruction does not fall through */
    uint32_t offence;      /* offset to report */
};

/* stack.c */
enum verify_reason stack_check(struct pass *pass, const struct insn *insn);

/* groups.c */
enum verify_reason groups_check(struct pass *pass, uint32_t offset,
                                const struct insn *insn, bool *inside);
enum verify_reason groups_unfinished(const struct pass *pass);

/* branch.c */
/** Recognises a branch, int3 or ud2 by its bytes. */
bool branch_form(const uint8_t *bytes, size_t available, struct insn *insn);
enum verify_reason branch_check(struct pass *pass, uint32_t offset,
                                const struct insn *insn);
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
