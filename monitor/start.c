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
#include "observe/observe.h"
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
    const struct gate_host *const hosts[GATE_HOSTS] = {parts.net, parts.files};
    copy_init();
    if (parts.observe != NULL) {
        parts.observe->setup(config);
    }
    entry_setup(config->log);
    memory_divide_mappings(config->ncubicles);
    int error = counters_setup(config->counters_fd);
    error = error != 0 ? error : gate_setup(config, hosts);
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

/* The clocks that look at what runs, and what the command is told before it does. */
static int start_looking(const struct monitor_config *config)
{
    int error = watchdog_start();
    if (error == 0 && config->sample) {
        error = parts.observe->sample();
    }
    if (error != 0) {
        return message_error(error, "cannot start a timer: %s", strerror(-error));
    }
    return parts.observe != NULL ? parts.observe->tell_names(config) : 0;
}

/* All is loaded. Returns what the system ends with. */
static int start_system(const struct monitor_config *config,
                        const struct trampoline *boot)
{
    const struct backend_processes *processes = backend->processes;
    if (processes != NULL &&
        processes->divide(config, config->sample ? parts.observe->sample : NULL) != 0) {
        return MONITOR_EXIT_CONFIG;
    }
    if (parts.observe != NULL) {
        parts.observe->announce(config);
    }
    if (wall_raise() != 0) {
        return MONITOR_EXIT_CONFIG;
    }
    const int status = start_run(config, boot);
    if (processes != NULL) {
        processes->finish();
    }
    if (parts.observe != NULL) {
        parts.observe->finish(config);
    }
    return status;
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
    if (error == 0 && config->log) {
        system_log(&system);
    }
    error = error != 0 ? error : start_looking(config);
    const int status = error == 0 ? start_system(config, boot) : MONITOR_EXIT_CONFIG;
    system_free(&system);
    return status;
}
