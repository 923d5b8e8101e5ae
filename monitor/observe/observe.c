#include "observe.h"
#include "base/message.h"
#include "counters_names.h"
#include "sampler.h"
#include "stats.h"
#include "symbols.h"
#include "trace.h"

#include <string.h>

static void observe_setup(const struct monitor_config *config)
{
    trace_setup(config->trace);
}

static int observe_tell_names(const struct monitor_config *config)
{
    trace_names();
    return config->symbols_fd >= 0 ? symbols_write(config->symbols_fd) : 0;
}

static void observe_finish(const struct monitor_config *config)
{
    const int error = config->stats_fd >= 0 ? stats_write(config->stats_fd) : 0;
    if (error != 0) {
        (void)message_error(error, "cannot write the statistics: %s", strerror(-error));
    }
}

const struct observe observe = {
    .setup = observe_setup,
    .tell_names = observe_tell_names,
    .sample = sampler_start,
    .announce = counters_announce,
    .finish = observe_finish,
};
