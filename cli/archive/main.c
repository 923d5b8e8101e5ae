/*
 * cubicle-archive: what `cubicle run` starts for --root and --export. A program of its
 * own, so that the command starts without the archive library, and what a system
 * exported is unpacked in a process of its own.
 *
 *     cubicle-archive import PATH... >STREAM
 *     cubicle-archive export PATH <STREAM
 */
#include "cli.h"
#include "convert.h"

#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "import") == 0) {
        return archive_import(argv + 2, STDOUT_FILENO) == 0 ? CLI_EXIT_OK : CLI_EXIT_NO;
    }
    if (argc == 3 && strcmp(argv[1], "export") == 0) {
        return archive_export(STDIN_FILENO, argv[2]) == 0 ? CLI_EXIT_OK : CLI_EXIT_NO;
    }
    cli_error(
        "cubicle-archive is for 'cubicle run' to use: see its --root and --export");
    return CLI_EXIT_USAGE;
}
