/* From a checked manifest to what the monitor wants to know. Nothing is freed: the
 * result lives as long as the run. */
#include "cli.h"
#include "manifest.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The file of the module that a manifest writes as @text: NAME or NAME=FILE. */
static char *module_path(const struct manifest_cubicle *cubicle, const char *text,
                         const char *modules_dir)
{
    const char *equals = strchr(text, '=');

    if (cubicle->file != NULL) {
        return cli_format("%s", cubicle->file);
    }
    return cli_format("%s/%s.cub", modules_dir, equals != NULL ? equals + 1 : text);
}

struct manifest_grant manifest_grant(const struct manifest_cubicle *cubicle,
                                     unsigned index)
{
    const struct manifest_grant grants[MANIFEST_GRANTS] = {
        {"host", MONITOR_RIGHT_HOST, cubicle->host, cubicle->host_count},
        {"hostnet", MONITOR_RIGHT_HOSTNET, cubicle->hostnet, cubicle->hostnet_count},
        {"hostfiles", MONITOR_RIGHT_HOSTFILES, cubicle->hostfiles,
         cubicle->hostfiles_count},
    };
    return grants[index];
}

/* What @cubicle's keys give to its module @name. */
static unsigned module_rights(const struct manifest_cubicle *cubicle, const char *name)
{
    unsigned rights = 0;
    for (unsigned i = 0; i < MANIFEST_GRANTS; i++) {
        const struct manifest_grant grant = manifest_grant(cubicle, i);
        for (unsigned k = 0; k < grant.count; k++) {
            rights |= strcmp(grant.modules[k], name) == 0 ? grant.right : 0;
        }
    }
    if (cubicle->allocator != NULL && strcmp(cubicle->allocator, name) == 0) {
        rights |= MONITOR_RIGHT_ALLOCATOR;
    }
    return rights;
}

static int configure_module(const char *path, const struct manifest_cubicle *cubicle,
                            const char *text, const char *modules_dir,
                            struct monitor_module *module)
{
    module->name = cli_format("%.*s", (int)strcspn(text, "="), text);
    module->path = module_path(cubicle, text, modules_dir);
    module->rights = module_rights(cubicle, module->name);
    if (access(module->path, R_OK) != 0) {
        cli_error("%s: cubicle '%s': module '%s': %s: %s", path, cubicle->name,
                  module->name, module->path, strerror(errno));
        cli_hint("'make' builds modules, 'make help' tells which take a target of "
                 "their own");
        return -1;
    }
    return 0;
}

static int configure_cubicle(const char *path, const struct manifest_cubicle *from,
                             const char *modules_dir, struct monitor_cubicle *to)
{
    struct monitor_module *modules = cli_calloc(from->modules_count, sizeof(*modules));

    to->name = from->name;
    to->modules = modules;
    to->nmodules = from->modules_count;
    to->on_fault = from->on_fault;
    to->call_limit_ms = from->call_limit_ms;
    if (from->stack != NULL) {
        manifest_size(from->stack, &to->stack_size);
    }
    if (from->quota != NULL) {
        manifest_size(from->quota, &to->quota);
    }
    for (unsigned i = 0; i < from->modules_count; i++) {
        if (configure_module(path, from, from->modules[i], modules_dir, &modules[i]) !=
            0) {
            return -1;
        }
    }
    return 0;
}

/* The cubicle whose view is at address 0: named, or the application's. */
static const char *low_view(const struct manifest *manifest)
{
    if (manifest->low_view != NULL) {
        return strcmp(manifest->low_view, "none") != 0 ? manifest->low_view : NULL;
    }
    const struct manifest_cubicle *cubicle =
        manifest->application != NULL
            ? manifest_cubicle_of(manifest, manifest->application)
            : NULL;
    return cubicle != NULL ? cubicle->name : NULL;
}

/* Has any module of @cubicle a directory of the host? */
static bool has_directory(const struct manifest_cubicle *cubicle,
                          const struct monitor_config *config)
{
    for (size_t i = 0; i < config->ndirectories; i++) {
        for (unsigned k = 0; k < cubicle->hostfiles_count; k++) {
            if (strcmp(config->directories[i].module, cubicle->hostfiles[k]) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* A cubicle that is there for directories of the host only is left out of a run that gives it none. */
static bool is_left_out(const struct manifest_cubicle *cubicle,
                        const struct monitor_config *config)
{
    return config->directories != NULL &&
           cubicle->hostfiles_count == cubicle->modules_count &&
           !has_directory(cubicle, config);
}

/* Fills @to with the rows of `bind` whose modules are not left out. Returns how many. */
static size_t configure_bindings(const struct manifest *manifest,
                                 const struct monitor_config *config,
                                 struct monitor_binding *to)
{
    size_t n = 0;

    for (unsigned i = 0; i < manifest->bind_count; i++) {
        const struct manifest_binding *bind = &manifest->bind[i];
        if (!is_left_out(manifest_cubicle_of(manifest, bind->consumer), config) &&
            !is_left_out(manifest_cubicle_of(manifest, bind->provider), config)) {
            to[n++] = (struct monitor_binding){
                .consumer = bind->consumer,
                .interface = bind->interface,
                .provider = bind->provider,
            };
        }
    }
    return n;
}

int manifest_configure(const char *path, const struct manifest *manifest,
                       const char *modules_dir, struct monitor_config *config)
{
    struct monitor_cubicle *cubicles =
        cli_calloc(manifest->cubicles_count, sizeof(*cubicles));
    struct monitor_binding *bindings =
        cli_calloc(manifest->bind_count, sizeof(*bindings));

    config->system = manifest->name;
    config->cubicles = cubicles;
    config->boot = manifest->boot != NULL ? manifest->boot : "boot";
    config->application = manifest->application;
    config->low_view = low_view(manifest);
    config->bindings = bindings;
    config->nbindings = configure_bindings(manifest, config, bindings);
    for (unsigned i = 0; i < manifest->cubicles_count; i++) {
        const struct manifest_cubicle *from = &manifest->cubicles[i];
        if (is_left_out(from, config)) {
            continue;
        }
        if (configure_cubicle(path, from, modules_dir,
                              &cubicles[config->ncubicles++]) != 0) {
            return -1;
        }
    }
    return 0;
}
