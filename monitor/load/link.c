/*
 * Binding symbols. An import is a function of an interface in the registry; which module
 * provides it, and whether the call crosses into another cubicle, depends on the system.
 */
#include "link.h"
#include "base/message.h"
#include "call/trampoline.h"
#include "link_symbol.h"
#include "processor.h"
#include "registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* __cubicle_sole_FUNCTION: 1 where only one module of the system imports FUNCTION. */
#define LINK_SOLE "__cubicle_sole_"

uint64_t link_tls_offset(const struct image *image)
{
    const uint64_t align = image->tls_align > 1 ? image->tls_align : 1;
    return (image->tls_memory_size + align - 1) & ~(align - 1);
}

/* Symbols that the loader itself defines. */
static bool link_loader_symbol(const struct module *module, const char *name,
                               uint64_t *value)
{
    if (strncmp(name, "__", 2) != 0) {
        return false; /* all of them begin so */
    }
    const struct image *image = &module->image;
    const uint32_t data = module->base[IMAGE_DATA];
    const struct {
        const char *name;
        uint64_t value;
    } symbols[] = {
        {"__cubicle_tp", (uint64_t)(int64_t)THREAD_DISP(tp)},
        {"__cubicle_view", (uint64_t)(int64_t)THREAD_DISP(shown.view)},
        {"__cubicle_tls_image", module->base[IMAGE_TLS]},
        {"__cubicle_tls_filesz", image->segment_size[IMAGE_TLS]},
        {"__cubicle_tls_memsz", image->tls_memory_size},
        {"__cubicle_tls_align", image->tls_align},
        {"__cubicle_tls_offset", link_tls_offset(image)},
        {"__cubicle_stack_size", module->cubicle->stack_size},
        {"__cubicle_descriptors", module->cubicle->descriptors},
        {"__cubicle_has_avx", __builtin_cpu_supports("avx") != 0},
        {"__cubicle_alone", module->cubicle->nmodules == 1},
        {"__preinit_array_start", 0},
        {"__preinit_array_end", 0},
        {"__init_array_start", data + image->init_array_at},
        {"__init_array_end", data + image->init_array_at + image->init_array_size},
        {"__fini_array_start", data + image->fini_array_at},
        {"__fini_array_end", data + image->fini_array_at + image->fini_array_size},
    };
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        if (strcmp(symbols[i].name, name) == 0) {
            *value = symbols[i].value;
            return true;
        }
    }
    return processor_symbol(name, value);
}

bool link_imports(const struct module *module, const char *name)
{
    const struct descriptor *interface;
    return module_imports(module, registry_function(name, &interface));
}

static size_t link_importers(const struct link_system *system, const char *name)
{
    const struct descriptor *interface;
    const struct descriptor_function *function = registry_function(name, &interface);
    size_t count = 0;
    for (size_t i = 0; i < system->nmodules; i++) {
        count += module_imports(&system->modules[i], function);
    }
    return count;
}

bool link_uses_fenv(const struct cubicle *cubicle)
{
    for (size_t i = 0; cubicle != NULL && i < cubicle->nmodules; i++) {
        if (link_imports(cubicle->modules[i], "cubicle_fenv_set")) {
            return true;
        }
    }
    return false;
}

uint32_t link_function(const struct module *module, const struct module *provider,
                       const struct descriptor *interface,
                       const struct descriptor_function *function)
{
    const uint32_t target = module_entry(provider, function);
    if (provider->cubicle == module->cubicle || target == 0) {
        return target;
    }
    const struct trampoline *t = trampoline_create(
        module->cubicle->id, provider->cubicle->id, interface->name, function, target,
        link_uses_fenv(module->cubicle) || link_uses_fenv(provider->cubicle));
    return t != NULL ? t->entry : 0;
}

/* The manifest's key that gives @right, one bit. */
static const char *link_right_key(unsigned right)
{
    switch (right) {
    case MONITOR_RIGHT_HOST:
        return "host";
    case MONITOR_RIGHT_HOSTNET:
        return "hostnet";
    case MONITOR_RIGHT_HOSTFILES:
        return "hostfiles";
    default:
        return "allocator";
    }
}

/* The import of a function of @interface, which the monitor itself provides: as @provided. */
static int link_gate(struct module *module, const struct descriptor *interface,
                     const struct gate_interface *provided,
                     const struct descriptor_function *function, uint64_t *value)
{
    if (provided->fingerprint != interface->fingerprint) {
        return message_error(
            -ENOEXEC,
            "%s: interface %s has fingerprint %016llx in the monitor, but %016llx in "
            "the registry: the monitor was built from another version of the header; "
            "rebuild both",
            module->name, interface->name, (unsigned long long)provided->fingerprint,
            (unsigned long long)interface->fingerprint);
    }
    const struct gate *gate = gate_find(provided, function->name);
    if (gate == NULL) {
        return message_error(-ENOEXEC, "%s: the monitor has no function %s",
                             module->name, function->name);
    }
    if ((gate->needs & ~module->rights) != 0) {
        return message_error(
            -EPERM,
            "%s: the module imports %s, but the system's manifest does "
            "not name it under `%s`",
            module->name, function->name, link_right_key(gate->needs));
    }
    const struct trampoline *t =
        trampoline_create(module->cubicle->id, CUBICLE_MONITOR, interface->name,
                          function, (uint64_t)(uintptr_t)gate->function, false);
    if (t == NULL) {
        return message_error(-ENOSPC, "%s: cannot import %s", module->name,
                             function->name);
    }
    *value = t->entry;
    return 0;
}

/* Some interfaces are roles: the manifest says which modules have them, whatever others
 * provide. */
static bool link_may_provide(const struct link_system *system,
                             const struct module *candidate,
                             const struct descriptor *interface)
{
    const char *application = system->config->application;
    switch (interface->role) {
    case DESCRIPTOR_ROLE_NONE:
        return true;
    case DESCRIPTOR_ROLE_APPLICATION:
        return application != NULL && strcmp(application, candidate->name) == 0;
    case DESCRIPTOR_ROLE_ALLOCATOR:
        return (candidate->rights & MONITOR_RIGHT_ALLOCATOR) != 0;
    case DESCRIPTOR_ROLE_HOST:
        return (candidate->rights & MONITOR_RIGHT_HOST) != 0;
    case DESCRIPTOR_ROLE_BOOT:
        break; /* only the monitor calls it */
    }
    return false;
}

/* What only some modules may import, whoever provides it. */
static int link_check_right(const struct module *module,
                            const struct descriptor *interface,
                            const struct descriptor_function *function)
{
    if (interface->role == DESCRIPTOR_ROLE_BOOT) {
        return message_error(-EPERM,
                             "%s: the module imports %s, which only the monitor calls, "
                             "of the module that is the system's `boot`",
                             module->name, function->name);
    }
    /* An allocator is called in the middle of malloc(), and must not call the cubicle that
     * waits. */
    if ((module->rights & MONITOR_RIGHT_ALLOCATOR) != 0) {
        return message_error(
            -EPERM,
            "%s: the module imports %s, but the system's manifest names it "
            "as `allocator`, and such a module calls the monitor only",
            module->name, function->name);
    }
    if (function->boot_only && !module->is_boot) {
        return message_error(
            -EPERM,
            "%s: the module imports %s, but the system's manifest does not name it as "
            "`boot`",
            module->name, function->name);
    }
    return 0;
}

int link_provider(const struct link_system *system, const struct module *module,
                  const struct descriptor *interface, const char *function,
                  const struct module **provider)
{
    const char *wanted = NULL;
    for (size_t i = 0; i < system->config->nbindings; i++) {
        const struct monitor_binding *binding = &system->config->bindings[i];
        if (strcmp(binding->consumer, module->name) == 0 &&
            strcmp(binding->interface, interface->name) == 0) {
            wanted = binding->provider;
        }
    }
    const char *key = descriptor_role_key(interface->role);
    *provider = NULL;
    for (size_t i = 0; i < system->nmodules; i++) {
        const struct module *candidate = &system->modules[i];
        if (!module_provides(candidate, interface) ||
            (wanted != NULL ? strcmp(wanted, candidate->name) != 0
                            : !link_may_provide(system, candidate, interface))) {
            continue;
        }
        if (*provider != NULL) {
            return message_error(
                -ENOEXEC,
                "%s: both %s and %s provide interface %s for %s; name one "
                "under `bind` in the system's manifest",
                module->name, (*provider)->name, candidate->name, interface->name,
                function);
        }
        *provider = candidate;
    }
    if (*provider == NULL) {
        if (wanted != NULL) {
            (void)message_error(
                -ENOEXEC,
                "%s: imports %s of interface %s, but module %s does not "
                "provide it",
                module->name, function, interface->name, wanted);
        } else if (key != NULL) {
            (void)message_error(
                -ENOEXEC,
                "%s: imports %s of interface %s, but no module provides "
                "it that the system's manifest names under `%s`",
                module->name, function, interface->name, key);
        } else {
            (void)message_error(-ENOEXEC,
                                "%s: imports %s of interface %s, but no module of the "
                                "system provides it",
                                module->name, function, interface->name);
        }
        return -ENOEXEC;
    }
    return 0;
}

static int link_import(const struct link_context *context, const char *name,
                       uint64_t *value)
{
    struct module *module = context->module;
    const struct descriptor *interface;
    const struct descriptor_function *function = registry_function(name, &interface);
    if (function == NULL) {
        return message_error(
            -ENOEXEC, "%s: imports %s, which no interface of the registry declares",
            module->image.path, name);
    }
    if (!module_uses(module, interface)) {
        return message_error(
            -ENOEXEC, "%s: imports %s of interface %s, which its note does not name",
            module->image.path, name, interface->name);
    }
    if (context->system->standalone) {
        const struct trampoline *t = trampoline_create(
            module->cubicle->id, CUBICLE_MONITOR, interface->name, function, 0, false);
        *value = t != NULL ? t->entry : 0;
        return t != NULL
                   ? 0
                   : message_error(-ENOSPC, "%s: cannot import %s", module->name, name);
    }
    const struct gate_interface *provided = context->system->gates(interface->name);
    if (provided != NULL) {
        return link_gate(module, interface, provided, function, value);
    }
    const int denied = link_check_right(module, interface, function);
    if (denied != 0) {
        return denied;
    }
    if (interface->many) {
        return message_error(
            -ENOEXEC,
            "%s: imports %s by name, but interface %s may have several "
            "providers; bind one with %s_bind()",
            module->image.path, name, interface->name, interface->name);
    }
    const struct module *provider;
    const int error =
        link_provider(context->system, module, interface, name, &provider);
    if (error != 0) {
        return error;
    }
    *value = link_function(module, provider, interface, function);
    return *value != 0
               ? 0
               : message_error(-ENOSPC, "%s: cannot import %s", module->name, name);
}

static int link_defined(const struct module *module, const struct image_symbol *symbol,
                        uint64_t *value)
{
    const struct image_section *section = &module->image.sections[symbol->section];
    if (section->segment == IMAGE_NOT_LOADED) {
        return message_error(-ENOEXEC, "%s: %s lies in section %s, which is not loaded",
                             module->image.path, symbol->name, section->name);
    }
    *value = section->at + symbol->value +
             (section->segment == IMAGE_TLS ? 0 : module->base[section->segment]);
    return 0;
}

static int link_undefined(const struct link_context *context, const char *name,
                          bool weak, uint64_t *value)
{
    const struct module *module = context->module;
    *value = 0;
    if (strncmp(name, LINK_SOLE, strlen(LINK_SOLE)) == 0) {
        *value = link_importers(context->system, name + strlen(LINK_SOLE)) <= 1;
        return 0;
    }
    if (strcmp(name, "__cubicle_app_grouped") == 0) {
        /* 1 where boot calls app_main() plainly, inside one cubicle. */
        for (size_t i = 0; i < module->cubicle->nmodules; i++) {
            *value |= module->cubicle->modules[i]->is_boot;
        }
        return 0;
    }
    /* Symbol 0, without a name, stands for none. */
    if (name[0] == '\0' || link_loader_symbol(module, name, value) || weak) {
        return 0;
    }
    return link_import(context, name, value);
}

void link_resolve(const struct link_context *context, const struct image_symbol *symbol,
                  uint64_t value)
{
    const struct image *image = &context->module->image;
    struct image_symbol *of_image = &image->symbols[symbol - image->symbols];
    of_image->value = value;
    of_image->resolved = true;
}

int link_symbol(const struct link_context *context, const struct image_symbol *symbol,
                uint64_t *value)
{
    if (symbol->section == SHN_ABS || symbol->resolved) {
        *value = symbol->value;
        return 0;
    }
    if (symbol->section != SHN_UNDEF) {
        return link_defined(context->module, symbol, value);
    }
    const int error =
        link_undefined(context, symbol->name, symbol->binding == STB_WEAK, value);
    if (error == 0) {
        link_resolve(context, symbol, *value);
    }
    return error;
}
