#include "module_file.h"

#include "cli.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum module_key { KEY_INTERFACES = 256, KEY_SECTIONS };

static const struct argp_option options[] = {
    {"interfaces", KEY_INTERFACES, "DIR", 0, "interface registry of another build", 0},
    {"sections", KEY_SECTIONS, NULL, 0, "also list every section", 0},
    {0},
};

static const struct argp_option options_without_sections[] = {
    {"interfaces", KEY_INTERFACES, "DIR", 0, "interface registry of another build", 0},
    {0},
};

static char *find_module(const char *module)
{
    if (strchr(module, '/') != NULL || access(module, F_OK) == 0) {
        return cli_format("%s", module);
    }
    char *relative = cli_format("modules/sfi/%s.cub", module);
    char *path = cli_build_path(relative);
    free(relative);
    return path;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct module_options *o = state->input;

    switch (key) {
    case KEY_INTERFACES:
        o->interfaces = argument;
        return 0;
    case KEY_SECTIONS:
        o->sections = 1;
        return 0;
    case ARGP_KEY_ARG:
        if (o->module != NULL) {
            argp_error(state, "'%s': one module at a time", argument);
        }
        o->module = argument;
        return 0;
    case ARGP_KEY_END:
        if (o->module == NULL) {
            argp_error(state, "which module?");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void module_options_parse(int argc, char **argv, const char *doc, int with_sections,
                          struct module_options *o)
{
    const struct argp argp = {
        .options = with_sections ? options : options_without_sections,
        .parser = parse,
        .args_doc = "MODULE",
        .doc = doc,
    };

    memset(o, 0, sizeof(*o));
    argp_err_exit_status = CLI_EXIT_USAGE;
    cli_parse(&argp, argc, argv, 0, o);
    o->path = find_module(o->module);
    if (o->interfaces == NULL) {
        o->interfaces = cli_build_path("interfaces");
    }
}
