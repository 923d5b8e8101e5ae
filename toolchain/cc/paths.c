#include "cc.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *bin_folder;

static const char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return arena_printf("%.*s", (int)(slash - path), path);
}

static bool has_rewriter(const char *folder)
{
    return access(arena_printf("%s/cubicle-rewrite", folder), X_OK) == 0;
}

/* The folder of the first executable called @name on $PATH, or NULL. */
static const char *search_path(const char *name)
{
    const char *path = getenv("PATH");

    while (path && *path) {
        size_t len = strcspn(path, ":");
        if (access(arena_printf("%.*s/%s", (int)len, path, name), X_OK) == 0) {
            return arena_printf("%.*s", (int)len, path);
        }
        path += len + (path[len] == ':');
    }
    return NULL;
}

/*
 * The name by which the program was called comes first: build/bin may hold links to
 * programs that were built elsewhere, and the sysroot lies next to build/bin.
 */
const char *paths_bin(const char *argv0)
{
    char self[PATH_MAX];

    if (bin_folder) {
        return bin_folder;
    }
    bin_folder = strchr(argv0, '/') ? folder_of(argv0) : search_path(argv0);
    if (!bin_folder || !has_rewriter(bin_folder)) {
        ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

        self[len > 0 ? len : 0] = '\0';
        bin_folder = strchr(self, '/') ? folder_of(self) : ".";
    }
    return bin_folder;
}

const char *paths_rewriter(void)
{
    return arena_printf("%s/cubicle-rewrite", bin_folder);
}

const char *paths_plain(void)
{
    return arena_printf("%s/cubicle-plain", bin_folder);
}

void paths_defaults(struct options *options, const char *argv0)
{
    const char *bin = paths_bin(argv0);

    if (!options->sysroot) {
        options->sysroot =
            arena_printf("%s/../sysroot/%s", bin, options->isolated ? "sfi" : "plain");
    }
    if (!options->interfaces) {
        options->interfaces = arena_printf("%s/../interfaces", bin);
    }
}
