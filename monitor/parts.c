#include "parts.h"
#include "gate/host_files.h"

#include <stddef.h>

/* PART_*: 0 or 1, by the options of the build. */
const struct parts parts = {
    .backends =
        {
            [MONITOR_ISOLATION_SFI] = &backend_sfi,
            [MONITOR_ISOLATION_MPK] = PART_MPK ? &backend_mpk : NULL,
            [MONITOR_ISOLATION_NONE] = &backend_none,
            [MONITOR_ISOLATION_IPC] = PART_IPC ? &backend_ipc : NULL,
        },
    .waivers =
        {
            [MONITOR_ACL_APP] = PART_ACL ? window_waiver_app : NULL,
            [MONITOR_ACL_OFF] = PART_ACL ? window_waiver_all : NULL,
        },
    .lazy = PART_LAZY ? &window_lazy : NULL,
    .plan_direct = PART_DIRECT ? system_plan_direct : NULL,
    .observe = PART_OBSERVE ? &observe : NULL,
    .net = PART_NET ? &host_net : NULL,
    .files = PART_FILES ? &host_files : NULL,
    .give_directory = PART_FILES ? host_files_give : NULL,
};

#define LACKS(option, what) "this build has no " what " (made with WITHOUT=" option ")"

/* What the manifest gives to modules, all in all: MONITOR_RIGHT_*. */
static unsigned parts_rights(const struct monitor_config *config)
{
    unsigned rights = 0;
    for (size_t i = 0; i < config->ncubicles; i++) {
        for (size_t k = 0; k < config->cubicles[i].nmodules; k++) {
            rights |= config->cubicles[i].modules[k].rights;
        }
    }
    return rights;
}

const char *monitor_lacks(const struct monitor_config *config)
{
    if (parts.backends[config->isolation] == NULL) {
        return config->isolation == MONITOR_ISOLATION_MPK ? LACKS("mpk", "backend mpk")
                                                          : LACKS("ipc", "backend ipc");
    }
    if (config->acl != MONITOR_ACL_ON && parts.waivers[config->acl] == NULL) {
        return LACKS("acl", "--acl but `on`");
    }
    if (config->revoke == MONITOR_REVOKE_LAZY && parts.lazy == NULL) {
        return LACKS("lazy", "lazy revocation");
    }
    if (config->link == MONITOR_LINK_DIRECT && parts.plan_direct == NULL) {
        return LACKS("direct", "plain calls between modules");
    }
    if (parts.observe == NULL && (config->trace != NULL || config->sample ||
                                  config->stats_fd >= 0 || config->symbols_fd >= 0)) {
        return LACKS("observe", "statistics, graphs, traces or names of code");
    }
    const unsigned rights = parts_rights(config);
    if ((rights & MONITOR_RIGHT_HOSTNET) != 0 && parts.net == NULL) {
        return LACKS("net", "network device");
    }
    if ((rights & MONITOR_RIGHT_HOSTFILES) != 0 && parts.files == NULL) {
        return LACKS("files", "directories of the host");
    }
    return NULL;
}
