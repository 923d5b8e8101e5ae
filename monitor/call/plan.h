/*
 * What calls of a function need, worked out once, when its trampoline is made: marshal.c goes
 * by it at every call.
 */
#ifndef MONITOR_PLAN_H
#define MONITOR_PLAN_H

#include "descriptor.h"

#include <stdbool.h>
#include <stdint.h>

struct trampoline;

/** How an integer lies in the low bits of a register. */
struct marshal_integer {
    uint8_t unused_bits; /* above it */
    bool is_signed;
};

/** One annotated pointer, in the order in which marshal_enter() copies them. */
struct marshal_step {
    uint8_t index;     /* of this step */
    uint8_t arg;       /* index of the parameter, and into the values */
    uint8_t kind;      /* DESCRIPTOR_STRING, _IN, _OUT, _INOUT */
    uint8_t size_kind; /* DESCRIPTOR_SIZE_* */
    struct marshal_integer size_integer; /* SIZE_ARG */
    uint8_t size_width;                  /* SIZE_DEREF */
    bool ret, on_demand, or_null;
    uint32_t size_value; /* bytes, index of a parameter, or bound of a string */
};
#define MARSHAL_STEPS_MAX DESCRIPTOR_ARGS_MAX

/** The integer that a value of @type is. */
struct marshal_integer marshal_integer(enum descriptor_type type);

/** @value of a register as the integer it is meant to be; the rest is not looked at. */
static inline int64_t marshal_read(struct marshal_integer integer, uint64_t value)
{
    value <<= integer.unused_bits;
    return integer.is_signed ? (int64_t)value >> integer.unused_bits
                             : (int64_t)(value >> integer.unused_bits);
}

/** Works out once what @t's calls need: its `marshal`, `stacked` and `steps`. */
void marshal_plan(struct trampoline *t);

#endif
