/*
 * The stage: `cubicle run tests/systems/escape.yaml` under ptrace, stopped where test-stage
 * reaches its first int3. From then on the cubicle `stage` runs what is put there, with its
 * view, its stack and the monitor's state as they are; nothing else of the process runs any
 * more, for signals are not delivered and system calls are not made.
 *
 * All other code below 4 GiB is filled with int3, so that a jump that leaves the snippet is
 * seen where it arrives. The copies that changes are found by are taken after that.
 */
#include "thread.h"

#include "escape.h"
#include "traced.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_US 2000 /* a run is stopped in the second tick that it sees */
#define REGIONS_MAX 512
#define INT3 0xcc
#define NEAR (64 * GIB) /* views of other cubicles */

struct stage stage;

static int memory = -1, pagemap = -1;
static pid_t command;
static volatile sig_atomic_t ticks;

/* ---- memory ---- */

static void stage_read(uint64_t at, void *to, size_t size)
{
    const struct iovec local = {to, size}, remote = {(void *)(uintptr_t)at, size};
    if (process_vm_readv(traced_pid, &local, 1, &remote, 1, 0) != (ssize_t)size) {
        traced_fail("cannot read memory at %#" PRIx64 ": %m", at);
    }
}

/* Whatever its rights are. */
static void stage_write(uint64_t at, const void *from, size_t size)
{
    if (pwrite(memory, from, size, (off_t)at) != (ssize_t)size) {
        traced_fail("cannot write memory at %#" PRIx64 ": %m", at);
    }
}

static bool stage_is_own(const struct region *region)
{
    return region->from >= stage.view && region->to <= stage.view + 4 * GIB &&
           (stage.view != 0 || !region->executable);
}

static bool stage_is_neighbour(const struct region *region)
{
    return region->writable && region->from + NEAR > stage.park &&
           region->from < stage.park + NEAR;
}

static void stage_read_maps(void)
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
        if (stage_is_own(region)) {
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

/* ---- what the code of modules tells ---- */

/* movq %fs:DISP,%r11 is how modules read the base of their view; any other register gets the
 * thread pointer. */
static void stage_find_slots(void)
{
    for (size_t i = 0; i + 9 <= stage.ncorpus; i++) {
        const uint8_t *at = stage.corpus + i;
        int32_t disp;
        if (at[0] != 0x64 || (at[1] & 0xfb) != 0x48 || at[2] != 0x8b ||
            (at[3] & 0xc7) != 0x04 || at[4] != 0x25) {
            continue;
        }
        memcpy(&disp, at + 5, sizeof(disp));
        if (at[1] != 0x4c || at[3] != 0x1c) {
            stage.tp_disp = disp;
        }
    }
    for (size_t i = 0; i + 9 <= stage.ncorpus; i++) {
        int32_t disp;
        memcpy(&disp, stage.corpus + i + 5, sizeof(disp));
        if (memcmp(stage.corpus + i, "\x64\x4c\x8b\x1c\x25", 5) == 0 &&
            disp != stage.tp_disp) {
            stage.view_disp = disp;
        }
    }
    uint64_t view = 1;
    stage_read(stage.fs + (uint64_t)(int64_t)stage.view_disp, &view, sizeof(view));
    if (stage.tp_disp == 0 || stage.view_disp == 0 || view != stage.view ||
        stage.tp_disp + (int32_t)offsetof(struct thread, shown.view) !=
            stage.view_disp) {
        traced_fail(
            "the slots of thread pointer and view are not where they should be");
    }
}

static void stage_read_corpus(void)
{
    for (size_t i = 0; i < stage.nregions; i++) {
        const struct region *region = &stage.regions[i];
        const size_t size = region->to - region->from;
        if (region->executable && region->from < MODULES_END) {
            stage.corpus = realloc(stage.corpus, stage.ncorpus + size);
            stage_read(region->from, stage.corpus + stage.ncorpus, size);
            stage.ncorpus += size;
        }
    }
}

/* ---- what is watched ---- */

static void stage_fill(uint64_t from, size_t size, uint32_t word)
{
    uint32_t *words = malloc(size);
    for (size_t i = 0; words != NULL && i < size / sizeof(word); i++) {
        words[i] = word;
    }
    stage_write(from, words, size);
    free(words);
}

static void stage_add_hot(uint64_t page)
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
static void stage_choose_hot(void)
{
    const uint64_t thread =
        stage.fs + (uint64_t)(int64_t)stage.tp_disp - offsetof(struct thread, tp);
    uint64_t control = 0;
    stage_read(thread + offsetof(struct thread, control), &control, sizeof(control));
    stage_fill(control, 4 * sizeof(struct call_frame), STAGE_SECRET);
    stage_add_hot(control);
    stage_add_hot(control - sizeof(struct call_frame));
    stage_add_hot(thread);
    stage_add_hot(thread + offsetof(struct thread, control));
    stage_add_hot(stage.fs);
    for (size_t i = 0; i < stage.nregions && stage.nhot < STAGE_HOT / 2; i++) {
        const struct region *region = &stage.regions[i];
        if (stage_is_neighbour(region)) {
            stage_fill(region->from, PAGE, STAGE_SECRET);
            stage_add_hot(region->from);
            stage_fill(region->to - PAGE, PAGE, STAGE_SECRET);
            stage_add_hot(region->to - PAGE);
        }
    }
    for (size_t i = 0; i < stage.nregions && stage.nhot < 2 * STAGE_HOT / 3; i++) {
        if (stage.regions[i].executable) {
            stage_add_hot(stage.regions[i].from);
        }
    }
    for (size_t i = 0; i < stage.nregions; i++) {
        if (stage.regions[i].writable && !stage_is_neighbour(&stage.regions[i])) {
            stage_add_hot(stage.regions[i].from);
        }
    }
}

/* The next pages of @region from @at on that are in memory; what is not there reads as 0, in
 * the copy as well. Returns their number; 0: no more. */
static size_t stage_present(const struct region *region, uint64_t *at)
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

static void stage_copy_regions(void)
{
    for (size_t i = 0; i < stage.nregions; i++) {
        struct region *region = &stage.regions[i];
        uint64_t at = region->from;
        region->copy = mmap(NULL, region->to - region->from, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (region->copy == MAP_FAILED) {
            traced_fail("out of memory");
        }
        for (size_t n; (n = stage_present(region, &at)) != 0; at += n * PAGE) {
            stage_read(at, region->copy + (at - region->from), n * PAGE);
        }
    }
}

static const struct region *stage_region(uint64_t at)
{
    for (size_t i = 0; i < stage.nregions; i++) {
        if (at >= stage.regions[i].from && at < stage.regions[i].to) {
            return &stage.regions[i];
        }
    }
    return NULL;
}

static uint64_t stage_compare(uint64_t at, const uint8_t *now, size_t size)
{
    const struct region *region = stage_region(at);
    const uint8_t *copy = region->copy + (at - region->from);
    for (size_t i = 0; i < size; i++) {
        if (now[i] != copy[i] && at + i - stage.slot >= STAGE_SLOT) {
            return at + i;
        }
    }
    return 0;
}

static uint64_t stage_changed_hot(void)
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
        const struct region *region = stage_region(stage.hot[i]);
        if (memcmp(pages[i], region->copy + (stage.hot[i] - region->from), PAGE) != 0) {
            changed = stage_compare(stage.hot[i], pages[i], PAGE);
        }
    }
    return changed;
}

uint64_t stage_changed(bool everywhere)
{
    if (!everywhere) {
        return stage_changed_hot();
    }
    static uint8_t now[512 * PAGE];
    uint64_t changed = 0;
    for (size_t i = 0; i < stage.nregions && changed == 0; i++) {
        const struct region *region = &stage.regions[i];
        uint64_t at = region->from;
        for (size_t n; changed == 0 && (n = stage_present(region, &at)) != 0;
             at += n * PAGE) {
            stage_read(at, now, n * PAGE);
            if (memcmp(now, region->copy + (at - region->from), n * PAGE) != 0) {
                changed = stage_compare(at, now, n * PAGE);
            }
        }
    }
    return changed;
}

/* ---- start ---- */

static void stage_tick(int signal)
{
    (void)signal;
    ticks++;
}

static void stage_start_clock(void)
{
    const struct sigaction action = {.sa_handler = stage_tick};
    const struct itimerval timer = {{0, TICK_US}, {0, TICK_US}};
    if (sigaction(SIGALRM, &action, NULL) != 0 ||
        setitimer(ITIMER_REAL, &timer, NULL) != 0) {
        traced_fail("no clock: %m");
    }
}

/* Up to the first int3 below 4 GiB, with every signal of the system's own life delivered. */
static void stage_run_to_slot(void)
{
    int signal = 0;
    do {
        signal = traced_go_on(PTRACE_CONT, signal);
    } while (signal != SIGTRAP || traced.rip >= 4 * GIB);
    stage.slot = (uint32_t)traced.rip - 1;
    stage.fs = traced.fs_base;
    stage.view = traced.gs_base;
    stage.arena = (uint32_t)traced.rdi;
    if (traced.rsi != STAGE_ARENA || stage.slot % 32 != 0) {
        traced_fail("this is not test-stage");
    }
}

static void stage_fill_code(void)
{
    for (size_t i = 0; i < stage.nregions; i++) {
        const struct region *region = &stage.regions[i];
        if (region->executable && region->from < 4 * GIB) {
            stage_fill(region->from, region->to - region->from, 0x01010101u * INT3);
        }
    }
}

void stage_open(char **argv)
{
    char path[64];
    /* So that addresses are the same each time. */
    (void)personality(ADDR_NO_RANDOMIZE);
    command = traced_start(argv);
    while (traced_run_to_syscall(0).entry.nr != SYS_setitimer) {
    }
    stage.park = traced.gs_base;
    stage_run_to_slot();
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)traced_pid);
    memory = open(path, O_RDWR | O_CLOEXEC);
    snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)traced_pid);
    pagemap = open(path, O_RDONLY | O_CLOEXEC);
    stage_read_maps();
    stage_read_corpus();
    stage_find_slots();
    stage_fill_code();
    stage_choose_hot();
    stage_copy_regions();
    stage.rsp = (stage.stack_from + (stage.stack_to - stage.stack_from) / 4 * 3) &
                ~(uint64_t)(PAGE - 1);
    stage_start_clock();
}

void stage_close(void)
{
    kill(command, SIGKILL); /* first: it would report the end of the other */
    kill(traced_pid, SIGKILL);
    waitpid(traced_pid, NULL, __WALL);
    waitpid(command, NULL, 0);
}

/* ---- runs ---- */

void stage_set_registers(const struct user_regs_struct *regs)
{
    if (ptrace(PTRACE_SETREGS, traced_pid, NULL, regs) != 0) {
        traced_fail("cannot set registers: %m");
    }
}

void stage_set(const struct snippet *snippet)
{
    static uint32_t before = STAGE_SLOT;
    const uint32_t length = snippet->length > before ? snippet->length : before;
    struct iovec local[2] = {{(void *)(uintptr_t)snippet->memory, PAGE},
                             {(void *)(uintptr_t)snippet->memory, PAGE}};
    struct iovec remote[2] = {
        {(void *)(uintptr_t)(stage.view + stage.arena), PAGE},
        {(void *)(uintptr_t)(stage.rsp - PAGE / 2), PAGE},
    };
    stage_write(stage.slot, snippet->code, length);
    before = snippet->length;
    if (process_vm_writev(traced_pid, local, 2, remote, 2, 0) != 2 * PAGE) {
        traced_fail("cannot write the cubicle's memory: %m");
    }
    stage_set_registers(&snippet->regs);
}

static enum stage_end stage_end_of(int signal)
{
    switch (signal) {
    case SIGTRAP:
        return STAGE_TRAP;
    case SIGSEGV:
    case SIGBUS:
        return STAGE_FAULT;
    case SIGILL:
        return STAGE_ILLEGAL;
    case SIGFPE:
        return STAGE_DIVIDE;
    case SYSCALL_STOP:
        return STAGE_CALL;
    default:
        return STAGE_GONE; /* never: see stage_wait() */
    }
}

/* The next signal that means something; 0: the process ended. */
static int stage_wait(enum __ptrace_request how, bool *late)
{
    const sig_atomic_t start = ticks;
    int status;
    *late = false;
    for (;;) {
        if (waitpid(traced_pid, &status, __WALL) != traced_pid) {
            if (errno != EINTR) {
                return 0;
            }
            if (ticks - start >= 2 && !*late) {
                *late = true;
                kill(traced_pid, SIGSTOP);
            }
            continue;
        }
        if (!WIFSTOPPED(status)) {
            return 0;
        }
        const int signal = WSTOPSIG(status);
        if (signal == SIGSTOP ? *late : signal != SIGVTALRM) {
            return signal;
        }
        /* Of an earlier run, which ended by itself, or the watchdog's. */
        if (ptrace(how, traced_pid, NULL, NULL) != 0) {
            return 0;
        }
    }
}

void stage_run(struct stage_state *state, bool step)
{
    const enum __ptrace_request how = step ? PTRACE_SYSEMU_SINGLESTEP : PTRACE_SYSEMU;
    bool late;
    const int signal =
        ptrace(how, traced_pid, NULL, NULL) == 0 ? stage_wait(how, &late) : 0;
    memset(&state->info, 0, sizeof(state->info));
    if (signal == 0 || ptrace(PTRACE_GETREGS, traced_pid, NULL, &state->regs) != 0) {
        state->end = STAGE_GONE;
        return;
    }
    if (signal == SIGSTOP) {
        state->end = STAGE_TIME;
        return;
    }
    state->end = stage_end_of(signal);
    if (state->end != STAGE_CALL) {
        (void)ptrace(PTRACE_GETSIGINFO, traced_pid, NULL, &state->info);
    }
    if (step && state->end == STAGE_TRAP && state->info.si_code != SI_KERNEL) {
        state->end = STAGE_STEP;
    }
}

void stage_vectors(struct user_fpregs_struct *vectors)
{
    if (ptrace(PTRACE_GETFPREGS, traced_pid, NULL, vectors) != 0) {
        traced_fail("cannot read vector registers: %m");
    }
}

const char *stage_missing(void)
{
    const pid_t child = fork();
    int status = 0;
    if (child == 0) {
        _exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        return "no ptrace here";
    }
    return NULL;
}
