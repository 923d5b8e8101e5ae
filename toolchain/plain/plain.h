/*
 * cubicle-plain: makes objects of plain machine code, without the instructions that
 * isolation by protection keys forbids at any byte (forbidden.h). A compiler writes
 * such bytes by accident: numbers, distances, neighbours.
 *
 *   source.c   reads and writes assembly, statement by statement
 *   object.c   assembles it, looks for such bytes, and has their statements written again
 *              until there are none: this cleans one section of code
 *   respell.c  other ways to write an instruction, which do the same
 *   island.c   cleans the linked module, in which distances between sections are final
 */
#ifndef PLAIN_PLAIN_H
#define PLAIN_PLAIN_H

#include "memory.h"
#include "object.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- source.c ---- */

struct statement {
    const char *text;     /* as it was read, without the end of the line */
    const char *function; /* the label before it that is a function's, for messages */
    bool joined;          /* the statement before this one may be its prefix */
    bool apart;           /* a nop goes before the statement */
    bool given_up;
    unsigned attempts; /* how many respellings have been tried */
    unsigned changed;  /* the last round that changed it; 0: none */
    /* The statements to write instead, NULL-terminated; NULL: the text itself. */
    const char **pieces;
    bool pieces_apart; /* nops go between the pieces */
};

struct source {
    const char *name; /* the compiled file's name in the compiler's output, or NULL */
    bool fixed;       /* the source cannot be read well enough to change anything */
    struct statement *statements;
    size_t count;
    size_t capacity;
};

/** Splits @text into statements. Their strings are of the arena. */
void source_read(struct source *source, const char *text);

/** Writes it to file @name; @labels: with a label source_label() before each statement.
 *  Returns false after a message. */
bool source_write(const struct source *source, const char *name, bool labels);

/** Finds the statement, and the piece of it, behind label @name of source_write().
 *  False: @name is no such label. */
bool source_label(const char *name, size_t *statement, unsigned *piece);

/* ---- find.c ---- */

struct finding {
    const char *name; /* of the instruction */
    unsigned section;
    uint64_t offset;
    uint64_t end;
    size_t first; /* the statement that it begins in, and the one that it ends in */
    size_t last;
    bool in_pieces; /* it begins and ends in different pieces of one statement */
};

struct findings {
    struct finding *items;
    size_t count;
    size_t capacity;
};

/** Adds the findings in [@code, @code + @size) of @section, without statements. */
void find_in(const uint8_t *code, uint64_t size, unsigned section,
             struct findings *findings);

/** Fills in the statements of the findings from @labelled, an object with labels before
 *  each. */
void find_statements(const struct object *labelled, struct findings *findings);

/* ---- respell.c ---- */

/** Way number @attempt to write instruction @text: NULL-terminated statements of the
 *  arena. NULL: this way does not fit the instruction. Sets *@last when there are no
 *  more ways. */
const char **respell(const char *text, unsigned attempt, bool *last);

/** Is @text a branch or call to a label? */
bool respell_is_branch(const char *text);

/** Is @text an instruction, as far as this program can tell? */
bool respell_is_instruction(const char *text);

/* ---- object.c ---- */

/** Assembles @source (`-': standard input) to @object. Returns false after a message. */
bool plain_object(const char *source, const char *object, const char *assembler);

/* ---- island.c ---- */

/** Changes the linked module @name in place. Returns an exit status: 0; 1 after a message;
 *  with @retry 2, and nothing is changed, where other addresses of its data would help. */
int plain_link(const char *name, bool retry);

#endif
