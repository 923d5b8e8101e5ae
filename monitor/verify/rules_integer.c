/* Allowed integer instructions. A row that is not here does not run. */
#include "internal.h"

/* clang-format off */
#define ROW(name, flags) {ZYDIS_MNEMONIC_##name, flags, RULE_PLAIN}
#define PLAIN(name) ROW(name, 0)
#define LOCKED(name) ROW(name, RULE_LOCK)
/* The manuals leave open whether a count of 0 touches memory. */
#define SHIFT(name) ROW(name, RULE_COUNT)
#define HINT(name) ROW(name, RULE_NO_PROBE | RULE_NARROW)
#define BARE(name) ROW(name, RULE_BARE)
#define BIT(name, flags) ROW(name, RULE_BIT_INDEX | (flags))
#define VEX(name) ROW(name, RULE_VEX)
#define KIND(name, kind, flags) {ZYDIS_MNEMONIC_##name, flags, kind}

static const struct rule_row rows[] = {
    /* moves */
    ROW(MOV, RULE_REBASE),
    PLAIN(MOVZX), PLAIN(MOVSX), PLAIN(MOVSXD), PLAIN(MOVBE), PLAIN(MOVNTI),
    PLAIN(BSWAP),
    LOCKED(XCHG), LOCKED(XADD), LOCKED(CMPXCHG), LOCKED(CMPXCHG8B),
    PLAIN(CMOVB), PLAIN(CMOVBE), PLAIN(CMOVL), PLAIN(CMOVLE), PLAIN(CMOVNB),
    PLAIN(CMOVNBE), PLAIN(CMOVNL), PLAIN(CMOVNLE), PLAIN(CMOVNO), PLAIN(CMOVNP),
    PLAIN(CMOVNS), PLAIN(CMOVNZ), PLAIN(CMOVO), PLAIN(CMOVP), PLAIN(CMOVS),
    PLAIN(CMOVZ),
    PLAIN(SETB), PLAIN(SETBE), PLAIN(SETL), PLAIN(SETLE), PLAIN(SETNB), PLAIN(SETNBE),
    PLAIN(SETNL), PLAIN(SETNLE), PLAIN(SETNO), PLAIN(SETNP), PLAIN(SETNS), PLAIN(SETNZ),
    PLAIN(SETO), PLAIN(SETP), PLAIN(SETS), PLAIN(SETZ),
    KIND(LEA, RULE_ADDRESS, RULE_ADJUST | RULE_REBASE),

    /* arithmetic */
    ROW(ADD, RULE_LOCK | RULE_ADJUST | RULE_REBASE),
    ROW(SUB, RULE_LOCK | RULE_ADJUST | RULE_REBASE),
    ROW(AND, RULE_LOCK | RULE_REBASE),
    LOCKED(OR), LOCKED(XOR), LOCKED(ADC), LOCKED(SBB), LOCKED(INC), LOCKED(DEC),
    LOCKED(NEG), LOCKED(NOT),
    PLAIN(CMP), PLAIN(TEST), PLAIN(IMUL), PLAIN(MUL), PLAIN(IDIV), PLAIN(DIV),
    PLAIN(CBW), PLAIN(CWDE), PLAIN(CDQE), PLAIN(CWD), PLAIN(CDQ), PLAIN(CQO),

    /* shifts and bits */
    SHIFT(SHL), SHIFT(SHR), SHIFT(SAR), SHIFT(ROL), SHIFT(ROR), SHIFT(RCL), SHIFT(RCR),
    SHIFT(SHLD), SHIFT(SHRD),
    BIT(BT, 0), BIT(BTC, RULE_LOCK), BIT(BTR, RULE_LOCK), BIT(BTS, RULE_LOCK),
    PLAIN(BSF), PLAIN(BSR), PLAIN(TZCNT), PLAIN(LZCNT), PLAIN(POPCNT), PLAIN(CRC32),
    VEX(ANDN), VEX(BEXTR), VEX(BLSI), VEX(BLSMSK), VEX(BLSR), VEX(BZHI), VEX(MULX),
    VEX(PDEP), VEX(PEXT), VEX(RORX), VEX(SARX), VEX(SHLX), VEX(SHRX),

    /* flags (the direction flag is not among them), order of memory */
    BARE(CLC), BARE(CMC), BARE(STC), BARE(LAHF), BARE(SAHF),
    BARE(PAUSE), BARE(LFENCE), BARE(MFENCE), BARE(SFENCE),
    HINT(PREFETCHNTA), HINT(PREFETCHT0),
    HINT(PREFETCHT1), HINT(PREFETCHT2),
    HINT(PREFETCHW),
};
/* clang-format on */

const struct rule_set rules_integer = {rows, sizeof(rows) / sizeof(rows[0])};
