/* A system without trampolines, to measure what they cost: --link=direct. */
#include "base/message.h"
#include "system.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int system_plan_direct(struct system *system)
{
    const struct monitor_config *config = system->link.config;
    if (config->isolation != MONITOR_ISOLATION_NONE) {
        return message_error(
            -EINVAL,
            "%s: --link=direct has no trampolines and so no isolation; "
            "use it with --isolation=none",
            config->system);
    }
    system->all = calloc(system->link.nmodules, sizeof(*system->all));
    if (system->all == NULL) {
        return message_error(-ENOMEM, "%s: out of memory", config->system);
    }
    size_t n = 0;
    for (size_t i = 0; i < config->ncubicles; i++) {
        const struct monitor_cubicle *cubicle = &config->cubicles[i];
        memcpy(&system->all[n], cubicle->modules,
               cubicle->nmodules * sizeof(*system->all));
        n += cubicle->nmodules;
    }
    system->whole = (struct monitor_cubicle){
        .name = "system", .modules = system->all, .nmodules = n};
    system->cubicles = &system->whole;
    system->ncubicles = 1;
    return 0;
}
