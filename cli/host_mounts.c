#include "host_mounts.h"

#include "cli.h"

#include <cubicle/host_files.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* One of them: what the command line or the manifest says. */
struct host_mount {
    const char *module;
    const char *directory; /* of the host */
    const char *place;     /* in the system */
    bool writable;
};

static bool has_right(const struct manifest *manifest, const char *module)
{
    const struct manifest_cubicle *cubicle = manifest_cubicle_of(manifest, module);
    for (unsigned i = 0; cubicle != NULL && i < cubicle->hostfiles_count; i++) {
        if (strcmp(cubicle->hostfiles[i], module) == 0) {
            return true;
        }
    }
    return false;
}

/* The module that --mount mounts by: the first under `hostfiles` that is bound as a file system. */
static const char *find_module(const struct manifest *manifest)
{
    for (unsigned i = 0; i < manifest->cubicles_count; i++) {
        const struct manifest_cubicle *cubicle = &manifest->cubicles[i];
        for (unsigned k = 0; k < cubicle->hostfiles_count; k++) {
            if (manifest_binds(manifest, "fs", cubicle->hostfiles[k])) {
                return cubicle->hostfiles[k];
            }
        }
    }
    return NULL;
}

/* Cuts "<@separator>ro" or "...rw" off the end of @text. True for rw; false also without either. */
static bool cut_mode(char *text, char separator)
{
    const size_t len = strlen(text);
    if (len < 3 || text[len - 3] != separator) {
        return false;
    }
    const bool writable = strcmp(text + len - 2, "rw") == 0;
    if (writable || strcmp(text + len - 2, "ro") == 0) {
        text[len - 3] = '\0';
    }
    return writable;
}

/* Opens @mount's directory as the next of @config. 0, or -1 after a message. */
static int add(const struct host_mount *mount, struct monitor_directory *directories,
               struct monitor_config *config)
{
    if (config->ndirectories == HOSTFILES_ROOTS_MAX) {
        cli_error("%s: a system mounts at most %d directories of the host",
                  mount->directory, HOSTFILES_ROOTS_MAX);
        return -1;
    }
    const int fd = open(mount->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        cli_error("cannot mount %s on %s: %s", mount->directory, mount->place,
                  strerror(errno));
        return -1;
    }
    directories[config->ndirectories++] = (struct monitor_directory){
        .module = mount->module,
        .path = mount->directory,
        .fd = fd,
        .writable = mount->writable,
    };
    return 0;
}

/* @argument of --mount. 0, or -1 after a message. */
static int parse_option(const char *argument, const char *module,
                        struct host_mount *mount)
{
    char *directory = cli_format("%s", argument);
    char *place = NULL;

    const bool writable = cut_mode(directory, ':');
    for (char *at = strstr(directory, ":/"); at != NULL; at = strstr(at + 1, ":/")) {
        place = at;
    }
    if (place == NULL || place == directory || strpbrk(place + 1, ": \t\n") != NULL) {
        cli_error("bad mount '%s'", argument);
        cli_hint(
            "it is --mount=DIR:/PATH, --mount=DIR:/PATH:ro or --mount=DIR:/PATH:rw; "
            "PATH has no spaces and no ':'");
        return -1;
    }
    *place++ = '\0';
    *mount = (struct host_mount){module, directory, place, writable};
    return 0;
}

/* The folder of the manifest with a slash, or "". */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return cli_format("%.*s", slash != NULL ? (int)(slash - path) + 1 : 0, path);
}

/* A mount of the manifest, "PROVIDER /PATH DIR [ro|rw]". 0, or -1 after a message. */
static int parse_line(const char *path, const char *line, const char *module,
                      struct host_mount *mount)
{
    char *place = cli_format("%s", line + strlen(module) + 1);
    char *directory = strchr(place, ' ');
    if (directory == NULL) {
        cli_error("%s: mount '%s' names no directory of the host", path, line);
        cli_hint("it is '%s /PATH DIR' or '%s /PATH DIR rw', DIR relative to the "
                 "manifest",
                 module, module);
        return -1;
    }
    *directory++ = '\0';
    const bool writable = cut_mode(directory, ' ');
    *mount = (struct host_mount){
        .module = module,
        .directory = directory[0] == '/'
                         ? directory
                         : cli_format("%s%s", folder_of(path), directory),
        .place = place,
        .writable = writable,
    };
    return 0;
}

/* The module of mount @line if it is one for directories of the host, or NULL. */
static char *line_module(const struct manifest *manifest, const char *line)
{
    char *module = cli_format("%.*s", (int)strcspn(line, " "), line);
    return has_right(manifest, module) ? module : NULL;
}

int host_mounts_open(const char *path, const struct manifest *manifest,
                     const struct run_options *options, struct monitor_config *config,
                     char ***lines, unsigned *nlines, unsigned *nbefore)
{
    const unsigned count = manifest->mounts_count + (unsigned)options->nmounts;
    struct monitor_directory *directories =
        cli_calloc(HOSTFILES_ROOTS_MAX, sizeof(*directories));
    const char *module = find_module(manifest);

    config->directories = directories;
    *lines = cli_calloc(count + 1, sizeof(**lines));
    *nlines = *nbefore = count;
    if (options->nmounts > 0 && module == NULL) {
        cli_error("%s: --mount: the system has no module for directories of the host",
                  path);
        cli_hint(
            "its manifest needs a module hostfs in a cubicle with 'hostfiles: "
            "[hostfs]', and in 'bind' {consumer: vfscore, interface: fs, provider: "
            "hostfs}");
        return -1;
    }
    for (unsigned i = 0; i < count; i++) {
        struct host_mount mount;
        const bool given = i >= manifest->mounts_count;
        const char *line = given ? "" : manifest->mounts[i];
        const char *of = given ? module : line_module(manifest, line);
        if (of == NULL) {
            (*lines)[i] = cli_format("%s", line);
            continue;
        }
        const int error =
            given
                ? parse_option(options->mounts[i - manifest->mounts_count], of, &mount)
                : parse_line(path, line, of, &mount);
        if (error != 0 || add(&mount, directories, config) != 0) {
            return -1;
        }
        (*lines)[i] =
            cli_format("%s %s %zu", of, mount.place, config->ndirectories - 1);
        if (i < *nbefore && strcmp(mount.place, "/") != 0) {
            *nbefore = i;
        }
    }
    return 0;
}
