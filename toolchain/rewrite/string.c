/*
 * String instructions address memory through %rdi and %rsi with segments that cannot be
 * overridden, so these registers hold full addresses while the instruction runs. One
 * unit:
 *
 *      rep movsq                       movq %fs:__cubicle_view,%r11
 *                                      movl %edi,%edi
 *                                      leaq (%rdi,%r11),%rdi
 *                                      movl %esi,%esi          movs only
 *                                      leaq (%rsi,%r11),%rsi   movs only
 *                                      rep movsq
 *                                      movl %edi,%edi
 *                                      movl %esi,%esi          movs only
 */
#include "instrument.h"

#define ADD_BASE(r) "\tmovl\t%e" r ",%e" r "\n\tleaq\t(%r" r ",%r11),%r" r "\n"
#define TAKE_BASE(r) "\n\tmovl\t%e" r ",%e" r

/* Written with operands, a string instruction may only name its usual ones. */
static bool usual_operands(const struct instruction *in)
{
    for (unsigned i = 0; i < in->noperands; i++) {
        const struct operand *operand = &in->operands[i];

        if (operand->kind == OPERAND_MEMORY
                ? (operand->base != REG_RDI && operand->base != REG_RSI) ||
                      operand->index != REG_NONE || operand->narrow || *operand->disp
                : !operand_is_register(operand, REG_RAX)) {
            return false;
        }
    }
    return true;
}

bool instrument_string(struct program *program, const struct instruction *in,
                       enum rule_class class)
{
    bool move = class == RULE_STRING_MOVE;

    if (!move && class != RULE_STRING_STORE) {
        return false;
    }
    if (!usual_operands(in)) {
        instrument_refuse(program, in, "unusual operand of a string instruction",
                          "use (%rdi), (%rsi) and %rax");
        return true;
    }
    /* The assembler knows the 32-bit forms as movsl and stosl. */
    char size = in->name[4] == 'd' ? 'l' : in->name[4];

    unit_add(program, in, UNIT_PLAIN, 0,
             arena_printf("movq\t" VIEW_BASE ",%%r11\n%s%s\t%s%.4s%c%s%s",
                          ADD_BASE("di"), move ? ADD_BASE("si") : "",
                          in->repeat ? "rep " : "", in->name, size, TAKE_BASE("di"),
                          move ? TAKE_BASE("si") : ""));
    return true;
}
