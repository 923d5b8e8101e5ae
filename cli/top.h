/* `cubicle top`: what happens in a running system, as rates between two looks at its counters. */
#ifndef CLI_TOP_H
#define CLI_TOP_H

#include "live.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What happened in an interval. @cpu: percent of one processor; -1: not known. */
struct top_rates {
    double calls, bytes, traps; /* per second; bytes both ways */
    double cpu;
};

struct top_cubicle {
    char name[COUNTERS_NAME_SIZE];
    const char *state;
    struct top_rates rates; /* of calls into it */
    uint64_t memory, quota; /* bytes; UINT64_MAX: no limit */
    uint64_t restarts;      /* since the start */
    uint64_t before_traps;  /* at the last look */
};

/** Calls of one cubicle to another through one interface, or of one function of it. */
struct top_edge {
    uint16_t caller, callee; /* places in the table of cubicles */
    char interface[COUNTERS_NAME_SIZE];
    char function[COUNTERS_NAME_SIZE]; /* "": all of the interface */
    struct top_rates rates;
    uint64_t total;    /* calls since the start */
    size_t first, end; /* which of `sorted` it consists of */
};

enum top_order {
    TOP_BY_CALLS,
    TOP_BY_BYTES,
    TOP_BY_CPU,
    TOP_BY_TRAPS,
    TOP_BY_MEMORY,
    TOP_BY_NAME,
    TOP_NORDERS
};

struct top {
    struct live live;
    int output; /* file that takes what the system writes, of which the end is kept; -1: none */
    char system[COUNTERS_NAME_SIZE], isolation[COUNTERS_NAME_SIZE];
    bool sampled;           /* the share of the processor is known for each edge */
    bool grouped;           /* anew, since the last look */
    double time_s, seconds; /* of the last look, and since the one before */
    struct top_rates rates; /* of the whole system */
    struct top_cubicle *cubicles; /* by id: [0] is the monitor */
    size_t ncubicles;
    struct top_edge *edges;
    size_t nedges;
    uint16_t *cubicle_rows; /* cubicles, */
    uint32_t *edge_rows;    /* and edges, in the order in which they are shown */
    /* For the next look: */
    double cpu_s, cpu_time_s;     /* processor time, and when it was read */
    struct counters_edge *before; /* by trampoline */
    uint32_t *sorted; /* trampolines by caller, callee, interface, function */
};

/** Begins to watch @top->live. @functions: an edge for each function. */
void top_begin(struct top *top, bool functions);

/** Edges for each function, or each interface, from now on. */
void top_group(struct top *top, bool functions);

/** Looks, and says in @top what happened since the look before, or since the start of the system at the first. */
void top_look(struct top *top);

/** Fills the rows: the most first. */
void top_sort(struct top *top, enum top_order order);

/** Prints tables for scripts, @count times (0: until the system ends), every @delay_s. The exit status. */
int top_batch(struct top *top, unsigned count, double delay_s, enum top_order order);

/**
 * Shows them on the terminal until a key or a signal ends it, or, unless it is to @stay then, the end of the system. The
 * exit status.
 */
int top_screen(struct top *top, double delay_s, enum top_order order, bool functions,
               bool stay);

#endif
