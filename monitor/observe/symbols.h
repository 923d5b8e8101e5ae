/* The names of the code of a running system, for profilers. */
#ifndef MONITOR_SYMBOLS_H
#define MONITOR_SYMBOLS_H

/**
 * Writes to @fd a line "START SIZE NAME", numbers in hexadecimal, for each function of each
 * module (MODULE:FUNCTION), and for the two pieces of each trampoline: the format of
 * /tmp/perf-PID.map. Before the outer wall is up. 0 or a negative errno after a message.
 */
int symbols_write(int fd) __attribute__((warn_unused_result));

#endif
