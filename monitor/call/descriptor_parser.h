/*
 * The parser of interface descriptors, in three parts: the text (descriptor_text.c),
 * parameters (descriptor_arg.c), and all the rest (descriptor_parse.c).
 */
#ifndef MONITOR_DESCRIPTOR_PARSER_H
#define MONITOR_DESCRIPTOR_PARSER_H

#include "descriptor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parser {
    const char *file;
    struct descriptor *descriptor;
    struct descriptor_error *error;
    char *next; /* first byte of the next line */
    char *end;  /* one past the last byte of the text, which is a NUL */
    unsigned line;
    char *word; /* rest of the current line; NULL when it is used up */
    size_t capacity;
};

/** Says what is wrong in the current line. Returns -EINVAL. */
int parser_refuse(struct parser *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Steps to the next line and makes it a string. 0 or -EINVAL. */
int parser_next_line(struct parser *p);

/** Returns the next word of the line, "" where there is none. Two spaces in a row, or one at
 *  the end, make an empty word, which no record accepts. */
const char *parser_next_word(struct parser *p);

/** Nothing is left of the line: 0, else -EINVAL. */
int parser_end_line(struct parser *p);

/** Invariant 1, for a name of at most @max bytes. */
bool parser_is_identifier(const char *s, size_t max);

/** A decimal number up to @max, without sign or leading zeros. */
bool parser_number(const char *s, uint64_t max, uint64_t *value);

/** The name of a type. */
bool parser_type(const char *word, enum descriptor_type *type);

/** One parameter, from the word behind `arg` on: added to @function. 0 or -EINVAL. */
int parser_arg(struct parser *p, struct descriptor_function *function);

/** Invariants 2 to 4, when a function is complete. 0 or -EINVAL. */
int parser_check_function(struct parser *p, const struct descriptor_function *function);

#endif
