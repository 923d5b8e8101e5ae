/*
 * The program being rewritten: sections of items, and symbols.
 *
 * Invariants
 * 1. Every executable section holds only labels, alignments, verbatim directives that
 *    emit no bytes, and units; its first byte is aligned to a bundle.
 * 2. A unit never crosses a bundle. Only its first instruction may be a branch target.
 * 3. A call unit ends at the end of a bundle.
 * 4. A label whose address is taken, or that other files can see, starts a bundle.
 * 5. After a constant change of %rsp comes an access through %rsp before the next
 * branch and before the next change.
 */
#ifndef REWRITE_PROGRAM_H
#define REWRITE_PROGRAM_H

#include "memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define BUNDLE 32u

/** The place of a statement: in the C source if a line marker names it, else in the
 *  input. */
struct place {
    const char *file;
    unsigned line;
};

enum item_kind {
    ITEM_VERBATIM, /* a directive, printed as it is */
    ITEM_LABEL,
    ITEM_ALIGN, /* a wish: power-of-two alignment with a limit on the padding */
    ITEM_UNIT,  /* one instruction, or several that belong together */
};

enum unit_kind {
    UNIT_PLAIN,
    UNIT_BRANCH, /* direct jump: its size depends on the distance */
    UNIT_CALL,   /* ends a bundle */
};

/** Longer encodings of one instruction: the assembler's prefixes ask for them. */
enum stretch_option {
    STRETCH_REX,    /* a REX prefix without bits */
    STRETCH_DISP32, /* a displacement of 32 bits */
    STRETCH_OPTIONS,
};

struct item {
    enum item_kind kind;
    enum unit_kind unit;
    struct place place;
    const char
        *text;       /* directive, label name or instructions; a branch: its mnemonic */
    unsigned symbol; /* label: itself; direct branch or call: its target */
    unsigned size;   /* unit: bytes (a branch: of the 32-bit form); align: boundary */
    unsigned limit;  /* align: most bytes of padding */
    unsigned pad;    /* layout: padding before the labels of this unit */
    unsigned gap;    /* layout: padding between the labels and this unit */
    unsigned offset; /* layout: of the unit, from the start of the section */
    bool direct;     /* unit: a branch or call to @symbol */
    bool fuses; /* unit: a comparison that processors fuse with a branch behind it */
    bool stop;  /* unit: control never passes behind it */
    bool wide;  /* layout: this branch needs its 32-bit form */
    uint8_t stretches; /* unit: bits 1 << STRETCH_*: what may be asked for */
    uint8_t stretch;   /* stretch: bits 1 << STRETCH_*: what is asked for */
    uint8_t longer[STRETCH_OPTIONS]; /* unit: bytes that each adds, or 0 */
};

/** What the register %r11 holds behind the last item: see r11.c. */
enum r11_holds {
    R11_ANY,
    R11_SLOT,  /* the address of __libc_r11 */
    R11_VALUE, /* what the source means by %r11 */
};

struct section {
    const char *open; /* the directive that selects it */
    bool code;
    bool debug;       /* references from here do not count as taking an address */
    bool stack_moved; /* invariant 5: an access through %rsp is owed */
    enum r11_holds r11;
    unsigned alignment;
    unsigned size;
    struct item *items;
    size_t nitems;
    size_t capacity;
};

#define SECTION_NONE UINT32_MAX

struct symbol {
    uint32_t section; /* SECTION_NONE: not a label of this file */
    uint32_t offset;  /* layout */
    bool entry;       /* invariant 4 */
    bool global;      /* the linker may bind a reference elsewhere */
    bool weak;        /* without a definition its address is 0 */
    bool assigned;    /* defined by .set */
};

struct program {
    const char *input;  /* name of the file being read: places in it point here */
    const char *source; /* the compiled file's name in the compiler's output, or NULL */
    struct section *sections;
    size_t nsections;
    size_t sections_capacity;
    uint32_t current;  /* section */
    uint32_t previous; /* what `.previous` goes back to */
    struct string_table section_names;
    struct string_table symbol_names;
    struct symbol *symbols;
    size_t nsymbols;
    size_t symbols_capacity;
    const char *function; /* last global or function label, for messages */
    unsigned nerrors;
    FILE *messages;           /* where errors go */
    struct string_table said; /* errors that were printed */
    const char *last_help;    /* of the error before: it is not repeated */
    bool lines_missing;       /* an error has no line of the C source */
};

void program_init(struct program *program, const char *input);
void program_free(struct program *program);

/** Appends an item of @kind to the current section. Valid until the next one. */
struct item *program_add(struct program *program, enum item_kind kind,
                         struct place place, const char *text);

/** Returns the index of the symbol named by the @len bytes at @name. */
unsigned program_symbol(struct program *program, const char *name, size_t len);

/** Marks every symbol that @expression mentions as having its address taken. */
void program_take_addresses(struct program *program, const char *expression);

/** The current section. Valid until a section is added. */
struct section *program_section(struct program *program);

/** Reports an error at @place. @help says how to get around it; NULL where nothing can.
 */
void program_error(struct program *program, struct place place, const char *help,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
