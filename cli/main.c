#include "cli.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*function)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"run", cli_run, "run a system: an application and the components it needs"},
    {"check", cli_check, "what this CPU and kernel offer, and which isolation is used"},
    {"verify", cli_verify, "check a module's code as the loader does"},
    {"inspect", cli_inspect, "entry points, imports and sizes of a module"},
    {"graph", cli_graph,
     "draw a system: who may call whom, and what happened in a run"},
    {"top", cli_top, "watch a system that runs: calls, bytes, processor, memory"},
};

#define NCOMMANDS (sizeof(commands) / sizeof(*commands))

static void usage(FILE *out)
{
    fputs(
        "Usage: cubicle COMMAND [OPTION...]\n"
        "Runs programs whose components are isolated from each other in one process.\n"
        "\n",
        out);
    for (size_t i = 0; i < NCOMMANDS; i++) {
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    fputs("\n'cubicle COMMAND --help' describes a command.\n", out);
}

char **cli_arguments;

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return CLI_EXIT_USAGE;
    }
    cli_arguments = cli_calloc((size_t)argc + 1, sizeof(*cli_arguments));
    memcpy(cli_arguments, argv, (size_t)argc * sizeof(*argv));
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        usage(stdout);
        return CLI_EXIT_OK;
    }
    if (strcmp(name, "--version") == 0) {
        puts("cubicle " CUBICLE_VERSION);
        return CLI_EXIT_OK;
    }
    for (size_t i = 0; i < NCOMMANDS; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            /* What --help and messages of argp call the program. */
            argv[1] = cli_format("cubicle %s", name);
            return commands[i].function(argc - 1, argv + 1);
        }
    }
    cli_error("unknown command '%s'", name);
    cli_hint("'cubicle --help' lists the commands");
    return CLI_EXIT_USAGE;
}
