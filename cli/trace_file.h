/* `cubicle run --trace=FILE`: what the monitor noted of calls, traps and faults, as JSON for Chrome's and Perfetto's viewers. */
#ifndef CLI_TRACE_FILE_H
#define CLI_TRACE_FILE_H

#include <stdint.h>

struct trace_memory;

/** The memory that the monitor is to write to, and the clocks as the run begins. */
struct trace {
    struct trace_memory *memory;
    uint64_t start_ticks, start_ns;
};

/** Maps it. 0, or -1 after a message. */
int trace_open(struct trace *trace);

/** Writes the events of @system to file @path, however the run ended. 0, or -1 after a message. */
int trace_save(const struct trace *trace, const char *system, const char *path);

#endif
