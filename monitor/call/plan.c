#include "plan.h"
#include "trampoline.h"

struct marshal_integer marshal_integer(enum descriptor_type type)
{
    const size_t size = descriptor_type_size(type);
    return (struct marshal_integer){
        .unused_bits = (uint8_t)(size == 0 ? 0 : 64 - 8 * size),
        .is_signed = type == DESCRIPTOR_I8 || type == DESCRIPTOR_I16 ||
                     type == DESCRIPTOR_I32 || type == DESCRIPTOR_I64,
    };
}

void marshal_plan(struct trampoline *t)
{
    const struct descriptor_function *function = t->function;
    unsigned nintegers = 0;
    unsigned ndoubles = 0;
    for (unsigned i = 0; i < function->nargs; i++) {
        if (function->args[i].type == DESCRIPTOR_F64) {
            ndoubles++;
        } else {
            nintegers++;
        }
    }
    /* Ranges whose size is read through a pointer wait until that has been copied. */
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < function->nargs; i++) {
            const struct descriptor_arg *arg = &function->args[i];
            const bool late = arg->size_kind == DESCRIPTOR_SIZE_DEREF;
            if (arg->kind < DESCRIPTOR_STRING || late != (pass == 1)) {
                continue;
            }
            const bool by_arg = arg->size_kind == DESCRIPTOR_SIZE_ARG;
            t->steps[t->nsteps] = (struct marshal_step){
                .index = t->nsteps,
                .arg = (uint8_t)i,
                .kind = (uint8_t)arg->kind,
                .size_kind = (uint8_t)arg->size_kind,
                .size_integer = marshal_integer(
                    by_arg ? function->args[arg->size_value].type : DESCRIPTOR_U64),
                .size_width = arg->size_width,
                .ret = arg->ret,
                .on_demand = arg->on_demand,
                .or_null = arg->or_null,
                .size_value = arg->size_value,
            };
            t->nsteps++;
        }
    }
    t->result = marshal_integer(function->returns);
    const bool overflow = nintegers > 6 || ndoubles > 8;
    t->marshal = t->nsteps > 0 || overflow;
    t->stacked = overflow || ndoubles > 0;
}
