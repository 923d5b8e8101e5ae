/* Writes a program as assembly source. */
#ifndef REWRITE_EMIT_H
#define REWRITE_EMIT_H

#include "program.h"

#include <stdio.h>

/** The section that the source written by emit_for_sizes() keeps the sizes in. */
#define EMIT_SIZES_SECTION ".cubicle.sizes"

/**
 * Writes every unit, branches in their 32-bit form, and a section with their sizes: one
 * byte per unit in the order of sections and items.
 */
void emit_for_sizes(const struct program *program, FILE *out);

/** Writes the program as laid out. */
void emit(const struct program *program, FILE *out);

#endif
