/* The section .cubicle.note: what the monitor must know of a module before loading it.
 */
#include "cc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void write_interfaces(FILE *out, const char *keyword,
                             const struct registry *registry, const struct list *names)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct registry_interface *interface =
            registry_find(registry, names->items[i]);

        fprintf(out, "%s %s %s\n", keyword, interface->name, interface->fingerprint);
    }
}

bool note_write(const char *file, const struct options *options,
                const struct registry *registry, const struct list *provides,
                const struct list *uses)
{
    FILE *out = fopen(file, "w");

    if (!out) {
        return fail("%s: %s", file, strerror(errno));
    }
    fprintf(out, "cubicle-module 2\nisolation %s\n",
            options->isolated ? "sfi" : "plain");
    write_interfaces(out, "provides", registry, provides);
    write_interfaces(out, "uses", registry, uses);
    return fclose(out) == 0 || fail("%s: %s", file, strerror(errno));
}
