/* Counters of a run as JSON: calls, bytes and traps per edge, traps and pages per cubicle. */
#ifndef MONITOR_STATS_H
#define MONITOR_STATS_H

/** Writes all counters to @fd. 0 or a negative errno. */
int stats_write(int fd);

#endif
