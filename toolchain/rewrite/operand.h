/* Operands of AT&T syntax: parsing, register names, printing. */
#ifndef REWRITE_OPERAND_H
#define REWRITE_OPERAND_H

#include <stdbool.h>
#include <stddef.h>

enum operand_kind {
    OPERAND_REGISTER,
    OPERAND_IMMEDIATE,
    OPERAND_MEMORY, /* also the target of a direct branch: a displacement alone */
};

/* Numbers of general registers as the hardware counts them; RIP is ours. */
enum {
    REG_RAX = 0,
    REG_RCX,
    REG_RDX,
    REG_RBX,
    REG_RSP,
    REG_RBP,
    REG_RSI,
    REG_RDI,
    REG_R8,
    REG_R11 = 11,
    REG_RIP = 16,
    REG_NONE = -1,  /* no register */
    REG_OTHER = -2, /* not a general register: %xmm0, %st(1), %fs, ... */
};

struct operand {
    enum operand_kind kind;
    bool indirect;       /* *operand */
    const char *text;    /* as written, without '*' */
    int reg;             /* register: its number */
    unsigned width;      /* register: bytes; 0 for REG_OTHER */
    const char *segment; /* memory: "fs" and so on, or NULL */
    const char *disp;    /* memory: expression, "" when absent */
    int base;
    int index;
    unsigned scale;
    bool narrow; /* memory: base or index was a 32-bit register */
};

/** Parses the @len bytes at @text. Returns false when they are not an operand. */
bool operand_parse(const char *text, size_t len, struct operand *operand);

/** The name, without '%', of general register @reg at @width bytes (8 or 4). */
const char *register_name(int reg, unsigned width);

/** Prints a memory operand with registers of @width bytes, without its segment. */
const char *operand_address(const struct operand *operand, unsigned width);

/** Is the operand register @reg, at any width? */
bool operand_is_register(const struct operand *operand, int reg);

/** Does the operand mention register @reg, as itself or in an address? */
bool operand_mentions(const struct operand *operand, int reg);

#endif
