/*
 * Control flow.
 *
 *      ret                         one unit:
 *                                      andq $0x7fffffe0,(%rsp)
 *                                      ret
 *      call f                      the same, ends a bundle
 *      call *%rax                  one unit, ends a bundle:
 *                                      andl $-32,%eax
 *                                      call *%rax
 *      jmp  *8(%rax)               movl %gs:8(%eax),%r11d
 *                                  one unit:
 *                                      andl $-32,%r11d
 *                                      jmp  *%r11
 *      call w                      w weak and not defined here, so perhaps address 0,
 *                                  where no direct call can go: one unit, ends a bundle:
 *                                      movl $w,%r11d
 *                                      andl $-32,%r11d
 *                                      call *%r11
 */
#include "instrument.h"
#include "name.h"

#include <ctype.h>
#include <string.h>

/* The name of the label that a direct branch goes to, without @PLT; NULL: not a plain
 * name. */
static const char *branch_target(const struct operand *operand)
{
    const char *name = operand->disp;
    size_t len = strcspn(name, "@");

    if (operand->kind != OPERAND_MEMORY || operand->base != REG_NONE ||
        operand->index != REG_NONE || operand->segment || !len ||
        (name[len] && strcmp(name + len, "@PLT") != 0)) {
        return NULL;
    }
    if (isdigit((unsigned char)*name) || (len == 1 && *name == '.')) {
        return NULL;
    }
    for (size_t i = 0; i < len; i++) {
        if (!name_has(name[i])) {
            return NULL;
        }
    }
    return arena_copy(name, len);
}

static void indirect(struct program *program, const struct instruction *in,
                     enum rule_class class)
{
    const struct operand *target = &in->operands[0];
    const char *mnemonic = class == RULE_CALL ? "call" : "jmp";
    int reg = target->reg;

    if (target->kind == OPERAND_REGISTER && (reg < 0 || target->width != 8)) {
        instrument_refuse(program, in, "unusual register for an indirect branch",
                          "use a 64-bit register");
        return;
    }
    if (target->kind == OPERAND_MEMORY) {
        unsigned effects = 0;
        const char *text = instrument_memory(program, in, target, &effects);

        if (!text) {
            return;
        }
        program_take_addresses(program, target->disp);
        unit_add(program, in, UNIT_PLAIN, effects | EFFECT_SCRATCH,
                 arena_printf("movl\t%s,%%r11d", text));
        reg = REG_R11;
    } else if (reg == REG_RSP) {
        instrument_refuse(program, in, "branch to the stack", NULL);
        return;
    }
    struct item *item = unit_add(
        program, in, class == RULE_CALL ? UNIT_CALL : UNIT_PLAIN, EFFECT_CONTROL,
        arena_printf("andl\t$-32,%%%s\n\t%s\t*%%%s", register_name(reg, 4), mnemonic,
                     register_name(reg, 8)));

    item->stop = class == RULE_JUMP;
}

static void direct(struct program *program, const struct instruction *in,
                   enum rule_class class)
{
    const char *target = branch_target(&in->operands[0]);
    struct item *item;
    unsigned symbol;

    if (!target) {
        instrument_refuse(program, in, "a branch must name a label",
                          "put a label where it goes");
        return;
    }
    symbol = program_symbol(program, target, strlen(target));
    if (class == RULE_CALL) {
        item = unit_add(program, in, UNIT_CALL, EFFECT_CONTROL,
                        arena_printf("call\t%s", target));
    } else {
        item = unit_add(program, in, UNIT_BRANCH, EFFECT_CONTROL,
                        class == RULE_JUMP ? "jmp" : in->name);
        item->stop = class == RULE_JUMP;
    }
    item->direct = true;
    item->symbol = symbol;
}

/* Calls and jumps to @item's symbol go through %r11. */
static void make_indirect(struct program *program, struct item *item)
{
    const char *name = program->symbol_names.names[item->symbol];

    if (item->unit == UNIT_BRANCH && !item->stop) {
        program_error(program, item->place, "call it instead",
                      "conditional jump to weak symbol `%s'", name);
        return;
    }
    item->text = arena_printf("movl\t$%s,%%r11d\n\tandl\t$-32,%%r11d\n\t%s\t*%%r11",
                              name, item->unit == UNIT_CALL ? "call" : "jmp");
    item->unit = item->unit == UNIT_CALL ? UNIT_CALL : UNIT_PLAIN;
    item->direct = false;
}

void control_resolve_weak(struct program *program)
{
    for (size_t s = 0; s < program->nsections; s++) {
        const struct section *section = &program->sections[s];

        for (size_t i = 0; i < section->nitems; i++) {
            struct item *item = &section->items[i];
            const struct symbol *symbol = &program->symbols[item->symbol];

            if (item->kind == ITEM_UNIT && item->direct && symbol->weak &&
                !symbol->assigned && symbol->section == SECTION_NONE) {
                make_indirect(program, item);
            }
        }
    }
}

bool instrument_control(struct program *program, const struct instruction *in,
                        enum rule_class class)
{
    switch (class) {
    case RULE_RETURN:
        if (in->noperands) {
            instrument_refuse(program, in, "ret with an operand", "pop the arguments");
            return true;
        }
        unit_add(program, in, UNIT_PLAIN, EFFECT_TOUCH | EFFECT_CONTROL,
                 "andq\t$0x7fffffe0,(%rsp)\n\tret")
            ->stop = true;
        return true;
    case RULE_TRAP:
        unit_add(program, in, UNIT_PLAIN, 0, in->name)->stop = true;
        program_section(program)->stack_moved = false;
        return true;
    case RULE_CALL:
    case RULE_JUMP:
    case RULE_BRANCH:
        if (in->noperands != 1) {
            instrument_refuse(program, in, "one operand expected", NULL);
        } else if (in->operands[0].indirect) {
            indirect(program, in, class);
        } else {
            direct(program, in, class);
        }
        return true;
    default:
        return false;
    }
}
