/* The `cubicle` command: one function per subcommand, and what they share. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

/** Exit statuses of the command itself; `run` gives MONITOR_EXIT_* and the program's
 * own. */
enum cli_exit {
    CLI_EXIT_OK = 0,
    CLI_EXIT_NO = 1,    /* refused, or not available */
    CLI_EXIT_USAGE = 2, /* bad command line */
};

/** The command line as it was given, before anybody moved options to the front. */
extern char **cli_arguments;

int cli_run(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_verify(int argc, char **argv);
int cli_inspect(int argc, char **argv);
int cli_graph(int argc, char **argv);
int cli_top(int argc, char **argv);

/** argp_parse(), but it ends the command with a message where it cannot go on. */
void cli_parse(const struct argp *argp, int argc, char **argv, unsigned flags,
               void *input);

/** Writes "cubicle: MESSAGE\n" to standard error. */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Writes "  MESSAGE\n" to standard error: what to do about the error before it. */
void cli_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** malloc family that ends the command with a message instead of returning NULL. */
void *cli_calloc(size_t count, size_t size);
char *cli_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * Where the parts of the system lie: modules, interfaces and systems, in the folder above
 * the one of the running program. The caller frees it.
 */
char *cli_build_path(const char *relative);

/** The folder of the modules of plain code, or of rewritten code. The caller frees it. */
char *cli_modules_path(bool plain);

#endif
