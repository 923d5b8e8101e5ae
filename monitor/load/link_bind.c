/*
 * Interfaces with several providers: a consumer names its provider and gets a table of
 * trampolines. They are written before the system starts (R6), one table for each pair
 * that the manifest names: none by default, since a provider may believe its only
 * consumer.
 */
#include "base/message.h"
#include "call/trampoline.h"
#include "link.h"
#include "registry.h"

#include <errno.h>
#include <string.h>

/* Set once the system is linked, for cubicle_bind(). */
static const struct link_system *bound_system;

/* Interface `module` is what the monitor itself calls; nobody binds it. */
static bool link_bindable(const struct descriptor *interface)
{
    return interface->many && strcmp(interface->name, "module") != 0;
}

/* Only what the manifest names. */
static bool link_may_bind(const struct link_system *system,
                          const struct module *consumer,
                          const struct descriptor *interface,
                          const struct module *provider)
{
    for (size_t i = 0; i < system->config->nbindings; i++) {
        const struct monitor_binding *binding = &system->config->bindings[i];
        if (strcmp(binding->consumer, consumer->name) == 0 &&
            strcmp(binding->interface, interface->name) == 0 &&
            strcmp(binding->provider, provider->name) == 0) {
            return true;
        }
    }
    return false;
}

static int link_bind_pair(const struct module *consumer, const struct module *provider,
                          const struct descriptor *interface)
{
    for (size_t k = 0; k < interface->nfunctions; k++) {
        if (link_function(consumer, provider, interface, &interface->functions[k]) ==
            0) {
            return message_error(-ENOSPC, "%s: too many trampolines", consumer->name);
        }
    }
    return 0;
}

const struct module *link_module(const struct link_system *system, const char *name)
{
    for (size_t i = 0; i < system->nmodules; i++) {
        if (strcmp(system->modules[i].name, name) == 0) {
            return &system->modules[i];
        }
    }
    return NULL;
}

int link_bind_providers(const struct link_system *system)
{
    bound_system = system;
    for (size_t i = 0; i < system->config->nbindings; i++) {
        const struct monitor_binding *binding = &system->config->bindings[i];
        const struct module *consumer = link_module(system, binding->consumer);
        const struct module *provider = link_module(system, binding->provider);
        const struct descriptor *interface =
            registry_interface(binding->interface, strlen(binding->interface));
        if (consumer == NULL || provider == NULL || interface == NULL ||
            !link_bindable(interface) || !module_provides(provider, interface) ||
            !link_imports(consumer, "cubicle_bind")) {
            continue;
        }
        const int error = link_bind_pair(consumer, provider, interface);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

int link_bound_table(unsigned caller, const char *interface_name, uint64_t fingerprint,
                     const char *provider_name, uint64_t *table, size_t size)
{
    const struct descriptor *interface =
        registry_interface(interface_name, strlen(interface_name));
    if (interface == NULL || !link_bindable(interface)) {
        return -ENOENT;
    }
    if (fingerprint != interface->fingerprint ||
        size != interface->nfunctions * sizeof(*table)) {
        return message_request(
            -EINVAL,
            "%s: built with another version of interface %s than the "
            "registry's (fingerprint %016llx, registry %016llx); rebuild "
            "it",
            cubicle_name(caller), interface_name, (unsigned long long)fingerprint,
            (unsigned long long)interface->fingerprint);
    }
    for (size_t p = 0; p < bound_system->nmodules; p++) {
        const struct module *provider = &bound_system->modules[p];
        if (strcmp(provider->name, provider_name) != 0 ||
            !module_provides(provider, interface)) {
            continue;
        }
        for (size_t i = 0; i < bound_system->nmodules; i++) {
            const struct module *consumer = &bound_system->modules[i];
            if (consumer->cubicle->id != caller ||
                !link_imports(consumer, "cubicle_bind") ||
                !link_may_bind(bound_system, consumer, interface, provider)) {
                continue;
            }
            for (size_t k = 0; k < interface->nfunctions; k++) {
                table[k] = link_function(consumer, provider, interface,
                                         &interface->functions[k]);
                if (table[k] == 0) {
                    return -ENOENT; /* not written before the start */
                }
            }
            return 0;
        }
        return message_request(-EACCES,
                               "%s: may not use %s as interface %s; the system's "
                               "manifest says who may, under `bind`",
                               cubicle_name(caller), provider->name, interface->name);
    }
    return -ENOENT;
}
