/*
 * run_view FILE.cub: verifies and runs a test program in a view, and prints what it
 * wrote. The same program built by the host's compiler must print the same.
 */
#include "load.h"
#include "programs/probe.h"
#include "view.h"

#include <stdio.h>
#include <string.h>

#define OUTPUT_SIZE 65536u

/* The one import: checks that arguments and results pass, and that a host function
 * runs. */
static long host_echo(long a, double b)
{
    return a * 3 + (long)b;
}

static uint32_t import(const char *name)
{
    return strcmp(name, "probe_echo") == 0 ? view_stub((void *)host_echo) : 0;
}

int main(int argc, char **argv)
{
    if (argc != 2 || !view_create() || !load_module(argv[1], import, true)) {
        return 1;
    }
    uint32_t entry = load_symbol("probe_run");

    if (!entry) {
        fprintf(stderr, "%s: no probe_run\n", argv[1]);
        return 1;
    }
    view_call(entry, VIEW_HEAP, OUTPUT_SIZE);
    fputs(view_pointer(VIEW_HEAP), stdout);
    return 0;
}
