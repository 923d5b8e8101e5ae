/* Allowed control flow and stack instructions, and the parts of groups. */
#include "internal.h"

/* clang-format off */
#define KIND(name, kind, flags) {ZYDIS_MNEMONIC_##name, flags, kind}
#define JCC(name) KIND(name, RULE_BRANCH, RULE_BARE)

static const struct rule_row rows[] = {
    KIND(NOP, RULE_NOP, 0),
    KIND(UD2, RULE_TRAP, RULE_BARE),
    KIND(INT3, RULE_TRAP, RULE_BARE),
    KIND(PUSH, RULE_PUSH, 0),
    KIND(POP, RULE_POP, 0),
    KIND(CALL, RULE_CALL, 0),
    KIND(JMP, RULE_JUMP, 0),
    KIND(RET, RULE_RETURN, RULE_BARE),
    JCC(JB), JCC(JBE), JCC(JL), JCC(JLE), JCC(JNB), JCC(JNBE), JCC(JNL), JCC(JNLE),
    JCC(JNO), JCC(JNP), JCC(JNS), JCC(JNZ), JCC(JO), JCC(JP), JCC(JS), JCC(JZ),
    /* movs and stos are told from SSE2's movsd by their opcode: see D2 in decode.c */
};
/* clang-format on */

const struct rule_set rules_control = {rows, sizeof(rows) / sizeof(rows[0])};
