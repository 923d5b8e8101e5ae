/*
 * The counters of a running system, in memory that other processes of the same user can read
 * while it runs: `cubicle top`. The embedder makes the file (a memfd), the monitor maps it,
 * seals it against every other writer, and closes it before a cubicle runs.
 *
 * Invariants
 *   C1  Nobody but the monitor ever has these pages writable: the file is sealed before it
 *       holds anything, and a file that cannot be sealed is not used.
 *   C2  No cubicle reaches them: they lie where all memory of the monitor lies, and no
 *       descriptor of them is left.
 *   C3  What is decided about cubicles does not rest on copies: state, pages and quota are told
 *       here, and read from struct cubicle. Calls are counted here alone.
 *   C4  The reader sees names and numbers of a loaded system, or that there is none yet (`ready`).
 *
 * Without a file, or with one that does not fit, all is counted in memory of the process alone.
 * A cubicle that is a process counts in memory that the monitor's process reads
 * (counters_count_in()), and that one alone writes the file.
 */
#ifndef MONITOR_COUNTERS_H
#define MONITOR_COUNTERS_H

#include "layout.h"

#include <stddef.h>
#include <stdint.h>

#define COUNTERS_MAGIC "cubcount"
#define COUNTERS_VERSION 3u
#define COUNTERS_FILE "cubicle-counters" /* name of the memfd */

#define COUNTERS_NAME_SIZE 64u /* with the NUL; longer names are cut */
#define COUNTERS_EDGES_MAX 65536u
#define COUNTERS_NAMES_SIZE (2u << 20)

/** A trampoline: a function that one cubicle calls in another. */
struct counters_edge {
    uint64_t calls, bytes_in, bytes_out;
    uint64_t samples;        /* sampler.h */
    uint64_t traps;          /* that ended well, while its call was the innermost */
    uint16_t caller, callee; /* cubicle ids; 0: the monitor */
    uint32_t interface, function; /* where their names begin in `names` */
};

struct counters_cubicle {
    uint64_t npages, peak_pages;
    uint64_t quota_pages; /* UINT64_MAX: no limit */
    uint64_t traps, retags, mapped, restarts;
    uint32_t state;  /* enum cubicle_state */
    int32_t process; /* that it has for itself; 0: it is the monitor's */
    char name[COUNTERS_NAME_SIZE];
};

struct counters {
    char magic[8]; /* COUNTERS_MAGIC, without its NUL */
    uint32_t version, size;
    int32_t runner, monitor; /* process ids: the command's, and the monitor's */
    uint32_t ready;          /* 1 when all that follows is filled */
    uint32_t ncubicles;      /* besides [0], the monitor */
    uint32_t nedges;
    uint32_t sample_ms; /* between two samples; 0: there are none */
    char isolation[16], system[COUNTERS_NAME_SIZE];
    /* Of CLOCK_BOOTTIME: when numbers were put here; 0: they are always those of now. */
    uint64_t told_ns;
    struct counters_cubicle cubicles[CUBICLE_MAX + 1]; /* by id */
    struct counters_edge edges[COUNTERS_EDGES_MAX];    /* by the trampoline's id */
    char names
        [COUNTERS_NAMES_SIZE]; /* one after the other, each with its NUL; [0] is 0 */
};

struct cubicle;

/**
 * Before trampolines are made: has counters in file @fd, which is sealed and closed; in memory
 * of the process alone where @fd is -1, has another size, or cannot be sealed. 0, or -ENOMEM.
 */
int counters_setup(int fd) __attribute__((warn_unused_result));

/** The counters of trampoline @id, from @caller to @callee, which is new. After
 *  counters_setup(). */
struct counters_edge *counters_edge(uint32_t id, uint16_t caller, uint16_t callee);

/** How often each cubicle has been called, by id; zeros before counters_setup(). */
void counters_calls(uint64_t calls[CUBICLE_MAX + 1]);

/** Tells readers what @cubicle is now. Nothing before counters_setup(). Anywhere, also while a
 *  fault is handled. */
void counters_tell(const struct cubicle *cubicle);

/** Bytes of the part of the counters that holds cubicles, and edges up to @nedges: whole pages. */
size_t counters_part_size(uint32_t nedges);

/** In a process that has been made of the monitor's: counts from now on in @size bytes of @fd
 *  from @offset, of counters_part_size(), in place of all that there was. 0 or a negative
 *  errno. */
int counters_count_in(int fd, uint64_t offset, size_t size)
    __attribute__((warn_unused_result));

/** The shared counters, or NULL: nobody can read them. */
struct counters *counters_shared(void);

#endif
