#include "cli.h"
#include "module_file.h"
#include "monitor.h"
int monitor_verify_module(const char *, const char *);

#include <stdio.h>

static const char doc[] =
    "Checks a module's code as the loader does: places and relocates it, and verifies "
    "the "
    "final bytes. Prints the verdict; for a refused module the reason, the offset, the "
    "function and the instruction.\v"
    "MODULE is the path of a module file, or the name of a module of this build.\n"
    "Exit status: 0 when the module would be loaded, 1 when it is refused.";

int cli_verify(int argc, char **argv)
{
    struct module_options options;

    module_options_parse(argc, argv, doc, 0, &options);
    if (monitor_verify_module(options.path, options.interfaces) != 0) {
        return CLI_EXIT_NO;
    }
    printf("%s: accepted\n", options.path);
    return CLI_EXIT_OK;
}
