#include "cc.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Only the lines that linking needs; the monitor parses descriptors strictly. */
static void parse_line(struct registry_interface *interface, const char *line)
{
    size_t keyword = strcspn(line, " ");
    const char *value = line + keyword + (line[keyword] == ' ');

    if (!strncmp(line, "name ", 5)) {
        interface->name = arena_printf("%s", value);
    } else if (!strncmp(line, "fingerprint ", 12)) {
        interface->fingerprint = arena_printf("%s", value);
    } else if (!strncmp(line, "function ", 9)) {
        list_add(&interface->functions, arena_printf("%s", value));
    }
}

static bool read_descriptor(const char *file, struct registry_interface *interface)
{
    FILE *in = fopen(file, "r");
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    if (!in) {
        return fail("%s: %s", file, strerror(errno));
    }
    *interface = (struct registry_interface){0};
    while ((len = getline(&line, &size, in)) > 0) {
        line[len - (line[len - 1] == '\n')] = '\0';
        parse_line(interface, line);
    }
    free(line);
    fclose(in);
    if (!interface->name || !interface->fingerprint) {
        return fail("%s: not an interface descriptor", file);
    }
    return true;
}

static int is_descriptor(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 5 && !strcmp(entry->d_name + len - 5, ".desc");
}

bool registry_read(const char *folder, struct registry *registry)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_descriptor, alphasort);
    bool ok = true;

    *registry = (struct registry){0};
    if (count < 0) {
        return fail("interface registry %s: %s", folder, strerror(errno));
    }
    registry->interfaces = arena_alloc((size_t)count * sizeof(*registry->interfaces));
    for (int i = 0; i < count; i++) {
        if (ok) {
            ok = read_descriptor(arena_printf("%s/%s", folder, entries[i]->d_name),
                                 &registry->interfaces[registry->count]);
            registry->count += ok;
        }
        free(entries[i]);
    }
    free(entries);
    return ok;
}

const struct registry_interface *registry_find(const struct registry *registry,
                                               const char *name)
{
    for (size_t i = 0; i < registry->count; i++) {
        if (!strcmp(registry->interfaces[i].name, name)) {
            return &registry->interfaces[i];
        }
    }
    return NULL;
}

const struct registry_interface *registry_of_function(const struct registry *registry,
                                                      const char *function)
{
    for (size_t i = 0; i < registry->count; i++) {
        if (list_has(&registry->interfaces[i].functions, function)) {
            return &registry->interfaces[i];
        }
    }
    return NULL;
}
