/* Files that a command writes whole, or not at all: what lay there before stays until all of it is written. */
#ifndef CLI_OUTPUT_FILE_H
#define CLI_OUTPUT_FILE_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

struct output_file {
    FILE *out;
    char *target;     /* where it is to lie, links followed */
    char *temporary;  /* where it lies until then; NULL: it is written in its place */
    sigset_t signals; /* that were blocked before; only with `temporary` */
};

/** Whether file @path could be begun now: for a message before long work. 0, or -1 with errno. */
int output_check(const char *path);

/**
 * Begins file @path. Devices, pipes and what lies in a folder where nothing can be made are written in their place.
 * Meanwhile signals that would leave half a file beside it wait. 0, or -1 with errno.
 */
int output_begin(struct output_file *file, const char *path);

/** Puts what was written in its place; where it is not @good, or cannot all be written, nothing. 0, or -1 with errno. */
int output_end(struct output_file *file, bool good);

#endif
