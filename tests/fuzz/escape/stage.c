/*
 * The stage: `cubicle run tests/systems/escape.yaml` under ptrace, stopped where test-stage
 * reaches its first int3. From then on the cubicle `stage` runs what is put there, with its
 * view, its stack and the monitor's state as they are; nothing else of the process runs any
 * more, for signals are not delivered and system calls are not made.
 *
 * All other code below 4 GiB is filled with int3, so that a jump that leaves the snippet is
 * seen where it arrives. The copies that changes are found by are taken after that.
 */
#include "base/thread.h"

#include "escape.h"
#include "memory.h"
#include "traced.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_US 2000 /* a run is stopped in the second tick that it sees */
#define INT3 0xcc

struct stage stage;

static pid_t command;
static volatile sig_atomic_t ticks;

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
    memory_read(stage.fs + (uint64_t)(int64_t)stage.view_disp, &view, sizeof(view));
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
            memory_read(region->from, stage.corpus + stage.ncorpus, size);
            stage.ncorpus += size;
        }
    }
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
            memory_fill(region->from, region->to - region->from, 0x01010101u * INT3);
        }
    }
}

void stage_open(char **argv)
{
    /* So that addresses are the same each time. */
    (void)personality(ADDR_NO_RANDOMIZE);
    command = traced_start(argv);
    while (traced_run_to_syscall(0).entry.nr != SYS_setitimer) {
    }
    stage.park = traced.gs_base;
    stage_run_to_slot();
    memory_open();
    memory_find_regions();
    stage_read_corpus();
    stage_find_slots();
    stage_fill_code();
    memory_choose_hot();
    memory_copy_regions();
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
    memory_write(stage.slot, snippet->code, length);
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
