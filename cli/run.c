#include "cli.h"
#include "export_path.h"
#include "graph.h"
#include "host_mounts.h"
#include "live.h"
#include "manifest.h"
#include "module_note.h"
#include "network.h"
#include "output_file.h"
#include "probe.h"
#include "process.h"
#include "program.h"
#include "root.h"
#include "run_options.h"
#include "stats.h"
#include "top_run.h"
#include "trace_file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 65536 /* of a program: vfs has no more */
#define DESCRIPTORS_OWN 1024  /* more than this process needs */

/* The system that the command line names: by a manifest, or by a program for the default
 * one, which has a network where the command line speaks of it. @path receives what messages
 * call it. NULL after a message. */
static struct manifest *find_system(const struct run_options *options,
                                    const struct monitor_config *config,
                                    const char **path)
{
    *path = options->system;
    if (program_is_module(options->system)) {
        return program_manifest(
            options->system, options->components, options->ncomponents,
            config->isolation != MONITOR_ISOLATION_SFI,
            options->network.kind != NETWORK_DEFAULT || options->npublish > 0);
    }
    if (options->ncomponents > 0) {
        cli_error("--component=%s: '%s' is not the file of a program",
                  options->components[0], options->system);
        cli_hint("a manifest names its components under 'cubicles'");
        return NULL;
    }
    *path = manifest_find(options->system);
    return *path != NULL ? manifest_read(*path) : NULL;
}

/* `auto` is sfi. It is never `none`: without isolation only where the user says so. */
static int choose_isolation(const struct run_options *options,
                            struct monitor_config *config)
{
    static const enum monitor_isolation chosen[] = {
        [RUN_ISOLATION_AUTO] = MONITOR_ISOLATION_SFI,
        [RUN_ISOLATION_SFI] = MONITOR_ISOLATION_SFI,
        [RUN_ISOLATION_MPK] = MONITOR_ISOLATION_MPK,
        [RUN_ISOLATION_NONE] = MONITOR_ISOLATION_NONE,
        [RUN_ISOLATION_IPC] = MONITOR_ISOLATION_IPC,
    };
    static bool (*const probes[])(const struct probe *, const char **) = {
        [MONITOR_ISOLATION_SFI] = probe_sfi,
        [MONITOR_ISOLATION_MPK] = probe_mpk,
        [MONITOR_ISOLATION_NONE] = probe_none,
        [MONITOR_ISOLATION_IPC] = probe_ipc,
    };
    struct probe probe;
    const char *reason;

    if (config->link == MONITOR_LINK_DIRECT) {
        static const char *const names[] = {[RUN_ISOLATION_SFI] = "sfi",
                                            [RUN_ISOLATION_MPK] = "mpk",
                                            [RUN_ISOLATION_IPC] = "ipc"};
        if (options->isolation != RUN_ISOLATION_AUTO &&
            options->isolation != RUN_ISOLATION_NONE) {
            cli_error("--link=direct has no isolation; it does not go with "
                      "--isolation=%s",
                      names[options->isolation]);
            return -1;
        }
        config->isolation = MONITOR_ISOLATION_NONE;
    } else {
        config->isolation = chosen[options->isolation];
    }
    if (options->view_switch != MONITOR_VIEW_SWITCH_AUTO &&
        config->isolation != MONITOR_ISOLATION_SFI) {
        cli_error("--view-switch goes with --isolation=sfi only");
        return -1;
    }
    probe_machine(&probe);
    if (!probes[config->isolation](&probe, &reason)) {
        cli_error("cannot run here: %s", reason);
        cli_hint("%s'cubicle check' shows what this machine offers",
                 config->isolation == MONITOR_ISOLATION_MPK
                     ? "--isolation=sfi needs no special CPU; "
                     : "");
        return -1;
    }
    return 0;
}

/* Under mpk the monitor makes the loader's code for binding functions at their first call
 * unusable, because that writes PKRU: so all are bound before. */
static void bind_now(const struct monitor_config *config)
{
    if (config->isolation == MONITOR_ISOLATION_MPK && getenv("LD_BIND_NOW") == NULL &&
        setenv("LD_BIND_NOW", "1", 1) == 0) {
        execv("/proc/self/exe", cli_arguments);
    }
}

/* The program's limit is that of whoever starts it. Its descriptors are none of the host's, and ours are not the
 * program's: so a low limit is raised for this process, as far as it may be. */
static void set_descriptors(struct monitor_config *config)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return; /* the default */
    }
    config->descriptors =
        limit.rlim_cur < DESCRIPTORS_MAX ? (uint32_t)limit.rlim_cur : DESCRIPTORS_MAX;
    if (limit.rlim_cur < DESCRIPTORS_OWN) {
        limit.rlim_cur =
            DESCRIPTORS_OWN < limit.rlim_max ? DESCRIPTORS_OWN : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE,
                  &limit); /* where it fails, what needs one will say so */
    }
}

static void set_environment(const struct run_options *options,
                            const struct manifest *manifest,
                            struct monitor_config *config)
{
    const size_t count = manifest->environment_count + (size_t)options->nenvironment;
    const char **environment = cli_calloc(count + 1, sizeof(*environment));
    size_t n = 0;

    /* The command line's value of a variable replaces the manifest's. */
    for (unsigned i = 0; i < manifest->environment_count; i++) {
        const char *variable = manifest->environment[i];
        const size_t len = strcspn(variable, "=") + 1;
        bool replaced = false;
        for (int k = 0; k < options->nenvironment; k++) {
            replaced |= strncmp(options->environment[k], variable, len) == 0;
        }
        if (!replaced) {
            environment[n++] = variable;
        }
    }
    for (int k = 0; k < options->nenvironment; k++) {
        environment[n++] = options->environment[k];
    }
    config->environment = environment;
}

static void set_arguments(const struct run_options *options,
                          struct monitor_config *config)
{
    const char **arguments =
        cli_calloc((size_t)options->narguments + 2, sizeof(*arguments));

    arguments[0] = config->application != NULL ? config->application : config->system;
    for (int i = 0; i < options->narguments; i++) {
        arguments[i + 1] = options->arguments[i];
    }
    config->arguments = arguments;
}

static char *join_lines(char *const *lines, unsigned count)
{
    char *text = cli_format("%s", "");

    for (unsigned i = 0; i < count; i++) {
        char *longer = cli_format("%s%s\n", text, lines[i]);
        free(text);
        text = longer;
    }
    return text;
}

/* What components read with host_setting(). */
static void set_settings(const struct run_options *options,
                         const struct manifest *manifest, char *const *mounts,
                         unsigned nmounts, unsigned nbefore,
                         const struct network *network, struct monitor_config *config)
{
    struct monitor_setting *settings = cli_calloc(5, sizeof(*settings));

    settings[0] = (struct monitor_setting){"mounts", join_lines(mounts, nbefore)};
    settings[1] = (struct monitor_setting){
        "application", manifest->application != NULL ? manifest->application : ""};
    settings[2] =
        (struct monitor_setting){"export", options->export != NULL ? "yes" : ""};
    settings[3] = (struct monitor_setting){"network", network->line};
    settings[4] = (struct monitor_setting){
        "mounts-over-root", join_lines(mounts + nbefore, nmounts - nbefore)};
    config->settings = settings;
    config->nsettings = 5;
}

/* What is written at the end must be known to be writable at the start. 0, or -1 after a message. */
static int check_outputs(const struct run_options *options)
{
    const struct {
        const char *option, *path;
    } outputs[] = {
        {"trace", options->trace}, {"json", options->json}, {"graph", options->graph}};

    for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        const char *path = outputs[i].path;
        if (path != NULL && strcmp(path, "-") != 0 && output_check(path) != 0) {
            cli_error("--%s=%s: cannot be written: %s", outputs[i].option, path,
                      strerror(errno));
            return -1;
        }
    }
    return 0;
}

/* Opens what the run reads and writes, where the build can use it. 0, or -1 after a message. */
static int open_files(const struct run_options *options,
                      const struct manifest *manifest, struct monitor_config *config)
{
    if ((options->root != NULL || options->export != NULL) &&
        manifest->mounts_count == 0) {
        cli_error("system '%s' has no files: --root and --export do not go with it",
                  manifest->name);
        return -1;
    }
    if ((manifest->root != NULL || options->root != NULL) &&
        (config->root_fd = root_import(manifest->root, options->root)) < 0) {
        return -1;
    }
    if (check_outputs(options) != 0) {
        return -1;
    }
    if (options->export != NULL && (export_check(options->export) != 0 ||
                                    (config->export_fd = root_create_export()) < 0)) {
        return -1;
    }
    if ((options->stats || options->json != NULL || options->graph != NULL) &&
        (config->stats_fd = stats_create()) < 0) {
        return -1;
    }
    config->counters_fd = live_create();
    /* Before a helper of the network starts. */
    const char *lacks = monitor_lacks(config);
    if (lacks != NULL) {
        cli_error("%s: %s", manifest->name, lacks);
    }
    return lacks == NULL ? 0 : -1;
}

/* Draws who called whom, to the file of --graph. */
static bool draw_graph(const struct run_options *options,
                       const struct monitor_config *config, json_t *stats)
{
    struct graph graph;

    if (graph_read(config, &graph) != 0) {
        return false;
    }
    graph_count(&graph, stats);
    return graph_save(&graph, GRAPH_LIGHT, options->graph) == 0;
}

/* Hands over what the run left behind. Returns the exit status of the command. */
static int finish(const struct run_options *options,
                  const struct monitor_config *config, const struct trace *trace,
                  int status)
{
    bool ok = options->trace == NULL ||
              trace_save(trace, config->system, options->trace) == 0;

    if (config->export_fd >= 0) {
        ok = root_export(config->export_fd, options->export) == 0 && ok;
    }
    json_t *stats = config->stats_fd >= 0 ? stats_load(config->stats_fd) : NULL;
    ok = ok && (stats != NULL || config->stats_fd < 0);
    if (stats != NULL && options->stats) {
        stats_print(stats, stderr);
    }
    if (stats != NULL && options->json != NULL) {
        ok = stats_save(stats, options->json) == 0 && ok;
    }
    if (stats != NULL && options->graph != NULL) {
        ok = draw_graph(options, config, stats) && ok;
    }
    json_decref(stats);
    return status == 0 && !ok ? MONITOR_EXIT_CONFIG : status;
}

/* The module that the manifest names as `boot` must be able to boot. What goes wrong later
 * would name others: those that rely on it. 0, or -1 after a message. */
static int check_boot(const char *path, const struct manifest *manifest,
                      const struct monitor_config *config)
{
    struct module_note note = {0};
    struct image_error error;

    for (size_t i = 0; manifest->boot != NULL && i < config->ncubicles; i++) {
        for (size_t k = 0; k < config->cubicles[i].nmodules; k++) {
            const struct monitor_module *module = &config->cubicles[i].modules[k];
            if (strcmp(module->name, manifest->boot) == 0 &&
                module_note_read(module->path, &note, &error) == 0 && !note.boot) {
                cli_error("%s: boot '%s' does not provide the interface boot", path,
                          manifest->boot);
                cli_hint("name the module that does, or leave the key out where it is "
                         "called boot");
                return -1;
            }
        }
    }
    return 0;
}

/* Can the system be watched? 0, or -1 after a message. */
static int check_top(const struct monitor_config *config)
{
    if (config->counters_fd >= 0) {
        return 0;
    }
    cli_error("--top: cannot make a memory file of the size of the counters");
    return -1;
}

int cli_run(int argc, char **argv)
{
    struct run_options options;
    struct monitor_config config = {MONITOR_NO_FILES};
    struct network network;

    run_options_parse(argc, argv, &options);
    /* What exceeds a limit of the size of files is an error of the call, here, in the system
     * and in helpers; the signal would end them without a word. */
    signal(SIGXFSZ, SIG_IGN);
    config.view_switch = options.view_switch;
    config.link = options.link;
    config.acl = options.acl;
    config.revoke = options.revoke;
    config.log = options.log;
    config.sample = options.graph != NULL || options.top;
    if (choose_isolation(&options, &config) != 0) {
        return MONITOR_EXIT_CONFIG;
    }
    const char *path;
    struct manifest *manifest = find_system(&options, &config, &path);
    if (manifest == NULL) {
        return MONITOR_EXIT_CONFIG;
    }
    bind_now(&config);
    set_descriptors(&config);
    const char *modules = options.modules;
    if (modules == NULL) {
        modules = cli_modules_path(config.isolation != MONITOR_ISOLATION_SFI);
    }
    config.interfaces_dir =
        options.interfaces != NULL ? options.interfaces : cli_build_path("interfaces");
    char **mounts;
    unsigned nmounts, nbefore;
    if (host_mounts_open(path, manifest, &options, &config, &mounts, &nmounts,
                         &nbefore) != 0) {
        return MONITOR_EXIT_CONFIG;
    }
    if (manifest_configure(path, manifest, modules, &config) != 0 ||
        check_boot(path, manifest, &config) != 0) {
        return MONITOR_EXIT_CONFIG;
    }
    set_arguments(&options, &config);
    set_environment(&options, manifest, &config);
    if (open_files(&options, manifest, &config) != 0 ||
        network_open(&options.network, options.publish, options.npublish, manifest,
                     config.isolation == MONITOR_ISOLATION_IPC, &network) != 0) {
        return MONITOR_EXIT_CONFIG;
    }
    config.network = network.device.fd >= 0 ? &network.device : NULL;
    process_watch(network.helper, network.program);
    set_settings(&options, manifest, mounts, nmounts, nbefore, &network, &config);
    struct trace trace = {0};
    if (options.trace != NULL && trace_open(&trace) != 0) {
        return MONITOR_EXIT_CONFIG;
    }
    config.trace = trace.memory;
    struct top_run top;
    if (options.top && (check_top(&config) != 0 || top_run_begin(&top) != 0)) {
        return MONITOR_EXIT_CONFIG;
    }
    const int status = process_run(&config, options.perf_map);
    if (options.top) {
        top_run_end(&top);
    }
    return finish(&options, &config, &trace, status);
}
