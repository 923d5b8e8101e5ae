/*
 * The interface compiler, cubicle-idl: an annotated C header in, the monitor's
 * descriptor and a table of function pointers out. One run compiles one header:
 *
 *   unit.c      libclang: the header is parsed
 *   parse.c     its functions, their types, raw annotations
 *   types.c     which C types can cross, and why others cannot
 *   annotate.c  annotations to ranges, sizes, flags
 *   constant.c  constant expressions of annotations, evaluated by clang
 *   emit.c      the descriptor, the operations table, the dependency file
 *   gates.c     prototypes for the monitor and for libc
 *   output.c    files appear all together, or not at all
 *   diag.c      messages with file, line, column, reason and hint
 *
 * Errors do not stop the run: everything wrong with a header is reported at once.
 * Memory lives until the end of the run (idl_strdup and friends, idl_free_all).
 */
#ifndef IDL_H
#define IDL_H

#include <clang-c/Index.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "call/descriptor.h"

#define IDL_ANNOTATIONS_MAX 8

struct idl_location {
    const char *file;
    unsigned line, column;
};

/** One annotation: "out:count, ret" is kind "out", arguments "count, ret". */
struct idl_annotation {
    struct idl_location at;
    const char *text;
};

/** What C says of a type, as far as it matters here. */
struct idl_type {
    const char *spelling;
    const char *canonical; /* the same without typedefs */
    enum descriptor_type type;
    const char *refusal, *hint; /* why it cannot cross, or NULL */
    bool pointee_const, pointee_char, pointee_function;
    unsigned pointee_integer; /* bytes of the integer pointed to, or 0 */
};

struct idl_param {
    struct idl_location at;
    const char *name;
    struct idl_type type;
    struct idl_annotation annotations[IDL_ANNOTATIONS_MAX];
    unsigned nannotations;
    bool reported; /* something is wrong that was reported */
    const struct idl_annotation
        *range;                /* the annotation that gives the kind, or NULL */
    struct descriptor_arg arg; /* the result */
};

struct idl_function {
    struct idl_location at;
    const char *name;
    struct idl_type returns;
    bool noreturn;
    bool boot_only;
    bool left_out; /* --plain: it cannot cross, and was reported */
    unsigned nparams;
    struct idl_param params[DESCRIPTOR_ARGS_MAX];
    struct idl_function *next;
};

/** A constant expression of an annotation; its value goes to *target. */
struct idl_constant {
    struct idl_location at;
    const char *text;
    const char *where; /* "vfs_read: parameter `buf'" */
    const char *hint;  /* where it is no constant */
    uint32_t max;
    uint32_t *target;
    struct idl_constant *next;
};

struct idl {
    /* from the command line */
    const char *header;
    const char *plain_name; /* --interface */
    const char *out_dir, *depfile;
    const char **clang_args;
    int nclang_args;
    bool plain, strict, ops, gates, functions_header;

    /* from the header */
    const char *name; /* of the interface */
    bool many;
    enum descriptor_role role;
    struct idl_location name_at;
    struct idl_function *functions, **functions_tail;
    size_t nfunctions, nleft_out;
    struct idl_constant *constants, **constants_tail;
    const char **inclusions; /* every file read, the header first */
    size_t ninclusions;

    struct idl_message *messages;
    size_t nmessages;
    unsigned nerrors, nwarnings;
};

/* diag.c */

/** Records an error; @hint says what to write instead, or is NULL. */
__attribute__((format(printf, 4, 5))) void idl_error(struct idl *idl,
                                                     struct idl_location at,
                                                     const char *hint,
                                                     const char *format, ...);

/** Records a warning; with --strict an error. */
__attribute__((format(printf, 4, 5))) void idl_warning(struct idl *idl,
                                                       struct idl_location at,
                                                       const char *hint,
                                                       const char *format, ...);

/** @function cannot cross: an error, or with --plain a warning that leaves it out. */
__attribute__((format(printf, 5, 6))) void idl_refuse(struct idl *idl,
                                                      struct idl_function *function,
                                                      struct idl_location at,
                                                      const char *hint,
                                                      const char *format, ...);

/** Writes all messages to @stream in the order of the source. */
void idl_print_messages(struct idl *idl, FILE *stream);

/** Memory that idl_free_all() frees; they end the program where there is none. */
void *idl_calloc(size_t size);
char *idl_strdup(const char *s);
char *idl_strndup(const char *s, size_t len);
__attribute__((format(printf, 1, 2))) char *idl_printf(const char *format, ...);
void idl_free_all(void);

/* types.c */

struct idl_type idl_type_of(CXType type);

/** As idl_strdup, and disposes of @string. */
char *idl_take(CXString string);

/* unit.c */

/** Fills the interface's name, functions and inclusions. False: the header is not C. */
bool idl_parse(struct idl *idl);

/**
 * Parses the header with @tail appended to its text.
 * NULL where libclang itself fails, which is reported.
 */
CXTranslationUnit idl_parse_unit(struct idl *idl, CXIndex index, const char *tail);

struct idl_location idl_locate(CXSourceLocation location);

/* parse.c */

/** Reads the interface's name and functions from a unit without errors. */
void idl_read_declarations(struct idl *idl, CXTranslationUnit unit);

/* annotate.c */

/** Turns annotations into descriptor_args; constants are left for idl_evaluate. */
void idl_annotate(struct idl *idl);

/** What can be checked only when the constants are known. */
void idl_check_sizes(struct idl *idl);

/* constant.c */

/** Asks for the value of @constant; copies it. */
void idl_add_constant(struct idl *idl, const struct idl_constant *constant);

/** Evaluates all of them: each 1..max, or an error. */
void idl_evaluate(struct idl *idl);

/* emit.c and gates.c */

/** A text that is being written. */
struct idl_text {
    char *text;
    size_t size;
};

/** Begins @text; ends the program where there is no memory. */
FILE *idl_open_text(struct idl_text *text);

/** Ends it, and returns what was written to @stream. */
char *idl_close_text(FILE *stream, struct idl_text *text);

/** What the descriptor says. */
uint64_t idl_fingerprint(const struct idl *idl);

/* Each returns the text of a file. */
char *idl_emit_descriptor(const struct idl *idl);
char *idl_emit_ops(const struct idl *idl);
char *idl_emit_gates(const struct idl *idl);
char *idl_emit_functions(const struct idl *idl);
char *idl_emit_depfile(const struct idl *idl, const char *target);

/* output.c */

struct idl_file {
    const char *path;
    const char *text;
};

/** Writes all of @files, or none: a file that is there already is replaced at the end,
 * by renaming. False: what failed has been printed. */
bool idl_write_files(const struct idl_file *files, size_t nfiles);

#endif
