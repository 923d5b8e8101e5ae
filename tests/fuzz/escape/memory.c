/* The memory of the traced system: what lies outside of the cubicle's view, and its copy. */
#include "base/thread.h"

#include "escape.h"
#include "memory.h"
#include "traced.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#define REGIONS_MAX 512
#define NEAR (64 * GIB) /* views of other cubicles */

static int memory = -1, pagemap = -1;

void memory_open(void)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)traced_pid);
    memory = open(path, O_RDWR | O_CLOEXEC);
    snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)traced_pid);
    pagemap = open(path, O_RDONLY | O_CLOEXEC);
}

void memory_read(uint64_t at, void *to, size_t size)
{
    const struct iovec local = {to, size}, remote = {(void *)(uintptr_t)at, size};
    if (process_vm_readv(traced_pid, &local, 1, &remote, 1, 0) != (ssize_t)size) {
        traced_fail("cannot read memory at %#" PRIx64 ": %m", at);
    }
}

/* Whatever its rights are. */
void memory_write(uint64_t at, const void *from, size_t size)
{
    if (pwrite(memory, from, size, (off_t)at) != (ssize_t)size) {
        traced_fail("cannot write memory at %#" PRIx64 ": %m", at);
    }
}

static bool memory_is_own(const struct region *region)
{
    return region->from >= stage.view && region->to <= stage.view + 4 * GIB &&
           (stage.view != 0 || !region->executable);
}

static bool memory_is_neighbour(const struct region *region)
{
    return region->writable && region->from + NEAR > stage.park &&
           region->from < stage.park + NEAR;
}

void memory_find_regions(void)
{
    char path[64];
    char line[512];
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)traced_pid);
    FILE *maps = fopen(path, "re");
    stage.regions = calloc(REGIONS_MAX, sizeof(*stage.regions));
    while (maps != NULL && stage.regions != NULL && fgets(line, sizeof(line), maps)) {
        struct region *region = &stage.regions[stage.nregions];
        char rights[5];
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &region->from, &region->to,
                   rights) != 3 ||
            rights[0] != 'r' || strstr(line, "[v") != NULL) {
            continue; /* vvar, vdso, vsyscall */
        }
        region->writable = rights[1] == 'w';
        region->executable = rights[2] == 'x';
        if (memory_is_own(region)) {
            if (traced.rsp >= region->from && traced.rsp <= region->to) {
                stage.stack_from = region->from;
                stage.stack_to = region->to;
            }
        } else if (region->writable || region->from < 16 * GIB) {
            if (++stage.nregions == REGIONS_MAX) {
                traced_fail("more than %d mappings", REGIONS_MAX);
            }
        }
    }
    if (maps == NULL || stage.stack_to == 0) {
        traced_fail("cannot read the mappings: %m");
    }
    fclose(maps);
}

/* ---- what is watched ---- */

void memory_fill(uint64_t from, size_t size, uint32_t word)
{
    uint32_t *words = malloc(size);
    for (size_t i = 0; words != NULL && i < size / sizeof(word); i++) {
        words[i] = word;
    }
    memory_write(from, words, size);
    free(words);
}

static void memory_add_hot(uint64_t page)
{
    page &= ~(uint64_t)(PAGE - 1);
    for (unsigned i = 0; i < stage.nhot; i++) {
        if (stage.hot[i] == page) {
            return;
        }
    }
    if (stage.nhot < STAGE_HOT) {
        stage.hot[stage.nhot++] = page;
    }
}

/* The thread's state and its control stack first, then the ends of what neighbours have, other
 * code, and what else there is of the monitor. */
void memory_choose_hot(void)
{
    const uint64_t thread =
        stage.fs + (uint64_t)(int64_t)stage.tp_disp - offsetof(struct thread, tp);
    uint64_t control = 0;
    memory_read(thread + offsetof(struct thread, control), &control, sizeof(control));
    memory_fill(control, 4 * sizeof(struct call_frame), STAGE_SECRET);
    memory_add_hot(control);
    memory_add_hot(control - sizeof(struct call_frame));
    memory_add_hot(thread);
    memory_add_hot(thread + offsetof(struct thread, control));
    memory_add_hot(stage.fs);
    for (size_t i = 0; i < stage.nregions && stage.nhot < STAGE_HOT / 2; i++) {
        const struct region *region = &stage.regions[i];
        if (memory_is_neighbour(region)) {
            memory_fill(region->from, PAGE, STAGE_SECRET);
            memory_add_hot(region->from);
            memory_fill(region->to - PAGE, PAGE, STAGE_SECRET);
            memory_add_hot(region->to - PAGE);
        }
    }
    for (size_t i = 0; i < stage.nregions && stage.nhot < 2 * STAGE_HOT / 3; i++) {
        if (stage.regions[i].executable) {
            memory_add_hot(stage.regions[i].from);
        }
    }
    for (size_t i = 0; i < stage.nregions; i++) {
        if (stage.regions[i].writable && !memory_is_neighbour(&stage.regions[i])) {
            memory_add_hot(stage.regions[i].from);
        }
    }
}

/* The next pages of @region from @at on that are in memory; what is not there reads as 0, in
 * the copy as well. Returns their number; 0: no more. */
static size_t memory_present(const struct region *region, uint64_t *at)
{
    uint64_t entries[512];
    size_t n = 0;
    while (*at < region->to && n == 0) {
        size_t left = (region->to - *at) / PAGE;
        left = left < 512 ? left : 512;
        if (pread(pagemap, entries, left * 8, (off_t)(*at / PAGE * 8)) !=
            (ssize_t)(left * 8)) {
            traced_fail("cannot read the page map: %m");
        }
        size_t i = 0;
        while (i < left && entries[i] >> 62 == 0) { /* neither present nor swapped */
            i++;
        }
        while (i + n < left && entries[i + n] >> 62 != 0) {
            n++;
        }
        *at += i * PAGE;
    }
    return n;
}

void memory_copy_regions(void)
{
    for (size_t i = 0; i < stage.nregions; i++) {
        struct region *region = &stage.regions[i];
        uint64_t at = region->from;
        region->copy = mmap(NULL, region->to - region->from, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (region->copy == MAP_FAILED) {
            traced_fail("out of memory");
        }
        for (size_t n; (n = memory_present(region, &at)) != 0; at += n * PAGE) {
            memory_read(at, region->copy + (at - region->from), n * PAGE);
        }
    }
}

static const struct region *memory_region(uint64_t at)
{
    for (size_t i = 0; i < stage.nregions; i++) {
        if (at >= stage.regions[i].from && at < stage.regions[i].to) {
            return &stage.regions[i];
        }
    }
    return NULL;
}

static uint64_t memory_compare(uint64_t at, const uint8_t *now, size_t size)
{
    const struct region *region = memory_region(at);
    const uint8_t *copy = region->copy + (at - region->from);
    for (size_t i = 0; i < size; i++) {
        if (now[i] != copy[i] && at + i - stage.slot >= STAGE_SLOT) {
            return at + i;
        }
    }
    return 0;
}

static uint64_t memory_changed_hot(void)
{
    static uint8_t pages[STAGE_HOT][PAGE];
    const struct iovec local = {pages, (size_t)stage.nhot * PAGE};
    struct iovec remote[STAGE_HOT];
    uint64_t changed = 0;
    for (unsigned i = 0; i < stage.nhot; i++) {
        remote[i] = (struct iovec){(void *)(uintptr_t)stage.hot[i], PAGE};
    }
    if (process_vm_readv(traced_pid, &local, 1, remote, stage.nhot, 0) !=
        (ssize_t)local.iov_len) {
        return stage.hot[0]; /* unmapped */
    }
    for (unsigned i = 0; i < stage.nhot && changed == 0; i++) {
        const struct region *region = memory_region(stage.hot[i]);
        if (memcmp(pages[i], region->copy + (stage.hot[i] - region->from), PAGE) != 0) {
            changed = memory_compare(stage.hot[i], pages[i], PAGE);
        }
    }
    return changed;
}

uint64_t stage_changed(bool everywhere)
{
    if (!everywhere) {
        return memory_changed_hot();
    }
    static uint8_t now[512 * PAGE];
    uint64_t changed = 0;
    for (size_t i = 0; i < stage.nregions && changed == 0; i++) {
        const struct region *region = &stage.regions[i];
        uint64_t at = region->from;
        for (size_t n; changed == 0 && (n = memory_present(region, &at)) != 0;
             at += n * PAGE) {
            memory_read(at, now, n * PAGE);
            if (memcmp(now, region->copy + (at - region->from), n * PAGE) != 0) {
                changed = memory_compare(at, now, n * PAGE);
            }
        }
    }
    return changed;
}
