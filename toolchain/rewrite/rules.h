/* What the rewriter does with each mnemonic, and why it refuses some. */
#ifndef REWRITE_RULES_H
#define REWRITE_RULES_H

enum rule_class {
    RULE_PLAIN, /* only its explicit memory operand matters; last operand written */
    RULE_READ,  /* as PLAIN, writes no operand (cmp, test) */
    RULE_SWAP,  /* writes more than its last operand */
    RULE_MOVE,  /* mov: may write %rsp */
    RULE_ARITHMETIC,   /* add, sub, and: may write %rsp */
    RULE_LEA,          /* computes an address, accesses nothing */
    RULE_UNSURE,       /* may leave its memory operand alone: shift by 0, masked move */
    RULE_HINT,         /* prefetch: its memory operand is no access */
    RULE_NOP,          /* kept as it is */
    RULE_DROP,         /* left out */
    RULE_BIT_STRING,   /* bt family: a register bit number reaches beyond the operand */
    RULE_STRING_MOVE,  /* movs, when it has no register operands */
    RULE_STRING_STORE, /* stos */
    RULE_BIT_SCAN,     /* bsf, bsr: with a rep prefix another instruction */
    RULE_PUSH,
    RULE_POP,
    RULE_LEAVE,
    RULE_CALL,
    RULE_JUMP,   /* jmp */
    RULE_BRANCH, /* jcc */
    RULE_RETURN,
    RULE_PROCESSOR, /* cpuid, xgetbv: libc answers */
    RULE_TRAP,      /* control does not pass: ud2, int3 */
    RULE_REFUSED,
};

struct rule {
    const char *pattern; /* a mnemonic; a final '*' stands for any rest */
    enum rule_class class;
    const char *help; /* refused: the way around it */
};

/** Returns the rule for mnemonic @name (lower case). Never NULL. */
const struct rule *rule_find(const char *name);

#endif
