#include "stats.h"
#include "cubicle.h"
#include "trampoline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Names come from the manifest and from C headers: they need no escaping but these two. */
static void stats_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
    fputc('"', out);
}

static void stats_cubicle(FILE *out, const struct cubicle *cubicle)
{
    static const char *const states[] = {"absent", "live", "exited", "dead"};
    fprintf(out, "%s{\"name\":", cubicle->id > 1 ? "," : "");
    stats_string(out, cubicle->name);
    fprintf(out,
            ",\"state\":\"%s\",\"traps\":%" PRIu64 ",\"mapped\":%" PRIu64
            ",\"pages\":%" PRIu64 ",\"peak_pages\":%" PRIu64 "}",
            states[cubicle->state], cubicle->traps, cubicle->mapped, cubicle->npages,
            cubicle->peak_pages);
}

static void stats_edge(FILE *out, const struct trampoline *t, const char *separator)
{
    fprintf(out, "%s{\"caller\":", separator);
    stats_string(out, cubicle_name(t->caller));
    fputs(",\"callee\":", out);
    stats_string(out, cubicle_name(t->callee));
    fputs(",\"interface\":", out);
    stats_string(out, t->interface);
    fputs(",\"function\":", out);
    stats_string(out, t->function->name);
    fprintf(out,
            ",\"calls\":%" PRIu64 ",\"bytes_in\":%" PRIu64 ",\"bytes_out\":%" PRIu64 "}",
            t->calls, t->bytes_in, t->bytes_out);
}

int stats_write(int fd)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return -ENOMEM;
    }
    fputs("{\"cubicles\":[", out);
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        stats_cubicle(out, cubicle_get(id));
    }
    fputs("],\"edges\":[", out);
    const char *separator = "";
    for (uint32_t id = 1; id <= trampoline_count(); id++) {
        if (trampoline_get(id)->calls > 0) {
            stats_edge(out, trampoline_get(id), separator);
            separator = ",";
        }
    }
    fputs("]}\n", out);
    int error = fclose(out) == 0 ? 0 : -errno;
    for (size_t done = 0; error == 0 && done < size;) {
        const ssize_t n = write(fd, text + done, size - done);
        if (n < 0 && errno != EINTR) {
            error = -errno;
        } else if (n > 0) {
            done += (size_t)n;
        }
    }
    free(text);
    return error;
}
