/* Turns one instruction of the source into units of the program. */
#ifndef REWRITE_INSTRUMENT_H
#define REWRITE_INSTRUMENT_H

#include "instruction.h"
#include "program.h"
#include "rules.h"

/** Adds the units for @in to the current section, or reports why it cannot be done. */
void instrument(struct program *program, const struct instruction *in);

/** To be called after the last instruction: a compiler declares weak symbols at the
 * end. */
void control_resolve_weak(struct program *program);

/* ---- shared by instrument.c, r11.c, stack.c, control.c and string.c ---- */

/* What a unit does to the stack pointer and to control flow (invariant 5). */
enum {
    EFFECT_TOUCH = 1,    /* accesses memory near %rsp */
    EFFECT_MOVE = 2,     /* changes %rsp by a constant */
    EFFECT_REBASE = 4,   /* sets %rsp and puts it back into the view */
    EFFECT_CONTROL = 8,  /* branches, calls, returns */
    EFFECT_SCRATCH = 16, /* loads %r11 for the next unit: no probe may come between */
};

/* For arena_printf(): the FS slot that holds the base of the running cubicle's view. */
#define VIEW_BASE "%%fs:__cubicle_view"

/** Adds one unit; before it a probe of the stack where invariant 5 asks for one. */
struct item *unit_add(struct program *program, const struct instruction *in,
                      enum unit_kind kind, unsigned effects, const char *text);

/** The unit is @in alone, and may be encoded longer to fill a bundle. */
void unit_may_stretch(struct item *item, const struct instruction *in);

/** Reports that @in is not supported, and @help. */
void instrument_refuse(struct program *program, const struct instruction *in,
                       const char *why, const char *help);

/**
 * Returns the text of memory operand @operand in the form that stays in the view, or
 * NULL after reporting why not. May add a unit that prepares %r11; sets EFFECT_TOUCH in
 * @effects.
 */
const char *instrument_memory(struct program *program, const struct instruction *in,
                              const struct operand *operand, unsigned *effects);

/** Is the operand a plain access through %rsp, which needs no instrumentation? */
bool operand_on_stack(const struct operand *operand);

/** The instruction, with prefixes that it may have; reports what is wrong with it. Where
 * it names %r11, that is the register itself, which holds what the source means. */
void instrument_checked(struct program *program, const struct instruction *in,
                        enum rule_class class);

/**
 * The parts: each returns false when @in is none of its business, and otherwise has
 * added units or reported an error.
 */
bool instrument_r11(struct program *program, const struct instruction *in,
                    enum rule_class class);
bool instrument_stack(struct program *program, const struct instruction *in,
                      enum rule_class class);
bool instrument_control(struct program *program, const struct instruction *in,
                        enum rule_class class);
bool instrument_string(struct program *program, const struct instruction *in,
                       enum rule_class class);
bool instrument_processor(struct program *program, const struct instruction *in,
                          enum rule_class class);

/** The instruction that `.byte` @arguments spells, where sources for old assemblers write
 * one so; NULL: none that is known. */
const char *instruction_bytes(const char *arguments);

#endif
