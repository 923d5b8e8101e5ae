/* The monitor runs in a process of its own, whose end is always explained. */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include "monitor.h"

/**
 * Runs @config in a child process. SIGINT, SIGTERM and SIGHUP end the child; when this
 * process dies, so does the child. Returns the exit status of the system; 128 + the
 * signal after a message when a signal ended it.
 */
int process_run(const struct monitor_config *config);

#endif
