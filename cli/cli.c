#include "cli.h"

#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What a terminal takes for an order is none: names in messages may come from files of others. */
static void cli_make_harmless(char *text)
{
    for (unsigned char *p = (unsigned char *)text; *p != '\0'; p++) {
        const bool control = (*p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7f;
        const bool control_of_utf8 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;
        if (control || control_of_utf8) {
            *p = '?';
        }
        if (control_of_utf8) {
            p[1] = '?';
        }
    }
}

static void cli_message(const char *prefix, const char *format, va_list arguments)
{
    char text[2048];

    vsnprintf(text, sizeof(text), format, arguments);
    cli_make_harmless(text);
    fflush(stdout);
    fprintf(stderr, "%s%s\n", prefix, text);
}

void cli_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    cli_message("cubicle: ", format, arguments);
    va_end(arguments);
}

void cli_hint(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    cli_message("  ", format, arguments);
    va_end(arguments);
}

static void cli_no_memory(void)
{
    cli_error("out of memory");
    exit(CLI_EXIT_NO);
}

void cli_parse(const struct argp *argp, int argc, char **argv, unsigned flags,
               void *input)
{
    if (argp_parse(argp, argc, argv, flags, NULL, input) != 0) {
        cli_no_memory();
    }
}

void *cli_calloc(size_t count, size_t size)
{
    void *p = calloc(count > 0 ? count : 1, size);

    if (p == NULL) {
        cli_no_memory();
    }
    return p;
}

char *cli_format(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0) {
        cli_no_memory();
    }
    va_end(arguments);
    return text;
}

char *cli_build_path(const char *relative)
{
    static char self[PATH_MAX];
    static const char *top; /* the folder that bin/ is in */

    if (top == NULL) {
        const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        top = n > 0 ? dirname(dirname(self)) : "..";
    }
    return cli_format("%s/%s", top, relative);
}

char *cli_modules_path(bool plain)
{
    return cli_build_path(plain ? "modules/plain" : "modules/sfi");
}
