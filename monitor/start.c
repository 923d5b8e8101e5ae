/*
 * From a description of a system to its end, one step after the other: system.h has those that
 * make it. A step that fails has said why; nothing has run then.
 */
#include "backend/backend.h"
#include "base/copy.h"
#include "base/counters.h"
#include "base/message.h"
#include "call/entry.h"
#include "call/marshal.h"
#include "call/trace.h"
#include "call/trampoline.h"
#include "fault/fault.h"
#include "fault/restart.h"
#include "fault/signal_pending.h"
#include "fault/stop.h"
#include "fault/unwind.h"
#include "fault/watchdog.h"
#include "gate/gate.h"
#include "isolation.h"
#include "load/registry.h"
#include "memory/memory.h"
#include "memory/window.h"
#include "observe/counters_names.h"
#include "observe/sampler.h"
#include "observe/stats.h"
#include "observe/symbols.h"
#include "parts.h"
#include "system.h"
#include "wall.h"

#include <errno.h>
#include <string.h>

/* Sets up one module by its module_init. 0, or what the system ends with, after a message where that was not
 * a signal. */
static int start_init(const struct module *module)
{
    const int error = trampoline_call(module->init, 0);
    if (unwind_ending() && unwind_end_status() > 128) { /* a fault, or a signal */
        return unwind_end_status();
    }
    if (error == 0) {
        return 0;
    }
    (void)message_error(error, "%s: the module's initialisation failed: %s",
                        module->name,
                        error < 0 ? strerror(-error) : "it returned a positive value");
    return MONITOR_EXIT_CONFIG;
}

/* Sets up the modules of each cubicle; the cubicle may be entered when all of its own are. */
static int start_inits(void)
{
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        struct cubicle *cubicle = cubicle_get(id);
        for (size_t i = 0; i < cubicle->nmodules; i++) {
            const int status = start_init(cubicle->modules[i]);
            if (status != 0) {
                return status;
            }
        }
        entry_open(cubicle);
        restart_allow(cubicle);
    }
    return 0;
}

static int start_run(const struct monitor_config *config, const struct trampoline *boot)
{
    const int failed = start_inits();
    if (failed != 0) {
        return failed;
    }
    const int status = trampoline_call(boot, 0);
    if (unwind_aborted()) {
        return MONITOR_EXIT_FAULT;
    }
    if (status < 0) {
        (void)message_error(status, "%s: boot failed: %s", config->system,
                            strerror(-status));
        return MONITOR_EXIT_CONFIG;
    }
    return status & 0xff;
}

static int start_monitor(const struct monitor_config *config)
{
    const struct window_lazy *lazy =
        config->revoke == MONITOR_REVOKE_LAZY ? parts.lazy : NULL;
    copy_init();
    trace_setup(config->trace);
    entry_setup(config->log);
    memory_divide_mappings(config->ncubicles);
    int error = counters_setup(config->counters_fd);
    error = error != 0 ? error : gate_setup(config);
    error = error != 0 ? error : memory_init();
    error = error != 0 ? error : thread_init();
    error = error != 0 ? error : backend->start_thread();
    error = error != 0 ? error : marshal_init();
    error = error != 0 ? error : trampoline_init(&fault_refusals);
    error = error != 0 ? error : window_setup(parts.waivers[config->acl], lazy);
    error = error != 0 ? error : fault_init(config->log);
    error = error != 0 ? error : signal_setup();
    if (error != 0) {
        return message_error(error, "cannot set up the monitor: %s", strerror(-error));
    }
    return registry_read(config->interfaces_dir);
}

int monitor_run(const struct monitor_config *config)
{
    struct system system;
    const struct trampoline *boot = NULL;
    const char *lacks = monitor_lacks(config);
    if (lacks != NULL) {
        (void)message_error(-ENOTSUP, "%s: %s", config->system, lacks);
        return MONITOR_EXIT_CONFIG;
    }
    int error = wall_check();
    if (error != 0) {
        return MONITOR_EXIT_CONFIG;
    }
    error = system_plan(config, &system);
    error = error != 0 ? error : isolation_choose(config, system.ncubicles);
    error = error != 0 ? error : start_monitor(config);
    error = error != 0 ? error : system_read(&system);
    error = error != 0 ? error : system_give_directories(&system);
    error = error != 0 ? error : system_place(&system);
    error = error != 0 ? error : system_link(&system, &boot);
    error = error != 0 ? error : system_give_stacks();
    error = error != 0 ? error : system_keep(&system);
    trace_names();
    if (error == 0 && config->log) {
        system_log(&system);
    }
    if (error == 0 && config->symbols_fd >= 0) {
        error = symbols_write(config->symbols_fd);
    }
    error = error != 0 ? error : watchdog_start();
    if (error == 0 && config->sample) {
        error = sampler_start();
    }
    if (error == 0 && backend->processes != NULL) {
        error = backend->processes->divide(config);
    }
    if (error == 0) {
        counters_announce(config);
        error = wall_raise(config);
    }
    int status = MONITOR_EXIT_CONFIG;
    if (error == 0) {
        status = start_run(config, boot);
        if (backend->processes != NULL) {
            backend->processes->finish();
        }
        if (config->stats_fd >= 0) {
            error = stats_write(config->stats_fd);
            if (error != 0) {
                (void)message_error(error, "cannot write the statistics: %s",
                                    strerror(-error));
            }
        }
    }
    system_free(&system);
    return status;
}
