/*
 * Instructions that change %rsp, or copy it.
 *
 *      sub  $24,%rsp           the same; the access that invariant 5 asks for follows
 *      and  $-32,%rsp          one unit:  and  $-32,%esp
 *                                         mov  %fs:__cubicle_view,%r11
 *                                         lea  (%rsp,%r11),%rsp
 *      leave                   mov  %ebp,%esp and so on; pop  %rbp
 *      mov  %rsp,%rbp          mov  %esp,%ebp
 *      lea  16(%rsp),%rax      lea  16(%rsp),%eax
 *      push 8(%rax)            push %gs:8(%eax)
 *      pop  8(%rax)            pop  %r11; mov %r11,%gs:8(%eax)
 *
 * Pointers made from %rsp lose the base of the view, so that they compare equal to
 * every other pointer to the same byte.
 */
#include "instrument.h"

#include <string.h>

#define REBASE "\n\tmovq\t" VIEW_BASE ",%%r11\n\tleaq\t(%%rsp,%%r11),%%rsp"

/* Sets %esp by @operation from @source, and puts %rsp back into the view. */
static void rebase_stack(struct program *program, const struct instruction *in,
                         const char *operation, const char *source)
{
    unit_add(program, in, UNIT_PLAIN, EFFECT_REBASE,
             arena_printf("%s\t%s,%%esp" REBASE, operation, source));
}

/* The 32-bit text of a source of a new stack pointer; memory goes through %r11. */
static const char *rebase_source(struct program *program, const struct instruction *in,
                                 const struct operand *source)
{
    unsigned effects = 0;
    const char *text;

    switch (source->kind) {
    case OPERAND_REGISTER:
        if (source->reg < 0 || source->width < 4) {
            instrument_refuse(program, in, "unusual source for %rsp", NULL);
            return NULL;
        }
        return arena_printf("%%%s", register_name(source->reg, 4));
    case OPERAND_IMMEDIATE:
        return source->text;
    default:
        text = instrument_memory(program, in, source, &effects);
        if (!text) {
            return NULL;
        }
        unit_add(program, in, UNIT_PLAIN, effects | EFFECT_SCRATCH,
                 arena_printf("movl\t%s,%%r11d", text));
        return "%r11d";
    }
}

/* mov, add, sub, and with %rsp as destination. */
static void instrument_new_stack(struct program *program, const struct instruction *in,
                                 enum rule_class class)
{
    const struct operand *source = &in->operands[0];
    bool constant = source->kind == OPERAND_IMMEDIATE && class == RULE_ARITHMETIC &&
                    in->operands[1].width == 8 && strncmp(in->name, "and", 3) != 0;
    const char *text;

    if (constant) {
        unit_add(program, in, UNIT_PLAIN, EFFECT_MOVE,
                 arena_printf("%.3sq\t%s,%%rsp", in->name, source->text));
        return;
    }
    text = rebase_source(program, in, source);
    if (text) {
        rebase_stack(program, in, arena_printf("%.3sl", in->name), text);
    }
}

/* lea with %rsp as destination. */
static void instrument_stack_address(struct program *program,
                                     const struct instruction *in)
{
    const struct operand *source = &in->operands[0];

    if (operand_on_stack(source) && in->operands[1].width == 8) {
        unit_add(program, in, UNIT_PLAIN, EFFECT_MOVE,
                 arena_printf("leaq\t%s,%%rsp", source->text));
    } else if (source->kind == OPERAND_MEMORY && !source->segment) {
        rebase_stack(program, in, "leal", operand_address(source, 8));
    } else {
        instrument_refuse(program, in, "unusual address for %rsp", NULL);
    }
}

/* lea that has no business with memory: kept, but what comes from %rsp is canonical. */
static void instrument_address(struct program *program, const struct instruction *in)
{
    const struct operand *source = &in->operands[0];
    const struct operand *result = &in->operands[1];

    if (in->noperands == 2 && operand_mentions(source, REG_RSP) && result->reg >= 0 &&
        result->width == 8) {
        unit_add(
            program, in, UNIT_PLAIN, 0,
            arena_printf("leal\t%s,%%%s", source->text, register_name(result->reg, 4)));
    } else {
        const char *text =
            arena_printf("%s%s\t%s", in->encoding, in->name, source->text);

        if (in->noperands == 2) {
            text = arena_printf("%s,%s", text, result->text);
        }
        unit_may_stretch(unit_add(program, in, UNIT_PLAIN, 0, text), in);
    }
}

static void instrument_push(struct program *program, const struct instruction *in)
{
    const struct operand *operand = &in->operands[0];
    unsigned effects = 0;
    const char *text = operand->text;

    if (operand->kind == OPERAND_REGISTER && operand->width != 8) {
        instrument_refuse(program, in, "only 64-bit registers can be pushed", NULL);
        return;
    }
    if (operand_is_register(operand, REG_RSP)) {
        unit_add(program, in, UNIT_PLAIN, EFFECT_SCRATCH, "movl\t%esp,%r11d");
        text = "%r11";
    } else if (operand->kind == OPERAND_MEMORY) {
        text = instrument_memory(program, in, operand, &effects);
        if (!text) {
            return;
        }
        if (operand_on_stack(operand)) {
            unit_add(program, in, UNIT_PLAIN, effects | EFFECT_SCRATCH,
                     arena_printf("movq\t%s,%%r11", text));
            text = "%r11";
        }
    }
    unit_may_stretch(unit_add(program, in, UNIT_PLAIN, EFFECT_TOUCH,
                              arena_printf("pushq\t%s", text)),
                     in);
}

static void instrument_pop(struct program *program, const struct instruction *in)
{
    const struct operand *operand = &in->operands[0];
    unsigned effects = 0;
    const char *text;

    if (operand->kind == OPERAND_REGISTER && operand->reg != REG_RSP) {
        if (operand->width != 8) {
            instrument_refuse(program, in, "only 64-bit registers can be popped", NULL);
            return;
        }
        unit_may_stretch(unit_add(program, in, UNIT_PLAIN, EFFECT_TOUCH,
                                  arena_printf("popq\t%s", operand->text)),
                         in);
        return;
    }
    unit_add(program, in, UNIT_PLAIN, EFFECT_TOUCH, "popq\t%r11");
    if (operand->kind == OPERAND_REGISTER) {
        rebase_stack(program, in, "movl", "%r11d");
        return;
    }
    text = instrument_memory(program, in, operand, &effects);
    if (text && strstr(text, "%r11")) {
        instrument_refuse(program, in, "pop to thread-local memory",
                          "pop to a register");
    } else if (text) {
        unit_add(program, in, UNIT_PLAIN, effects,
                 arena_printf("movq\t%%r11,%s", text));
    }
}

bool instrument_stack(struct program *program, const struct instruction *in,
                      enum rule_class class)
{
    bool to_stack = in->noperands == 2 &&
                    operand_is_register(&in->operands[1], REG_RSP) &&
                    in->operands[1].width >= 4;

    if ((class == RULE_PUSH || class == RULE_POP) && in->noperands != 1) {
        instrument_refuse(program, in, "one operand expected", NULL);
        return true;
    }
    switch (class) {
    case RULE_PUSH:
        instrument_push(program, in);
        return true;
    case RULE_POP:
        instrument_pop(program, in);
        return true;
    case RULE_LEAVE:
        rebase_stack(program, in, "movl", "%ebp");
        unit_add(program, in, UNIT_PLAIN, EFFECT_TOUCH, "popq\t%rbp");
        return true;
    case RULE_LEA:
        if (to_stack) {
            instrument_stack_address(program, in);
        } else {
            instrument_address(program, in);
        }
        return true;
    case RULE_MOVE:
        if (!to_stack && in->noperands == 2 && in->operands[0].width == 8 &&
            operand_is_register(&in->operands[0], REG_RSP) &&
            in->operands[1].width == 8) {
            unit_add(program, in, UNIT_PLAIN, 0,
                     arena_printf("movl\t%%esp,%%%s",
                                  register_name(in->operands[1].reg, 4)));
            return true;
        }
        break;
    case RULE_ARITHMETIC:
        break;
    default:
        return false;
    }
    if (to_stack) {
        instrument_new_stack(program, in, class);
    }
    return to_stack;
}
