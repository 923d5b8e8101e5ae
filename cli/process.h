/* The monitor runs in a process of its own, whose end is always explained. */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include "monitor.h"

/**
 * Runs @config in a child process, with @perf_map so that perf finds the names of its code
 * in /tmp/perf-PID.map, PID being that of the child. SIGINT, SIGTERM and SIGHUP end the child; when this
 * process dies, so does the child. Returns the exit status of the system; 128 + the
 * signal after a message when a signal ended it.
 */
int process_run(const struct monitor_config *config, bool perf_map);

#endif
