#include "check.h"
#include "cli.h"
#include "module_file.h"

#include <stdio.h>

static const char doc[] =
    "Checks a module's code as the loader does: places and relocates it, and verifies\n"
    "the final bytes. Prints the verdict; for a refused module the reason, the "
    "offset,\n"
    "the function and the instruction. Any processor will do, for every isolation.\v"
    "MODULE is the path of a module file, or the name of a module of this build.\n"
    "Exit status: 0 when the module would be loaded, 1 when it is refused.";

int cli_verify(int argc, char **argv)
{
    struct module_options options;
    size_t code_size;

    module_options_parse(argc, argv, doc, MODULE_VERIFY, &options);
    if (check_module(options.path, options.mpk != 0, options.interfaces, &code_size) !=
        0) {
        return CLI_EXIT_NO;
    }
    printf("%s: accepted: %zu bytes of code\n", options.path, code_size);
    return CLI_EXIT_OK;
}
