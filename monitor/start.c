/*
 * From a description of a system to its end: create, read, place, link, seal, start, run.
 * A step that fails has said why; nothing has run then.
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
#include "gate/host_files.h"
#include "isolation.h"
#include "load/link.h"
#include "load/registry.h"
#include "memory/memory.h"
#include "memory/window.h"
#include "monitor.h"
#include "observe/sampler.h"
#include "observe/stats.h"
#include "observe/symbols.h"
#include "wall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The system with what `--link=direct` makes of it: one cubicle that holds all modules. */
struct plan {
    struct link_system system;
    struct monitor_cubicle whole; /* direct only */
    struct monitor_module *all;   /* direct only; owned */
    const struct monitor_cubicle *cubicles;
    size_t ncubicles;
};

static size_t start_count_modules(const struct monitor_config *config)
{
    size_t n = 0;
    for (size_t i = 0; i < config->ncubicles; i++) {
        n += config->cubicles[i].nmodules;
    }
    return n;
}

static int start_plan(const struct monitor_config *config, struct plan *plan)
{
    const size_t nmodules = start_count_modules(config);
    *plan = (struct plan){
        .system = {.config = config, .nmodules = nmodules},
        .cubicles = config->cubicles,
        .ncubicles = config->ncubicles,
    };
    plan->system.modules = calloc(nmodules + 1, sizeof(*plan->system.modules));
    plan->all = calloc(nmodules + 1, sizeof(*plan->all));
    if (plan->system.modules == NULL || plan->all == NULL) {
        return message_error(-ENOMEM, "%s: out of memory", config->system);
    }
    if (nmodules == 0 || config->ncubicles > CUBICLE_MAX) {
        return message_error(-EINVAL, "%s: a system has 1 to %d cubicles, with modules",
                             config->system, CUBICLE_MAX);
    }
    if (config->link == MONITOR_LINK_TRAMPOLINE) {
        return 0;
    }
    if (config->isolation != MONITOR_ISOLATION_NONE) {
        return message_error(
            -EINVAL,
            "%s: --link=direct has no trampolines and so no isolation; "
            "use it with --isolation=none",
            config->system);
    }
    size_t n = 0;
    for (size_t i = 0; i < config->ncubicles; i++) {
        const struct monitor_cubicle *cubicle = &config->cubicles[i];
        memcpy(&plan->all[n], cubicle->modules, cubicle->nmodules * sizeof(*plan->all));
        n += cubicle->nmodules;
    }
    plan->whole = (struct monitor_cubicle){
        .name = "system", .modules = plan->all, .nmodules = nmodules};
    plan->cubicles = &plan->whole;
    plan->ncubicles = 1;
    return 0;
}

/* Reads the modules of one cubicle. */
static int start_cubicle(struct plan *plan, const struct monitor_cubicle *given,
                         struct module *modules)
{
    if (cubicle_by_name(given->name) != NULL) {
        return message_error(-EINVAL, "%s: two cubicles are named %s",
                             plan->system.config->system, given->name);
    }
    struct cubicle *cubicle = cubicle_create(given->name);
    cubicle->view = backend->view_base(cubicle->id);
    cubicle->on_fault = given->on_fault;
    cubicle->limit_ticks =
        (given->call_limit_ms + WATCHDOG_TICK_MS - 1) / WATCHDOG_TICK_MS;
    if (given->quota != 0) {
        cubicle->quota_pages = given->quota >> PAGE_SHIFT;
    }
    cubicle->modules = calloc(given->nmodules + 1, sizeof(*cubicle->modules));
    if (cubicle->modules == NULL) {
        return message_error(-ENOMEM, "%s: out of memory", given->name);
    }
    uint64_t stack_size = given->stack_size != 0 ? given->stack_size : STACK_DEFAULT;
    size_t ntls = 0;
    for (size_t i = 0; i < given->nmodules; i++) {
        const struct monitor_module *m = &given->modules[i];
        struct module *module = &modules[i];
        *module = (struct module){
            .name = m->name,
            .cubicle = cubicle,
            .rights = m->rights,
            .is_boot = strcmp(m->name, plan->system.config->boot) == 0,
        };
        const int error = module_read(m->path, backend->code, module);
        if (error != 0) {
            return error;
        }
        cubicle->modules[cubicle->nmodules++] = module;
        const char *application = plan->system.config->application;
        if (application != NULL && strcmp(application, m->name) == 0) {
            cubicle->is_app = true;
            cubicle->descriptors = plan->system.config->descriptors;
            if (given->stack_size == 0) {
                stack_size = STACK_DEFAULT_APP;
            }
        }
        ntls += module->image.tls_memory_size != 0;
    }
    if (ntls > 1) {
        return message_error(-ENOEXEC,
                             "%s: more than one module of the cubicle has thread-local "
                             "variables; put them into cubicles of their own",
                             given->name);
    }
    cubicle->stack_size = (uint32_t)page_round_up(stack_size);
    return 0;
}

static int start_read(struct plan *plan)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->ncubicles; i++) {
        const int error =
            start_cubicle(plan, &plan->cubicles[i], &plan->system.modules[n]);
        if (error != 0) {
            return error;
        }
        n += plan->cubicles[i].nmodules;
    }
    return 0;
}

static int start_stack(struct cubicle *cubicle)
{
    const uint32_t npages = cubicle->stack_size >> PAGE_SHIFT;
    const uint32_t guard = memory_reserve_top(npages + 1);
    int error = guard == 0 || npages < 16 ? -ENOMEM : 0;
    if (error == 0) {
        error = page_claim(guard, 1, cubicle->id, PAGE_GUARD, 0);
    }
    if (error == 0) {
        error = memory_give(cubicle, guard + 1, npages, PAGE_STACK);
    }
    if (error != 0) {
        return message_error(error,
                             "%s: no room for a stack of %u bytes (at least 64 KiB; "
                             "see `stack` and `quota` in the system's manifest): %s",
                             cubicle->name, cubicle->stack_size, strerror(-error));
    }
    cubicle->stack_start = (guard + 1) << PAGE_SHIFT;
    thread_self.cubicle[cubicle->id].stack =
        cubicle->view + cubicle->stack_start + cubicle->stack_size;
    return 0;
}

/* Where the code lies, for debuggers and profilers. */
static void start_log(const struct plan *plan)
{
    for (size_t i = 0; i < plan->system.nmodules; i++) {
        const struct module *module = &plan->system.modules[i];
        (void)message_error(0, "log: code of module %s at %#x", module->image.path,
                            module->base[IMAGE_CODE]);
    }
}

/* Gives each directory of the host to the cubicle of its module. */
static int start_directories(const struct plan *plan)
{
    const struct monitor_config *config = plan->system.config;
    for (size_t i = 0; i < config->ndirectories; i++) {
        const struct monitor_directory *directory = &config->directories[i];
        const struct module *module = NULL;
        for (size_t k = 0; k < plan->system.nmodules; k++) {
            if (strcmp(plan->system.modules[k].name, directory->module) == 0) {
                module = &plan->system.modules[k];
            }
        }
        if (module == NULL || (module->rights & MONITOR_RIGHT_HOSTFILES) == 0) {
            return message_error(-EINVAL,
                                 "%s: directory %s is for module %s, which is no "
                                 "module that the manifest names under `hostfiles`",
                                 config->system, directory->path, directory->module);
        }
        host_files_give(i, module->cubicle->id);
    }
    return 0;
}

typedef int start_step(struct module *module);

static int start_each(struct plan *plan, start_step *step)
{
    for (size_t i = 0; i < plan->system.nmodules; i++) {
        const int error = step(&plan->system.modules[i]);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

/* The trampoline by which the monitor itself calls @name of @module; NULL with a message. */
static const struct trampoline *start_entry(const struct module *module,
                                            const char *name)
{
    const struct descriptor *interface = NULL;
    const struct descriptor_function *function = registry_function(name, &interface);
    const uint32_t target = function != NULL && module_provides(module, interface)
                                ? module_entry(module, function)
                                : 0;
    const struct trampoline *t =
        target != 0
            ? trampoline_create(CUBICLE_MONITOR, module->cubicle->id, interface->name,
                                function, target, link_uses_fenv(module->cubicle))
            : NULL;
    if (t == NULL) {
        (void)message_error(-ENOEXEC, "%s: the module does not provide %s",
                            module->name, name);
    }
    return t;
}

/* What the monitor calls in @module. */
static int start_entries(struct module *module, bool restarts)
{
    const struct descriptor *lifecycle = registry_interface("lifecycle", 9);
    module->init = start_entry(module, "module_init");
    if (module->init == NULL) {
        return -ENOEXEC;
    }
    if (restarts && lifecycle != NULL && module_provides(module, lifecycle)) {
        module->ended = start_entry(module, "lifecycle_ended");
        module->restarted = start_entry(module, "lifecycle_restarted");
        if (module->ended == NULL || module->restarted == NULL) {
            return -ENOEXEC;
        }
    }
    return 0;
}

static bool start_restarts(const struct plan *plan)
{
    for (size_t i = 0; i < plan->ncubicles; i++) {
        if (plan->cubicles[i].on_fault == MONITOR_ON_FAULT_RESTART) {
            return true;
        }
    }
    return false;
}

/* What cubicles that may begin anew need for that. */
static int start_keep(struct module *module)
{
    if (module->cubicle->on_fault != MONITOR_ON_FAULT_RESTART) {
        return 0;
    }
    if ((module->rights & MONITOR_RIGHT_ALLOCATOR) != 0) {
        return message_error(
            -EINVAL,
            "%s: an allocator cannot begin anew (on_fault: restart): it "
            "would not know what it has given to others",
            module->cubicle->name);
    }
    const int error = restart_keep(module);
    return error == 0 ? 0 : message_error(error, "%s: out of memory", module->name);
}

static int start_link(struct plan *plan, const struct trampoline **boot)
{
    for (size_t i = 0; i < plan->system.nmodules; i++) {
        const int error = link_relocate(&plan->system, &plan->system.modules[i]);
        if (error != 0) {
            return error;
        }
    }
    const int error = link_bind_providers(&plan->system);
    if (error != 0) {
        return error;
    }
    for (size_t i = 0; i < plan->system.nmodules; i++) {
        struct module *module = &plan->system.modules[i];
        const int missing = start_entries(module, start_restarts(plan));
        if (missing != 0) {
            return missing;
        }
        if (module->is_boot) {
            *boot = start_entry(module, "boot_main");
            if (*boot == NULL) {
                return -ENOEXEC;
            }
        }
    }
    if (*boot == NULL) {
        return message_error(-ENOEXEC,
                             "%s: no module of the system is named %s; `boot` in the "
                             "manifest says which one the monitor calls first",
                             plan->system.config->system, plan->system.config->boot);
    }
    const int added = backend->processes != NULL ? backend->processes->complete() : 0;
    if (added != 0) {
        return message_error(added, "cannot add the trampolines of processes: %s",
                             strerror(-added));
    }
    const int sealed = trampoline_seal();
    if (sealed != 0) {
        return message_error(sealed, "cannot make the trampolines executable: %s",
                             strerror(-sealed));
    }
    return start_each(plan, link_seal);
}

/* Sets up one module by its module_init. 0, or a MONITOR_EXIT_* after a message. */
static int start_init(const struct module *module)
{
    const int error = trampoline_call(module->init, 0);
    if (unwind_aborted()) {
        return MONITOR_EXIT_FAULT;
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

static int start_run(struct plan *plan, const struct trampoline *boot)
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
        (void)message_error(status, "%s: boot failed: %s", plan->system.config->system,
                            strerror(-status));
        return MONITOR_EXIT_CONFIG;
    }
    return status & 0xff;
}

static int start_monitor(const struct monitor_config *config)
{
    copy_init();
    trace_setup(config->trace);
    entry_setup(config->log);
    memory_share_mappings(config->ncubicles);
    int error = counters_setup(config->counters_fd);
    if (error == 0) {
        error = gate_setup(config);
    }
    if (error == 0) {
        error = memory_init();
    }
    if (error == 0) {
        error = thread_init();
    }
    if (error == 0) {
        error = backend->start_thread();
    }
    if (error == 0) {
        error = marshal_init();
    }
    if (error == 0) {
        error = trampoline_init(&fault_refusals);
    }
    if (error == 0) {
        error = window_setup(config->acl, config->revoke);
    }
    if (error == 0) {
        error = fault_init(config->log);
    }
    if (error == 0) {
        error = signal_setup();
    }
    if (error != 0) {
        return message_error(error, "cannot set up the monitor: %s", strerror(-error));
    }
    return registry_read(config->interfaces_dir);
}

int monitor_run(const struct monitor_config *config)
{
    struct plan plan;
    const struct trampoline *boot = NULL;
    int error = wall_check();
    if (error != 0) {
        return MONITOR_EXIT_CONFIG;
    }
    error = start_plan(config, &plan);
    if (error == 0) {
        error = isolation_choose(config, plan.ncubicles);
    }
    if (error == 0) {
        error = start_monitor(config);
    }
    if (error == 0) {
        error = start_read(&plan);
    }
    if (error == 0) {
        error = start_directories(&plan);
    }
    if (error == 0) {
        error = start_each(&plan, link_place);
    }
    if (error == 0) {
        error = start_link(&plan, &boot);
    }
    for (unsigned id = 1; error == 0 && id <= cubicle_count(); id++) {
        error = start_stack(cubicle_get(id));
    }
    if (error == 0) {
        error = start_each(&plan, start_keep);
    }
    trace_names();
    if (error == 0 && config->log) {
        start_log(&plan);
    }
    if (error == 0 && config->symbols_fd >= 0) {
        error = symbols_write(config->symbols_fd);
    }
    if (error == 0) {
        error = watchdog_start();
    }
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
        status = start_run(&plan, boot);
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
    for (size_t i = 0; plan.system.modules != NULL && i < plan.system.nmodules; i++) {
        free(plan.system.modules[i].fresh_data);
    }
    free(plan.system.modules);
    free(plan.all);
    return status;
}
