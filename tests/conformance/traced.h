/* A running system under ptrace: what the programs here share that stop it at will. */
#ifndef TESTS_CONFORMANCE_TRACED_H
#define TESTS_CONFORMANCE_TRACED_H

#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>

#define TRACED_BROKEN \
    99 /* exit status: what was looked for was not found, or went wrong */
#define SYSCALL_STOP (SIGTRAP | 0x80)

extern pid_t traced_pid;               /* the monitor */
extern struct user_regs_struct traced; /* its registers, where it is stopped */

/** Ends the program, and the monitor. */
void traced_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/** Starts `cubicle run ...` and stops the monitor that it forks. Returns the command's id. */
pid_t traced_start(char **argv);

/** Lets the monitor go on, with @signal if that is not 0, until it stops. What it has stopped
 *  for: a signal, or SYSCALL_STOP. */
int traced_go_on(enum __ptrace_request how, int signal);

/** Runs on, with @signal, to the beginning of the next system call. */
struct __ptrace_syscall_info traced_run_to_syscall(int signal);

/** Runs the handler of @signal, and returns from it. No other may come meanwhile. */
void traced_handle(int signal);

/** Runs on to the beginning of the next write to standard output. */
void traced_run_to_output(void);

/** Did its last instruction write to standard output? */
int traced_wrote_output(void);

/** Detaches; the exit status of @command, which must end by itself. */
int traced_finish(pid_t command);

#endif
