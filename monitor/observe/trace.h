/*
 * A record of cross-cubicle calls, traps and faults: the embedder gives memory that it shares with the
 * monitor, and the monitor writes events to it in a ring, the oldest lost first. Whoever reads
 * may do so at any time, also when the system has been killed. Without it trampolines are what
 * they always are; with it all go through the C code that carries ranges, which notes them.
 */
#ifndef MONITOR_TRACE_H
#define MONITOR_TRACE_H

#include "call/trampoline.h"

#include <stdint.h>

enum trace_kind {
    TRACE_CALL = 1, /* @id: the trampoline */
    TRACE_RETURN,   /* the same; missing where a fault or an exit has ended the call */
    TRACE_TRAP,     /* @id: the page that was mapped or moved for the running cubicle */
    TRACE_FAULT, /* @id: the trampoline of the call in which its callee was stopped */
};

struct trace_event {
    uint64_t time; /* of the processor's time stamp counter */
    uint32_t id;
    uint16_t depth; /* of the control stack: calls in progress below this one */
    uint16_t kind;
};

#define TRACE_NAME_SIZE 64 /* longer names are cut */

/** What a trampoline is called. */
struct trace_name {
    char caller[TRACE_NAME_SIZE], callee[TRACE_NAME_SIZE];
    char interface[TRACE_NAME_SIZE], function[TRACE_NAME_SIZE];
};

/** Events in the ring, a power of 2: 16 MiB. */
#define TRACE_CAPACITY (UINT32_C(1) << 20)

/** What is shared; zero at first. */
struct trace_memory {
    uint64_t written; /* events so far: the next one's place, modulo the capacity */
    uint32_t nnames;
    struct trace_name names[TRAMPOLINE_MAX + 1]; /* by the trampoline's id */
    struct trace_event events[TRACE_CAPACITY];
};

/** Before trampolines are made: events are noted in @memory from now on, as the `tracer`; NULL: none
 *  are. */
void trace_setup(struct trace_memory *memory);

/** When all are made: tells their names. */
void trace_names(void);

#endif
