/*
 * The counters of a running system (monitor/base/counters.h) as another process of the same user reads them. `cubicle run`
 * keeps the file open, and the kernel shows it as /proc/PID/fd/N to those who may look there: nothing is left behind
 * by a system that was killed.
 */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include "base/counters.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** A running system that is watched. */
struct live {
    const struct counters
        *counters; /* only to be read; what others write: numbers may be any */
    pid_t runner, monitor;
    int monitor_fd; /* of process `monitor`: readable when it has ended; -1: unknown */
    uint32_t ncubicles, nedges;
    double start_s; /* when the monitor was started, on the clock of live_now() */
};

/** The file for the counters of a system that is about to be run; -1: the host has none. Not an error: the system runs as
 *  well, and cannot be watched. */
int live_create(void);

/**
 * Finds the system @which: the process id of `cubicle run` or of its monitor, or the name of a system; NULL: the only one
 * that runs. 0, or -1 after a message.
 */
int live_find(const char *which, struct live *live);

/** As live_find() for the process of `cubicle run`, but without a message. 0 or -1. */
int live_try(pid_t runner, struct live *live);

/** The parent of process @pid; -1: there is none. For live_find(). */
pid_t live_parent(pid_t pid);

/** Sets @live's start. For live_find(). */
void live_begin(struct live *live);

/** Waits @timeout_ms, or until the system has ended. Whether it has. */
bool live_wait(const struct live *live, int timeout_ms);

/** Whether @live has ended. */
bool live_has_ended(const struct live *live);

/** Seconds of processor time that the monitor and its cubicles have used; -1: unknown. */
double live_cpu_s(const struct live *live);

/** Seconds on a clock that never goes back. */
double live_now(void);

/** The name at @at of the counters' names: ends within them, and has nothing that a terminal takes for more than a
 *  letter. @text receives it. */
void live_name(const struct live *live, uint32_t at, char text[COUNTERS_NAME_SIZE]);

/** Copies @from, COUNTERS_NAME_SIZE bytes, likewise. */
void live_text(const char *from, char text[COUNTERS_NAME_SIZE]);

#endif
