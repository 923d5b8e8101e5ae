/*
 * %r11 of assembly written by hand. The rewriter itself uses the register between any
 * two instructions, so the value that such code keeps in %r11 lives in memory: in
 * __libc_r11[0] of the thread. __libc_r11[1] is room for another register for as long
 * as one instruction takes. Only mov and lea are added, which leave the flags alone.
 *
 *      add  %r11,%rax          read: %r11 gets its value for this instruction
 *                                  mov  %fs:__cubicle_tp,%r11
 *                                  lea  __libc_r11@tpoff(%r11),%r11
 *                                  mov  %gs:(%r11d),%r11
 *                                  add  %r11,%rax
 *      add  %rax,%r11          changed, all 64 bits, by an instruction that could change
 *                              memory instead (the first two as above):
 *                                  addq %rax,%gs:(%r11d)
 *      lea  4(%rax),%r11d      written in any other way: a register that the instruction
 *                              does not use takes the place (the first two as above)
 *                                  mov  %r10,%gs:8(%r11d)
 *                                  mov  %gs:(%r11d),%r10       unless it is overwritten
 *                                  lea  4(%rax),%r10d
 *                                  mov  %r10,%gs:(%r11d)
 *                                  mov  %gs:8(%r11d),%r10
 *
 * The rewriter remembers what %r11 holds from one instruction to the next, up to a
 * label, a call or a directive (section->r11), so that the first two or three are not
 * written again.
 */
#include "instrument.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SLOT "%gs:(%r11d)"
#define PARK "%gs:8(%r11d)"

static bool mentions_r11(const struct instruction *in)
{
    for (unsigned i = 0; i < in->noperands; i++) {
        if (operand_mentions(&in->operands[i], REG_R11)) {
            return true;
        }
    }
    return false;
}

/* ---- what %r11 holds ---- */

/*
 * Does %r11 hold @held, and will it at the next instruction? A probe of the stack that
 * is still owed would come before that, and use %r11.
 */
static bool holds(struct program *program, enum r11_holds held)
{
    const struct section *section = program_section(program);

    return section->r11 == held && !section->stack_moved;
}

/* Adds a unit behind which %r11 holds @held. */
static void add_holding(struct program *program, const struct instruction *in,
                        unsigned effects, const char *text, enum r11_holds held)
{
    unit_add(program, in, UNIT_PLAIN, effects, text);
    program_section(program)->r11 = held;
}

static void load_address(struct program *program, const struct instruction *in)
{
    if (holds(program, R11_SLOT)) {
        return;
    }
    unit_add(program, in, UNIT_PLAIN, EFFECT_SCRATCH, "movq\t%fs:__cubicle_tp,%r11");
    add_holding(program, in, EFFECT_SCRATCH, "leaq\t__libc_r11@tpoff(%r11),%r11",
                R11_SLOT);
}

static void load_value(struct program *program, const struct instruction *in)
{
    if (holds(program, R11_VALUE)) {
        return;
    }
    load_address(program, in);
    add_holding(program, in, EFFECT_SCRATCH, "movq\t" SLOT ",%r11", R11_VALUE);
}

/* ---- reading ---- */

/* May @in change %r11? Instructions with more than one result are RULE_SWAP; all others
 * write their last operand or none. */
static bool writes_r11(const struct instruction *in, enum rule_class class)
{
    const unsigned last = in->noperands - 1;

    for (unsigned i = 0; i < in->noperands; i++) {
        if (operand_is_register(&in->operands[i], REG_R11) &&
            (class == RULE_SWAP ||
             (i == last && class != RULE_READ && class != RULE_PUSH))) {
            return true;
        }
    }
    return false;
}

/* Does its instrumentation need %r11 for itself before @in has read it? */
static bool needs_scratch(const struct instruction *in, enum rule_class class)
{
    for (unsigned i = 0; i < in->noperands; i++) {
        const struct operand *operand = &in->operands[i];

        if (operand_is_register(operand, REG_RSP) ||
            (operand->kind == OPERAND_MEMORY &&
             (operand->segment || strchr(operand->disp, '@')))) {
            return true;
        }
    }
    return class == RULE_POP;
}

static void read_value(struct program *program, const struct instruction *in,
                       enum rule_class class)
{
    load_value(program, in);
    instrument_checked(program, in, class);
    program_section(program)->r11 = R11_VALUE;
}

/* `jmp *%r11`, `call *8(%r11)`: after them the value in %r11 is not needed. */
static void branch(struct program *program, const struct instruction *in,
                   enum rule_class class)
{
    const struct operand *target = &in->operands[0];

    if (!target->indirect || target->segment || strchr(target->disp, '@')) {
        instrument_refuse(program, in, "unusual operand of a branch",
                          "load the target into a register first");
        return;
    }
    load_value(program, in);
    instrument_checked(program, in, class);
}

/* ---- writing the slot itself ---- */

/* Is @operand a number that fits into 32 bits with sign? A name may stand for any. */
static bool is_short_number(const struct operand *operand)
{
    char *end;

    errno = 0;
    const long long value = strtoll(operand->text + 1, &end, 0);

    return operand->kind == OPERAND_IMMEDIATE && end != operand->text + 1 && !*end &&
           !errno && value >= INT32_MIN && value <= INT32_MAX;
}

/* The mnemonic with its suffix, where @in means the same with memory for its 64-bit
 * destination; else NULL. */
static const char *memory_mnemonic(const struct instruction *in)
{
    static const char *const names[] = {"mov", "add", "sub", "and", "or",  "xor",
                                        "adc", "sbb", "inc", "dec", "neg", "not",
                                        "shl", "sal", "shr", "sar", "rol", "ror"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (instruction_is(in, names[i])) {
            return arena_printf("%sq", names[i]);
        }
    }
    return NULL;
}

static bool write_slot(struct program *program, const struct instruction *in)
{
    const struct operand *result = &in->operands[in->noperands - 1];
    const struct operand *source = &in->operands[0];
    const char *mnemonic = memory_mnemonic(in);
    const char *from = "";

    if (!mnemonic || in->noperands > 2 || !operand_is_register(result, REG_R11) ||
        result->width != 8 || *in->encoding) {
        return false;
    }
    if (in->noperands == 2) {
        const bool plain =
            source->kind == OPERAND_REGISTER
                ? source->reg >= 0 && source->reg != REG_RSP && source->reg != REG_R11
                : is_short_number(source);

        if (!plain) {
            return false;
        }
        from = arena_printf("%s,", source->text);
    }
    load_address(program, in);
    add_holding(program, in, 0, arena_printf("%s\t%s%s", mnemonic, from, SLOT),
                R11_SLOT);
    return true;
}

/* ---- another register in its place ---- */

/* A register that @in does not use. It is one of r8 to r15, which no instruction uses
 * without naming it. */
static int unused_register(const struct instruction *in)
{
    static const int candidates[] = {10, 9, 8, 12, 13, 14, 15};

    for (size_t i = 0; i < sizeof(candidates) / sizeof(*candidates); i++) {
        bool used = false;

        for (unsigned k = 0; k < in->noperands; k++) {
            used |= operand_mentions(&in->operands[k], candidates[i]);
        }
        if (!used) {
            return candidates[i];
        }
    }
    return REG_NONE;
}

/* @text with register @name instead of r11: the suffixes of sizes are the same. */
static const char *replace(const char *text, const char *name)
{
    const char *result = "";
    const char *at;

    while ((at = strstr(text, "%r11")) != NULL) {
        result = arena_printf("%s%.*s%%%s", result, (int)(at - text), text, name);
        text = at + strlen("%r11");
    }
    return arena_printf("%s%s", result, text);
}

/* Does @in write all 64 bits of its last operand without reading it? */
static bool overwrites(const struct instruction *in)
{
    static const char *const names[] = {"mov", "lea", "movabs", "pop"};
    const struct operand *result = &in->operands[in->noperands - 1];
    bool known = !strncmp(in->name, "movz", 4) || !strncmp(in->name, "movs", 4) ||
                 !strcmp(in->name, "movl") || !strcmp(in->name, "leal");

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        known |= instruction_is(in, names[i]);
    }
    for (unsigned i = 0; i + 1 < in->noperands; i++) {
        known &= !operand_mentions(&in->operands[i], REG_R11);
    }
    return known && operand_is_register(result, REG_R11) && result->width >= 4;
}

static void in_other_register(struct program *program, const struct instruction *in,
                              enum rule_class class)
{
    const int reg = unused_register(in);
    struct instruction changed = *in;

    if (reg == REG_NONE) {
        instrument_refuse(program, in, "%r11 next to too many registers",
                          "use fewer registers in one instruction");
        return;
    }
    const char *name = register_name(reg, 8);

    for (unsigned i = 0; i < in->noperands; i++) {
        if (operand_mentions(&in->operands[i], REG_R11)) {
            const char *text = replace(in->operands[i].text, name);

            operand_parse(text, strlen(text), &changed.operands[i]);
        }
    }
    load_address(program, in);
    add_holding(program, in, 0, arena_printf("movq\t%%%s,%s", name, PARK), R11_SLOT);
    if (!overwrites(in)) {
        add_holding(program, in, 0, arena_printf("movq\t%s,%%%s", SLOT, name),
                    R11_SLOT);
    }
    instrument_checked(program, &changed, class);
    load_address(program, in);
    if (writes_r11(in, class)) {
        add_holding(program, in, 0, arena_printf("movq\t%%%s,%s", name, SLOT),
                    R11_SLOT);
    }
    add_holding(program, in, 0, arena_printf("movq\t%s,%%%s", PARK, name), R11_SLOT);
}

bool instrument_r11(struct program *program, const struct instruction *in,
                    enum rule_class class)
{
    if (!mentions_r11(in)) {
        return false;
    }
    switch (class) {
    case RULE_CALL:
    case RULE_JUMP:
        branch(program, in, class);
        return true;
    case RULE_NOP:
    case RULE_BRANCH:
    case RULE_RETURN:
    case RULE_TRAP:
    case RULE_DROP:
    case RULE_LEAVE:
    case RULE_PROCESSOR:
    case RULE_STRING_MOVE:
    case RULE_STRING_STORE:
        return false; /* it does not use the operand, or the operand is refused */
    default:
        break;
    }
    if (!writes_r11(in, class) && !needs_scratch(in, class)) {
        read_value(program, in, class);
    } else if (!write_slot(program, in)) {
        in_other_register(program, in, class);
    }
    return true;
}
