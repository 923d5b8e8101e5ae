/* The picture of a graph. Names of cubicles, modules and functions are words; that of a system can be any text. */
#include "graph.h"

#include "cli.h"
#include "output_file.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOOLTIP_FUNCTIONS 8

/* From these shares on an edge has another colour. */
#define SHARE_BUSY 0.05
#define SHARE_BUSIER 0.25

extern char **environ;

struct palette {
    const char *ink, *faint;           /* text and lines; what is of less interest */
    const char *box, *application;     /* fills */
    const char *quiet, *busy, *busier; /* edges by their share */
};

static const struct palette palettes[] = {
    [GRAPH_LIGHT] = {"#1f2328", "#6e7781", "#f6f8fa", "#ddf4ff", "#8c959f", "#bf8700",
                     "#cf222e"},
    [GRAPH_DARK] = {"#e6edf3", "#8b949e", "#21262d", "#0c2d6b", "#6e7681", "#d29922",
                    "#f85149"},
};

/* 1234567 as 1.23M: three digits are enough in a picture. */
static const char *short_number(int64_t number, char *text, size_t size)
{
    static const struct {
        double unit;
        const char *name;
    } units[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        const double value = (double)number / units[i].unit;
        if (value >= 1) {
            snprintf(text, size, "%.*f%s",
                     value < 10    ? 2
                     : value < 100 ? 1
                                   : 0,
                     value, units[i].name);
            return text;
        }
    }
    snprintf(text, size, "%" PRId64, number);
    return text;
}

static bool is_application(const struct monitor_config *config,
                           const struct monitor_cubicle *cubicle)
{
    for (size_t i = 0; config->application != NULL && i < cubicle->nmodules; i++) {
        if (strcmp(cubicle->modules[i].name, config->application) == 0) {
            return true;
        }
    }
    return false;
}

static void write_cubicle(const struct graph *graph, size_t index,
                          const struct palette *colours, FILE *out)
{
    const struct monitor_cubicle *cubicle = &graph->config->cubicles[index];

    fprintf(out, "  c%zu [label=<<b>%s</b>", index, cubicle->name);
    if (cubicle->nmodules > 1 || strcmp(cubicle->modules[0].name, cubicle->name) != 0) {
        fprintf(out, "<br/><font point-size=\"10\" color=\"%s\">", colours->faint);
        for (size_t i = 0; i < cubicle->nmodules; i++) {
            fprintf(out, "%s%s", i > 0 ? ", " : "", cubicle->modules[i].name);
        }
        fputs("</font>", out);
    }
    fprintf(out, ">, fillcolor=\"%s\", tooltip=\"cubicle %s\"];\n",
            is_application(graph->config, cubicle) ? colours->application
                                                   : colours->box,
            cubicle->name);
}

static const char *edge_name(const struct graph *graph, size_t end)
{
    return end == GRAPH_HOST ? "host" : graph->config->cubicles[end].name;
}

static void write_counts(int64_t calls, int64_t bytes, int64_t traps, FILE *out)
{
    fprintf(out, "%" PRId64 " call%s, %" PRId64 " byte%s", calls, calls == 1 ? "" : "s",
            bytes, bytes == 1 ? "" : "s");
    if (traps > 0) { /* most edges have none */
        fprintf(out, ", %" PRId64 " trap%s", traps, traps == 1 ? "" : "s");
    }
}

static void write_time(const struct graph *graph, int64_t samples, FILE *out)
{
    if (graph->samples > 0) {
        fprintf(out, ", %.1f%% of the time",
                100 * (double)samples / (double)graph->samples);
    }
}

/* What a reader who points at the edge is told. */
static void write_tooltip(const struct graph *graph, const struct graph_edge *edge,
                          FILE *out)
{
    fprintf(out, "tooltip=\"%s to %s, interface %s: ", edge_name(graph, edge->caller),
            edge_name(graph, edge->callee), edge->interface);
    if (!graph->counted) {
        fprintf(out, "%zu function%s may be called", edge->nimported,
                edge->nimported == 1 ? "" : "s");
    } else {
        write_counts(edge->calls, edge->bytes, edge->traps, out);
        write_time(graph, edge->samples, out);
    }
    for (size_t i = 0; i < edge->nfunctions && i < TOOLTIP_FUNCTIONS; i++) {
        const struct graph_function *function = &edge->functions[i];
        fprintf(out, "\\n%s: ", function->name);
        write_counts(function->calls, function->bytes, function->traps, out);
        write_time(graph, function->samples, out);
    }
    fputs("\"", out);
}

static void write_end(size_t end, FILE *out)
{
    if (end == GRAPH_HOST) {
        fputs("host", out);
    } else {
        fprintf(out, "c%zu", end);
    }
}

/* Of the time of all calls, where it was measured; else of their number. */
static double edge_share(const struct graph *graph, const struct graph_edge *edge)
{
    if (graph->samples > 0) {
        return (double)edge->samples / (double)graph->samples;
    }
    return graph->calls > 0 ? (double)edge->calls / (double)graph->calls : 0;
}

static void write_edge(const struct graph *graph, const struct graph_edge *edge,
                       const struct palette *colours, FILE *out)
{
    const double share = edge_share(graph, edge);
    const char *colour = !graph->counted         ? colours->quiet
                         : share >= SHARE_BUSIER ? colours->busier
                         : share >= SHARE_BUSY   ? colours->busy
                                                 : colours->quiet;
    char calls[32];

    fputs("  ", out);
    write_end(edge->caller, out);
    fputs(" -> ", out);
    write_end(edge->callee, out);
    /* Spaces keep the text off the line, which may be wide. */
    fprintf(out, " [label=\"  %s  ", edge->interface);
    if (graph->counted) {
        fprintf(out, "\\n  %s", short_number(edge->calls, calls, sizeof(calls)));
        if (graph->samples > 0 && share >= 0.005) {
            fprintf(out, ", %.0f%%", 100 * share);
        }
        fputs("  ", out);
    }
    /* The width grows with the logarithm: a thousandth of the calls can still be seen. */
    fprintf(out, "\", color=\"%s\", fontcolor=\"%s\", penwidth=%.1f%s, ", colour,
            edge->calls > 0 || !graph->counted ? colours->ink : colours->faint,
            graph->counted ? 1 + 1.5 * log10(1 + 999 * share) : 1.2,
            graph->counted && edge->calls == 0 ? ", style=dashed" : "");
    write_tooltip(graph, edge, out);
    fputs("];\n", out);
}

/* Whether @text begins with U+FFFE or U+FFFF, which XML does not have. */
static bool is_no_character(const char *text)
{
    return strncmp(text, "\xef\xbf\xbe", 3) == 0 ||
           strncmp(text, "\xef\xbf\xbf", 3) == 0;
}

/* Between quotes; `dot` takes backslashes for more than they are. */
static void write_quoted(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) {
        if (is_no_character(text)) {
            fputc('?', out);
            text += 2;
            continue;
        }
        if (*text == '"' || *text == '\\') {
            fputc('\\', out);
        }
        fputc(*text >= 0 && *text < ' ' ? ' ' : *text, out);
    }
}

/* What the picture's signs mean. */
static void write_legend(const struct graph *graph, FILE *out)
{
    fputs("         label=\"", out);
    if (!graph->counted) {
        fputs("an edge: may call, through that interface", out);
    } else {
        fputs("an edge: how often it was called", out);
        fputs(graph->samples > 0 ? ", and its share of the processor time" : "", out);
    }
    fputs(graph->config->application != NULL ? "; blue: the application" : "", out);
    if (graph->counted) {
        fprintf(out,
                "\\nred: %.0f%% of %s and more; yellow: %.0f%% and more; dashed: "
                "never called",
                100 * SHARE_BUSIER, graph->samples > 0 ? "the time" : "all calls",
                100 * SHARE_BUSY);
    }
    fputs("\",\n", out);
    fputs("         labelloc=b, fontsize=10,\n", out);
}

void graph_write_dot(const struct graph *graph, enum graph_theme theme, FILE *out)
{
    const struct palette *colours = &palettes[theme];
    bool to_host = false;

    fputs("digraph \"", out);
    write_quoted(graph->config->system, out);
    fprintf(out,
            "\" {\n"
            "  graph [bgcolor=transparent, rankdir=TB, nodesep=0.5, ranksep=0.6,\n");
    write_legend(graph, out);
    fprintf(out,
            "         fontname=\"sans-serif\", fontcolor=\"%s\", tooltip=\"system ",
            colours->faint);
    write_quoted(graph->config->system, out);
    fprintf(out,
            "\"];\n"
            "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\",\n"
            "        color=\"%s\", fontcolor=\"%s\", fontsize=13];\n"
            "  edge [fontname=\"sans-serif\", fontsize=10, arrowsize=0.7];\n",
            colours->faint, colours->ink);
    for (size_t i = 0; i < graph->config->ncubicles; i++) {
        write_cubicle(graph, i, colours, out);
    }
    for (size_t i = 0; i < graph->nedges; i++) {
        to_host |= graph->edges[i].callee == GRAPH_HOST;
        write_edge(graph, &graph->edges[i], colours, out);
    }
    if (to_host) {
        fprintf(out,
                "  host [label=\"host kernel\", style=dashed, fontcolor=\"%s\", "
                "tooltip=\"outside, through the monitor\"];\n",
                colours->faint);
    }
    fputs("}\n", out);
}

static bool ends_in_svg(const char *path)
{
    const size_t len = strlen(path);

    return len >= 4 && strcasecmp(path + len - 4, ".svg") == 0;
}

/* A file without a name: nothing of it is left, whatever ends this process. NULL with errno. */
static FILE *unnamed_file(void)
{
    const int fd = memfd_create("cubicle-graph", MFD_CLOEXEC);

    return fd >= 0 ? fdopen(fd, "w+") : NULL;
}

/* Has `dot` draw what is in @from to @to; @path is what messages call it. */
static int draw(FILE *from, FILE *to, const char *path)
{
    char dot[] = "dot", kind[] = "-Tsvg";
    char *const argv[] = {dot, kind, NULL};
    posix_spawn_file_actions_t streams;
    pid_t pid;
    int status = 0;

    posix_spawn_file_actions_init(&streams);
    posix_spawn_file_actions_adddup2(&streams, fileno(from), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&streams, fileno(to), STDOUT_FILENO);
    rewind(from);
    const int error = posix_spawnp(&pid, dot, &streams, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&streams);
    if (error != 0) {
        cli_error("%s: cannot start 'dot': %s", path, strerror(error));
        cli_hint("install the package graphviz, or write DOT: -o FILE.dot");
        return -1;
    }
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        cli_error("%s: 'dot' could not draw it", path);
        return -1;
    }
    return 0;
}

/* False with errno. */
static bool copy_file(FILE *from, FILE *to)
{
    char bytes[8192];
    size_t n;

    rewind(from);
    while ((n = fread(bytes, 1, sizeof(bytes), from)) > 0) {
        if (fwrite(bytes, 1, n, to) != n) {
            return false;
        }
    }
    return ferror(from) == 0;
}

/* The contents of @whole take the place of file @path. */
static int save_file(FILE *whole, const char *path)
{
    struct output_file file;
    bool ok = output_begin(&file, path) == 0;

    if (ok) {
        const bool copied = copy_file(whole, file.out);
        ok = output_end(&file, copied) == 0;
    }
    if (!ok) {
        cli_error("cannot write %s: %s", path, strerror(errno));
    }
    return ok ? 0 : -1;
}

/* Writes the whole in memory before the file of before is touched. */
static int save(const struct graph *graph, enum graph_theme theme, const char *path)
{
    FILE *dot = unnamed_file(), *picture = unnamed_file();
    int result = -1;

    if (dot == NULL || picture == NULL) {
        cli_error("%s: cannot make a memory file: %s", path, strerror(errno));
    } else {
        graph_write_dot(graph, theme, dot);
        if (fflush(dot) != 0 || ferror(dot) != 0) {
            cli_error("cannot write %s: %s", path, strerror(errno));
        } else if (!ends_in_svg(path)) {
            result = save_file(dot, path);
        } else if (draw(dot, picture, path) == 0) {
            result = save_file(picture, path);
        }
    }
    if (dot != NULL) {
        fclose(dot);
    }
    if (picture != NULL) {
        fclose(picture);
    }
    return result;
}

int graph_save(const struct graph *graph, enum graph_theme theme, const char *path)
{
    if (strcmp(path, "-") == 0) {
        graph_write_dot(graph, theme, stdout);
        if (fflush(stdout) != 0) {
            cli_error("cannot write standard output: %s", strerror(errno));
            return -1;
        }
        return 0;
    }
    return save(graph, theme, path);
}
