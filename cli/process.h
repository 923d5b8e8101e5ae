/* The monitor runs in a process of its own, whose end is always explained. */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include "monitor.h"

#include <sys/types.h>

/** Process @helper (0: none), a child of this one, serves the next system: a message says so when it ends
 *  before that, and it is ended with it. @program is its name. */
void process_watch(pid_t helper, const char *program);

/**
 * Runs @config in a child process, with @perf_map so that perf finds the names of its code
 * in /tmp/perf-PID.map, PID being that of the child. SIGINT, SIGTERM and SIGHUP end the child; when this
 * process dies, so does the child. The network device is closed here. Returns the exit status of the system; 128 + the
 * signal after a message when a signal ended it.
 */
int process_run(const struct monitor_config *config, bool perf_map);

#endif
