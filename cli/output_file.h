/* Files that a command writes whole, or not at all: what lay there before stays until all of it is written. */
#ifndef CLI_OUTPUT_FILE_H
#define CLI_OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

struct output_file {
    FILE *out;
    char *target;    /* where it is to lie, links followed */
    char *temporary; /* where it lies until then; NULL: it is written in its place */
};

/**
 * Begins file @path. Devices, pipes and what lies in a folder where nothing can be made are written in their place.
 * 0, or -1 with errno.
 */
int output_begin(struct output_file *file, const char *path);

/** Where it lies meanwhile, for other programs. */
const char *output_name(const struct output_file *file);

/** Puts what was written in its place; where it is not @good, or cannot all be written, nothing. 0, or -1 with errno. */
int output_end(struct output_file *file, bool good);

#endif
