/*
 * Runaway calls: a cubicle with a limit that computes longer than that in one call is
 * stopped as by a fault. Time in the cubicles that it calls does not count.
 */
#ifndef MONITOR_WATCHDOG_H
#define MONITOR_WATCHDOG_H

#include <stdint.h>

/** Milliseconds between two looks at what is running; limits are rounded up to these. */
#define WATCHDOG_TICK_MS 10

/** Starts looking, where a cubicle has a limit. 0 or a negative errno. */
int watchdog_start(void) __attribute__((warn_unused_result));

#endif
