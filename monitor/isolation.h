/* Which backend isolates the running system. */
#ifndef MONITOR_ISOLATION_H
#define MONITOR_ISOLATION_H

#include "monitor.h"

#include <stddef.h>

/** Takes the backend that @config names, and has it make place for @ncubicles cubicles. 0, or a
 *  negative errno after a message. */
int isolation_choose(const struct monitor_config *config, size_t ncubicles)
    __attribute__((warn_unused_result));

#endif
