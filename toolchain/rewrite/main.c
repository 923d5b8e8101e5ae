/*
 * cubicle-rewrite: makes the assembly that a compiler wrote obey the rules of software
 * fault isolation, and assembles it. Nothing trusts it: the monitor verifies the
 * result.
 */
#include "assemble.h"
#include "assembler.h"
#include "emit.h"
#include "layout.h"
#include "source.h"
#include "stretch.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: cubicle-rewrite [-S] [-o OUTPUT] [--as=ASSEMBLER] [--ask-lines] INPUT.s\n"
    "\n"
    "Instruments x86-64 assembly (AT&T syntax, as gcc -S writes it) for isolation in "
    "a\n"
    "cubicle, lays it out in 32-byte bundles, and assembles it. INPUT `-' is the "
    "standard\n"
    "input.\n"
    "\n"
    "  -o OUTPUT        the object file (default: INPUT with .o), or with -S the "
    "source\n"
    "                   (default: standard output)\n"
    "  -S               write the instrumented source instead of an object\n"
    "  --as=ASSEMBLER   GNU assembler to run, twice (default: as)\n"
    "  --ask-lines      where errors have no line of the C source, say nothing and "
    "exit\n"
    "                   with 3: compile again with -g1\n"
    "  --help           this text\n"
    "\n"
    "The input must have been compiled for it: cubicle-cc gives the options. Exit "
    "status: 0,\n"
    "3 where --ask-lines asks, or 1 after messages of the form FILE:LINE: error: ...\n";

#define EXIT_ASK_LINES 3

struct options {
    const char *input;
    const char *output;
    const char *assembler;
    bool source_only;
    bool ask_lines;
};

static bool parse_options(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {
        {"as", required_argument, NULL, 'a'},
        {"ask-lines", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int c;

    *options = (struct options){.assembler = "as"};
    while ((c = getopt_long(argc, argv, "o:S", names, NULL)) != -1) {
        switch (c) {
        case 'o':
            options->output = optarg;
            break;
        case 'S':
            options->source_only = true;
            break;
        case 'a':
            options->assembler = optarg;
            break;
        case 'l':
            options->ask_lines = true;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            return false;
        }
    }
    if (optind + 1 != argc) {
        fputs(usage, stderr);
        return false;
    }
    options->input = argv[optind];
    if (!options->output && !options->source_only) {
        const char *dot = strrchr(options->input, '.');
        size_t len = dot && !strchr(dot, '/') ? (size_t)(dot - options->input)
                                              : strlen(options->input);

        options->output = arena_printf("%.*s.o", (int)len, options->input);
    }
    return true;
}

static bool write_source(const struct program *program, const char *name)
{
    FILE *out = name && strcmp(name, "-") != 0 ? fopen(name, "w") : stdout;

    if (!out) {
        fprintf(stderr, "cubicle-rewrite: %s: %s\n", name, strerror(errno));
        return false;
    }
    emit(program, out);
    if (fflush(out) || ferror(out) || (out != stdout && fclose(out))) {
        fprintf(stderr, "cubicle-rewrite: cannot write %s\n", name ? name : "output");
        return false;
    }
    return true;
}

static bool rewrite(const struct options *options, struct program *program)
{
    char *text = tool_read(options->input);

    if (!text) {
        return false;
    }
    source_read(program, text);
    free(text);
    if (program->nerrors || !assemble_sizes(program, options->assembler)) {
        return false;
    }
    layout(program);
    stretch(program);
    if (options->source_only) {
        return write_source(program, options->output);
    }
    return assemble_object(program, options->assembler, options->output);
}

int main(int argc, char **argv)
{
    struct options options;
    struct program program;

    if (!parse_options(argc, argv, &options)) {
        return 1;
    }
    program_init(&program, strcmp(options.input, "-") != 0 ? options.input : "<stdin>");
    char *messages = NULL;
    size_t len = 0;

    if (options.ask_lines && !(program.messages = open_memstream(&messages, &len))) {
        tool_fail("cannot keep", "messages");
        return 1;
    }
    bool ok = rewrite(&options, &program);
    const bool ask = options.ask_lines && program.lines_missing;

    if (options.ask_lines) {
        fclose(program.messages);
        fputs(ask ? "" : messages, stderr);
        free(messages);
    }
    program_free(&program);
    arena_free();
    return ok ? 0 : ask ? EXIT_ASK_LINES : 1;
}
