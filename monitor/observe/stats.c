/*
 * No stdio: behind the outer wall its growing buffers would make host calls (mremap)
 * that the filter forbids.
 */
#include "stats.h"
#include "backend/backend.h"
#include "base/cubicle.h"
#include "base/message.h"
#include "call/trampoline.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

struct stats {
    int fd;
    int error; /* the first one; nothing is written after it */
    size_t len;
    char text[4096];
};

static void stats_flush(struct stats *s)
{
    for (size_t done = 0; s->error == 0 && done < s->len;) {
        const ssize_t n = write(s->fd, s->text + done, s->len - done);
        if (n > 0) {
            done += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            s->error = n == 0 ? -EIO : -errno;
        }
    }
    s->len = 0;
}

static void stats_byte(struct stats *s, char byte)
{
    if (s->len == sizeof(s->text)) {
        stats_flush(s);
    }
    s->text[s->len++] = byte;
}

static void stats_text(struct stats *s, const char *text)
{
    for (; *text != '\0'; text++) {
        stats_byte(s, *text);
    }
}

/* Names come from the manifest and from C headers: they need no escaping but these two. */
static void stats_string(struct stats *s, const char *text)
{
    stats_byte(s, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            stats_byte(s, '\\');
        }
        stats_byte(s, *text);
    }
    stats_byte(s, '"');
}

/* ,"KEY":VALUE */
static void stats_number(struct stats *s, const char *key, uint64_t value)
{
    char digits[21];
    stats_byte(s, ',');
    stats_string(s, key);
    stats_byte(s, ':');
    stats_text(s, message_decimal(digits, value));
}

static void stats_cubicle(struct stats *s, const struct cubicle *cubicle)
{
    static const char *const states[] = {"absent", "starting", "live", "exited",
                                         "dead"};
    stats_text(s, cubicle->id > 1 ? ",{\"name\":" : "{\"name\":");
    stats_string(s, cubicle->name);
    stats_text(s, ",\"state\":");
    stats_string(s, states[cubicle->state]);
    stats_number(s, "traps", cubicle->traps);
    stats_number(s, "retags", cubicle->retags);
    stats_number(s, "mapped", cubicle->mapped);
    stats_number(s, "restarts", cubicle->restarts);
    stats_number(s, "pages", cubicle->npages);
    stats_number(s, "peak_pages", cubicle->peak_pages);
    stats_byte(s, '}');
}

static void stats_edge(struct stats *s, const struct trampoline *t, bool first)
{
    stats_text(s, first ? "{\"caller\":" : ",{\"caller\":");
    stats_string(s, cubicle_name(t->caller));
    stats_text(s, ",\"callee\":");
    stats_string(s, cubicle_name(t->callee));
    stats_text(s, ",\"interface\":");
    stats_string(s, t->interface);
    stats_text(s, ",\"function\":");
    stats_string(s, t->function->name);
    stats_number(s, "calls", t->count->calls);
    stats_number(s, "bytes_in", t->count->bytes_in);
    stats_number(s, "bytes_out", t->count->bytes_out);
    stats_number(s, "samples", t->count->samples);
    stats_number(s, "traps", t->count->traps);
    stats_byte(s, '}');
}

int stats_write(int fd)
{
    struct stats s = {.fd = fd};
    bool first = true;
    uint64_t restored;
    stats_text(&s, "{\"isolation\":");
    stats_string(&s, backend->name);
    stats_text(&s, ",\"switching\":");
    stats_string(&s, backend->switching(&restored));
    stats_number(&s, "heals", restored);
    stats_text(&s, ",\"cubicles\":[");
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        stats_cubicle(&s, cubicle_get(id));
    }
    stats_text(&s, "],\"edges\":[");
    for (uint32_t id = 1; id <= trampoline_count(); id++) {
        if (trampoline_get(id)->count->calls > 0) {
            stats_edge(&s, trampoline_get(id), first);
            first = false;
        }
    }
    stats_text(&s, "]}\n");
    stats_flush(&s);
    return s.error;
}
