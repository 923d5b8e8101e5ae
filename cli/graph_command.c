#include "cli.h"
#include "graph.h"
#include "manifest.h"
#include "program.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

enum graph_key { KEY_OUTPUT = 'o', KEY_THEME = 256, KEY_JSON, KEY_ISOLATION };

static const char doc[] =
    "Draws SYSTEM: its cubicles, and who may call whom through which interface, from "
    "the manifest and "
    "the modules' imports.\v"
    "SYSTEM is a name from systems/ or the path of a manifest. Point at an edge of an "
    "SVG to see "
    "its functions. A run of the system adds what happened: 'cubicle run "
    "--graph=FILE', or "
    "--json=FILE there and --counts=FILE here.\n"
    "Exit status: 0; 1 when the system could not be read or the picture not "
    "written.\n\n"
    "Examples:\n"
    "  cubicle graph sqlite -o sqlite.svg\n"
    "  cubicle graph sqlite | less\n"
    "  cubicle run speedtest1 --graph=calls.svg -- --size 5 test.db";

static const struct argp_option options[] = {
    {"output", KEY_OUTPUT, "FILE", 0,
     "FILE.svg, drawn by Graphviz, or DOT in any other file; default: DOT on standard "
     "output",
     0},
    {"theme", KEY_THEME, "NAME", 0, "light (default) or dark", 0},
    {"counts", KEY_JSON, "FILE", 0, "statistics of a run, as --json wrote them", 0},
    {"isolation", KEY_ISOLATION, "MODE", 0,
     "whose modules are read: sfi (default), or none", 0},
    {0},
};

struct graph_options {
    const char *system, *output, *counts;
    enum graph_theme theme;
    bool plain;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct graph_options *o = state->input;

    switch (key) {
    case KEY_OUTPUT:
        o->output = argument;
        return 0;
    case KEY_JSON:
        o->counts = argument;
        return 0;
    case KEY_THEME:
        o->theme = strcmp(argument, "dark") == 0 ? GRAPH_DARK : GRAPH_LIGHT;
        if (o->theme == GRAPH_LIGHT && strcmp(argument, "light") != 0) {
            argp_error(state, "--theme=%s: light or dark", argument);
        }
        return 0;
    case KEY_ISOLATION:
        o->plain = strcmp(argument, "none") == 0;
        if (!o->plain && strcmp(argument, "sfi") != 0) {
            argp_error(state, "--isolation=%s: sfi or none", argument);
        }
        return 0;
    case ARGP_KEY_ARG:
        if (o->system != NULL) {
            argp_error(state, "'%s': one system at a time", argument);
        }
        o->system = argument;
        return 0;
    case ARGP_KEY_END:
        if (o->system == NULL) {
            argp_error(state, "which system?");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The first field of an edge that the picture cannot use, NULL: none. */
static const char *graph_wrong_in(const json_t *row)
{
    static const char *const names[] = {"caller", "callee", "interface", "function"};
    static const char *const numbers[] = {"calls", "bytes_in", "bytes_out", "samples",
                                          "traps"};
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *name = json_string_value(json_object_get(row, names[i]));
        if (name == NULL || *name == '\0' || name[strspn(name, letters)] != '\0') {
            return names[i];
        }
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const json_t *number = json_object_get(row, numbers[i]);
        if (!json_is_integer(number) || json_integer_value(number) < 0 ||
            json_integer_value(number) > GRAPH_NUMBER_MAX) {
            return numbers[i];
        }
    }
    return NULL;
}

/* A cubicle that @row names, and @graph does not have; NULL: none. */
static const char *graph_unknown_in(const json_t *row, const struct graph *graph)
{
    static const char *const ends[] = {"caller", "callee"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        const char *name = json_string_value(json_object_get(row, ends[i]));
        if (strcmp(name, "monitor") != 0 &&
            graph_find_cubicle(graph, name) == GRAPH_HOST) {
            return name;
        }
    }
    return NULL;
}

/* Statistics of a run, or something else that is JSON. NULL after a message. */
static json_t *load(const char *path)
{
    json_error_t error;
    FILE *in = fopen(path, "re");
    json_t *stats = in != NULL ? json_loadf(in, JSON_REJECT_DUPLICATES, &error) : NULL;

    if (in == NULL || ferror(in) != 0) {
        cli_error("%s: cannot be read: %s", path, strerror(errno));
        json_decref(stats);
        stats = NULL;
    } else if (stats == NULL) {
        cli_error("%s: no statistics of a run: %s", path, error.text);
    }
    if (in != NULL) {
        fclose(in);
    }
    return stats;
}

static int count(struct graph *graph, const char *path)
{
    json_t *stats = load(path);

    if (stats == NULL) {
        return -1;
    }
    if (!json_is_array(json_object_get(stats, "edges"))) {
        cli_error("%s: no statistics of a run: it has no edges", path);
        return -1;
    }
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(stats, "edges"), i, row)
    {
        const char *wrong = graph_wrong_in(row);
        if (wrong != NULL) {
            cli_error("%s: no statistics that this version of cubicle reads: edge %zu "
                      "has no good '%s'",
                      path, i + 1, wrong);
            cli_hint("write them anew: cubicle run SYSTEM --json=FILE");
            return -1;
        }
        const char *unknown = graph_unknown_in(row, graph);
        if (unknown != NULL) {
            cli_error("%s: statistics of another system: '%s' has no cubicle '%s'",
                      path, graph->config->system, unknown);
            return -1;
        }
    }
    graph_count(graph, stats);
    return 0;
}

int cli_graph(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options, .parser = parse, .args_doc = "SYSTEM", .doc = doc};
    struct graph_options o = {.output = "-"};
    struct monitor_config config = {0};
    struct graph graph;

    argp_err_exit_status = CLI_EXIT_USAGE;
    cli_parse(&argp, argc, argv, 0, &o);
    signal(SIGXFSZ, SIG_IGN); /* a limit of the size of files is an error of the call */
    if (program_is_module(o.system)) {
        cli_error("%s: a module, not a system", o.system);
        cli_hint("its runs are drawn: cubicle run %s --graph=FILE", o.system);
        return CLI_EXIT_NO;
    }
    config.isolation = o.plain ? MONITOR_ISOLATION_NONE : MONITOR_ISOLATION_SFI;
    config.interfaces_dir = cli_build_path("interfaces");
    const char *path = manifest_find(o.system);
    const struct manifest *manifest = path != NULL ? manifest_read(path) : NULL;
    const char *modules = cli_modules_path(o.plain);
    if (manifest == NULL || manifest_configure(path, manifest, modules, &config) != 0 ||
        graph_read(&config, &graph) != 0 ||
        (o.counts != NULL && count(&graph, o.counts) != 0)) {
        return CLI_EXIT_NO;
    }
    return graph_save(&graph, o.theme, o.output) == 0 ? CLI_EXIT_OK : CLI_EXIT_NO;
}
