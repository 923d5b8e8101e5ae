/* Statistics of a run, as the monitor wrote them (JSON). */
#ifndef CLI_STATS_H
#define CLI_STATS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/** A memory file for the monitor to write to, or -1 after a message. */
int stats_create(void);

/** The statistics in @fd; the caller drops the reference. NULL after a message. */
json_t *stats_load(int fd);

/** Writes them to @out as tables. */
void stats_print(const json_t *stats, FILE *out);

/** Writes them to file @path as they are; "-" is standard error, which the program's
 * output does not go to. 0, or -1 after a message. */
int stats_save(const json_t *stats, const char *path);

#endif
