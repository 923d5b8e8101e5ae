/*
 * The general case: every explicit memory operand moves into the view.
 *
 *      mov  8(%rax,%rbx,4),%ecx        mov  %gs:8(%eax,%ebx,4),%ecx
 *      mov  counter(%rip),%ecx         mov  %gs:counter(,%eiz),%ecx
 *      mov  8(%rsp),%rcx               the same
 *      mov  8(%rsp,%rbx),%rcx          mov  %gs:8(%esp,%ebx),%rcx
 *      mov  %fs:0,%rax                 mov  %fs:__cubicle_tp,%rax
 *      mov  x@tpoff(%rax),%ecx         lea  x@tpoff(%rax),%r11
 *                                      mov  %gs:(%r11d),%ecx
 *      cmp  %rsp,%rax                  mov  %esp,%r11d
 *                                      cmp  %r11,%rax
 */
#include "instrument.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Accesses at most this far from %rsp prove that it is inside the view or its guards.
 */
#define STACK_REACH 65536

/* As text of a printf format. */
#define THREAD_POINTER "%%fs:__cubicle_tp"

void instrument_refuse(struct program *program, const struct instruction *in,
                       const char *why, const char *help)
{
    program_error(program, in->place, help, "`%s': %s", in->text, why);
}

/* The high bytes of registers have no name behind a REX prefix. */
static bool is_high_byte(const struct operand *operand)
{
    return operand->kind == OPERAND_REGISTER && strlen(operand->text) == 3 &&
           operand->text[2] == 'h';
}

/* Does the mnemonic equal @name, or @name with the suffix of an operand size? */
static bool is_sized(const struct instruction *in, const char *name)
{
    const size_t len = strlen(name);

    return !strncmp(in->name, name, len) &&
           (!in->name[len] || (strchr("bwlq", in->name[len]) && !in->name[len + 1]));
}

/* Is @in a frequent instruction without a VEX encoding? For these the assembler accepts
 * {rex}. */
static bool takes_rex(const struct instruction *in)
{
    static const char *const names[] = {
        "mov", "add", "sub", "and", "or",  "xor", "cmp", "test", "lea", "push",
        "pop", "inc", "dec", "neg", "not", "sal", "sar", "shl",  "shr", "imul"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (is_sized(in, names[i])) {
            return true;
        }
    }
    return !strncmp(in->name, "movz", 4) || !strncmp(in->name, "movs", 4) ||
           !strncmp(in->name, "cmov", 4) || !strncmp(in->name, "set", 3);
}

/* The longer encodings of @in that stretch() may ask for. */
static uint8_t longer_encodings(const struct instruction *in)
{
    bool memory = false;
    bool rex = takes_rex(in);

    if (in->lock || in->repeat || *in->encoding) {
        return 0;
    }
    for (unsigned i = 0; i < in->noperands; i++) {
        memory |= in->operands[i].kind == OPERAND_MEMORY;
        rex &= !is_high_byte(&in->operands[i]);
    }
    return (uint8_t)(rex << STRETCH_REX | memory << STRETCH_DISP32);
}

struct item *unit_add(struct program *program, const struct instruction *in,
                      enum unit_kind kind, unsigned effects, const char *text)
{
    struct section *section = program_section(program);

    if (effects & EFFECT_TOUCH) {
        section->stack_moved = false;
    }
    if (section->stack_moved && effects) {
        program_add(program, ITEM_UNIT, in->place, "movzbl\t(%rsp),%r11d");
        section->stack_moved = false;
        section->r11 = R11_ANY;
    }
    section->stack_moved |= (effects & EFFECT_MOVE) != 0;
    if (kind != UNIT_PLAIN ? kind == UNIT_CALL : strstr(text, "%r11") != NULL) {
        section->r11 = R11_ANY;
    }

    struct item *item = program_add(program, ITEM_UNIT, in->place, text);

    item->unit = kind;
    return item;
}

void unit_may_stretch(struct item *item, const struct instruction *in)
{
    item->stretches = longer_encodings(in);
}

bool operand_on_stack(const struct operand *operand)
{
    return operand->kind == OPERAND_MEMORY && operand->base == REG_RSP &&
           operand->index == REG_NONE && !operand->segment && !operand->narrow;
}

static bool near_stack_pointer(const struct operand *operand)
{
    char *end;
    long disp = strtol(operand->disp, &end, 0);

    return !*end && disp > -STACK_REACH && disp < STACK_REACH;
}

/*
 * `%fs:x@tpoff` and `x@tpoff(%reg)`: thread-local data. The assembler has no relocation
 * for the displacement of an addr32 operand, so %r11 gets the address first.
 */
static const char *thread_local_memory(struct program *program,
                                       const struct instruction *in,
                                       const struct operand *operand)
{
    const char *address = operand_address(operand, 8);
    const bool is_tpoff =
        strstr(operand->disp, "@tpoff") || strstr(operand->disp, "@TPOFF");

    if (operand->segment && is_tpoff) {
        if (operand->index != REG_NONE) {
            instrument_refuse(program, in, "thread-local access with two registers",
                              "compile with -mno-tls-direct-seg-refs");
            return NULL;
        }
        unit_add(program, in, UNIT_PLAIN, EFFECT_SCRATCH,
                 arena_printf("movq\t" THREAD_POINTER ",%%r11"));
        address = operand->base == REG_NONE
                      ? arena_printf("%s(%%r11)", operand->disp)
                      : arena_printf("%s(%%r11,%%%s)", operand->disp,
                                     register_name(operand->base, 8));
    } else if (!is_tpoff) {
        instrument_refuse(
            program, in, "relocation operator is not supported",
            "compile with -fno-pic -mcmodel=small -ftls-model=local-exec");
        return NULL;
    }
    unit_add(program, in, UNIT_PLAIN, EFFECT_SCRATCH,
             arena_printf("leaq\t%s,%%r11", address));
    return "%gs:(%r11d)";
}

const char *instrument_memory(struct program *program, const struct instruction *in,
                              const struct operand *operand, unsigned *effects)
{
    bool thread_local = operand->segment && !strcmp(operand->segment, "fs");

    if (operand->segment && !thread_local) {
        instrument_refuse(
            program, in, "segment override",
            "%gs belongs to the view; other segments are flat: leave it out");
        return NULL;
    }
    if (thread_local || strchr(operand->disp, '@')) {
        return thread_local_memory(program, in, operand);
    }
    if (operand_on_stack(operand)) {
        if (near_stack_pointer(operand)) {
            *effects |= EFFECT_TOUCH;
        }
        return operand_address(operand, 8);
    }
    if (operand->index == REG_NONE &&
        (operand->base == REG_NONE || operand->base == REG_RIP)) {
        return arena_printf("%%gs:%s(,%%eiz)", operand->disp);
    }
    return arena_printf("%%gs:%s", operand_address(operand, 4));
}

/* Why no instruction may use the register @text, or NULL where it may. */
static const char *register_refusal(const char *text)
{
    if (!strncmp(text, "%zmm", 4) || !strncmp(text, "%mm", 3) || strchr(text, '{') ||
        (text[1] == 'k' && isdigit((unsigned char)text[2]))) {
        return "AVX-512 and MMX are not supported";
    }
    if ((!strncmp(text, "%xmm", 4) || !strncmp(text, "%ymm", 4)) &&
        atoi(text + 4) > 15) {
        return "AVX-512 is not supported";
    }
    if (strlen(text) == 3 && text[2] == 's' && strchr("cdefgs", text[1])) {
        return "segment registers cannot be read or written";
    }
    if (!strncmp(text, "%cr", 3) || !strncmp(text, "%dr", 3) ||
        !strncmp(text, "%bnd", 4)) {
        return "system registers cannot be read or written";
    }
    return NULL;
}

static bool check_operands(struct program *program, const struct instruction *in)
{
    for (unsigned i = 0; i < in->noperands; i++) {
        const struct operand *operand = &in->operands[i];

        if (operand->kind == OPERAND_REGISTER && operand->reg == REG_OTHER) {
            const char *why = register_refusal(operand->text);

            if (why) {
                instrument_refuse(program, in, why,
                                  "compile without -mavx512* and -mmmx, and leave out "
                                  "functions written for them");
                return false;
            }
        }
        if (operand->kind == OPERAND_IMMEDIATE) {
            program_take_addresses(program, operand->text + 1);
        } else if (operand->kind == OPERAND_MEMORY && *operand->disp) {
            program_take_addresses(program, operand->disp);
        }
    }
    return true;
}

/*
 * Processors execute these together with a conditional jump behind them, unless they
 * write memory or have both an immediate and a memory operand.
 */
static bool fuses(const struct instruction *in)
{
    static const char *const names[] = {"cmp", "test", "add", "sub",
                                        "and", "inc",  "dec"};
    const struct operand *last = &in->operands[in->noperands ? in->noperands - 1 : 0];
    bool listed = false;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        listed |= is_sized(in, names[i]); /* addss is something else */
    }
    if (!listed || last->kind == OPERAND_REGISTER) {
        return listed;
    }
    return rule_find(in->name)->class == RULE_READ &&
           in->operands[0].kind != OPERAND_IMMEDIATE;
}

/*
 * Any instruction that is special in nothing but its memory operand. %rsp as a source
 * may carry the view's base in its upper half, so a canonical copy takes its place.
 */
static void instrument_plain(struct program *program, const struct instruction *in,
                             enum rule_class class)
{
    const char *texts[MAX_OPERANDS] = {0};
    unsigned effects = 0;
    bool scratch_used = false; /* by a thread-local operand */
    bool stack_copied = false; /* to %r11, for %rsp as a source */

    for (unsigned i = 0; i < in->noperands; i++) {
        const struct operand *operand = &in->operands[i];
        bool written = i + 1 == in->noperands && class != RULE_READ;

        texts[i] = operand->text;
        if (operand->kind == OPERAND_MEMORY) {
            texts[i] = instrument_memory(program, in, operand, &effects);
            if (!texts[i]) {
                return;
            }
            if (strstr(texts[i], "%r11")) {
                scratch_used = true;
            }
            if (class == RULE_HINT || class == RULE_UNSURE) {
                effects = 0;
            }
        } else if (operand_is_register(operand, REG_RSP) &&
                   (written || class == RULE_SWAP)) {
            instrument_refuse(program, in,
                              "%rsp written in a way that is not supported",
                              "use mov, add, sub, and or lea");
            return;
        } else if (operand_is_register(operand, REG_RSP) && operand->width == 8) {
            texts[i] = "%r11";
            stack_copied = true;
        }
    }
    if (stack_copied && scratch_used) {
        instrument_refuse(program, in, "%rsp next to a thread-local operand",
                          "copy %rsp to another register first");
        return;
    }
    if (stack_copied) {
        unit_add(program, in, UNIT_PLAIN, EFFECT_SCRATCH, "movl\t%esp,%r11d");
    }

    char operands[1024] = "";
    size_t len = 0;

    for (unsigned i = 0; i < in->noperands; i++) {
        len += (size_t)snprintf(operands + len, sizeof(operands) - len, "%s%s",
                                i ? "," : "\t", texts[i]);
        if (len >= sizeof(operands)) {
            instrument_refuse(program, in, "operands too long", NULL);
            return;
        }
    }
    struct item *item =
        unit_add(program, in, UNIT_PLAIN, effects,
                 arena_printf("%s%s%s%s", in->encoding, in->lock ? "lock " : "",
                              in->name, operands));

    item->fuses = fuses(in);
    if (class != RULE_HINT) {
        unit_may_stretch(item, in);
    }
}

/* Is the operand the slot of the thread pointer, as gcc or cubicles' libc names it? */
static bool is_thread_pointer(const struct operand *operand)
{
    return operand->kind == OPERAND_MEMORY && operand->segment &&
           strcmp(operand->segment, "fs") == 0 && operand->base == REG_NONE &&
           operand->index == REG_NONE &&
           (strcmp(operand->disp, "0") == 0 ||
            strcmp(operand->disp, "__cubicle_tp") == 0);
}

/* The thread pointer itself: `mov %fs:0,%reg`, or any instruction that reads %fs:0. */
static bool instrument_thread_pointer(struct program *program,
                                      const struct instruction *in)
{
    struct instruction changed = *in;

    for (unsigned i = 0; i < in->noperands; i++) {
        if (!is_thread_pointer(&in->operands[i])) {
            continue;
        }
        if (i + 1 == in->noperands && in->noperands > 1) {
            instrument_refuse(program, in,
                              "the thread pointer's slot cannot be written",
                              "use cubicle_thread_pointer_set()");
            return true;
        }
        if (instruction_is(in, "mov") && in->operands[1].kind == OPERAND_REGISTER &&
            in->operands[1].width == 8 && in->operands[1].reg != REG_RSP) {
            unit_add(program, in, UNIT_PLAIN, 0,
                     arena_printf("movq\t" THREAD_POINTER ",%s", in->operands[1].text));
            return true;
        }
        unit_add(program, in, UNIT_PLAIN, EFFECT_SCRATCH,
                 arena_printf("movq\t" THREAD_POINTER ",%%r11"));
        operand_parse("%r11", 4, &changed.operands[i]);
        instrument_plain(program, &changed, RULE_PLAIN);
        return true;
    }
    return false;
}

static void instrument_bit_string(struct program *program, const struct instruction *in)
{
    if (in->noperands == 2 && in->operands[0].kind == OPERAND_REGISTER &&
        in->operands[1].kind == OPERAND_MEMORY) {
        instrument_refuse(program, in, "the bit number can reach outside the operand",
                          "load the word and test the bit in a register");
        return;
    }
    instrument_plain(program, in, RULE_PLAIN);
}

/* A nop does nothing to the registers that it names; the verifier knows no REX in one. */
static const char *nop_text(const struct instruction *in)
{
    for (unsigned i = 0; i < in->noperands; i++) {
        const struct operand *operand = &in->operands[i];

        if (operand->reg >= REG_R8 || operand->base >= REG_R8 ||
            operand->index >= REG_R8) {
            return "nop";
        }
    }
    return in->repeat ? "pause" : in->text;
}

static bool check_prefixes(struct program *program, const struct instruction *in,
                           enum rule_class class)
{
    bool repeatable = class == RULE_STRING_MOVE || class == RULE_STRING_STORE ||
                      class == RULE_RETURN || class == RULE_BIT_SCAN ||
                      !strcmp(in->name, "nop");

    if (in->repeat == REPEAT_REPNE || (in->repeat == REPEAT_REP && !repeatable)) {
        instrument_refuse(program, in, "repeat prefix is not supported here",
                          "only movs and stos can be repeated");
        return false;
    }
    if (in->lock &&
        (!in->noperands ||
         (in->operands[in->noperands - 1].kind != OPERAND_MEMORY &&
          (class != RULE_SWAP || in->operands[0].kind != OPERAND_MEMORY)))) {
        instrument_refuse(program, in, "lock without a memory operand", NULL);
        return false;
    }
    return true;
}

void instrument(struct program *program, const struct instruction *in)
{
    const struct rule *rule = rule_find(in->name);
    enum rule_class class = rule->class;

    if (class == RULE_STRING_MOVE && in->noperands == 2 &&
        (in->operands[0].kind == OPERAND_REGISTER ||
         in->operands[1].kind == OPERAND_REGISTER)) {
        class = RULE_PLAIN; /* movsd of SSE2; movsb and so on with a register do not
                               exist */
    }
    if (class == RULE_REFUSED) {
        instrument_refuse(program, in, "not allowed in a cubicle", rule->help);
        return;
    }
    if (check_prefixes(program, in, class) && !instrument_r11(program, in, class)) {
        instrument_checked(program, in, class);
    }
}

void instrument_checked(struct program *program, const struct instruction *in,
                        enum rule_class class)
{
    if (instrument_control(program, in, class) ||
        instrument_processor(program, in, class) ||
        instrument_string(program, in, class) || !check_operands(program, in) ||
        instrument_thread_pointer(program, in) ||
        instrument_stack(program, in, class)) {
        return;
    }
    switch (class) {
    case RULE_DROP:
        break;
    case RULE_NOP:
        unit_add(program, in, UNIT_PLAIN, 0, nop_text(in));
        break;
    case RULE_BIT_SCAN:
        if (in->repeat) {
            struct instruction count = *in;

            count.name = arena_printf("tzcnt%s", in->name + 3);
            instrument_plain(program, &count, RULE_PLAIN);
            break;
        }
        instrument_plain(program, in, RULE_PLAIN);
        break;
    case RULE_BIT_STRING:
        instrument_bit_string(program, in);
        break;
    default:
        instrument_plain(program, in, class);
        break;
    }
}
