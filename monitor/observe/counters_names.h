/* What readers of the counters are told once: names, and who is who (C4). */
#ifndef MONITOR_COUNTERS_NAMES_H
#define MONITOR_COUNTERS_NAMES_H

#include "monitor.h"

/** When all trampolines are made: tells readers who is who in @config's system, and that it is
 *  there. */
void counters_announce(const struct monitor_config *config);

#endif
