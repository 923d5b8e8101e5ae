/* Linking: from modules that have been read to code that may run. */
#include "backend/backend.h"
#include "base/message.h"
#include "fault/restart.h"
#include "load/registry.h"
#include "system.h"

#include <errno.h>
#include <string.h>

typedef int system_step(struct module *module);

static int system_each(struct system *system, system_step *step)
{
    for (size_t i = 0; i < system->link.nmodules; i++) {
        const int error = step(&system->link.modules[i]);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

int system_place(struct system *system)
{
    return system_each(system, link_place);
}

/* The trampoline by which the monitor itself calls @name of @module; NULL with a message. */
static const struct trampoline *system_entry(const struct module *module,
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
static int system_entries(struct module *module, bool restarts)
{
    const struct descriptor *lifecycle = registry_interface("lifecycle", 9);
    module->init = system_entry(module, "module_init");
    if (module->init == NULL) {
        return -ENOEXEC;
    }
    if (restarts && lifecycle != NULL && module_provides(module, lifecycle)) {
        module->ended = system_entry(module, "lifecycle_ended");
        module->restarted = system_entry(module, "lifecycle_restarted");
        if (module->ended == NULL || module->restarted == NULL) {
            return -ENOEXEC;
        }
    }
    return 0;
}

static bool system_restarts(const struct system *system)
{
    for (size_t i = 0; i < system->ncubicles; i++) {
        if (system->cubicles[i].on_fault == MONITOR_ON_FAULT_RESTART) {
            return true;
        }
    }
    return false;
}

int system_link(struct system *system, const struct trampoline **boot)
{
    for (size_t i = 0; i < system->link.nmodules; i++) {
        const int error = link_relocate(&system->link, &system->link.modules[i]);
        if (error != 0) {
            return error;
        }
    }
    const int error = link_bind_providers(&system->link);
    if (error != 0) {
        return error;
    }
    for (size_t i = 0; i < system->link.nmodules; i++) {
        struct module *module = &system->link.modules[i];
        const int missing = system_entries(module, system_restarts(system));
        if (missing != 0) {
            return missing;
        }
        if (module->is_boot) {
            *boot = system_entry(module, "boot_main");
            if (*boot == NULL) {
                return -ENOEXEC;
            }
        }
    }
    if (*boot == NULL) {
        return message_error(-ENOEXEC,
                             "%s: no module of the system is named %s; `boot` in the "
                             "manifest says which one the monitor calls first",
                             system->link.config->system, system->link.config->boot);
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
    return system_each(system, link_seal);
}

/* What cubicles that may begin anew need for that. */
static int system_keep_module(struct module *module)
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

int system_keep(struct system *system)
{
    return system_each(system, system_keep_module);
}
