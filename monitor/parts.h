/*
 * What a build of the monitor can leave out: meson_options.txt has the names. Everything else gets
 * at these parts by this table only, and where one is NULL the build does not have it.
 */
#ifndef MONITOR_PARTS_H
#define MONITOR_PARTS_H

#include "backend/backend.h"
#include "gate/gate.h"
#include "memory/window.h"
#include "observe/observe.h"
#include "system.h"

struct parts {
    const struct backend
        *backends[MONITOR_ISOLATION_IPC + 1];    /* by enum monitor_isolation */
    window_waiver *waivers[MONITOR_ACL_OFF + 1]; /* by enum monitor_acl */
    const struct window_lazy *lazy;              /* --revoke=lazy */
    int (*plan_direct)(struct system *system);   /* --link=direct */
    const struct observe *observe;               /* statistics, traces and the like */
    const struct gate_host *net;                 /* the network device */
    const struct gate_host *files;               /* directories of the host */
    void (*give_directory)(size_t index,
                           unsigned id); /* with them: host_files_give() */
};

extern const struct parts parts;

#endif
