/* Reads a whole assembly source into a program of units. */
#ifndef REWRITE_SOURCE_H
#define REWRITE_SOURCE_H

#include "program.h"

/** Reads @text (NUL-terminated). Errors are counted in @program->nerrors. */
void source_read(struct program *program, const char *text);

#endif
