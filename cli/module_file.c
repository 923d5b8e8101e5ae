#include "module_file.h"

#include "base/utf8.h"
#include "cli.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum module_key { KEY_INTERFACES = 256, KEY_SECTIONS, KEY_ISOLATION, KEY_MODULES };

#define INTERFACES                                                                     \
    {                                                                                  \
        "interfaces", KEY_INTERFACES, "DIR", 0, "interface registry of another build", \
            0                                                                          \
    }

static const struct argp_option options[][4] = {
    [MODULE_INSPECT] = {INTERFACES,
                        {"sections", KEY_SECTIONS, NULL, 0, "also list every section",
                         0}},
    [MODULE_VERIFY] =
        {INTERFACES,
         {"isolation", KEY_ISOLATION, "MODE", 0,
          "sfi (default) or mpk: which isolation is to accept it", 0},
         {"modules", KEY_MODULES, "DIR|SYSTEM", 0,
          "all modules of a folder, or of a system: its name, or the path "
          "of its manifest (.yaml)",
          0}},
};

static char *find_module(const struct module_options *o)
{
    if (strchr(o->module, '/') != NULL || access(o->module, F_OK) == 0) {
        return cli_format("%s", o->module);
    }
    char *folder = cli_modules_path(o->mpk);
    char *path = cli_format("%s/%s.cub", folder, o->module);
    free(folder);
    return path;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct module_options *o = state->input;

    switch (key) {
    case KEY_INTERFACES:
        o->interfaces = argument;
        return 0;
    case KEY_ISOLATION:
        o->mpk = strcmp(argument, "mpk") == 0;
        if (!o->mpk && strcmp(argument, "sfi") != 0) {
            argp_error(state, "--isolation=%s: sfi or mpk", argument);
        }
        return 0;
    case KEY_MODULES:
        o->modules = argument;
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
        if (o->module == NULL && o->modules == NULL) {
            argp_error(state, "which module?");
        }
        if (o->module != NULL && o->modules != NULL) {
            argp_error(state, "'%s': either a module or --modules", o->module);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void module_options_parse(int argc, char **argv, const char *doc,
                          enum module_command command, struct module_options *o)
{
    const struct argp argp = {
        .options = options[command],
        .parser = parse,
        .args_doc =
            command == MODULE_VERIFY ? "MODULE\n--modules=DIR|SYSTEM" : "MODULE",
        .doc = doc,
    };

    memset(o, 0, sizeof(*o));
    argp_err_exit_status = CLI_EXIT_USAGE;
    cli_parse(&argp, argc, argv, 0, o);
    o->path = o->module != NULL ? find_module(o) : NULL;
    if (o->interfaces == NULL) {
        o->interfaces = cli_build_path("interfaces");
    }
}

void module_print_name(const char *name)
{
    char *shown = cli_format("%s", name);

    utf8_disarm(shown, strlen(shown));
    fputs(shown, stdout);
    free(shown);
}
