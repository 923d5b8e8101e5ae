/*
 * Who may call whom in a system: an edge for each interface that modules of one cubicle import of
 * another's, found by the loader's own rules. After a run the edges also know what happened.
 */
#ifndef CLI_GRAPH_H
#define CLI_GRAPH_H

#include "monitor.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** A function that was called in a run. */
struct graph_function {
    const char *name;
    int64_t calls, bytes; /* both ways */
    int64_t traps;        /* that mapped a page for it */
    int64_t samples;      /* ticks of processor time that found it innermost */
};

struct graph_edge {
    size_t caller,
        callee; /* cubicles by their place in the system; GRAPH_HOST: the host */
    const char *interface;
    size_t nimported;                 /* functions of it that may be called */
    struct graph_function *functions; /* that were called; the busiest first */
    size_t nfunctions;
    int64_t calls, bytes, traps, samples;
};

#define GRAPH_HOST SIZE_MAX

/** The largest number in statistics: a double has it, and two can be added. */
#define GRAPH_NUMBER_MAX (INT64_C(1) << 53)

struct graph {
    const struct monitor_config *config;
    struct graph_edge *edges;
    size_t nedges;
    bool counted;           /* graph_count() was called */
    int64_t calls, samples; /* of all edges */
    json_t *stats;          /* whose strings the functions use; or NULL */
};

/** Reads the modules of @config and fills @graph, which lives as long as @config. 0, or -1 with a
 *  message. */
int graph_read(const struct monitor_config *config, struct graph *graph);

/** The index of cubicle @name; GRAPH_HOST: there is none, or @name is NULL. */
size_t graph_find_cubicle(const struct graph *graph, const char *name);

/** Adds what @stats, the statistics of a run of the same system, tells; keeps a reference to it. */
void graph_count(struct graph *graph, json_t *stats);

enum graph_theme { GRAPH_LIGHT, GRAPH_DARK };

/** Writes @graph to @out in the language of Graphviz. */
void graph_write_dot(const struct graph *graph, enum graph_theme theme, FILE *out);

/**
 * Writes it to file @path: as SVG, by Graphviz's program `dot`, where the name ends in .svg, else as DOT;
 * "-" is standard output. 0, or -1 with a message.
 */
int graph_save(const struct graph *graph, enum graph_theme theme, const char *path);

#endif
