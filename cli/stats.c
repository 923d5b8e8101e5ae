#include "stats.h"

#include "cli.h"
#include "output_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int stats_create(void)
{
    const int fd = memfd_create("cubicle-stats", MFD_CLOEXEC);

    if (fd < 0) {
        cli_error("--stats: cannot make a memory file: %s", strerror(errno));
    }
    return fd;
}

json_t *stats_load(int fd)
{
    json_error_t error;

    if (lseek(fd, 0, SEEK_SET) != 0) {
        return NULL;
    }
    json_t *stats = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);
    if (stats == NULL) {
        cli_error("no statistics: the system did not run to its end");
    }
    return stats;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "?";
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void print_cubicles(const json_t *cubicles, FILE *out)
{
    const json_t *cubicle;
    size_t i;

    fprintf(out, "\n%-16s %12s %12s %12s\n", "cubicle", "pages", "peak pages", "traps");
    json_array_foreach(cubicles, i, cubicle)
    {
        fprintf(out, "%-16s %12" PRId64 " %12" PRId64 " %12" PRId64 "\n",
                text_of(cubicle, "name"), number_of(cubicle, "pages"),
                number_of(cubicle, "peak_pages"), number_of(cubicle, "traps"));
    }
}

/* How views were switched, and what that had to make good. */
static void print_switching(const json_t *stats, FILE *out)
{
    fprintf(out, "\nisolation %s, rights switched by %s", text_of(stats, "isolation"),
            text_of(stats, "switching"));
    if (number_of(stats, "heals") != 0) {
        fprintf(out, ", %" PRId64 " lost views set again", number_of(stats, "heals"));
    }
    fputc('\n', out);
}

static int compare_edges(const void *a, const void *b)
{
    const int64_t x = number_of(*(json_t *const *)a, "calls");
    const int64_t y = number_of(*(json_t *const *)b, "calls");

    return (x < y) - (x > y);
}

/* The busiest first; edges that were never used are left out. */
static void print_edges(const json_t *edges, FILE *out)
{
    const size_t count = json_array_size(edges);
    json_t **sorted = cli_calloc(count, sizeof(*sorted));
    int64_t calls = 0, bytes_in = 0, bytes_out = 0;

    for (size_t i = 0; i < count; i++) {
        sorted[i] = json_array_get(edges, i);
    }
    qsort(sorted, count, sizeof(*sorted), compare_edges);
    fprintf(out, "\n%-16s %-16s %-28s %12s %14s %14s\n", "caller", "callee", "function",
            "calls", "bytes in", "bytes out");
    for (size_t i = 0; i < count; i++) {
        if (number_of(sorted[i], "calls") == 0) {
            continue;
        }
        fprintf(out, "%-16s %-16s %-28s %12" PRId64 " %14" PRId64 " %14" PRId64 "\n",
                text_of(sorted[i], "caller"), text_of(sorted[i], "callee"),
                text_of(sorted[i], "function"), number_of(sorted[i], "calls"),
                number_of(sorted[i], "bytes_in"), number_of(sorted[i], "bytes_out"));
        calls += number_of(sorted[i], "calls");
        bytes_in += number_of(sorted[i], "bytes_in");
        bytes_out += number_of(sorted[i], "bytes_out");
    }
    fprintf(out, "%-16s %-16s %-28s %12" PRId64 " %14" PRId64 " %14" PRId64 "\n",
            "total", "", "", calls, bytes_in, bytes_out);
    free(sorted);
}

void stats_print(const json_t *stats, FILE *out)
{
    print_switching(stats, out);
    print_cubicles(json_object_get(stats, "cubicles"), out);
    print_edges(json_object_get(stats, "edges"), out);
}

int stats_save(const json_t *stats, const char *path)
{
    const bool to_stderr = strcmp(path, "-") == 0;
    struct output_file file = {.out = stderr};

    bool ok = to_stderr || output_begin(&file, path) == 0;
    if (ok) {
        ok = json_dumpf(stats, file.out, JSON_INDENT(2)) == 0 &&
             fputc('\n', file.out) != EOF;
        if (!to_stderr) {
            ok = output_end(&file, true) == 0 && ok;
        }
    }
    if (!ok) {
        cli_error("--json=%s: %s", path, strerror(errno));
    }
    return ok ? 0 : -1;
}
