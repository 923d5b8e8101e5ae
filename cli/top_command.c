#include "cli.h"
#include "top.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum top_key {
    KEY_COUNT = 'n',
    KEY_DELAY = 'd',
    KEY_SORT = 's',
    KEY_FUNCTIONS = 'f',
    KEY_BATCH = 'b'
};

static const char doc[] =
    "Shows what happens in a running system: calls, bytes and traps per second, share "
    "of the processor, and "
    "memory against its limit, for each cubicle and for each pair of them.\v"
    "SYSTEM is the name of a system that runs, or PID the process of 'cubicle run'; "
    "without it, the only one. The share "
    "of the processor is known of cubicles whose system was started with --graph or "
    "--top; else of the system as a "
    "whole.\n"
    "Keys: q ends, p goes on or waits, f functions or interfaces, c b u t m n (calls, "
    "bytes, CPU, traps, memory, name) sort, "
    "arrows and Page keys move.\n"
    "Exit status: 0; 1 when there is no such system, or not one that you may look "
    "at; 128 and the number of the signal that ended it.\n\n"
    "Examples:\n"
    "  cubicle top\n"
    "  cubicle top nginx --sort=bytes\n"
    "  cubicle top 4711 --batch -n 10 -d 0.5 | grep '^edge'";

static const struct argp_option options[] = {
    {"batch", KEY_BATCH, NULL, 0,
     "lines for scripts on standard output: words, the first of which says what it is",
     0},
    {"count", KEY_COUNT, "COUNT", 0,
     "with --batch: how often (default: until the system ends)", 0},
    {"delay", KEY_DELAY, "SECONDS", 0,
     "from one look to the next, 0.05 to 3600 (default: 1)", 0},
    {"sort", KEY_SORT, "COLUMN", 0, "calls (default), bytes, cpu, traps, memory, name",
     0},
    {"functions", KEY_FUNCTIONS, NULL, 0,
     "a row for each function, not for each interface", 0},
    {0},
};

struct top_options {
    const char *which;
    bool batch, functions;
    unsigned count;
    double delay_s;
    enum top_order order;
};

static enum top_order parse_order(const char *argument, const struct argp_state *state)
{
    static const char *const names[TOP_NORDERS] = {
        [TOP_BY_CALLS] = "calls", [TOP_BY_BYTES] = "bytes",   [TOP_BY_CPU] = "cpu",
        [TOP_BY_TRAPS] = "traps", [TOP_BY_MEMORY] = "memory", [TOP_BY_NAME] = "name"};

    for (unsigned i = 0; i < TOP_NORDERS; i++) {
        if (strcmp(argument, names[i]) == 0) {
            return (enum top_order)i;
        }
    }
    argp_error(state, "--sort=%s: calls, bytes, cpu, traps, memory or name", argument);
    return TOP_BY_CALLS;
}

static void parse_number(int key, const char *argument, const struct argp_state *state,
                         struct top_options *o)
{
    char *end;
    const double number = strtod(argument, &end);
    const bool whole = *argument != '\0' && *end == '\0';

    if (key == KEY_DELAY) {
        o->delay_s = number;
        if (!whole || !(number >= 0.05 && number <= 3600)) {
            argp_error(state, "--delay=%s: 0.05 to 3600 seconds", argument);
        }
    } else {
        if (!whole || !(number >= 1 && number <= 1e9) ||
            number != (double)(unsigned)number) {
            argp_error(state, "--count=%s: a number from 1 to 1000000000", argument);
        }
        o->count = (unsigned)number;
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct top_options *o = state->input;

    switch (key) {
    case KEY_BATCH:
        o->batch = true;
        return 0;
    case KEY_FUNCTIONS:
        o->functions = true;
        return 0;
    case KEY_SORT:
        o->order = parse_order(argument, state);
        return 0;
    case KEY_COUNT:
    case KEY_DELAY:
        parse_number(key, argument, state, o);
        return 0;
    case ARGP_KEY_ARG:
        if (o->which != NULL) {
            argp_error(state, "'%s': one system at a time", argument);
        }
        o->which = argument;
        return 0;
    case ARGP_KEY_END:
        if (o->count != 0 && !o->batch) {
            argp_error(state, "--count goes with --batch");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int cli_top(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options, .parser = parse, .args_doc = "[SYSTEM|PID]", .doc = doc};
    struct top_options o = {.delay_s = 1};
    struct top top = {.output = -1};

    argp_err_exit_status = CLI_EXIT_USAGE;
    cli_parse(&argp, argc, argv, 0, &o);
    if (live_find(o.which, &top.live) != 0) {
        return CLI_EXIT_NO;
    }
    top_begin(&top, o.functions);
    return o.batch ? top_batch(&top, o.count, o.delay_s, o.order)
                   : top_screen(&top, o.delay_s, o.order, o.functions, true);
}
