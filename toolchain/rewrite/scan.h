/*
 * Splits assembly source (AT&T, as GNU as reads it) into statements: comments removed,
 * blanks squeezed, numeric local labels given unique names, and each statement's place
 * in the original source taken from line markers.
 */
#ifndef REWRITE_SCAN_H
#define REWRITE_SCAN_H

#include "program.h"

#include <stdio.h>

#define SCAN_LOCAL_LABELS 100

struct scanner {
    const char *at;
    const char *file;  /* the file itself */
    unsigned line;     /* in it */
    struct place mark; /* of the last line marker; file NULL: none in force */
    bool in_asm;       /* between #APP and #NO_APP: @mark stays put */
    bool line_start;
    unsigned defined[SCAN_LOCAL_LABELS]; /* how often each numeric label was */
    char *buffer;
    size_t capacity;
};

/** Starts on @text, a NUL-terminated string that must outlive the scanner. */
void scan_init(struct scanner *scanner, const char *text, const char *file);

void scan_free(struct scanner *scanner);

enum scan_kind {
    SCAN_END,
    SCAN_LABEL,     /* text: the name */
    SCAN_STATEMENT, /* text: directive, assignment or instruction */
    SCAN_ERROR,     /* text: what is wrong */
};

struct statement {
    enum scan_kind kind;
    char *text;         /* arena memory */
    struct place place; /* by marker, else the line of the file itself */
};

struct statement scan_next(struct scanner *scanner);

#endif
