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
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNAL SIGVTALRM           /* monitor/watchdog.c */
#define STUBS UINT64_C(0x7f000000) /* monitor/layout.h */
#define SPACE (UINT64_C(1) << 32)
#define EVERY 4 /* outside trampolines, one address of so many is interrupted */
#define PLACES (1u << 16)
#define STATUS 99 /* what was looked for was not found, or went wrong */
#define RED_ZONE 128
#define COME_IN 16 /* bytes from opening all keys to where host calls are allowed */
#define XSAVE_NOTES 464
#define XSAVE_NOTES_END 576
#define FLAGS_OF_STEPS UINT64_C(0x10100) /* RF, TF */
#define SYSCALL_STOP (SIGTRAP | 0x80)

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

static pid_t monitor;
static struct user_regs_struct now; /* its registers, where it is stopped */
static struct place places[PLACES];
static int memory; /* its file, opened before the wall forbids that */
static uint64_t bodies, bodies_end;
static uint8_t *code;      /* what is in them */
static unsigned bans;      /* instructions in them that ban host calls */
static int32_t host_calls; /* distance from FS of what says so */
static unsigned counts[NKINDS], seen[NKINDS], traps;
static unsigned times = 1; /* that an address is interrupted */
static bool comes_back;    /* a signal leads back to where it arrived */

static void fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));
static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("interrupt: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(STATUS); /* and PTRACE_O_EXITKILL ends the monitor */
}

/* ---- the monitor as a process ---- */

/* Lets it go on, with @signal if that is not 0, until it stops. What it has stopped for: a
 * signal, or SYSCALL_STOP. */
static int go_on(enum __ptrace_request how, int signal)
{
    int status;
    if (ptrace(how, monitor, NULL, (void *)(intptr_t)signal) != 0 ||
        waitpid(monitor, &status, __WALL) != monitor) {
        fail("cannot let the monitor go on: %m");
    }
    if (!WIFSTOPPED(status)) {
        fail("the monitor ended with status %#x; last seen at %#llx, with signal %d",
             status, now.rip, signal);
    }
    if (ptrace(PTRACE_GETREGS, monitor, NULL, &now) != 0) {
        fail("cannot read registers: %m");
    }
    now.eflags &= ~FLAGS_OF_STEPS;
    return WSTOPSIG(status);
}

/* Runs on, with @signal, to the beginning of the next system call. */
static struct __ptrace_syscall_info run_to_syscall(int signal)
{
    for (;;) {
        struct __ptrace_syscall_info call;
        signal = go_on(PTRACE_SYSCALL, signal);
        if (signal != SYSCALL_STOP) {
            continue;
        }
        signal = 0;
        if (ptrace(PTRACE_GET_SYSCALL_INFO, monitor, sizeof(call), &call) < 0) {
            fail("cannot ask for the system call: %m");
        }
        if (call.op == PTRACE_SYSCALL_INFO_ENTRY) {
            return call;
        }
    }
}

/* Runs the handler of @signal, and returns from it. No other may come meanwhile. */
static void handle(int signal)
{
    const uint64_t standard = UINT64_C(0x7fffffff);
    const uint64_t never = 1u << (SIGKILL - 1) | 1u << (SIGSTOP - 1);
    uint64_t blocked;
    while (run_to_syscall(signal).entry.nr != SYS_rt_sigreturn) {
        signal = 0;
    }
    if (ptrace(PTRACE_GETSIGMASK, monitor, sizeof(blocked), &blocked) != 0 ||
        ((blocked | never) & standard) != standard) {
        fail("a handler runs with signals %#" PRIx64 " blocked", blocked);
    }
    if (go_on(PTRACE_SINGLESTEP, 0) != SIGTRAP) {
        fail("a handler did not return");
    }
}

/* One instruction, with what it traps for. */
static void step(void)
{
    const int signal = go_on(PTRACE_SINGLESTEP, 0);
    if (signal == SIGNAL) {
        step(); /* the timer's own; those at every instruction are enough */
    } else if (signal != SIGTRAP) {
        traps++;
        handle(signal);
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
    fail("more than %u addresses", PLACES);
}

static void read_state(struct state *state)
{
    struct iovec area = {state->area, sizeof(state->area)};
    state->regs = now;
    if (ptrace(PTRACE_GETREGSET, monitor, NT_X86_XSTATE, &area) != 0) {
        fail("cannot read vector registers: %m");
    }
    state->size = area.iov_len;
    memset(state->stack, 0, sizeof(state->stack));
    (void)!pread(memory, state->stack, sizeof(state->stack),
                 (off_t)(now.rsp - RED_ZONE)); /* a part of it, where it ends */
    state->host_calls = 0;
    if (bans != 0 && pread(memory, &state->host_calls, 1,
                           (off_t)(now.fs_base + (uint64_t)host_calls)) != 1) {
        fail("cannot read memory: %m");
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
            fail("%s, %#llx: register %zu was %#" PRIx64 " and is %#" PRIx64, where,
                 was->regs.rip, i, before[i], after[i]);
        }
    }
    if (!equal(was, is, 0, XSAVE_NOTES) ||
        !equal(was, is, XSAVE_NOTES_END, was->size)) {
        fail("%s, %#llx: vector registers, x87 or PKRU have changed", where,
             was->regs.rip);
    }
    if (memcmp(was->stack, is->stack, sizeof(was->stack)) != 0) {
        fail("%s, %#llx: the stack has changed", where, was->regs.rip);
    }
    if (was->host_calls != is->host_calls &&
        !(is->host_calls == 0 && comes_in(was->regs.rip))) {
        fail("%s, %#llx: the ban of host calls has changed", where, was->regs.rip);
    }
}

static void debug_register(unsigned number, uint64_t value)
{
    const size_t at = offsetof(struct user, u_debugreg) + number * sizeof(value);
    if (ptrace(PTRACE_POKEUSER, monitor, at, value) != 0) {
        fail("cannot set a breakpoint: %m");
    }
}

static bool is_at(const struct user_regs_struct *place)
{
    /* One way back inside another passes the same addresses, further down the stack. */
    return now.rip == place->rip && now.rsp == place->rsp;
}

/* Goes on to @place by a breakpoint. */
static void run_to(const struct user_regs_struct *place)
{
    debug_register(0, place->rip);
    debug_register(7, 1);
    do {
        const int signal = go_on(PTRACE_CONT, 0);
        if (signal != SIGTRAP && signal != SIGNAL) {
            handle(signal);
        }
    } while (!is_at(place));
    debug_register(7, 0);
}

static void visit(bool back);

/* From where the handler has returned to, by steps where that is new. */
static void go_back(const struct user_regs_struct *to)
{
    while (!is_at(to)) {
        if (place_of(now.rip)->times < times) {
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
        handle(SIGNAL);
        return;
    }
    read_state(&was);
    handle(SIGNAL);
    go_back(&was.regs);
    read_state(&is);
    compare(&was, &is, where);
}

/* It is about to execute an instruction. */
static void visit(bool back)
{
    const uint64_t address = now.rip;
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

/* Starts the command, which forks the monitor. All on one processor: what takes time is to
 * wake each other. */
static pid_t start(char **argv)
{
    const uintptr_t options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD |
                              PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXEC;
    int status;
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET((size_t)sched_getcpu(), &here);
    (void)sched_setaffinity(0, sizeof(here), &here);
    const pid_t command = fork();
    if (command == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        execvp(argv[0], argv);
        _exit(127);
    }
    if (waitpid(command, &status, 0) != command || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, command, NULL, options) != 0) {
        fail("cannot trace %s: %m", argv[0]);
    }
    while (status >> 8 != (SIGTRAP | PTRACE_EVENT_FORK << 8)) {
        if (ptrace(PTRACE_CONT, command, NULL, NULL) != 0 ||
            waitpid(command, &status, 0) != command || !WIFSTOPPED(status)) {
            fail("the command ended before it started the system");
        }
    }
    unsigned long child;
    if (ptrace(PTRACE_GETEVENTMSG, command, NULL, &child) != 0 ||
        ptrace(PTRACE_DETACH, command, NULL, NULL) != 0 ||
        waitpid((pid_t)child, &status, __WALL) != (pid_t)child) {
        fail("cannot trace the monitor: %m");
    }
    monitor = (pid_t)child;
    return command;
}

/* Bodies: code without a file above the offset space. */
static void find_bodies(void)
{
    char path[64];
    char line[512];
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)monitor);
    FILE *maps = fopen(path, "re");
    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        uint64_t from;
        uint64_t to;
        unsigned long inode;
        char name[8] = "";
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " r-xp %*x %*x:%*x %lu %7s", &from, &to,
                   &inode, name) == 3 &&
            inode == 0 && from >= SPACE) {
            bodies = from;
            bodies_end = to;
        }
    }
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)monitor);
    memory = open(path, O_RDONLY | O_CLOEXEC);
    const size_t size = bodies_end - bodies;
    code = malloc(size + 1);
    if (maps == NULL || size == 0 || code == NULL ||
        pread(memory, code, size, (off_t)bodies) != (ssize_t)size) {
        fail("no bodies of trampolines found: %m");
    }
    for (size_t i = 0; i + 9 <= size; i++) {
        if (sets_host_calls(code + i, 1)) {
            memcpy(&host_calls, code + i + 4, sizeof(host_calls));
            bans++;
        }
    }
    fclose(maps);
}

static bool writes_output(uint64_t nr, uint64_t descriptor)
{
    return nr == SYS_write && descriptor == STDOUT_FILENO;
}

/* Interrupts it up to its next write to standard output, which it has done then. */
static void interrupt_all(void)
{
    do {
        visit(false);
        step();
    } while (!writes_output(now.orig_rax, now.rdi));
}

int main(int argc, char **argv)
{
    struct __ptrace_syscall_info call;
    int status;
    if (argc < 3) {
        fprintf(stderr, "usage: interrupt cubicle run SYSTEM ...\n");
        return STATUS;
    }
    const pid_t command = start(argv + 1);
    /* After the last trampoline is written the watchdog starts; then the wall hides maps. */
    do {
        call = run_to_syscall(0);
    } while (call.entry.nr != SYS_setitimer);
    find_bodies();
    do {
        call = run_to_syscall(0);
    } while (!writes_output(call.entry.nr, call.entry.args[0]));
    step();
    comes_back = true;
    interrupt_all();
    comes_back = false;
    times++; /* where a call to a live cubicle has come by */
    interrupt_all();
    ptrace(PTRACE_DETACH, monitor, NULL, NULL);
    if (waitpid(command, &status, 0) != command || !WIFEXITED(status)) {
        fail("the command did not end by itself");
    }
    fprintf(stderr, "interrupt: %u traps; addresses:", traps);
    for (unsigned kind = 0; kind < NKINDS; kind++) {
        fprintf(stderr, " %s %u,", kind_names[kind], counts[kind]);
    }
    fprintf(stderr, " bans %u,\n", bans);
    return WEXITSTATUS(status);
}
