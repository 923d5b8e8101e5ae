/*
 * Takes the base of GS away from a running system, as a kernel does that does not know of
 * FSGSBASE: `lose HOW cubicle run SYSTEM --view-switch=parked ...`, or to compare with another
 * way, where nothing is taken away and only the checks are made.
 *
 *   every    between the first and the third write to standard output GS is the park before
 *            every instruction: of cubicles, trampolines and the monitor
 *   storm    the same at moments that nobody chooses, many times a second, to the end
 *   waits    GS is the park behind every wait for a signal, as where the kernel has run others
 *            meanwhile, to the end
 *   return   GS is the park behind every return from a signal, as under a tracer that stops
 *            there: the system must end with a message, not hang
 *
 * GS1, GS2, GS3 of monitor/backend/sfi/view_switch.h are checked wherever it is stopped.
 */
#include "base/thread.h"
#include "traced.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GUARD (SPACE_SIZE + SPACE_GUARD)

static uint64_t park;
static bool parked;        /* that is how views are switched: GS may be lost */
static int32_t running_at; /* distance from FS of thread_self.running */
static int memory = -1;
static struct {
    bool seen;
    uint64_t base;
} views[CUBICLE_MAX + 1]; /* of each cubicle, as seen first */
static unsigned long losses, heals, checks;

/* GS3, and what trampolines write `running` with: movq $ID,%fs:DISP. */
static void read_maps(void)
{
    static const uint8_t store[] = {0x64, 0x48, 0xc7, 0x04, 0x25};
    char path[64];
    char line[512];
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)traced_pid);
    memory = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)traced_pid);
    FILE *maps = fopen(path, "re");
    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        uint64_t from;
        uint64_t to;
        char rights[5];
        unsigned long inode;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*x:%*x %lu", &from, &to,
                   rights, &inode) != 4) {
            continue;
        }
        if (strncmp(rights, "---", 3) != 0 && to > park - GUARD &&
            from < park + SPACE_SIZE + GUARD) {
            traced_fail("mapped in the park or next to it: %s", line);
        }
        if (strcmp(rights, "r-xp") == 0 && inode == 0 && from >= SPACE_SIZE) {
            uint8_t code[4096];
            const ssize_t n = pread(memory, code, sizeof(code), (off_t)from);
            for (ssize_t i = 0; running_at == 0 && i + 13 <= n; i++) {
                if (memcmp(code + i, store, sizeof(store)) == 0) {
                    memcpy(&running_at, code + i + sizeof(store), sizeof(running_at));
                }
            }
        }
    }
    if (maps == NULL || running_at == 0) {
        traced_fail("no trampolines found: %m");
    }
    fclose(maps);
}

static uint64_t read_thread(size_t offset)
{
    uint64_t value = 0;
    const uint64_t thread =
        traced.fs_base + (uint64_t)running_at - offsetof(struct thread, running);
    if (pread(memory, &value, sizeof(value), (off_t)(thread + offset)) !=
        sizeof(value)) {
        traced_fail("cannot read the thread's state: %m");
    }
    return value;
}

/* GS1, GS2. In trampolines slot and GS change, one after the other. */
static void check(void)
{
    const uint64_t running = read_thread(offsetof(struct thread, running));
    const uint64_t view = read_thread(offsetof(struct thread, shown.view));
    if (traced.rip >= SPACE_SIZE || running == CUBICLE_MONITOR) {
        return;
    }
    checks++;
    if (running > CUBICLE_MAX || view == park || view % SPACE_SIZE != 0) {
        traced_fail("cubicle %" PRIu64 " runs with view %#" PRIx64, running, view);
    }
    if (!views[running].seen) {
        views[running].seen = true;
        views[running].base = view;
        for (unsigned id = 1; id <= CUBICLE_MAX; id++) {
            if (id != running && views[id].seen && views[id].base == view) {
                traced_fail("cubicles %u and %" PRIu64 " have one view", id, running);
            }
        }
    }
    if (views[running].base != view ||
        (traced.gs_base != view && !(parked && traced.gs_base == park))) {
        traced_fail("at %#llx cubicle %" PRIu64 " with view %#" PRIx64
                    " runs with slot %#" PRIx64 " and GS %#llx",
                    traced.rip, running, views[running].base, view, traced.gs_base);
    }
}

/* GS2, where no signal is being handled. */
static void check_monitor(void)
{
    const uint64_t running = read_thread(offsetof(struct thread, running));
    const uint64_t view = read_thread(offsetof(struct thread, shown.view));
    if (running != CUBICLE_MONITOR || view != park || traced.gs_base != park) {
        traced_fail("cubicle %" PRIu64 " runs with slot %#" PRIx64
                    " and GS %#llx, where the "
                    "monitor should, with %#" PRIx64,
                    running, view, traced.gs_base, park);
    }
}

static void lose(void)
{
    if (parked && traced.gs_base != park) {
        traced.gs_base = park;
        if (ptrace(PTRACE_SETREGS, traced_pid, NULL, &traced) != 0) {
            traced_fail("cannot set GS: %m");
        }
        losses++;
    }
}

/* One instruction without a base. It traps at most once for that. */
static void step_lost(void)
{
    const uint64_t rip = traced.rip;
    lose();
    int signal = traced_go_on(PTRACE_SINGLESTEP, 0);
    if (signal == SIGSEGV && traced.rip == rip && rip < SPACE_SIZE &&
        traced.gs_base == park) {
        traced_handle(signal);
        check();
        heals += traced.rip == rip && traced.gs_base != park;
        signal = traced_go_on(PTRACE_SINGLESTEP, 0);
    }
    if (signal != SIGTRAP && signal != SIGVTALRM) {
        traced_handle(signal); /* what would have trapped anyhow */
    }
}

static void every(void)
{
    traced_run_to_output();
    traced_go_on(PTRACE_SINGLESTEP, 0);
    for (unsigned writes = 0; writes < 2; writes += (unsigned)traced_wrote_output()) {
        check();
        step_lost();
    }
    while (traced_run_to_syscall(0).entry.nr != SYS_exit_group) {
    }
    check_monitor();
}

static void pause_ns(long ns)
{
    const struct timespec time = {.tv_nsec = ns};
    nanosleep(&time, NULL);
}

/* Until it ends. Its status goes to the command, which is not traced. */
static void storm(void)
{
    uint32_t random = 12345;
    int status = 0;
    int signal = 0;
    if (ptrace(PTRACE_CONT, traced_pid, NULL, NULL) != 0) {
        traced_fail("cannot let it go on: %m");
    }
    for (;;) {
        random = random * 1664525u + 1013904223u;
        pause_ns((long)(random >> 16) % 100000);
        kill(traced_pid, SIGSTOP);
        do {
            if (waitpid(traced_pid, &status, __WALL) != traced_pid ||
                !WIFSTOPPED(status)) {
                return;
            }
            signal = WSTOPSIG(status);
            ptrace(PTRACE_GETREGS, traced_pid, NULL, &traced);
            heals += signal == SIGSEGV && traced.rip < SPACE_SIZE;
            check();
            if (signal == SIGSTOP) {
                lose();
            }
            ptrace(PTRACE_CONT, traced_pid, NULL,
                   (void *)(intptr_t)(signal == SIGSTOP ? 0 : signal));
        } while (signal != SIGSTOP);
    }
}

/* Where each system call @nr ends, the process is stopped. */
static void at_ends_of(long nr)
{
    int status = 0;
    int signal = 0;
    bool ends = false;
    traced_run_to_output();
    lose();
    while (ptrace(PTRACE_SYSCALL, traced_pid, NULL, (void *)(intptr_t)signal) == 0 &&
           waitpid(traced_pid, &status, __WALL) == traced_pid && WIFSTOPPED(status)) {
        signal = WSTOPSIG(status) == SYSCALL_STOP ? 0 : WSTOPSIG(status);
        ptrace(PTRACE_GETREGS, traced_pid, NULL, &traced);
        heals += signal == SIGSEGV && traced.rip < SPACE_SIZE;
        if (ends) {
            lose();
        }
        ends = signal == 0 && !ends && traced.orig_rax == (unsigned long)nr;
    }
}

static void at_returns(void)
{
    at_ends_of(SYS_rt_sigreturn);
}

static void at_waits(void)
{
    at_ends_of(SYS_ppoll);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } hows[] = {{"every", every},
                {"storm", storm},
                {"waits", at_waits},
                {"return", at_returns}};
    const char *how = argc > 4 ? argv[1] : "";
    int status;
    for (int i = 2; i < argc; i++) {
        parked |= strcmp(argv[i], "--view-switch=parked") == 0;
    }
    for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
        if (strcmp(how, hows[i].name) != 0) {
            continue;
        }
        const pid_t command = traced_start(argv + 2);
        /* The thread is set up and the trampolines are written when the watchdog starts. */
        while (traced_run_to_syscall(0).entry.nr != SYS_setitimer) {
        }
        park = traced.gs_base;
        read_maps();
        check_monitor();
        hows[i].run();
        if (kill(traced_pid, 0) == 0) {
            ptrace(PTRACE_DETACH, traced_pid, NULL, NULL);
        }
        if (waitpid(command, &status, 0) != command || !WIFEXITED(status)) {
            traced_fail("the command did not end by itself");
        }
        fprintf(stderr, "lose: %lu losses, %lu heals, %lu checks,\n", losses, heals,
                checks);
        return WEXITSTATUS(status);
    }
    fprintf(stderr, "usage: lose every|storm|waits|return cubicle run SYSTEM ...\n");
    return TRACED_BROKEN;
}
