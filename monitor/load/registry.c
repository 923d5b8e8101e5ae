#include "registry.h"
#include "base/message.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGISTRY_MAX 256

static struct descriptor interfaces[REGISTRY_MAX];
static size_t ninterfaces;

/* Every function of every interface, sorted by name. */
struct registry_entry {
    struct descriptor_function *function;
    const struct descriptor *interface;
};
static struct registry_entry *entries;
static size_t nentries;

static int registry_compare(const void *a, const void *b)
{
    return strcmp(((const struct registry_entry *)a)->function->name,
                  ((const struct registry_entry *)b)->function->name);
}

static int registry_index(const char *path)
{
    for (size_t i = 0; i < ninterfaces; i++) {
        nentries += interfaces[i].nfunctions;
    }
    entries = calloc(nentries + 1, sizeof(*entries));
    if (entries == NULL) {
        return message_error(-ENOMEM, "%s: out of memory", path);
    }
    size_t n = 0;
    for (size_t i = 0; i < ninterfaces; i++) {
        for (size_t k = 0; k < interfaces[i].nfunctions; k++) {
            entries[n++] =
                (struct registry_entry){&interfaces[i].functions[k], &interfaces[i]};
        }
    }
    qsort(entries, nentries, sizeof(*entries), registry_compare);
    for (size_t i = 1; i < nentries; i++) {
        if (registry_compare(&entries[i - 1], &entries[i]) == 0) {
            return message_error(-EINVAL, "%s: interfaces %s and %s both declare %s",
                                 path, entries[i - 1].interface->name,
                                 entries[i].interface->name, entries[i].function->name);
        }
    }
    for (size_t i = 0; i < nentries; i++) {
        entries[i].function->number = (uint32_t)i;
    }
    return 0;
}

static int registry_read_file(const char *directory, const char *name)
{
    char path[4096];
    struct descriptor_error error;
    if (ninterfaces == REGISTRY_MAX) {
        return message_error(-ENOSPC, "%s: more than %d interfaces", directory,
                             REGISTRY_MAX);
    }
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >=
        sizeof(path)) {
        return message_error(-ENAMETOOLONG, "%s: the path is too long", directory);
    }
    struct descriptor *interface = &interfaces[ninterfaces];
    const int failed = descriptor_read(path, interface, &error);
    if (failed != 0) {
        return message_error(failed, "%s", error.text);
    }
    if (registry_interface(interface->name, strlen(interface->name)) != NULL) {
        return message_error(-EEXIST, "%s: interface %s is declared twice", path,
                             interface->name);
    }
    ninterfaces++;
    return 0;
}

int registry_read(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return message_error(-errno, "%s: cannot open the interface registry: %s", path,
                             strerror(errno));
    }
    int error = 0;
    struct dirent *entry;
    while (error == 0 && (entry = readdir(directory)) != NULL) {
        const size_t len = strlen(entry->d_name);
        if (len > 5 && strcmp(entry->d_name + len - 5, ".desc") == 0) {
            error = registry_read_file(path, entry->d_name);
        }
    }
    closedir(directory);
    if (error == 0 && ninterfaces == 0) {
        error =
            message_error(-ENOENT, "%s: no interface (*.desc) in the registry", path);
    }
    return error != 0 ? error : registry_index(path);
}

const struct descriptor *registry_interface(const char *name, size_t len)
{
    for (size_t i = 0; i < ninterfaces; i++) {
        if (strlen(interfaces[i].name) == len &&
            memcmp(interfaces[i].name, name, len) == 0) {
            return &interfaces[i];
        }
    }
    return NULL;
}

const struct descriptor_function *registry_function(const char *name,
                                                    const struct descriptor **interface)
{
    struct descriptor_function wanted = {.name = name};
    const struct registry_entry key = {.function = &wanted};
    const struct registry_entry *entry =
        bsearch(&key, entries, nentries, sizeof(*entries), registry_compare);
    if (entry == NULL) {
        return NULL;
    }
    *interface = entry->interface;
    return entry->function;
}

size_t registry_functions(void)
{
    return nentries;
}
