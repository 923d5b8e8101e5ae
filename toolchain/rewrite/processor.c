/*
 * Instructions that ask the processor what it can do. libc answers instead, with the
 * features that cubicle code may use.
 *
 *      cpuid               lea  -128(%rsp),%rsp        the red zone stays as it is
 *                          call __libc_cpuid
 *                          lea  128(%rsp),%rsp
 *      xgetbv              the same with __libc_xgetbv
 *
 * Both keep every register that the instruction keeps, but not the flags.
 */
#include "instrument.h"

#include <stdlib.h>
#include <string.h>

bool instrument_processor(struct program *program, const struct instruction *in,
                          enum rule_class class)
{
    if (class != RULE_PROCESSOR) {
        return false;
    }
    if (in->noperands) {
        instrument_refuse(program, in, "no operand expected", NULL);
        return true;
    }
    const char *name = arena_printf("__libc_%s", in->name);
    struct item *item;

    unit_add(program, in, UNIT_PLAIN, EFFECT_MOVE, "leaq\t-128(%rsp),%rsp");
    item = unit_add(program, in, UNIT_CALL, EFFECT_CONTROL,
                    arena_printf("call\t%s", name));
    item->direct = true;
    item->symbol = program_symbol(program, name, strlen(name));
    unit_add(program, in, UNIT_PLAIN, EFFECT_MOVE, "leaq\t128(%rsp),%rsp");
    return true;
}

const char *instruction_bytes(const char *arguments)
{
    static const struct {
        const char *name;
        unsigned count;
        unsigned char bytes[3];
    } known[] = {{"cpuid", 2, {0x0f, 0xa2}},
                 {"xgetbv", 3, {0x0f, 0x01, 0xd0}},
                 {"ret", 2, {0xf3, 0xc3}}};

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        const char *at = arguments;
        unsigned count = 0;

        while (count < known[i].count) {
            char *end;
            const bool same = strtoul(at, &end, 0) == known[i].bytes[count];

            if (!same || end == at) {
                break;
            }
            at = end + strspn(end, ", ");
            count++;
        }
        if (count == known[i].count && !*at) {
            return known[i].name;
        }
    }
    return NULL;
}
