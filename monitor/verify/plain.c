/*
 * The instructions that compilers emit most, by their bytes: a table says what the decoder
 * would. Of a hundred instructions of a program, 99 are branches or found here.
 *
 * Invariants:
 *  T1. Nothing is refused here: what is not found is classify_decode()'s to judge. What is
 *      found, classify_decode() accepts, with the same class. A test compares both for
 *      every form there is, but for displacements and immediates, of which it takes the
 *      ones that matter.
 *  T2. The forms are [65 67] [66, F2 or F3] [REX] [0F] opcode [ModRM [SIB] [disp]] [imm],
 *      with a row for the opcode, each prefix and each bit of REX meaning something (X1 to
 *      X5 of prefix.c); and nop, which has its own prefixes (X7).
 *  T3. Memory is %gs:disp(%base,%index,scale) with 32-bit registers or none, or
 *      disp(%rsp): M1 and M2 of operands.c. Never relative to the instruction pointer.
 *  T4. No register that is written is rsp or a part of it, but for push and pop of another
 *      register, and a constant added to rsp or subtracted.
 *  T5. The masks of branches and returns are told from other `and`s; nothing else here has
 *      a part in a group.
 */
#include "internal.h"

#include <string.h>

#define RSP 4u /* the number of the register, and of no index */
#define R11 11u

/* What ModRM.reg says of the opcodes 81 and 83. */
#define EXT_ADD 0u
#define EXT_TEST 0u /* of f6 and f7 */
#define EXT_AND 4u
#define EXT_SUB 5u

#define AVAILABLE 16u /* two more than the longest form has */
#define FILL_66 3u

enum plain_flag {
    MODRM = 1,
    REG = 2,     /* ModRM.reg is an operand, not part of the opcode */
    WIDE = 4,    /* of 32 bits, 64 with REX.W, 16 with 66 */
    TO_REG = 8,  /* writes the general register in ModRM.reg */
    TO_RM = 16,  /* may write a general register in ModRM.rm */
    IMM8 = 32,   /* an immediate of 8 bits */
    IMM = 64,    /* an immediate as wide as the operand, 32 bits at most */
    IMM64 = 128, /* 64 bits too */
    NAMED = 256, /* writes, or pushes, the register in the opcode's low bits */
    PUSH = 512,  /* or pop */
    MOVE = 1024, /* between equal registers it may be a part of a group */
    LEA = 2048,
    SHIFT = 4096,     /* may leave out its access to memory */
    IMMEDIATE = 8192, /* 81 and 83: rsp may be moved, a mask may be there */
    TEST = 16384,     /* /0 has an immediate, the others have none */
};

struct plain_row {
    uint16_t flags;
    uint8_t exts; /* bit n: ModRM.reg, as part of the opcode, may be n */
};

/* clang-format off */
#define ROW(flags) {flags, 0}
#define EXTS(exts, flags) {MODRM | (flags), exts}
#define BOTH (MODRM | REG)
#define ARITHMETIC(first) /* rm8,reg8; rm,reg; reg8,rm8; reg,rm */ \
    [(first) + 0] = ROW(BOTH | TO_RM), [(first) + 1] = ROW(BOTH | WIDE | TO_RM), \
    [(first) + 2] = ROW(BOTH | TO_REG), [(first) + 3] = ROW(BOTH | WIDE | TO_REG)
#define ACCUMULATOR(first) /* al,imm8; eax,imm */ \
    [(first) + 4] = ROW(IMM8), [(first) + 5] = ROW(WIDE | IMM)

static const struct plain_row one_byte[256] = {
    ARITHMETIC(0x00), ACCUMULATOR(0x00), /* add */
    ARITHMETIC(0x08), ACCUMULATOR(0x08), /* or */
    ARITHMETIC(0x10), ACCUMULATOR(0x10), /* adc */
    ARITHMETIC(0x18), ACCUMULATOR(0x18), /* sbb */
    ARITHMETIC(0x20),                    /* and */
    ARITHMETIC(0x28), ACCUMULATOR(0x28), /* sub */
    ARITHMETIC(0x30), ACCUMULATOR(0x30), /* xor */
    ARITHMETIC(0x38), ACCUMULATOR(0x38), /* cmp */
    [0x50 ... 0x5f] = ROW(NAMED | PUSH),
    [0x63] = ROW(BOTH | WIDE | TO_REG), /* movslq */
    [0x68] = ROW(PUSH | IMM), [0x6a] = ROW(PUSH | IMM8),
    [0x69] = ROW(BOTH | WIDE | TO_REG | IMM), [0x6b] = ROW(BOTH | WIDE | TO_REG | IMM8),
    [0x80] = EXTS(0xff, TO_RM | IMM8),
    [0x81] = EXTS(0xff, WIDE | TO_RM | IMM | IMMEDIATE),
    [0x83] = EXTS(0xff, WIDE | TO_RM | IMM8 | IMMEDIATE),
    [0x84] = ROW(BOTH), [0x85] = ROW(BOTH | WIDE), /* test */
    [0x88] = ROW(BOTH | TO_RM), [0x89] = ROW(BOTH | WIDE | TO_RM | MOVE),
    [0x8a] = ROW(BOTH | TO_REG), [0x8b] = ROW(BOTH | WIDE | TO_REG | MOVE),
    [0x8d] = ROW(BOTH | WIDE | TO_REG | LEA),
    [0x98 ... 0x99] = ROW(WIDE), /* cltq, cltd */
    [0xa8] = ROW(IMM8), [0xa9] = ROW(WIDE | IMM), /* test */
    [0xb8 ... 0xbf] = ROW(WIDE | NAMED | IMM | IMM64),
    /* rol, ror, shl, shr, sar */
    [0xc0] = EXTS(0xb3, TO_RM | SHIFT | IMM8), [0xc1] = EXTS(0xb3, WIDE | TO_RM | SHIFT | IMM8),
    [0xd0] = EXTS(0xb3, TO_RM), [0xd1] = EXTS(0xb3, WIDE | TO_RM),
    [0xd2] = EXTS(0xb3, TO_RM | SHIFT), [0xd3] = EXTS(0xb3, WIDE | TO_RM | SHIFT),
    [0xc6] = EXTS(0x01, TO_RM | IMM8), [0xc7] = EXTS(0x01, WIDE | TO_RM | IMM), /* mov */
    /* test, not, neg, mul, imul, div, idiv */
    [0xf6] = EXTS(0xfd, TO_RM | TEST), [0xf7] = EXTS(0xfd, WIDE | TO_RM | TEST),
    [0xfe] = EXTS(0x03, TO_RM), [0xff] = EXTS(0x03, WIDE | TO_RM), /* inc, dec */
};

/* Behind 0F: without a prefix, and with 66, F2, F3 as part of the opcode. */
enum { NO_PREFIX, PREFIX_66, PREFIX_F2, PREFIX_F3 };

static const struct plain_row two_byte[4][256] = {
    [NO_PREFIX] = {
        [0x10 ... 0x11] = ROW(BOTH), [0x28 ... 0x29] = ROW(BOTH), /* movups, movaps */
        [0x2e ... 0x2f] = ROW(BOTH), /* ucomiss, comiss */
        [0x40 ... 0x4f] = ROW(BOTH | WIDE | TO_REG), /* cmov */
        [0x54 ... 0x59] = ROW(BOTH), /* andps, andnps, orps, xorps, addps, mulps */
        [0x90 ... 0x9f] = EXTS(0x01, TO_RM), /* set */
        [0xaf] = ROW(BOTH | WIDE | TO_REG), /* imul */
        [0xb6 ... 0xb7] = ROW(BOTH | WIDE | TO_REG), /* movzx */
        [0xbe ... 0xbf] = ROW(BOTH | WIDE | TO_REG), /* movsx */
        [0xc8 ... 0xcf] = ROW(WIDE | NAMED), /* bswap */
    },
    [PREFIX_66] = {
        [0x10 ... 0x11] = ROW(BOTH), [0x28 ... 0x29] = ROW(BOTH), /* movupd, movapd */
        [0x2e ... 0x2f] = ROW(BOTH), /* ucomisd, comisd */
        [0x54 ... 0x59] = ROW(BOTH), /* andpd, andnpd, orpd, xorpd, addpd, mulpd */
        [0x60 ... 0x62] = ROW(BOTH), [0x6c] = ROW(BOTH), /* punpckl */
        [0x6e] = ROW(BOTH | WIDE), [0x7e] = ROW(BOTH | WIDE | TO_RM), /* movd, movq */
        [0x6f] = ROW(BOTH), [0x7f] = ROW(BOTH), /* movdqa */
        [0xd4] = ROW(BOTH), [0xd6] = ROW(BOTH), /* paddq, movq */
        [0xef] = ROW(BOTH), [0xfe] = ROW(BOTH), /* pxor, paddd */
    },
    [PREFIX_F2] = {
        [0x10 ... 0x11] = ROW(BOTH), /* movsd */
        [0x51] = ROW(BOTH), [0x58 ... 0x59] = ROW(BOTH), /* sqrtsd, addsd, mulsd */
        [0x5c] = ROW(BOTH), [0x5e] = ROW(BOTH), /* subsd, divsd */
    },
    [PREFIX_F3] = {
        [0x10 ... 0x11] = ROW(BOTH), /* movss */
        [0x58 ... 0x59] = ROW(BOTH), [0x5c] = ROW(BOTH), [0x5e] = ROW(BOTH),
        [0x6f] = ROW(BOTH), [0x7e ... 0x7f] = ROW(BOTH), /* movdqu, movq, movdqu */
    },
};
/* clang-format on */

/* What has been read of an instruction. */
struct plain {
    const uint8_t *at; /* the next byte */
    struct plain_row row;
    uint8_t rex, opcode, modrm;
    bool gs;
    bool narrow; /* 66 makes 16 bits of it */
    struct insn insn;
};

static bool plain_has(const struct plain *p, unsigned flags)
{
    return (p->row.flags & flags) != 0;
}

static unsigned plain_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x66:
        return PREFIX_66;
    case 0xf2:
        return PREFIX_F2;
    case 0xf3:
        return PREFIX_F3;
    default:
        return NO_PREFIX;
    }
}

/* T2: prefixes and opcode. */
static bool plain_opcode(struct plain *p)
{
    p->gs = p->at[0] == 0x65 && p->at[1] == 0x67;
    p->at += p->gs ? 2 : 0;
    const unsigned prefix = plain_prefix(*p->at);
    p->at += prefix != NO_PREFIX;
    p->rex = (*p->at & 0xf0) == 0x40 ? *p->at++ : 0;
    const bool two = *p->at == 0x0f;
    p->at += two;
    p->opcode = *p->at++;
    p->row = two ? two_byte[prefix][p->opcode] : one_byte[p->opcode];
    p->narrow = !two && prefix == PREFIX_66;
    if (p->row.flags == 0 || (!two && prefix > PREFIX_66)) {
        return false;
    }
    const bool wide = (p->rex & REX_W) != 0;
    return plain_has(p, WIDE) ? !(wide && p->narrow) : !(wide || p->narrow);
}

/* A byte with its sign. */
static int32_t plain_byte(struct plain *p)
{
    const int32_t byte = *p->at++;
    return byte < 0x80 ? byte : byte - 0x100;
}

/* Steps over SIB, which is returned, and over the displacement. */
static uint8_t plain_address(struct plain *p, int32_t *disp)
{
    const unsigned mod = p->modrm >> 6;
    const bool has_sib = (p->modrm & 7) == RSP;
    const uint8_t sib = has_sib ? *p->at++ : 0;

    *disp = 0;
    if (mod == 1) {
        *disp = plain_byte(p);
    } else if (mod == 2 || ((has_sib ? sib : p->modrm) & 7) == 5) {
        memcpy(disp, p->at, sizeof(*disp));
        p->at += sizeof(*disp);
    }
    return sib;
}

/* T3, and what lea computes from any registers. */
static bool plain_memory(struct plain *p)
{
    const bool has_sib = (p->modrm & 7) == RSP;
    int32_t disp;
    const uint8_t sib = plain_address(p, &disp);
    const unsigned index = (sib >> 3 & 7) | (p->rex & REX_X) << 2;

    if (!has_sib && ((p->rex & REX_X) != 0 || (p->modrm & 0xc7) == 5)) {
        return false;
    }
    if (plain_has(p, LEA)) {
        return !p->gs && !(has_sib && index == R11); /* T5 */
    }
    if (p->gs) {
        return true;
    }
    p->insn.probes = disp < PROBE_REACH && disp > -PROBE_REACH;
    return has_sib && (sib & 7) == RSP && (p->rex & REX_B) == 0 && index == RSP &&
           !plain_has(p, SHIFT);
}

/* T4 */
static bool plain_register(struct plain *p, unsigned reg)
{
    const unsigned rm = (p->modrm & 7) | (p->rex & REX_B) << 3;

    if (p->gs || (p->rex & REX_X) != 0 || plain_has(p, LEA)) {
        return false;
    }
    if (plain_has(p, TO_RM) && rm == RSP) {
        p->insn.stack = STACK_MOVE;
        return plain_has(p, IMMEDIATE) && (p->rex & REX_W) != 0 &&
               (reg == EXT_ADD || reg == EXT_SUB);
    }
    return !(plain_has(p, MOVE) && reg == rm); /* T5 */
}

static bool plain_operands(struct plain *p)
{
    p->modrm = *p->at++;
    const unsigned reg = (p->modrm >> 3 & 7) | (p->rex & REX_R) << 1;
    const bool listed = plain_has(p, REG) ? !(plain_has(p, TO_REG) && reg == RSP)
                                          : reg < 8 && (p->row.exts >> reg & 1) != 0;

    return listed && (p->modrm < 0xc0 ? plain_memory(p) : plain_register(p, reg));
}

/* No ModRM byte: a register in the opcode, or none but rax and rdx. */
static bool plain_opcode_only(struct plain *p)
{
    const bool named = plain_has(p, NAMED);

    p->insn.probes = plain_has(p, PUSH);
    if (p->gs || (p->rex & (REX_R | REX_X)) != 0) {
        return false;
    }
    if ((p->rex & REX_B) != 0) {
        return named;
    }
    return !(named && (p->opcode & 7) == RSP);
}

static int32_t plain_immediate(struct plain *p)
{
    int32_t value = 0;

    if (plain_has(p, TEST) && (p->modrm >> 3 & 7) == EXT_TEST) {
        p->row.flags |= plain_has(p, WIDE) ? IMM : IMM8;
    }
    if (plain_has(p, IMM8)) {
        value = plain_byte(p);
    } else if (plain_has(p, IMM)) {
        memcpy(&value, p->at, sizeof(value));
        p->at += p->narrow ? 2 : plain_has(p, IMM64) && (p->rex & REX_W) != 0 ? 8 : 4;
    }
    return value;
}

/* T5: and $@value. */
static void plain_mask(struct plain *p, int32_t value)
{
    const bool wide = (p->rex & REX_W) != 0;

    if (p->modrm >= 0xc0 && !wide && !p->narrow && value == BRANCH_MASK) {
        p->insn.role = ROLE_BRANCH_MASK;
        p->insn.reg = (uint8_t)((p->modrm & 7) | (p->rex & REX_B) << 3);
    } else if (p->modrm < 0x40 && !p->gs && wide && value == RETURN_MASK) {
        p->insn.role = ROLE_RETURN_MASK;
    }
}

static bool plain_found(struct plain *p)
{
    if (!plain_opcode(p) ||
        !(plain_has(p, MODRM) ? plain_operands(p) : plain_opcode_only(p))) {
        return false;
    }
    const int32_t value = plain_immediate(p);
    if (plain_has(p, IMMEDIATE) && (p->modrm >> 3 & 7) == EXT_AND) {
        plain_mask(p, value);
    }
    return true;
}

/* nop: 90, or 0F 1F /0 with memory that is not accessed. */
static bool plain_nop(struct plain *p)
{
    const uint8_t *at = p->at;
    int32_t disp;

    for (unsigned i = 0; i < FILL_66 && *at == 0x66; i++) {
        at++;
    }
    at += *at == 0x2e;
    if (*at == 0x90) {
        p->at = at + 1;
        return true;
    }
    if (at[0] != 0x0f || at[1] != 0x1f || at[2] >= 0xc0 || (at[2] & 0x38) != 0) {
        return false;
    }
    p->modrm = at[2];
    p->at = at + 3;
    (void)plain_address(p, &disp);
    return true;
}

bool plain_classify(const uint8_t *bytes, size_t available, struct insn *insn)
{
    struct plain p = {.at = bytes};

    if (available < AVAILABLE || !(plain_nop(&p) || plain_found(&p))) {
        return false;
    }
    p.insn.length = (uint8_t)(p.at - bytes);
    *insn = p.insn;
    return true;
}
