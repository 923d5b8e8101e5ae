/* Rates from counters. A counter may have any value: another process wrote it. */
#include "base/layout.h"
#include "cli.h"
#include "top.h"

#include <stdlib.h>
#include <string.h>

static struct top *sorting; /* what the comparisons are about */
static enum top_order sorting_by;

static const char *state_name(uint32_t state)
{
    static const char *const states[] = {"absent", "starting", "live", "exited",
                                         "dead"};

    return state < sizeof(states) / sizeof(*states) ? states[state] : "?";
}

/* Cubicle @id, or the monitor where there is none of this number. */
static uint16_t cubicle_place(const struct top *top, uint16_t id)
{
    return id < top->ncubicles ? id : 0;
}

static int compare_names(uint32_t x, uint32_t y)
{
    char x_name[COUNTERS_NAME_SIZE], y_name[COUNTERS_NAME_SIZE];

    if (x == y) {
        return 0;
    }
    live_name(&sorting->live, x, x_name);
    live_name(&sorting->live, y, y_name);
    return strcmp(x_name, y_name);
}

static int compare_edges(const struct counters_edge *x, const struct counters_edge *y,
                         bool functions)
{
    if (x->caller != y->caller) {
        return x->caller < y->caller ? -1 : 1;
    }
    if (x->callee != y->callee) {
        return x->callee < y->callee ? -1 : 1;
    }
    const int interfaces = compare_names(x->interface, y->interface);
    return interfaces != 0 || !functions ? interfaces
                                         : compare_names(x->function, y->function);
}

/* Of @top->before: a copy, which stays as it is while it is sorted. */
static int compare_trampolines(const void *x, const void *y)
{
    return compare_edges(&sorting->before[*(const uint32_t *)x],
                         &sorting->before[*(const uint32_t *)y], true);
}

void top_group(struct top *top, bool functions)
{
    sorting = top;
    top->grouped = true;
    top->nedges = 0;
    for (size_t i = 0; i < top->live.nedges; i++) {
        const struct counters_edge *now = &top->before[top->sorted[i]];
        const bool same = i > 0 && compare_edges(&top->before[top->sorted[i - 1]], now,
                                                 functions) == 0;
        if (!same) {
            struct top_edge *edge = &top->edges[top->nedges++];
            *edge = (struct top_edge){.caller = cubicle_place(top, now->caller),
                                      .callee = cubicle_place(top, now->callee),
                                      .first = i};
            live_name(&top->live, now->interface, edge->interface);
            if (functions) {
                live_name(&top->live, now->function, edge->function);
            }
        }
        top->edges[top->nedges - 1].end = i + 1;
    }
}

void top_begin(struct top *top, bool functions)
{
    const struct counters *c = top->live.counters;
    const size_t nedges = top->live.nedges;

    live_text(c->system, top->system);
    char isolation[COUNTERS_NAME_SIZE] = "";
    memcpy(isolation, c->isolation, sizeof(c->isolation) - 1);
    live_text(isolation, top->isolation);
    top->sampled = c->sample_ms != 0;
    top->ncubicles = (size_t)top->live.ncubicles + 1;
    top->cubicles = cli_calloc(top->ncubicles, sizeof(*top->cubicles));
    top->cubicle_rows = cli_calloc(top->ncubicles, sizeof(*top->cubicle_rows));
    top->edges = cli_calloc(nedges, sizeof(*top->edges));
    top->edge_rows = cli_calloc(nedges, sizeof(*top->edge_rows));
    top->before = cli_calloc(nedges + 1, sizeof(*top->before));
    top->sorted = cli_calloc(nedges, sizeof(*top->sorted));
    for (size_t id = 0; id < top->ncubicles; id++) {
        live_text(c->cubicles[id].name, top->cubicles[id].name);
    }
    memcpy(top->before, c->edges, (nedges + 1) * sizeof(*top->before));
    for (uint32_t i = 0; i < nedges; i++) {
        top->sorted[i] = i + 1;
    }
    sorting = top;
    qsort(top->sorted, nedges, sizeof(*top->sorted), compare_trampolines);
    top_group(top, functions);
    for (size_t id = 0; id <= nedges; id++) { /* the first look counts from the start */
        struct counters_edge *edge = &top->before[id];
        edge->calls = edge->bytes_in = edge->bytes_out = 0;
        edge->samples = edge->traps = 0;
    }
    top->time_s = top->cpu_time_s = top->live.start_s;
}

/* What was counted since @before, and is the next one's. */
static double since(uint64_t *before, uint64_t now)
{
    const uint64_t n = now > *before ? now - *before : 0;

    *before = now;
    return (double)n;
}

static void add(struct top_rates *to, const struct top_rates *more)
{
    to->calls += more->calls;
    to->bytes += more->bytes;
    to->traps += more->traps;
    to->cpu += more->cpu;
}

/* From numbers to rates; @cpu_per_sample: percent. */
static void scale(const struct top *top, struct top_rates *rates, double cpu_per_sample)
{
    const double seconds = top->seconds > 0 ? top->seconds : 1;

    rates->calls /= seconds;
    rates->bytes /= seconds;
    rates->traps /= seconds;
    rates->cpu = top->sampled ? rates->cpu * cpu_per_sample : -1;
}

static void look_at_edge(struct top *top, struct top_edge *edge)
{
    double traps = 0;

    edge->rates = (struct top_rates){0};
    edge->total = 0;
    for (size_t i = edge->first; i < edge->end; i++) {
        const struct counters_edge *now = &top->live.counters->edges[top->sorted[i]];
        struct counters_edge *before = &top->before[top->sorted[i]];
        const struct top_rates one = {
            .calls = since(&before->calls, now->calls),
            .bytes = since(&before->bytes_in, now->bytes_in) +
                     since(&before->bytes_out, now->bytes_out),
            .cpu = since(&before->samples, now->samples), /* for now a number */
        };
        add(&edge->rates, &one);
        edge->total += before->calls;
        traps += since(&before->traps, now->traps);
    }
    add(&top->cubicles[edge->callee].rates, &edge->rates);
    add(&top->rates, &edge->rates);
    edge->rates.traps = traps; /* cubicles, and so the system, have their own count */
}

static void look_at_cubicle(struct top *top, size_t id)
{
    const struct counters_cubicle *now = &top->live.counters->cubicles[id];
    struct top_cubicle *cubicle = &top->cubicles[id];

    cubicle->state = id == 0 ? "-" : state_name(now->state);
    cubicle->rates.traps = since(&cubicle->before_traps, now->traps);
    cubicle->memory = now->npages * PAGE_SIZE;
    cubicle->quota = id == 0 || now->quota_pages > UINT64_MAX / PAGE_SIZE
                         ? UINT64_MAX
                         : now->quota_pages * PAGE_SIZE;
    cubicle->restarts = now->restarts;
    top->rates.traps += cubicle->rates.traps;
}

/* Percent of one processor since the look before; -1: unknown. */
static double look_at_processor(struct top *top)
{
    const double now_s = live_now(), cpu_s = live_cpu_s(&top->live);
    const double seconds = now_s - top->cpu_time_s, used_s = cpu_s - top->cpu_s;

    top->cpu_time_s = now_s;
    if (cpu_s < 0) {
        return -1;
    }
    top->cpu_s = cpu_s;
    if (seconds <= 0) {
        return -1;
    }
    return used_s > 0 ? 100 * used_s / seconds : 0; /* a process may have ended */
}

/* When what the counters say was so. */
static double counted_s(const struct top *top)
{
    const uint64_t told_ns = top->live.counters->told_ns;

    return told_ns != 0 ? (double)told_ns / 1e9 : live_now();
}

void top_look(struct top *top)
{
    const double now_s = counted_s(top);

    if (now_s == top->time_s && !top->grouped) {
        return; /* nothing has been told since: the rates are still those */
    }
    top->grouped = false;
    top->seconds = now_s - top->time_s;
    top->time_s = now_s;
    top->rates = (struct top_rates){0};
    for (size_t id = 0; id < top->ncubicles; id++) {
        top->cubicles[id].rates = (struct top_rates){0};
        look_at_cubicle(top, id);
    }
    for (size_t i = 0; i < top->nedges; i++) {
        look_at_edge(top, &top->edges[i]);
    }
    const double cpu = look_at_processor(top);
    const double per_sample = top->rates.cpu > 0 && cpu > 0 ? cpu / top->rates.cpu : 0;
    for (size_t id = 0; id < top->ncubicles; id++) {
        scale(top, &top->cubicles[id].rates, per_sample);
    }
    for (size_t i = 0; i < top->nedges; i++) {
        scale(top, &top->edges[i].rates, per_sample);
    }
    scale(top, &top->rates, 0);
    top->rates.cpu = cpu;
}

/* By what rows are sorted; the largest comes first. */
static double value_of(const struct top_rates *rates, uint64_t memory)
{
    switch (sorting_by) {
    case TOP_BY_CALLS:
        return rates->calls;
    case TOP_BY_BYTES:
        return rates->bytes;
    case TOP_BY_CPU:
        return rates->cpu;
    case TOP_BY_TRAPS:
        return rates->traps;
    case TOP_BY_MEMORY:
        return (double)memory;
    default:
        return 0;
    }
}

static int compare_cubicle_rows(const void *x, const void *y)
{
    const uint16_t a = *(const uint16_t *)x, b = *(const uint16_t *)y;
    const struct top_cubicle *c = &sorting->cubicles[a], *d = &sorting->cubicles[b];
    const double left = value_of(&c->rates, c->memory),
                 right = value_of(&d->rates, d->memory);

    if (left != right) {
        return left > right ? -1 : 1;
    }
    const int names = sorting_by == TOP_BY_NAME ? strcmp(c->name, d->name) : 0;
    return names != 0 ? names : (a > b) - (a < b);
}

static int compare_edge_rows(const void *x, const void *y)
{
    const uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    const struct top_edge *e = &sorting->edges[a], *f = &sorting->edges[b];
    double left = value_of(&e->rates, 0), right = value_of(&f->rates, 0);

    if (left == right && sorting_by != TOP_BY_NAME) {
        left = e->rates.calls;
        right = f->rates.calls;
    }
    if (left != right) {
        return left > right ? -1 : 1;
    }
    const struct top_cubicle *c = sorting->cubicles;
    const int names =
        sorting_by == TOP_BY_NAME ? strcmp(c[e->caller].name, c[f->caller].name) : 0;
    return names != 0 ? names : (a > b) - (a < b);
}

void top_sort(struct top *top, enum top_order order)
{
    sorting = top;
    sorting_by = order;
    for (size_t i = 0; i < top->ncubicles; i++) {
        top->cubicle_rows[i] = (uint16_t)i;
    }
    for (size_t i = 0; i < top->nedges; i++) {
        top->edge_rows[i] = (uint32_t)i;
    }
    qsort(top->cubicle_rows, top->ncubicles, sizeof(*top->cubicle_rows),
          compare_cubicle_rows);
    qsort(top->edge_rows, top->nedges, sizeof(*top->edge_rows), compare_edge_rows);
}
