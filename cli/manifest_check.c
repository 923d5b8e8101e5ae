/*
 * What a manifest must fulfil beyond its schema. One function for each numbered rule of
 * docs/manifests.md; tests/cli/manifest.sh has a case for each.
 */
#include "cli.h"
#include "manifest.h"
#include "network_spec.h"
#include "publish.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_MAX_BYTES (UINT64_C(4) << 30)
#define STACK_MIN_BYTES (UINT64_C(64) << 10) /* what the monitor asks for */

int manifest_size(const char *text, uint64_t *size)
{
    static const struct {
        const char *suffix;
        unsigned shift;
    } units[] = {{"", 0}, {"K", 10}, {"M", 20}, {"G", 30}};
    uint64_t value = 0;
    const char *p = text;

    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint64_t)(*p - '0');
        if (value > SIZE_MAX_BYTES) {
            return -1;
        }
    }
    if (p == text) {
        return -1;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        if (strcmp(p, units[i].suffix) == 0) {
            *size = value << units[i].shift;
            return *size <= SIZE_MAX_BYTES ? 0 : -1;
        }
    }
    return -1;
}

/* 1. Names are small letters, digits, '-' and '_', and begin with a letter or digit. */
static bool name_is_valid(const char *name, size_t len)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

    return len > 0 && len < 64 && name[0] != '-' && name[0] != '_' &&
           strspn(name, allowed) >= len;
}

/* `low_view: none` is no cubicle, and reports and statistics call the monitor by its name. */
bool manifest_name_is_valid(const char *name)
{
    return name_is_valid(name, strlen(name)) && strcmp(name, "none") != 0 &&
           strcmp(name, "monitor") != 0;
}

/* A module is NAME or NAME=FILE; returns the length of NAME. */
static size_t module_name_len(const char *module)
{
    return strcspn(module, "=");
}

static bool module_is_valid(const char *module)
{
    const size_t len = module_name_len(module);

    return name_is_valid(module, len) &&
           (module[len] == '\0' ||
            name_is_valid(module + len + 1, strlen(module + len + 1)));
}

static bool module_is_named(const char *module, const char *name)
{
    const size_t len = module_name_len(module);

    return strlen(name) == len && strncmp(module, name, len) == 0;
}

static bool cubicle_has_module(const struct manifest_cubicle *cubicle, const char *name)
{
    for (unsigned i = 0; i < cubicle->modules_count; i++) {
        if (module_is_named(cubicle->modules[i], name)) {
            return true;
        }
    }
    return false;
}

const struct manifest_cubicle *manifest_cubicle_of(const struct manifest *manifest,
                                                   const char *module)
{
    for (unsigned i = 0; i < manifest->cubicles_count; i++) {
        if (cubicle_has_module(&manifest->cubicles[i], module)) {
            return &manifest->cubicles[i];
        }
    }
    return NULL;
}

static bool manifest_has_module(const struct manifest *manifest, const char *name)
{
    return manifest_cubicle_of(manifest, name) != NULL;
}

static bool manifest_has_cubicle(const struct manifest *manifest, const char *name)
{
    for (unsigned i = 0; i < manifest->cubicles_count; i++) {
        if (strcmp(manifest->cubicles[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static int check_count(const char *path, const struct manifest *manifest)
{
    unsigned nmodules = 0;

    for (unsigned i = 0; i < manifest->cubicles_count; i++) {
        const struct manifest_cubicle *cubicle = &manifest->cubicles[i];
        nmodules += cubicle->modules_count;
        if (nmodules > MANIFEST_MODULES_MAX) {
            cli_error("%s: cubicle '%s': more than %d modules in the system", path,
                      cubicle->name, MANIFEST_MODULES_MAX);
            return -1;
        }
        for (unsigned k = 0; k < MANIFEST_GRANTS; k++) {
            const struct manifest_grant grant = manifest_grant(cubicle, k);
            if (grant.count > cubicle->modules_count) {
                cli_error("%s: cubicle '%s': '%s' names more modules than there are",
                          path, cubicle->name, grant.key);
                return -1;
            }
        }
    }
    return 0;
}

static int check_names(const char *path, const struct manifest *manifest)
{
    for (unsigned i = 0; i < manifest->cubicles_count; i++) {
        const struct manifest_cubicle *cubicle = &manifest->cubicles[i];
        if (!manifest_name_is_valid(cubicle->name)) {
            cli_error("%s: bad cubicle name '%s'", path, cubicle->name);
            cli_hint("names are small letters, digits, '-' and '_', and not 'none' or "
                     "'monitor'");
            return -1;
        }
        for (unsigned k = 0; k < cubicle->modules_count; k++) {
            if (!module_is_valid(cubicle->modules[k])) {
                cli_error("%s: cubicle '%s': bad module '%s'", path, cubicle->name,
                          cubicle->modules[k]);
                cli_hint(
                    "a module is NAME or NAME=FILE, both of small letters, digits, "
                    "'-' and '_'");
                return -1;
            }
        }
    }
    return 0;
}

/* 2. A cubicle's name, and a module's, stand once in a system. */
static int check_cubicle_unique(const char *path, const struct manifest *manifest,
                                unsigned index)
{
    const struct manifest_cubicle *cubicle = &manifest->cubicles[index];

    for (unsigned i = 0; i < index; i++) {
        if (strcmp(manifest->cubicles[i].name, cubicle->name) == 0) {
            cli_error("%s: two cubicles are named '%s'", path, cubicle->name);
            return -1;
        }
    }
    for (unsigned k = 0; k < cubicle->modules_count; k++) {
        const size_t len = module_name_len(cubicle->modules[k]);
        char *name = cli_format("%.*s", (int)len, cubicle->modules[k]);
        unsigned uses = 0;
        for (unsigned i = 0; i <= index; i++) {
            const struct manifest_cubicle *other = &manifest->cubicles[i];
            for (unsigned m = 0; m < other->modules_count; m++) {
                uses += module_is_named(other->modules[m], name);
            }
        }
        if (uses > 1) {
            cli_error("%s: module '%s' stands twice, the second time in cubicle '%s'",
                      path, name, cubicle->name);
            cli_hint("a second instance needs a name of its own: '%s-2=%s'", name,
                     name);
        }
        free(name);
        if (uses > 1) {
            return -1;
        }
    }
    return 0;
}

/* 3. `host`, its sisters and `allocator` name modules of their cubicle. */
static int check_rights(const char *path, const struct manifest_cubicle *cubicle)
{
    for (unsigned i = 0; i < MANIFEST_GRANTS; i++) {
        const struct manifest_grant grant = manifest_grant(cubicle, i);
        for (unsigned k = 0; k < grant.count; k++) {
            if (!cubicle_has_module(cubicle, grant.modules[k])) {
                cli_error("%s: cubicle '%s': '%s' names '%s', which is no module of it",
                          path, cubicle->name, grant.key, grant.modules[k]);
                return -1;
            }
        }
    }
    if (cubicle->allocator != NULL &&
        !cubicle_has_module(cubicle, cubicle->allocator)) {
        cli_error("%s: cubicle '%s': 'allocator' names '%s', which is no module of it",
                  path, cubicle->name, cubicle->allocator);
        return -1;
    }
    return 0;
}

/* 4. Sizes are numbers with an optional K, M or G, 4 GiB at most; a stack has at
 * least 64 KiB. */
static int check_size(const char *path, const struct manifest_cubicle *cubicle,
                      const char *key, const char *text, uint64_t smallest)
{
    uint64_t size;

    if (text == NULL) {
        return 0;
    }
    if (manifest_size(text, &size) != 0 || size == 0) {
        cli_error("%s: cubicle '%s': bad %s '%s'", path, cubicle->name, key, text);
        cli_hint(
            "a size is a number of bytes above 0 with an optional K, M or G, 4G at "
            "most");
        return -1;
    }
    if (size < smallest) {
        cli_error("%s: cubicle '%s': %s '%s' is too small: at least 64K", path,
                  cubicle->name, key, text);
        return -1;
    }
    return 0;
}

/* 5. `boot`, `application` and `bind` name modules of the system, `low_view` a cubicle. */
static int check_references(const char *path, const struct manifest *manifest)
{
    if (manifest->boot != NULL && !manifest_has_module(manifest, manifest->boot)) {
        cli_error("%s: boot '%s' is no module of the system", path, manifest->boot);
        return -1;
    }
    if (manifest->application != NULL &&
        !manifest_has_module(manifest, manifest->application)) {
        cli_error("%s: application '%s' is no module of the system", path,
                  manifest->application);
        return -1;
    }
    if (manifest->low_view != NULL && strcmp(manifest->low_view, "none") != 0 &&
        !manifest_has_cubicle(manifest, manifest->low_view)) {
        cli_error("%s: low_view '%s' is no cubicle of the system", path,
                  manifest->low_view);
        cli_hint("name a cubicle, or 'none'; the default is the application's");
        return -1;
    }
    for (unsigned i = 0; i < manifest->bind_count; i++) {
        const struct manifest_binding *bind = &manifest->bind[i];
        const char *missing =
            !manifest_has_module(manifest, bind->consumer)   ? bind->consumer
            : !manifest_has_module(manifest, bind->provider) ? bind->provider
                                                             : NULL;
        if (missing != NULL) {
            cli_error("%s: 'bind' names '%s', which is no module of the system", path,
                      missing);
            return -1;
        }
    }
    return 0;
}

bool manifest_binds(const struct manifest *manifest, const char *interface,
                    const char *provider)
{
    for (unsigned i = 0; i < manifest->bind_count; i++) {
        if (strcmp(manifest->bind[i].provider, provider) == 0 &&
            strcmp(manifest->bind[i].interface, interface) == 0) {
            return true;
        }
    }
    return false;
}

/* 8. A root needs a file system. */
static int check_root(const char *path, const struct manifest *manifest)
{
    if (manifest->root != NULL && manifest->mounts_count == 0) {
        cli_error("%s: the system has a 'root', but no 'mounts'", path);
        return -1;
    }
    return 0;
}

/* 6. A mount is "PROVIDER /PATH[ OPTIONS]" with a module as the provider that `bind`
 * lets somebody use; a variable of the environment is NAME=VALUE. Neither has control
 * characters. */
static int check_texts(const char *path, const struct manifest *manifest)
{
    static const char control[] =
        "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24"
        "\25\26\27\30\31\32\33\34\35\36\37\177";

    for (unsigned i = 0; i < manifest->mounts_count; i++) {
        const char *mount = manifest->mounts[i];
        const size_t len = strcspn(mount, " ");
        char *provider = cli_format("%.*s", (int)len, mount);
        const bool known = manifest_has_module(manifest, provider);
        const bool bound = manifest_binds(manifest, "fs", provider);
        free(provider);
        if (mount[len] == '\0' || mount[len + 1] != '/' || strpbrk(mount, control)) {
            cli_error("%s: bad mount '%s'", path, mount);
            cli_hint("a mount is 'PROVIDER /PATH' or 'PROVIDER /PATH OPTIONS'");
            return -1;
        }
        if (!known) {
            cli_error("%s: mount '%s': '%.*s' is no module of the system", path, mount,
                      (int)len, mount);
            return -1;
        }
        if (!bound) {
            cli_error("%s: mount '%s': nobody may use '%.*s' as a file system", path,
                      mount, (int)len, mount);
            cli_hint("add a row to 'bind': {consumer: vfscore, interface: fs, "
                     "provider: %.*s}",
                     (int)len, mount);
            return -1;
        }
    }
    for (unsigned i = 0; i < manifest->environment_count; i++) {
        const char *variable = manifest->environment[i];
        if (variable[0] == '=' || strchr(variable, '=') == NULL) {
            cli_error("%s: bad environment variable '%s'", path, variable);
            cli_hint("it is NAME=VALUE");
            return -1;
        }
    }
    return 0;
}

/* A module of `network`, @index in its line, that `bind` lets some module use for @interface. */
static int check_network_module(const char *path, const struct manifest *manifest,
                                unsigned index, const char *interface)
{
    char *name = network_word(manifest->network, index);
    int error = 0;

    if (name == NULL || !manifest_has_module(manifest, name)) {
        cli_error("%s: network '%s': '%s' is no module of the system", path,
                  manifest->network, name != NULL ? name : "");
        cli_hint("it is 'STACK DEVICE NAME=VALUE...', as in 'lwip netdev "
                 "address=10.0.2.15/24 gateway=10.0.2.2'");
        error = -1;
    } else if (!manifest_binds(manifest, interface, name)) {
        cli_error("%s: network '%s': nobody may use '%s'", path, manifest->network,
                  name);
        cli_hint("add a row to 'bind': {consumer: ..., interface: %s, provider: %s}",
                 interface, name);
        error = -1;
    }
    free(name);
    return error;
}

/* 7. `network` names a stack and a device that `bind` lets somebody use, and options that
 * there are; `publish` is ports. */
static int check_network(const char *path, const struct manifest *manifest)
{
    struct publish publish;
    char *word;

    for (unsigned i = 0; i < manifest->publish_count; i++) {
        if (!publish_parse(manifest->publish[i], &publish)) {
            cli_error("%s: bad port '%s' in 'publish'", path, manifest->publish[i]);
            cli_hint("it is [ADDRESS:]HOSTPORT:PORT[/udp]");
            return -1;
        }
    }
    if (manifest->network == NULL) {
        return 0;
    }
    if (check_network_module(path, manifest, 0, "socket") != 0 ||
        check_network_module(path, manifest, 1, "netif") != 0) {
        return -1;
    }
    for (unsigned i = 2; (word = network_word(manifest->network, i)) != NULL; i++) {
        const bool good = network_check(word) != NETWORK_WORD_BAD;
        if (!good) {
            cli_error("%s: network '%s': bad option '%s'", path, manifest->network,
                      word);
            cli_hint("docs/networking.md has the options");
        }
        free(word);
        if (!good) {
            return -1;
        }
    }
    return 0;
}

int manifest_check(const char *path, const struct manifest *manifest)
{
    if (check_count(path, manifest) != 0 || check_names(path, manifest) != 0) {
        return -1;
    }
    for (unsigned i = 0; i < manifest->cubicles_count; i++) {
        const struct manifest_cubicle *cubicle = &manifest->cubicles[i];
        if (check_cubicle_unique(path, manifest, i) != 0 ||
            check_rights(path, cubicle) != 0 ||
            check_size(path, cubicle, "stack", cubicle->stack, STACK_MIN_BYTES) != 0 ||
            check_size(path, cubicle, "quota", cubicle->quota, 1) != 0) {
            return -1;
        }
    }
    if (check_references(path, manifest) != 0) {
        return -1;
    }
    if (check_texts(path, manifest) != 0 || check_root(path, manifest) != 0) {
        return -1;
    }
    return check_network(path, manifest);
}
