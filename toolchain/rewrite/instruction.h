/* One instruction of the source: prefixes, mnemonic, operands. */
#ifndef REWRITE_INSTRUCTION_H
#define REWRITE_INSTRUCTION_H

#include "operand.h"
#include "program.h"

#define MAX_OPERANDS 6

enum repeat { REPEAT_NONE, REPEAT_REP, REPEAT_REPNE };

struct instruction {
    const char *text; /* as written, for messages */
    struct place place;
    bool lock;
    enum repeat repeat;
    const char *encoding; /* "{vex3} " and the like, or "" */
    const char *name;     /* lower case, as written */
    struct operand operands[MAX_OPERANDS];
    unsigned noperands;
};

/** Prefixes that stood alone in their statement (`lock ; incl x`) and wait for the
 * next. */
struct pending_prefix {
    char *text; /* NULL: none */
};

/**
 * Parses @statement, which may be prefixes alone: these are kept in @pending for the
 * next call and the answer is false with no error counted. Reports what it cannot
 * parse.
 */
bool instruction_parse(struct program *program, struct pending_prefix *pending,
                       const char *statement, struct place place,
                       struct instruction *instruction);

/** Does the mnemonic equal @name, or @name with the suffix of a 64-bit operation? */
bool instruction_is(const struct instruction *instruction, const char *name);

#endif
