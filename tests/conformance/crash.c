/*
 * Crashes components at random instructions while a program uses them:
 *
 *     crash MODULE,... CRASHES SEED cubicle run --perf-map SYSTEM ...
 *
 * Waits for the program's first output. Then, again and again, lets it run for a random time,
 * steps until one of the modules runs, a few instructions further, and has it jump to address 0. At
 * the end closes the program's standard input, which tells it to finish, and exits with its status.
 */
#include "traced.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define RANGES_MAX 65536
#define STEPS_MAX 20000 /* looking for a module */
#define DEEPER 300      /* instructions further, at most */
#define TRIES_MAX 50    /* for each crash */
#define RUN_US 20000    /* at most */

static struct {
    uint64_t start, end;
    unsigned module;
} ranges[RANGES_MAX]; /* functions of the modules */
static size_t nranges;
static uint32_t random_state;

/* A number below @limit. */
static uint32_t any(uint32_t limit)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % limit;
}

/* Adds the functions of module @name (number @module) from the map that the monitor has written. */
static void add_module(const char *name, unsigned module)
{
    char path[64], line[512], found[256];
    uint64_t start, size;
    const size_t before = nranges;
    snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)traced_pid);
    FILE *map = fopen(path, "re");
    if (map == NULL) {
        traced_fail("%s: %m (run the system with --perf-map)", path);
    }
    while (fgets(line, sizeof(line), map) != NULL) {
        if (sscanf(line, "%" SCNx64 " %" SCNx64 " %255[^:]:", &start, &size, found) ==
                3 &&
            strcmp(found, name) == 0 && nranges < RANGES_MAX) {
            ranges[nranges].start = start;
            ranges[nranges].end = start + size;
            ranges[nranges++].module = module;
        }
    }
    fclose(map);
    if (nranges == before) {
        traced_fail("%s: no function of module %s", path, name);
    }
}

/* The module that runs, or -1. */
static int running(void)
{
    for (size_t i = 0; i < nranges; i++) {
        if (traced.rip >= ranges[i].start && traced.rip < ranges[i].end) {
            return (int)ranges[i].module;
        }
    }
    return -1;
}

static void stop(int signal)
{
    (void)signal;
    kill(traced_pid, SIGSTOP);
}

/* Lets it run for a random time. */
static void run_a_while(void)
{
    const struct itimerval timer = {
        .it_value = {.tv_usec = 1 + (suseconds_t)any(RUN_US)}};
    int signal = 0;
    setitimer(ITIMER_REAL, &timer, NULL);
    do {
        signal = traced_go_on(PTRACE_CONT, signal);
        signal = signal == SYSCALL_STOP ? 0 : signal;
    } while (signal != SIGSTOP);
}

/* Steps until @module has run for a few instructions, wherever it was called meanwhile. Signals are
 * handled on the way. False: it does not run. */
static int step_into(int module)
{
    uint32_t inside = 1 + any(DEEPER);
    int signal = 0;
    for (unsigned i = 0; i < STEPS_MAX; i++) {
        if (running() == module && signal == 0 && --inside == 0) {
            return 1;
        }
        signal = traced_go_on(PTRACE_SINGLESTEP, signal);
        signal = signal == SIGTRAP || signal == SYSCALL_STOP ? 0 : signal;
    }
    return 0;
}

static int crash(int module)
{
    if (!step_into(module)) {
        return 0;
    }
    traced.rip = 0;
    if (ptrace(PTRACE_SETREGS, traced_pid, NULL, &traced) != 0) {
        traced_fail("cannot write registers: %m");
    }
    return 1;
}

int main(int argc, char **argv)
{
    int input[2];
    int nmodules = 0;
    unsigned tries = 0;
    if (argc < 5) {
        fprintf(stderr, "usage: crash MODULE,... CRASHES SEED COMMAND...\n");
        return TRACED_BROKEN;
    }
    const unsigned long wanted = strtoul(argv[2], NULL, 10);
    random_state = (uint32_t)strtoul(argv[3], NULL, 10);
    if (pipe2(input, O_CLOEXEC) != 0 || dup2(input[0], STDIN_FILENO) < 0) {
        traced_fail("cannot make a pipe: %m");
    }
    const struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    const pid_t command = traced_start(argv + 4);
    traced_run_to_output();
    for (char *name = strtok(argv[1], ","); name != NULL; name = strtok(NULL, ",")) {
        add_module(name, (unsigned)nmodules++);
    }
    for (unsigned long done = 0; done < wanted;) {
        run_a_while();
        if (crash((int)any((uint32_t)nmodules))) {
            done++;
            tries = 0;
        } else if (++tries == TRIES_MAX) {
            traced_fail("after %lu crashes no module runs any more", done);
        }
    }
    close(input[1]);
    const int status = traced_finish(command);
    fprintf(stderr, "crash: %lu crashes\n", wanted);
    return status;
}
