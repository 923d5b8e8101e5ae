/*
 * What is counted: by each process for itself, in a tally that the parent reads while the system runs.
 *
 *   CO1  A process has its own tally mapped, and no other; nor the counters that other programs read, which only the
 *        parent writes.
 *   CO2  What a process has put into its tally is a claim. The parent takes numbers from it, and only those that are the
 *        process's to know: of calls that it makes, of the time that it spends on calls, of its memory.
 */
#include "base/clock.h"
#include "base/counters.h"
#include "ipc.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define NUMBER_MAX \
    (UINT64_C(1) << 47) /* as many trampolines as there may be, together: INT64_MAX */

static int file = -1; /* all tallies; the parent alone has it open */
static uint8_t *tallies;
static size_t size; /* of each */

int ipc_counts_make(void)
{
    size = counters_part_size(trampoline_count());
    file = memfd_create("counts", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, (off_t)(cubicle_count() * size)) != 0) {
        return -errno;
    }
    tallies = mmap(NULL, cubicle_count() * size, PROT_READ, MAP_SHARED, file, 0);
    return tallies != MAP_FAILED ? 0 : -errno;
}

int ipc_counts_keep(unsigned id)
{
    const int error = counters_count_in(file, (id - 1) * size, size);
    if (error != 0 || munmap(tallies, cubicle_count() * size) != 0) {
        return error != 0 ? error : -errno;
    }
    struct cubicle *self = cubicle_get(id);
    self->traps = counters_shared()->cubicles[id].traps; /* of former lives */
    counters_tell(self);
    return 0;
}

/* A number as it may be told: others read it as a signed one, and add some up. */
static uint64_t counts_number(uint64_t claim)
{
    return claim < NUMBER_MAX ? claim : NUMBER_MAX;
}

static const volatile struct counters *counts_tally(unsigned id)
{
    return (const volatile struct counters *)(void *)(tallies + (id - 1) * size);
}

/* What the parent knows better: that a cubicle is dead. */
static enum cubicle_state counts_state(const struct cubicle *cubicle)
{
    const uint32_t state = counts_tally(cubicle->id)->cubicles[cubicle->id].state;
    return cubicle->state == CUBICLE_DEAD || state > CUBICLE_DEAD
               ? CUBICLE_DEAD
               : (enum cubicle_state)state;
}

static void counts_take_edges(void)
{
    for (uint32_t id = 1; id <= trampoline_count(); id++) {
        const struct trampoline *t = trampoline_get(id);
        if (t->caller != CUBICLE_MONITOR) {
            const volatile struct counters_edge *made =
                &counts_tally(t->caller)->edges[id];
            t->count->calls = counts_number(made->calls);
            t->count->bytes_in = counts_number(made->bytes_in);
            t->count->bytes_out = counts_number(made->bytes_out);
        }
        if (t->callee != CUBICLE_MONITOR) {
            t->count->samples =
                counts_number(counts_tally(t->callee)->edges[id].samples);
        }
    }
}

void ipc_counts_look(void)
{
    struct counters *to = counters_shared();
    if (to == NULL) {
        return;
    }
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        const volatile struct counters_cubicle *claim = &counts_tally(id)->cubicles[id];
        to->cubicles[id].npages = counts_number(claim->npages);
        to->cubicles[id].peak_pages = counts_number(claim->peak_pages);
        to->cubicles[id].traps = counts_number(claim->traps);
        to->cubicles[id].mapped = counts_number(claim->mapped);
        to->cubicles[id].restarts = cubicle_get(id)->restarts;
        to->cubicles[id].state = (uint32_t)counts_state(cubicle_get(id));
    }
    counts_take_edges();
    to->told_ns = (uint64_t)clock_ns(CLOCK_BOOTTIME);
}

void ipc_counts_end(void)
{
    ipc_counts_look();
    counts_take_edges();
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        const volatile struct counters_cubicle *claim = &counts_tally(id)->cubicles[id];
        struct cubicle *cubicle = cubicle_get(id);
        cubicle->state = counts_state(cubicle);
        cubicle->npages = counts_number(claim->npages);
        cubicle->peak_pages = counts_number(claim->peak_pages);
        cubicle->traps = counts_number(claim->traps);
        cubicle->mapped = counts_number(claim->mapped);
    }
}
