/*
 * Writes machine code: copies steps of texts, and fills their holes. emit_text.h says what
 * these are.
 */
#ifndef MONITOR_EMIT_H
#define MONITOR_EMIT_H

#include "emit_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** As the assembler lays it out. */
struct emit_text {
    int32_t code; /* distance from here to the first step */
    uint32_t nsteps;
    uint32_t
        marks[]; /* where steps begin and, last, where the last ends, from the first */
};

/** The number of a hole: EMIT_HOLE(CALLER). */
#define EMIT_HOLE(name) ((unsigned)(HOLE_##name & 0xffff))

struct emitter {
    uint8_t *at, *end;
    /* Something did not fit, or a hole had no value that it can hold. Nothing more is
     * written. */
    bool full;
    /* Bytes that must not be; addresses that hold them are written as their complement,
     * and `not`. NULL: all may be. */
    bool (*spells)(const uint8_t *bytes, size_t n);
    uint64_t values[HOLES]; /* of holes; signed ones sign-extended */
    bool known[HOLES];
    uint8_t *jumps[HOLES]; /* behind a jump that has not landed */
};

/** Gives hole @hole a value until emit_forget(). */
void emit_set(struct emitter *e, unsigned hole, uint64_t value);

/** Forgets all values. False: a jump has not landed, or the emitter is full. */
bool emit_forget(struct emitter *e) __attribute__((warn_unused_result));

/** Copies steps [@first, @end) of @text. */
void emit_steps(struct emitter *e, const struct emit_text *text, unsigned first,
                unsigned end);

/** Copies all steps. */
void emit_text(struct emitter *e, const struct emit_text *text);

/** Makes the jump to @hole that has been copied land here. */
void emit_land(struct emitter *e, unsigned hole);

#endif
