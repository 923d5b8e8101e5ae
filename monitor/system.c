#include "system.h"
#include "backend/backend.h"
#include "base/message.h"
#include "base/page.h"
#include "fault/watchdog.h"
#include "gate/gate.h"
#include "memory/memory.h"
#include "parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t system_count_modules(const struct monitor_config *config)
{
    size_t n = 0;
    for (size_t i = 0; i < config->ncubicles; i++) {
        n += config->cubicles[i].nmodules;
    }
    return n;
}

int system_plan(const struct monitor_config *config, struct system *system)
{
    const size_t nmodules = system_count_modules(config);
    *system = (struct system){
        .link = {.config = config, .nmodules = nmodules, .gates = gate_interface},
        .cubicles = config->cubicles,
        .ncubicles = config->ncubicles,
    };
    system->link.modules = calloc(nmodules + 1, sizeof(*system->link.modules));
    if (system->link.modules == NULL) {
        return message_error(-ENOMEM, "%s: out of memory", config->system);
    }
    if (nmodules == 0 || config->ncubicles > CUBICLE_MAX) {
        return message_error(-EINVAL, "%s: a system has 1 to %d cubicles, with modules",
                             config->system, CUBICLE_MAX);
    }
    return config->link == MONITOR_LINK_DIRECT ? parts.plan_direct(system) : 0;
}

/* Reads the modules of one cubicle. */
static int system_cubicle(struct system *system, const struct monitor_cubicle *given,
                          struct module *modules)
{
    if (cubicle_by_name(given->name) != NULL) {
        return message_error(-EINVAL, "%s: two cubicles are named %s",
                             system->link.config->system, given->name);
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
            .is_boot = strcmp(m->name, system->link.config->boot) == 0,
        };
        const int error = module_read(m->path, backend->code, module);
        if (error != 0) {
            return error;
        }
        cubicle->modules[cubicle->nmodules++] = module;
        const char *application = system->link.config->application;
        if (application != NULL && strcmp(application, m->name) == 0) {
            cubicle->is_app = true;
            cubicle->descriptors = system->link.config->descriptors;
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

int system_read(struct system *system)
{
    size_t n = 0;
    for (size_t i = 0; i < system->ncubicles; i++) {
        const int error =
            system_cubicle(system, &system->cubicles[i], &system->link.modules[n]);
        if (error != 0) {
            return error;
        }
        n += system->cubicles[i].nmodules;
    }
    return 0;
}

static int system_stack(struct cubicle *cubicle)
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
    cubicle_place_stack(cubicle, (guard + 1) << PAGE_SHIFT);
    thread_self.cubicle[cubicle->id].stack = cubicle->stack_top;
    return 0;
}

int system_give_stacks(void)
{
    int error = 0;
    for (unsigned id = 1; error == 0 && id <= cubicle_count(); id++) {
        error = system_stack(cubicle_get(id));
    }
    return error;
}

int system_give_directories(const struct system *system)
{
    const struct monitor_config *config = system->link.config;
    for (size_t i = 0; i < config->ndirectories; i++) {
        const struct monitor_directory *directory = &config->directories[i];
        const struct module *module = link_module(&system->link, directory->module);
        if (module == NULL || (module->rights & MONITOR_RIGHT_HOSTFILES) == 0) {
            return message_error(-EINVAL,
                                 "%s: directory %s is for module %s, which is no "
                                 "module that the manifest names under `hostfiles`",
                                 config->system, directory->path, directory->module);
        }
        parts.give_directory(i, module->cubicle->id);
    }
    return 0;
}

void system_log(const struct system *system)
{
    for (size_t i = 0; i < system->link.nmodules; i++) {
        const struct module *module = &system->link.modules[i];
        (void)message_error(0, "log: code of module %s at %#x", module->image.path,
                            module->base[IMAGE_CODE]);
    }
}

void system_free(struct system *system)
{
    for (size_t i = 0; system->link.modules != NULL && i < system->link.nmodules; i++) {
        free(system->link.modules[i].fresh_data);
    }
    free(system->link.modules);
    free(system->all);
}
