/*
 * cubicle-cc: a C compiler driver that makes modules for cubicles. It runs gcc, the
 * rewriter and binutils; this header is what its parts share.
 */
#ifndef CC_CC_H
#define CC_CC_H

#include "memory.h"

#include <stdbool.h>
#include <stddef.h>

/* ---- list.c: strings; all memory is of the arena ---- */

struct list {
    const char **items; /* items[count] is NULL, so that it can serve as an argv */
    size_t count;
    size_t capacity;
};

void list_add(struct list *list, const char *item);
void list_add_all(struct list *list, const struct list *more);
bool list_has(const struct list *list, const char *item);

/** Prints `cubicle-cc: error: ...` and returns false. */
bool fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- options.c: the command line ---- */

enum language {
    LANGUAGE_NONE, /* no source: an input of the linker */
    LANGUAGE_C,
    LANGUAGE_PREPROCESSED_C,
    LANGUAGE_ASSEMBLER,
    LANGUAGE_ASSEMBLER_CPP,
};

enum mode {
    MODE_LINK,
    MODE_OBJECT,     /* -c */
    MODE_ASSEMBLY,   /* -S */
    MODE_PREPROCESS, /* -E, -M, -MM, -fsyntax-only: gcc does it all */
    MODE_ASK_GCC,    /* -dumpversion, -print-...: handed on as it is */
    MODE_DONE,       /* --help was printed */
};

struct input {
    const char *name; /* a file, or a linker option in its place (-lNAME, -Wl) */
    enum language language;
};

struct options {
    enum mode mode;
    bool isolated; /* sfi; else plain machine code */
    bool partial;  /* -r: combine objects, no module */
    bool verbose;
    bool dry_run; /* -###: print the commands only */
    bool no_startfiles;
    bool no_libc;
    bool no_includes;        /* -nostdinc */
    bool dependencies;       /* -MD or -MMD */
    const char *depend_file; /* -MF */
    bool depend_target;      /* -MT or -MQ given */
    bool strip;
    const char *output;
    const char *sysroot;
    const char *interfaces;
    struct list provides;
    bool provides_given; /* perhaps none: a module that nothing calls but the loader */
    struct list compile; /* options for the compiler */
    struct list link;    /* options for the linker */
    struct input *inputs;
    size_t ninputs;
    size_t inputs_capacity;
};

/** Reads the command line, response files included. Returns false after a message. */
bool options_parse(int argc, char **argv, struct options *options);

extern const char options_help[];

/* ---- response.c ---- */

/**
 * Appends @word to @words, or, where it is `@FILE`, the words in that file. Returns
 * false after a message.
 */
bool response_expand(const char *word, struct list *words);

/* ---- process.c: programs and temporary files ---- */

/** Runs argv[0] with @argv; verbose prints it first. Returns whether it exited with 0.
 */
bool process_run(const struct options *options, const struct list *argv);

/** The same for programs whose exit status says more; -1 after a message. */
int process_status(const struct options *options, const struct list *argv);

/** Runs argv[0] and copies the first line that it writes to @stream (STDOUT_FILENO or
 * STDERR_FILENO) to @line, at most @size bytes with the NUL. Returns whether it exited with 0. */
bool process_read(const struct list *argv, int stream, char *line, size_t size);

/** Returns the name of a new empty file that ends in @suffix, or NULL after a message.
 * It is removed when the program ends, also by a signal. */
const char *temporary_file(const char *suffix);

/* ---- paths.c: where things are ---- */

/** Returns the folder that this program was started from. */
const char *paths_bin(const char *argv0);

/** Sets the folders that the command line did not give. */
void paths_defaults(struct options *options, const char *argv0);

/** The programs beside this one that make objects: cubicle-rewrite, and cubicle-plain.
 */
const char *paths_rewriter(void);
const char *paths_plain(void);

/* ---- compile.c ---- */

/** The name of the gcc to run. */
const char *compiler_name(void);

/** Compiles every source of the command line; @objects receives what is to be linked,
 * in order: objects, archives and linker options. */
bool compile_all(const struct options *options, struct list *objects);

/** Runs gcc with the options of the isolation on everything (MODE_PREPROCESS). */
bool compile_preprocess(const struct options *options);

/* ---- registry.c: the interface registry ---- */

struct registry_interface {
    const char *name;
    const char *fingerprint;
    struct list functions;
};

struct registry {
    struct registry_interface *interfaces;
    size_t count;
};

/** Reads every .desc file of @folder. Returns false after a message. */
bool registry_read(const char *folder, struct registry *registry);

const struct registry_interface *registry_find(const struct registry *registry,
                                               const char *name);

/** Returns the interface that declares @function, or NULL. */
const struct registry_interface *registry_of_function(const struct registry *registry,
                                                      const char *function);

/* ---- link.c, note.c ---- */

/** Links @objects to the module options->output. */
bool link_module(const struct options *options, const struct list *objects);

/** Combines @objects to one object (-r). */
bool link_partial(const struct options *options, const struct list *objects);

/** Writes the module note to @file. */
bool note_write(const char *file, const struct options *options,
                const struct registry *registry, const struct list *provides,
                const struct list *uses);

#endif
