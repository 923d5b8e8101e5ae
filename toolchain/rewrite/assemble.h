/* Runs the assembler, and reads what it wrote. */
#ifndef REWRITE_ASSEMBLE_H
#define REWRITE_ASSEMBLE_H

#include "program.h"

/**
 * Finds the size of every unit by assembling them. @assembler: the program to run;
 * temporary files go to $TMPDIR. Returns false after a message.
 */
bool assemble_sizes(struct program *program, const char *assembler);

/**
 * Assembles the laid-out program to @object and checks that every section came out as
 * long as the layout says. Returns false after a message.
 */
bool assemble_object(const struct program *program, const char *assembler,
                     const char *object);

#endif
