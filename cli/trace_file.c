/*
 * Events become slices: a call is a slice on its callee's track, from its first event to its last;
 * calls that it makes lie within that time. Calls without a first event were cut off by the ring, calls without
 * a last one by a fault, an exit, or the end of the run.
 */
#include "trace_file.h"

#include "cli.h"
#include "observe/trace.h"
#include "output_file.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <x86intrin.h>

#define DEPTH_MAX (CONTROL_DEPTH + 16)

/* A call in progress where the reader stands. */
struct open_call {
    uint32_t id; /* 0: none is known at this depth */
    uint64_t time;
};

struct writing {
    FILE *out;
    const struct trace_memory *memory;
    uint64_t start_ticks;
    double us_per_tick;
    struct open_call calls[DEPTH_MAX];
    unsigned depth; /* calls[] is in use below */
    bool more;      /* an event has been written */
    /* Of each trampoline's callee: the number of the first trampoline that has it. */
    uint32_t tracks[TRAMPOLINE_MAX + 1];
};

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int trace_open(struct trace *trace)
{
    /* Touched as far as it is used. */
    trace->memory = mmap(NULL, sizeof(*trace->memory), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (trace->memory == MAP_FAILED) {
        cli_error("--trace: cannot map %zu MiB: %s", sizeof(*trace->memory) >> 20,
                  strerror(errno));
        return -1;
    }
    trace->start_ns = now_ns();
    trace->start_ticks = __rdtsc();
    return 0;
}

/* Names come from the manifest and from C: they need no escaping. */
static const struct trace_name *name_of(const struct writing *w, uint32_t id)
{
    return &w->memory->names[id <= w->memory->nnames ? id : 0];
}

static uint32_t track_of(const struct writing *w, uint32_t id)
{
    return id <= w->memory->nnames ? w->tracks[id] : 0;
}

static void begin_event(struct writing *w)
{
    fputs(w->more ? ",\n" : "\n", w->out);
    w->more = true;
}

static void write_tracks(struct writing *w, const char *system)
{
    const struct trace_name *names = w->memory->names;

    /* The system's name is any text; those of cubicles and functions are words. */
    json_t *name = json_string(system);

    begin_event(w); /* else viewers show a number */
    fputs("{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"tid\":0,"
          "\"args\":{\"name\":",
          w->out);
    if (name == NULL || json_dumpf(name, w->out, JSON_ENCODE_ANY) != 0) {
        fputs("\"\"", w->out);
    }
    fputs("}}", w->out);
    json_decref(name);

    for (uint32_t id = 1; id <= w->memory->nnames; id++) {
        uint32_t first = 1;
        while (strcmp(names[first].callee, names[id].callee) != 0) {
            first++;
        }
        w->tracks[id] = first;
        if (first == id) {
            begin_event(w);
            fprintf(w->out,
                    "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":%" PRIu32
                    ",\"args\":{\"name\":\"%s\"}}",
                    id, names[id].callee);
        }
    }
}

/* Since the start, in whole nanoseconds: a slice that begins where another ends must do so in the file, too, or viewers take
 * the two for slices that overlap, and drop one. */
static double microseconds(const struct writing *w, uint64_t time)
{
    return round((double)(int64_t)(time - w->start_ticks) * w->us_per_tick * 1000) /
           1000;
}

static void close_calls(struct writing *w, unsigned depth, uint64_t time)
{
    while (w->depth > depth) {
        const struct open_call *call = &w->calls[--w->depth];
        if (call->id == 0) {
            continue;
        }
        const struct trace_name *name = name_of(w, call->id);
        begin_event(w);
        fprintf(
            w->out,
            "{\"ph\":\"X\",\"name\":\"%s\",\"cat\":\"%s\",\"pid\":1,\"tid\":%" PRIu32
            ",\"ts\":%.3f,\"dur\":%.3f,\"args\":{\"caller\":\"%s\"}}",
            name->function, name->interface, track_of(w, call->id),
            microseconds(w, call->time),
            microseconds(w, time) - microseconds(w, call->time), name->caller);
    }
}

static void open_call(struct writing *w, const struct trace_event *event)
{
    while (w->depth < event->depth) {
        w->calls[w->depth++].id = 0;
    }
    w->calls[w->depth++] = (struct open_call){.id = event->id, .time = event->time};
}

/* A mark called @name in the track of the callee of trampoline @id. */
static void write_mark(struct writing *w, const struct trace_event *event,
                       const char *name, uint32_t id)
{
    begin_event(w);
    fprintf(w->out,
            "{\"ph\":\"i\",\"name\":\"%s\",\"cat\":\"%s\",\"s\":\"t\",\"pid\":1,"
            "\"tid\":%" PRIu32 ",\"ts\":%.3f",
            name, name, track_of(w, id), microseconds(w, event->time));
}

/* In the track of the call that is innermost. */
static void write_trap(struct writing *w, const struct trace_event *event)
{
    write_mark(w, event, "trap", w->depth > 0 ? w->calls[w->depth - 1].id : 0);
    fprintf(w->out, ",\"args\":{\"page\":\"0x%08" PRIx64 "\"}}",
            (uint64_t)event->id << 12);
}

/* In the track of the cubicle that was stopped. */
static void write_fault(struct writing *w, const struct trace_event *event)
{
    write_mark(w, event, "fault", event->id);
    fputs("}", w->out);
}

static void write_event(struct writing *w, const struct trace_event *event)
{
    if (event->depth >= DEPTH_MAX) {
        return;
    }
    close_calls(w, event->depth + (event->kind == TRACE_RETURN), event->time);
    switch (event->kind) {
    case TRACE_CALL:
        open_call(w, event);
        break;
    case TRACE_RETURN:
        close_calls(w, event->depth, event->time);
        break;
    case TRACE_TRAP:
        write_trap(w, event);
        break;
    case TRACE_FAULT:
        write_fault(w, event);
        break;
    default:
        break;
    }
}

static void write_events(struct writing *w)
{
    const uint64_t written = w->memory->written;
    const uint64_t first = written > TRACE_CAPACITY ? written - TRACE_CAPACITY : 0;
    uint64_t last = w->start_ticks;

    for (uint64_t i = first; i < written; i++) {
        const struct trace_event *event = &w->memory->events[i % TRACE_CAPACITY];
        write_event(w, event);
        last = event->time;
    }
    close_calls(w, 0, last);
    if (first > 0) {
        cli_error("--trace: the last %" PRIu32 " of %" PRIu64 " events are kept",
                  TRACE_CAPACITY, written);
    }
}

int trace_save(const struct trace *trace, const char *system, const char *path)
{
    static struct writing w;
    const uint64_t ticks = __rdtsc() - trace->start_ticks;

    struct output_file file;
    bool ok = output_begin(&file, path) == 0;
    if (ok) {
        w = (struct writing){.out = file.out,
                             .memory = trace->memory,
                             .start_ticks = trace->start_ticks};
        w.us_per_tick = (double)(now_ns() - trace->start_ns) / 1000 / (double)ticks;
        fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", w.out);
        write_tracks(&w, system);
        write_events(&w);
        fputs("\n]}\n", w.out);
        ok = output_end(&file, true) == 0;
    }
    if (!ok) {
        cli_error("--trace=%s: %s", path, strerror(errno));
        return -1;
    }
    return 0;
}
