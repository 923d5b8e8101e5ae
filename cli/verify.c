#include "cli.h"
#include "manifest.h"
#include "module_file.h"
#include "verify_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char doc[] =
    "Checks a module's code as the loader does: places and relocates it, and\n"
    "verifies the final bytes. Prints the verdict; for a refused module the reason,\n"
    "the offset, the function and the instruction. Any processor will do, for every\n"
    "isolation.\v"
    "MODULE is the path of a module file, or the name of a module of this build.\n"
    "Exit status: 0 when the module would be loaded, or all would be; 1 when one is\n"
    "refused.";

static bool is_manifest(const char *path)
{
    const size_t len = strlen(path);

    return len > 5 && strcmp(path + len - 5, ".yaml") == 0;
}

static int verify(const char *path, const struct module_options *options)
{
    size_t code_size;

    if (verify_file(path, options->mpk != 0, options->interfaces, &code_size) != 0) {
        return CLI_EXIT_NO;
    }
    module_print_name(path);
    printf(": accepted: %zu bytes of code\n", code_size);
    return CLI_EXIT_OK;
}

/* The same in a process of its own: a module is checked where it would be loaded, so there
 * is room for one. */
static int verify_apart(const char *path, const struct module_options *options)
{
    int status;

    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        status = verify(path, options);
        fflush(stdout);
        _exit(status);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        cli_error("cannot check %s in a process: %s", path, strerror(errno));
        return CLI_EXIT_NO;
    }
    if (!WIFEXITED(status)) {
        cli_error("%s: the check ended with signal %d", path, WTERMSIG(status));
        return CLI_EXIT_NO;
    }
    return WEXITSTATUS(status);
}

static int is_module(const struct dirent *entry)
{
    const size_t len = strlen(entry->d_name);

    return len > 4 && strcmp(entry->d_name + len - 4, ".cub") == 0;
}

static int verify_folder(const char *folder, const struct module_options *options)
{
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_module, alphasort);
    int status = CLI_EXIT_OK;

    if (count <= 0) {
        cli_error("%s: %s", folder,
                  count < 0 ? strerror(errno) : "no file of it ends in .cub");
        return CLI_EXIT_NO;
    }
    for (int i = 0; i < count; i++) {
        char *path = cli_format("%s/%s", folder, entries[i]->d_name);
        if (verify_apart(path, options) != CLI_EXIT_OK) {
            status = CLI_EXIT_NO;
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* Has an earlier module of @config the file of module @index of cubicle @cubicle? */
static bool is_repeated(const struct monitor_config *config, size_t cubicle,
                        size_t index)
{
    const char *path = config->cubicles[cubicle].modules[index].path;

    for (size_t i = 0; i <= cubicle; i++) {
        const struct monitor_cubicle *other = &config->cubicles[i];
        for (size_t k = 0; k < (i == cubicle ? index : other->nmodules); k++) {
            if (strcmp(other->modules[k].path, path) == 0) {
                return true;
            }
        }
    }
    return false;
}

static int verify_system(const char *system, const struct module_options *options)
{
    struct monitor_config config = {0};
    char *path = manifest_find(system);
    const struct manifest *manifest = path != NULL ? manifest_read(path) : NULL;
    char *folder = cli_modules_path(options->mpk);
    int status = CLI_EXIT_OK;

    if (manifest == NULL || manifest_configure(path, manifest, folder, &config) != 0) {
        return CLI_EXIT_NO;
    }
    for (size_t i = 0; i < config.ncubicles; i++) {
        for (size_t k = 0; k < config.cubicles[i].nmodules; k++) {
            if (!is_repeated(&config, i, k) &&
                verify_apart(config.cubicles[i].modules[k].path, options) !=
                    CLI_EXIT_OK) {
                status = CLI_EXIT_NO;
            }
        }
    }
    return status;
}

int cli_verify(int argc, char **argv)
{
    struct module_options options;
    struct stat st;

    module_options_parse(argc, argv, doc, MODULE_VERIFY, &options);
    const struct monitor_config config = {
        MONITOR_NO_FILES,
        .isolation = options.mpk ? MONITOR_ISOLATION_MPK : MONITOR_ISOLATION_SFI};
    const char *lacks = monitor_lacks(&config);
    if (lacks != NULL) {
        cli_error("%s", lacks);
        return CLI_EXIT_USAGE;
    }
    if (options.modules == NULL && is_manifest(options.path)) {
        cli_error("%s: a manifest is no module", options.path);
        cli_hint("'cubicle verify --modules=%s' checks the modules of a system",
                 options.path);
        return CLI_EXIT_NO;
    }
    if (options.modules == NULL) {
        return verify(options.path, &options);
    }
    return stat(options.modules, &st) == 0 && S_ISDIR(st.st_mode)
               ? verify_folder(options.modules, &options)
               : verify_system(options.modules, &options);
}
