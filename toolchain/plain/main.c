/* cubicle-plain: the command line. */
#include "plain.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: cubicle-plain [-o OUTPUT] [--as=ASSEMBLER] INPUT.s\n"
    "       cubicle-plain --linked [--retry] MODULE.o\n"
    "\n"
    "Assembles x86-64 assembly (AT&T syntax, as gcc -S writes it) to plain machine "
    "code\n"
    "in which no byte begins an instruction that isolation by protection keys "
    "forbids:\n"
    "system calls, WRPKRU, XRSTOR and others that change rights. INPUT `-' is the\n"
    "standard input.\n"
    "\n"
    "  -o OUTPUT        the object file (default: INPUT with .o)\n"
    "  --as=ASSEMBLER   GNU assembler to run (default: as)\n"
    "  --linked         change a module that ld -r has linked: what distances between\n"
    "                   its parts and addresses of its data spell\n"
    "  --retry          leave the module alone and exit with 2 where other addresses "
    "of\n"
    "                   its data would help\n"
    "  --help           this text\n"
    "\n"
    "Bytes that it cannot avoid are left with a warning; `mpk` refuses a module that\n"
    "holds them. Exit status: 0, 1 after an error message, or 2.\n";

int main(int argc, char **argv)
{
    static const struct option names[] = {
        {"as", required_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {"linked", no_argument, NULL, 'l'},
        {"retry", no_argument, NULL, 'r'},
        {0},
    };
    const char *assembler = "as";
    const char *output = NULL;
    bool linked = false;
    bool retry = false;
    int c;

    while ((c = getopt_long(argc, argv, "o:", names, NULL)) != -1) {
        switch (c) {
        case 'o':
            output = optarg;
            break;
        case 'a':
            assembler = optarg;
            break;
        case 'l':
            linked = true;
            break;
        case 'r':
            retry = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            return 1;
        }
    }
    if (optind + 1 != argc || (linked && output)) {
        fputs(usage, stderr);
        return 1;
    }
    const char *input = argv[optind];

    if (!output) {
        const char *dot = strrchr(input, '.');
        size_t len = dot && !strchr(dot, '/') ? (size_t)(dot - input) : strlen(input);

        output = arena_printf("%.*s.o", (int)len, input);
    }
    int status =
        linked ? plain_link(input, retry) : !plain_object(input, output, assembler);

    arena_free();
    return status;
}
