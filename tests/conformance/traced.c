#include "traced.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FLAGS_OF_STEPS UINT64_C(0x10100) /* RF, TF */

pid_t traced_pid;
struct user_regs_struct traced;

/* Of the command, while there is a monitor to end: killed first, for it would report the end
 * of the other as the host's doing. */
static pid_t traced_command;

void traced_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    if (traced_command > 0) {
        kill(traced_command, SIGKILL);
    }
    exit(TRACED_BROKEN); /* and PTRACE_O_EXITKILL ends the monitor */
}

int traced_go_on(enum __ptrace_request how, int signal)
{
    int status;
    if (ptrace(how, traced_pid, NULL, (void *)(intptr_t)signal) != 0 ||
        waitpid(traced_pid, &status, __WALL) != traced_pid) {
        traced_fail("cannot let the monitor go on: %m");
    }
    if (!WIFSTOPPED(status)) {
        traced_command = 0; /* it has its own words for this end */
        traced_fail(
            "the monitor ended with status %#x; last seen at %#llx, with signal %d",
            status, traced.rip, signal);
    }
    if (ptrace(PTRACE_GETREGS, traced_pid, NULL, &traced) != 0) {
        traced_fail("cannot read registers: %m");
    }
    traced.eflags &= ~FLAGS_OF_STEPS;
    return WSTOPSIG(status);
}

struct __ptrace_syscall_info traced_run_to_syscall(int signal)
{
    for (;;) {
        struct __ptrace_syscall_info call;
        signal = traced_go_on(PTRACE_SYSCALL, signal);
        if (signal != SYSCALL_STOP) {
            continue;
        }
        signal = 0;
        if (ptrace(PTRACE_GET_SYSCALL_INFO, traced_pid, sizeof(call), &call) < 0) {
            traced_fail("cannot ask for the system call: %m");
        }
        if (call.op == PTRACE_SYSCALL_INFO_ENTRY) {
            return call;
        }
    }
}

void traced_handle(int signal)
{
    const uint64_t standard = UINT64_C(0x7fffffff);
    const uint64_t never = 1u << (SIGKILL - 1) | 1u << (SIGSTOP - 1);
    uint64_t blocked;
    while (traced_run_to_syscall(signal).entry.nr != SYS_rt_sigreturn) {
        signal = 0;
    }
    if (ptrace(PTRACE_GETSIGMASK, traced_pid, sizeof(blocked), &blocked) != 0 ||
        ((blocked | never) & standard) != standard) {
        traced_fail("a handler runs with signals %#" PRIx64 " blocked", blocked);
    }
    if (traced_go_on(PTRACE_SINGLESTEP, 0) != SIGTRAP) {
        traced_fail("a handler did not return");
    }
}

/* All on one processor: what takes time is to
 * wake each other. */
pid_t traced_start(char **argv)
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
        traced_fail("cannot trace %s: %m", argv[0]);
    }
    while (status >> 8 != (SIGTRAP | PTRACE_EVENT_FORK << 8)) {
        if (ptrace(PTRACE_CONT, command, NULL, NULL) != 0 ||
            waitpid(command, &status, 0) != command || !WIFSTOPPED(status)) {
            traced_fail("the command ended before it started the system");
        }
    }
    unsigned long child;
    if (ptrace(PTRACE_GETEVENTMSG, command, NULL, &child) != 0 ||
        ptrace(PTRACE_DETACH, command, NULL, NULL) != 0 ||
        waitpid((pid_t)child, &status, __WALL) != (pid_t)child) {
        traced_fail("cannot trace the monitor: %m");
    }
    traced_pid = (pid_t)child;
    traced_command = command;
    return command;
}

static int is_output(uint64_t nr, uint64_t descriptor)
{
    return nr == SYS_write && descriptor == STDOUT_FILENO;
}

void traced_run_to_output(void)
{
    struct __ptrace_syscall_info call;
    do {
        call = traced_run_to_syscall(0);
    } while (!is_output(call.entry.nr, call.entry.args[0]));
}

int traced_wrote_output(void)
{
    return is_output(traced.orig_rax, traced.rdi);
}

int traced_finish(pid_t command)
{
    int status;
    ptrace(PTRACE_DETACH, traced_pid, NULL, NULL);
    if (waitpid(command, &status, 0) != command || !WIFEXITED(status)) {
        traced_fail("the command did not end by itself");
    }
    return WEXITSTATUS(status);
}
