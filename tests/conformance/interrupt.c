/*
 * Interrupts a running system at every instruction: `interrupt cubicle run SYSTEM ...`.
 *
 * From its first write to standard output the monitor is stepped. At each address in
 * trampolines that it comes to, and at some elsewhere, the signal of the watchdog's timer
 * arrives, once. The handler runs to its end; then the way back to the interrupted
 * instruction is stepped, and interrupted as well. Up to the second write every register,
 * the top of the stack and the ban of host calls must then be what they were. Up to the third write there are calls of the dead: a signal may
 * end them before their next instruction does. SYSTEM needs a cubicle with a limit
 * (`call_limit_ms`): else nobody handles that signal.
 *
 * Output and exit status are those of the system; at the end standard error gets the number
 * of different addresses, by what lies there.
 */
#include "traced.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SIGNAL SIGVTALRM           /* monitor/fault/watchdog.c */
#define STUBS UINT64_C(0x7f000000) /* monitor/base/layout.h */
#define SPACE (UINT64_C(1) << 32)
#define EVERY 4 /* outside trampolines, one address of so many is interrupted */
#define PLACES (1u << 16)
#define RED_ZONE 128
#define COME_IN 16 /* bytes from opening all keys to where host calls are allowed */
#define XSAVE_NOTES 464
#define XSAVE_NOTES_END 576

enum kind { STUB, BODY, CUBICLE, MONITOR, WAY_BACK, NKINDS };
static const char *const kind_names[NKINDS] = {"stubs", "bodies", "cubicles", "monitor",
                                               "way back"};

struct place {
    uint64_t address; /* 0: this entry is free */
    unsigned times;
};

/* All that a signal must leave as it was. */
struct state {
    struct user_regs_struct regs;
    size_t size; /* of vectors, x87, PKRU: an XSAVE area */
    uint8_t area[16384] __attribute__((aligned(64)));
    uint8_t stack[2 * RED_ZONE]; /* around its pointer */
    uint8_t host_calls;          /* under mpk: are they banned? */
};

static struct place places[PLACES];
static int memory; /* its file, opened before the wall forbids that */
static uint64_t bodies, bodies_end;
static uint8_t *code;      /* what is in them */
static unsigned bans;      /* instructions in them that ban host calls */
static int32_t host_calls; /* distance from FS of what says so */
static unsigned counts[NKINDS], seen[NKINDS], traps;
static unsigned times = 1; /* that an address is interrupted */
static bool comes_back;    /* a signal leads back to where it arrived */

/* One instruction, with what it traps for. */
static void step(void)
{
    const int signal = traced_go_on(PTRACE_SINGLESTEP, 0);
    if (signal == SIGNAL) {
        step(); /* the timer's own; those at every instruction are enough */
    } else if (signal != SIGTRAP) {
        traps++;
        traced_handle(signal);
    }
}

/* ---- interrupting it ---- */

static enum kind kind_of(uint64_t address, bool back)
{
    if (address < SPACE) {
        return address >= STUBS ? STUB : CUBICLE;
    }
    if (address >= bodies && address < bodies_end) {
        return BODY;
    }
    return back ? WAY_BACK : MONITOR;
}

static struct place *place_of(uint64_t address)
{
    uint64_t i = address * UINT64_C(0x9e3779b97f4a7c15) >> 48;
    for (unsigned n = 0; n < PLACES; n++, i = (i + 1) % PLACES) {
        if (places[i].address == address || places[i].address == 0) {
            return &places[i];
        }
    }
    traced_fail("more than %u addresses", PLACES);
}

static void read_state(struct state *state)
{
    struct iovec area = {state->area, sizeof(state->area)};
    state->regs = traced;
    if (ptrace(PTRACE_GETREGSET, traced_pid, NT_X86_XSTATE, &area) != 0) {
        traced_fail("cannot read vector registers: %m");
    }
    state->size = area.iov_len;
    memset(state->stack, 0, sizeof(state->stack));
    (void)!pread(memory, state->stack, sizeof(state->stack),
                 (off_t)(traced.rsp - RED_ZONE)); /* a part of it, where it ends */
    state->host_calls = 0;
    if (bans != 0 && pread(memory, &state->host_calls, 1,
                           (off_t)(traced.fs_base + (uint64_t)host_calls)) != 1) {
        traced_fail("cannot read memory: %m");
    }
}

/* Is there an instruction at @at that writes @value to host_calls? */
static bool sets_host_calls(const uint8_t *at, uint8_t value)
{
    static const uint8_t movb[] = {0x64, 0xc6, 0x04, 0x25}; /* movb $value,%fs:disp */
    return memcmp(at, movb, sizeof(movb)) == 0 && at[8] == value;
}

/* Who has just come in allows host calls next, and a signal may do so for him. */
static bool comes_in(uint64_t address)
{
    bool found = false;
    if (address >= bodies && address + COME_IN + 9 <= bodies_end) {
        for (unsigned i = 0; i < COME_IN; i++) {
            found |= sets_host_calls(code + (address - bodies) + i, 0);
        }
    }
    return found;
}

/* Not compared are what the kernel notes in the area, and which parts of it are in use. */
static bool equal(const struct state *a, const struct state *b, size_t from, size_t to)
{
    return memcmp(a->area + from, b->area + from, to - from) == 0;
}

static void compare(const struct state *was, const struct state *is, const char *where)
{
    const uint64_t *before = (const uint64_t *)&was->regs;
    const uint64_t *after = (const uint64_t *)&is->regs;
    for (size_t i = 0; i < sizeof(was->regs) / sizeof(*before); i++) {
        if (before[i] != after[i] &&
            i != offsetof(struct user_regs_struct, orig_rax) / sizeof(*before)) {
            traced_fail("%s, %#llx: register %zu was %#" PRIx64 " and is %#" PRIx64,
                        where, was->regs.rip, i, before[i], after[i]);
        }
    }
    if (!equal(was, is, 0, XSAVE_NOTES) ||
        !equal(was, is, XSAVE_NOTES_END, was->size)) {
        traced_fail("%s, %#llx: vector registers, x87 or PKRU have changed", where,
                    was->regs.rip);
    }
    if (memcmp(was->stack, is->stack, sizeof(was->stack)) != 0) {
        traced_fail("%s, %#llx: the stack has changed", where, was->regs.rip);
    }
    if (was->host_calls != is->host_calls &&
        !(is->host_calls == 0 && comes_in(was->regs.rip))) {
        traced_fail("%s, %#llx: the ban of host calls has changed", where,
                    was->regs.rip);
    }
}

static void debug_register(unsigned number, uint64_t value)
{
    const size_t at = offsetof(struct user, u_debugreg) + number * sizeof(value);
    if (ptrace(PTRACE_POKEUSER, traced_pid, at, value) != 0) {
        traced_fail("cannot set a breakpoint: %m");
    }
}

static bool is_at(const struct user_regs_struct *place)
{
    /* One way back inside another passes the same addresses, further down the stack. */
    return traced.rip == place->rip && traced.rsp == place->rsp;
}

/* Goes on to @place by a breakpoint. */
static void run_to(const struct user_regs_struct *place)
{
    debug_register(0, place->rip);
    debug_register(7, 1);
    do {
        const int signal = traced_go_on(PTRACE_CONT, 0);
        if (signal != SIGTRAP && signal != SIGNAL) {
            traced_handle(signal);
        }
    } while (!is_at(place));
    debug_register(7, 0);
}

static void visit(bool back);

/* From where the handler has returned to, by steps where that is new. */
static void go_back(const struct user_regs_struct *to)
{
    while (!is_at(to)) {
        if (place_of(traced.rip)->times < times) {
            visit(true);
            step();
        } else {
            run_to(to);
        }
    }
}

static void interrupt(const char *where)
{
    struct state was;
    struct state is;
    if (!comes_back) {
        traced_handle(SIGNAL);
        return;
    }
    read_state(&was);
    traced_handle(SIGNAL);
    go_back(&was.regs);
    read_state(&is);
    compare(&was, &is, where);
}

/* It is about to execute an instruction. */
static void visit(bool back)
{
    const uint64_t address = traced.rip;
    struct place *place = place_of(address);
    const enum kind kind = kind_of(address, back);
    if (place->times == times) {
        return;
    }
    *place = (struct place){address, place->times + 1};
    if ((kind != CUBICLE && kind != MONITOR) || seen[kind]++ % EVERY == 0) {
        counts[kind] += place->times == 1;
        interrupt(kind_names[kind]);
    }
}

/* ---- from start to end ---- */

/* Bodies: the first code without a file above the offset space. */
static void find_bodies(void)
{
    char path[64];
    char line[512];
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)traced_pid);
    FILE *maps = fopen(path, "re");
    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        uint64_t from;
        uint64_t to;
        unsigned long inode;
        char name[8] = "";
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " r-xp %*x %*x:%*x %lu %7s", &from, &to,
                   &inode, name) == 3 &&
            inode == 0 && from >= SPACE && bodies == 0) {
            bodies = from;
            bodies_end = to;
        }
    }
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)traced_pid);
    memory = open(path, O_RDONLY | O_CLOEXEC);
    const size_t size = bodies_end - bodies;
    code = malloc(size + 1);
    if (maps == NULL || size == 0 || code == NULL ||
        pread(memory, code, size, (off_t)bodies) != (ssize_t)size) {
        traced_fail("no bodies of trampolines found: %m");
    }
    for (size_t i = 0; i + 9 <= size; i++) {
        if (sets_host_calls(code + i, 1)) {
            memcpy(&host_calls, code + i + 4, sizeof(host_calls));
            bans++;
        }
    }
    fclose(maps);
}

/* Interrupts it up to its next write to standard output, which it has done then. */
static void interrupt_all(void)
{
    do {
        visit(false);
        step();
    } while (!traced_wrote_output());
}

int main(int argc, char **argv)
{
    struct __ptrace_syscall_info call;
    if (argc < 3) {
        fprintf(stderr, "usage: interrupt cubicle run SYSTEM ...\n");
        return TRACED_BROKEN;
    }
    const pid_t command = traced_start(argv + 1);
    /* After the last trampoline is written the watchdog starts; then the wall hides maps. */
    do {
        call = traced_run_to_syscall(0);
    } while (call.entry.nr != SYS_setitimer);
    find_bodies();
    traced_run_to_output();
    step();
    comes_back = true;
    interrupt_all();
    comes_back = false;
    times++; /* where a call to a live cubicle has come by */
    interrupt_all();
    const int status = traced_finish(command);
    fprintf(stderr, "interrupt: %u traps; addresses:", traps);
    for (unsigned kind = 0; kind < NKINDS; kind++) {
        fprintf(stderr, " %s %u,", kind_names[kind], counts[kind]);
    }
    fprintf(stderr, " bans %u,\n", bans);
    return status;
}
