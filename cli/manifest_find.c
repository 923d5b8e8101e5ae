#include "cli.h"
#include "manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *manifest_find(const char *system)
{
    const size_t len = strlen(system);

    if (strchr(system, '/') != NULL ||
        (len > 5 && strcmp(system + len - 5, ".yaml") == 0)) {
        return cli_format("%s", system);
    }
    char *relative = cli_format("systems/%s.yaml", system);
    char *path = cli_build_path(relative);
    free(relative);
    if (access(path, R_OK) != 0) {
        cli_error("no system '%s': %s: %s", system, path, strerror(errno));
        if (access(system, R_OK) == 0) {
            cli_hint("the file of that name is ./%s", system);
        } else {
            cli_hint("name one of systems/, or give the path of a manifest");
        }
        free(path);
        return NULL;
    }
    return path;
}
