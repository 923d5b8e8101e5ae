/* Runs the assembler on files of our own. */
#ifndef TOOLCHAIN_ASSEMBLER_H
#define TOOLCHAIN_ASSEMBLER_H

#include <stdbool.h>

/** `PROGRAM: WHAT NAME: why (errno)` on standard error; returns false. */
bool tool_fail(const char *what, const char *name);

/** Assembles @source to @object with @assembler. Returns false after a message; @quiet:
 *  without those of the assembler. */
bool assembler_run(const char *assembler, const char *source, const char *object,
                   bool quiet);

/** Returns the name of a new empty file in $TMPDIR that ends in @suffix, or NULL after a
 *  message. */
char *tool_temporary(const char *suffix);

/** Returns the text of file @name (`-': standard input) with a NUL behind it (malloc), or NULL
 *  after a message. */
char *tool_read(const char *name);

#endif
