#include "graph.h"

#include "cli.h"
#include "load/link.h"
#include "load/module.h"
#include "load/registry.h"

#include <stdlib.h>
#include <string.h>

struct reading {
    struct graph *graph;
    struct link_system system;
    size_t *cubicles; /* of each module */
};

/* @array, which is freed, with room for one more of @size bytes. */
static void *with_room(void *array, size_t count, size_t size)
{
    void *larger = cli_calloc(count + 1, size);

    if (count > 0) {
        memcpy(larger, array, count * size);
    }
    free(array);
    return larger;
}

static struct graph_edge *edge_find(struct graph *graph, size_t caller, size_t callee,
                                    const char *interface)
{
    for (size_t i = 0; i < graph->nedges; i++) {
        struct graph_edge *edge = &graph->edges[i];
        if (edge->caller == caller && edge->callee == callee &&
            strcmp(edge->interface, interface) == 0) {
            return edge;
        }
    }
    return NULL;
}

static struct graph_edge *edge_make(struct graph *graph, size_t caller, size_t callee,
                                    const char *interface)
{
    struct graph_edge *edge = edge_find(graph, caller, callee, interface);

    if (edge != NULL) {
        return edge;
    }
    graph->edges = with_room(graph->edges, graph->nedges, sizeof(*edge));
    edge = &graph->edges[graph->nedges++];
    *edge =
        (struct graph_edge){.caller = caller, .callee = callee, .interface = interface};
    return edge;
}

static size_t count_imports(const struct module *module,
                            const struct descriptor *interface)
{
    size_t count = 0;

    for (size_t i = 0; i < interface->nfunctions; i++) {
        count += module_imports(module, &interface->functions[i]);
    }
    return count;
}

/* Interfaces of the host lead out of the system; `cubicle` everybody has. */
static bool is_host(const char *interface)
{
    return strncmp(interface, "host", 4) == 0;
}

static size_t module_index(const struct reading *reading, const char *name)
{
    size_t i = 0;

    while (i < reading->system.nmodules &&
           strcmp(reading->system.modules[i].name, name) != 0) {
        i++;
    }
    return i;
}

/* A row of `bind` for an interface that may have several providers: the consumer binds one when it
 * runs. For other interfaces it decides what link_provider() finds. */
static void add_binding(struct reading *reading, const struct monitor_binding *row)
{
    const size_t consumer = module_index(reading, row->consumer);
    const size_t provider = module_index(reading, row->provider);

    if (consumer == reading->system.nmodules || provider == reading->system.nmodules ||
        reading->cubicles[provider] == reading->cubicles[consumer] ||
        !link_imports(&reading->system.modules[consumer], "cubicle_bind")) {
        return;
    }
    const struct module *module = &reading->system.modules[provider];
    for (size_t i = 0; i < module->nprovides; i++) {
        const struct descriptor *interface = module->provides[i];
        if (interface->many && strcmp(interface->name, row->interface) == 0) {
            edge_make(reading->graph, reading->cubicles[consumer],
                      reading->cubicles[provider], interface->name)
                ->nimported = interface->nfunctions;
        }
    }
}

static int add_interface(struct reading *reading, size_t module,
                         const struct descriptor *interface)
{
    const struct module *const consumer = &reading->system.modules[module];
    const size_t caller = reading->cubicles[module];
    const size_t count = count_imports(consumer, interface);
    const struct module *provider;

    if (count == 0 || interface->many || strcmp(interface->name, "cubicle") == 0) {
        return 0;
    }
    size_t callee = GRAPH_HOST;
    if (!is_host(interface->name)) {
        if (link_provider(&reading->system, consumer, interface, "functions",
                          &provider) != 0) {
            return -1;
        }
        callee = reading->cubicles[provider - reading->system.modules];
    }
    if (callee != caller) {
        struct graph_edge *edge =
            edge_make(reading->graph, caller, callee, interface->name);
        edge->nimported = count > edge->nimported ? count : edge->nimported;
    }
    return 0;
}

/* Reads the module files, each with what the manifest says of it. */
static int read_modules(struct reading *reading)
{
    const struct monitor_config *config = reading->graph->config;
    const char *code = config->isolation == MONITOR_ISOLATION_SFI ? "sfi" : "plain";
    size_t count = 0;

    for (size_t i = 0; i < config->ncubicles; i++) {
        count += config->cubicles[i].nmodules;
    }
    reading->system.modules = cli_calloc(count, sizeof(*reading->system.modules));
    reading->cubicles = cli_calloc(count, sizeof(*reading->cubicles));
    for (size_t i = 0; i < config->ncubicles; i++) {
        for (size_t k = 0; k < config->cubicles[i].nmodules; k++) {
            const struct monitor_module *from = &config->cubicles[i].modules[k];
            struct module *module = &reading->system.modules[reading->system.nmodules];
            *module = (struct module){.name = from->name,
                                      .rights = from->rights,
                                      .is_boot = strcmp(from->name, config->boot) == 0};
            if (module_read(from->path, code, module) != 0) {
                return -1;
            }
            reading->cubicles[reading->system.nmodules++] = i;
        }
    }
    return 0;
}

int graph_read(const struct monitor_config *config, struct graph *graph)
{
    struct reading reading = {.graph = graph, .system = {.config = config}};
    int error = 0;

    *graph = (struct graph){.config = config};
    if (registry_read(config->interfaces_dir) != 0) {
        return -1;
    }
    error = read_modules(&reading);
    for (size_t i = 0; error == 0 && i < reading.system.nmodules; i++) {
        const struct module *module = &reading.system.modules[i];
        for (size_t k = 0; error == 0 && k < module->nuses; k++) {
            error = add_interface(&reading, i, module->uses[k]);
        }
    }
    for (size_t i = 0; error == 0 && i < config->nbindings; i++) {
        add_binding(&reading, &config->bindings[i]);
    }
    for (size_t i = 0; i < reading.system.nmodules; i++) {
        module_close(&reading.system.modules[i]);
    }
    free(reading.system.modules);
    free(reading.cubicles);
    return error;
}

size_t graph_find_cubicle(const struct graph *graph, const char *name)
{
    for (size_t i = 0; name != NULL && i < graph->config->ncubicles; i++) {
        if (strcmp(graph->config->cubicles[i].name, name) == 0) {
            return i;
        }
    }
    return GRAPH_HOST;
}

static int compare_functions(const void *a, const void *b)
{
    const struct graph_function *x = a, *y = b;

    return (x->calls < y->calls) - (x->calls > y->calls);
}

/* Of numbers that are not negative; a run that counts more is none. */
static int64_t sum(int64_t a, int64_t b)
{
    return a < INT64_MAX - b ? a + b : INT64_MAX;
}

static void edge_add_function(struct graph_edge *edge,
                              const struct graph_function *function)
{
    edge->functions = with_room(edge->functions, edge->nfunctions, sizeof(*function));
    edge->functions[edge->nfunctions++] = *function;
    edge->calls = sum(edge->calls, function->calls);
    edge->bytes = sum(edge->bytes, function->bytes);
    edge->traps = sum(edge->traps, function->traps);
    edge->samples = sum(edge->samples, function->samples);
}

void graph_count(struct graph *graph, json_t *stats)
{
    const json_t *row;
    size_t i;

    graph->stats = json_incref(stats);
    graph->counted = true;
    json_array_foreach(json_object_get(stats, "edges"), i, row)
    {
        const char *interface = json_string_value(json_object_get(row, "interface"));
        const char *callee_name = json_string_value(json_object_get(row, "callee"));
        const size_t caller = graph_find_cubicle(
            graph, json_string_value(json_object_get(row, "caller")));
        const size_t callee = graph_find_cubicle(graph, callee_name);
        /* What the monitor calls, or is called for, is no edge; its host calls are. */
        if (interface == NULL || caller == GRAPH_HOST ||
            (callee == GRAPH_HOST && !is_host(interface))) {
            continue;
        }
        const struct graph_function function = {
            .name = json_string_value(json_object_get(row, "function")),
            .calls = json_integer_value(json_object_get(row, "calls")),
            .bytes = json_integer_value(json_object_get(row, "bytes_in")) +
                     json_integer_value(json_object_get(row, "bytes_out")),
            .traps = json_integer_value(json_object_get(row, "traps")),
            .samples = json_integer_value(json_object_get(row, "samples")),
        };
        edge_add_function(edge_make(graph, caller, callee, interface), &function);
        graph->calls = sum(graph->calls, function.calls);
        graph->samples = sum(graph->samples, function.samples);
    }
    for (size_t k = 0; k < graph->nedges; k++) {
        if (graph->edges[k].nfunctions > 0) {
            qsort(graph->edges[k].functions, graph->edges[k].nfunctions,
                  sizeof(*graph->edges[k].functions), compare_functions);
        }
    }
}
