/* For scripts: a line for each system, cubicle and edge, words between single spaces, whose first says what it is. */
#include "cli.h"
#include "top.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_cpu(double cpu)
{
    if (cpu < 0) {
        fputs(" -", stdout);
    } else {
        printf(" %.1f", cpu);
    }
}

static void print_cubicle(const struct top_cubicle *cubicle)
{
    printf("cubicle %s %s", cubicle->name, cubicle->state);
    print_cpu(cubicle->rates.cpu);
    printf(" %.0f %.0f %.0f %" PRIu64, cubicle->rates.calls, cubicle->rates.bytes,
           cubicle->rates.traps, cubicle->memory);
    if (cubicle->quota == UINT64_MAX) {
        fputs(" -", stdout);
    } else {
        printf(" %" PRIu64, cubicle->quota);
    }
    printf(" %" PRIu64 "\n", cubicle->restarts);
}

static void print_edge(const struct top *top, const struct top_edge *edge)
{
    printf("edge %s %s %s %s", top->cubicles[edge->caller].name,
           top->cubicles[edge->callee].name, edge->interface,
           edge->function[0] != '\0' ? edge->function : "-");
    print_cpu(edge->rates.cpu);
    printf(" %.0f %.0f %.0f %" PRIu64 "\n", edge->rates.calls, edge->rates.bytes,
           edge->rates.traps, edge->total);
}

static void print_look(const struct top *top)
{
    printf("#system NAME PID ISOLATION SECONDS CPU%% CALLS/S BYTES/S TRAPS/S\n"
           "system %s %d %s %.2f",
           top->system, top->live.runner, top->isolation, top->seconds);
    print_cpu(top->rates.cpu);
    printf(" %.0f %.0f %.0f\n", top->rates.calls, top->rates.bytes, top->rates.traps);
    puts("#cubicle NAME STATE CPU% CALLS/S BYTES/S TRAPS/S MEMORY QUOTA RESTARTS");
    for (size_t i = 0; i < top->ncubicles; i++) {
        print_cubicle(&top->cubicles[top->cubicle_rows[i]]);
    }
    puts("#edge CALLER CALLEE INTERFACE FUNCTION CPU% CALLS/S BYTES/S TRAPS/S CALLS");
    for (size_t i = 0; i < top->nedges; i++) {
        const struct top_edge *edge = &top->edges[top->edge_rows[i]];
        if (edge->total > 0) {
            print_edge(top, edge);
        }
    }
}

int top_batch(struct top *top, unsigned count, double delay_s, enum top_order order)
{
    top_look(top);
    for (unsigned n = 0; count == 0 || n < count; n++) {
        const bool ended = live_wait(&top->live, (int)(delay_s * 1000));
        top_look(top);
        top_sort(top, order);
        print_look(top);
        if (fflush(stdout) != 0) {
            cli_error("cannot write standard output: %s", strerror(errno));
            return CLI_EXIT_NO;
        }
        if (ended) {
            cli_error("system %s has ended", top->system);
            return CLI_EXIT_OK;
        }
    }
    return CLI_EXIT_OK;
}
