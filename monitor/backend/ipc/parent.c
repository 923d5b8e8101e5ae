/*
 * The parent: it makes the processes, starts the system by messages to them, and looks after those that end. It runs no
 * cubicle code, and believes no message but as far as its sender may have its way anyway.
 */
#include "base/counters.h"
#include "base/message.h"
#include "call/entry.h"
#include "fault/fault.h"
#include "fault/report.h"
#include "fault/restart.h"
#include "fault/signal_pending.h"
#include "fault/unwind.h"
#include "ipc.h"
#include "load/module.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t ipc_parent;
uint64_t ipc_parent_pages, ipc_parent_size;

static pid_t pids[CUBICLE_MAX + 1];
static const struct monitor_config *system_config;
static volatile sig_atomic_t divided;
static volatile sig_atomic_t interrupted_by; /* a signal that ends the system */
static bool
    due[CUBICLE_MAX + 1]; /* cubicles that have no process and are to begin anew */
static unsigned attempts[CUBICLE_MAX + 1]; /* that have failed */
static unsigned beginning;   /* the cubicle that begins anew now; 0: none does */
static unsigned others_lost; /* processes meanwhile, of others */
static bool restarting;
#define RESTART_STACK UINT64_C(0x4000)

/* A child has ended: the wait for a message is over. */
static void parent_child_ended(int signal, siginfo_t *info, void *context)
{
    const int saved_errno = errno;
    (void)signal;
    (void)info;
    (void)context;
    channel_ring(0);
    errno = saved_errno;
}

/* Process @pid is @id's; 0: it has none. */
static void parent_note_process(unsigned id, pid_t pid)
{
    struct counters *counters = counters_shared();
    pids[id] = pid;
    if (counters != NULL) {
        counters->cubicles[id].process = pid;
    }
}

/* Here it waits for an answer, always. An application's own timer ends its process (parent_ended()). */
void ipc_interrupt(int signal)
{
    if (ipc_self != 0 || !divided) {
        _exit(128 + signal);
    }
    interrupted_by = signal;
    channel_ring(0);
}

static int parent_spawn(const struct monitor_config *config, unsigned id)
{
    const pid_t pid = fork();
    if (pid == 0) {
        ipc_become(config, id);
    }
    const int error = pid > 0 ? 0 : -errno;
    parent_note_process(id, pid > 0 ? pid : 0);
    return error;
}

static void parent_kill(unsigned id)
{
    int status;
    if (pids[id] > 0) {
        /* A process that is still becoming a cubicle's may be root's, which this one is no more.
         * It gives that up, or ends, before it waits for anything. */
        while (kill(pids[id], SIGKILL) != 0 && errno == EPERM) {
            (void)sched_yield();
        }
        (void)waitpid(pids[id], &status, 0);
        parent_note_process(id, 0);
    }
}

/* As restart_attempt(): all that there was of it is gone with its process. */
static int parent_restart_attempt(struct cubicle *cubicle)
{
    uint64_t *epoch = &channel_notice(cubicle->id)->epoch;
    *epoch += *epoch != 0; /* what others remember of it is old */
    signal_forget(cubicle);
    restart_tell(cubicle, true);
    entry_close(cubicle);
    channel_become(cubicle->id, CHANNEL_BEGINS);
    const int error = parent_spawn(system_config, cubicle->id);
    if (error != 0) {
        return error;
    }
    for (size_t i = 0; i < cubicle->nmodules; i++) {
        const int failed = trampoline_call(cubicle->modules[i]->init, 0);
        if (failed != 0) {
            return failed;
        }
    }
    entry_open(cubicle);
    return cubicle->state == CUBICLE_LIVE ? 0
                                          : -ECONNRESET; /* lost behind its answer */
}

/* @cubicle's process has no use any more. @state: what others know then. */
static void parent_lose(struct cubicle *cubicle, enum channel_state state)
{
    parent_kill(cubicle->id);
    cubicle->state = CUBICLE_DEAD;
    cubicle->may_restart = false;
    if (state == CHANNEL_GONE) {
        channel_become(cubicle->id, CHANNEL_GONE);
    } else {
        channel_lose(cubicle->id, state);
    }
}

/* It could not begin anew: later again, unless that has been so a few times. An attempt in which others were lost, which it
 * may have needed, does not count. */
static void parent_put_off(struct cubicle *cubicle, int error)
{
    attempts[cubicle->id] += others_lost == 0;
    due[cubicle->id] = attempts[cubicle->id] < RESTART_ATTEMPTS;
    parent_lose(cubicle, due[cubicle->id] ? CHANNEL_LATER : CHANNEL_GONE);
    if (!due[cubicle->id]) {
        restart_failed(cubicle, error);
    }
}

static void parent_begin_anew(struct cubicle *cubicle)
{
    beginning = cubicle->id;
    others_lost = 0;
    due[cubicle->id] = false;
    channel_become(cubicle->id, CHANNEL_AWAY);
    const int error = parent_restart_attempt(cubicle);
    if (unwind_ending()) {
        return;
    }
    beginning = 0;
    if (error != 0) {
        parent_put_off(cubicle, error);
        return;
    }
    attempts[cubicle->id] = 0;
    cubicle->restarts++;
    restart_allow(cubicle);
    restart_tell(cubicle, false);
    if (cubicle->state == CUBICLE_LIVE) { /* not lost again already */
        channel_become(cubicle->id, CHANNEL_THERE);
    }
}

/* In the order of the manifest, each in its turn: they may need one another to begin. */
static struct cubicle *parent_next_due(unsigned after)
{
    for (unsigned i = 0; i < cubicle_count(); i++) {
        const unsigned id = 1 + (after + i) % cubicle_count();
        if (due[id]) {
            return cubicle_get(id);
        }
    }
    return NULL;
}

/* One after the other (CH8). While the parent waits for an answer: below that on the monitor's stack. */
static void parent_restart(void)
{
    const uint64_t stack = thread_self.monitor_stack;
    const uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    struct cubicle *cubicle;
    unsigned last = 0;
    if (restarting) {
        return;
    }
    restarting = true;
    thread_self.monitor_stack = (here - RESTART_STACK) & ~UINT64_C(63);
    while (!unwind_ending() && (cubicle = parent_next_due(last)) != NULL) {
        last = cubicle->id;
        parent_begin_anew(cubicle);
    }
    thread_self.monitor_stack = stack;
    restarting = false;
    if (unwind_ending()) {
        unwind_all(unwind_end_status());
    }
}

/* @cubicle's process is no more, or of no use any more. */
static void parent_apply_policy(struct cubicle *cubicle)
{
    if (cubicle->on_fault == MONITOR_ON_FAULT_ABORT) {
        unwind_all(MONITOR_EXIT_FAULT);
    }
    if (cubicle->id == beginning) { /* the attempt fails by that */
        parent_lose(cubicle, CHANNEL_AWAY);
        return;
    }
    due[cubicle->id] = cubicle->may_restart;
    others_lost++;
    parent_lose(cubicle, !due[cubicle->id] ? CHANNEL_GONE
                         : restarting      ? CHANNEL_LATER
                                           : CHANNEL_AWAY);
    parent_restart();
}

static void parent_ended(struct cubicle *cubicle, int status)
{
    struct message m = {.len = 0};
    parent_note_process(cubicle->id, 0);
    if (cubicle->is_app && WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGALRM) {
        unwind_all(128 + SIGALRM); /* its timer, which it does not catch */
    }
    fault_report_start(&m, cubicle, 0);
    message_add(&m, "its process ended: ");
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
        message_add(&m, "system call that the cubicle may not make");
    } else {
        message_add(&m, WIFSIGNALED(status) ? "signal " : "exit status ");
        message_add_decimal(&m, (uint64_t)(WIFSIGNALED(status) ? WTERMSIG(status)
                                                               : WEXITSTATUS(status)));
    }
    message_write(&m);
    fault_report_policy(cubicle);
    parent_apply_policy(cubicle);
}

/* True: nobody is to be waited for any longer. */
static bool parent_woken(void)
{
    int status;
    pid_t pid;
    ipc_counts_look();
    if (interrupted_by != 0) {
        unwind_all(128 + interrupted_by);
    }
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (unsigned id = 1; id <= cubicle_count(); id++) {
            if (pids[id] == pid) {
                parent_ended(cubicle_get(id), status);
            }
        }
    }
    return false;
}

/* The sender ends, and says whether everything does: whoever is not next to the host can only have it stopped, by its policy. */
void ipc_hear(struct channel_peer *from, const struct channel_line *line)
{
    struct cubicle *cubicle = cubicle_get(from->id);
    if (line->kind != CHANNEL_END) {
        return;
    }
    if (line->what != MONITOR_EXIT_FAULT &&
        ipc_has_right(cubicle, MONITOR_RIGHT_HOST)) {
        unwind_all((int)line->what);
    }
    parent_apply_policy(cubicle);
}

/* What RLIMIT_AS and RLIMIT_DATA count; the second with stacks, which that does not. */
static int parent_count_pages(void)
{
    FILE *statm = fopen("/proc/self/statm", "re");
    const bool read =
        statm != NULL && fscanf(statm, "%" SCNu64 " %*u %*u %*u %*u %" SCNu64,
                                &ipc_parent_size, &ipc_parent_pages) == 2;
    if (statm != NULL) {
        (void)fclose(statm);
    }
    return read ? 0 : -EIO;
}

/* The application, and those in which it waits for the host. */
static int parent_share_signals(void)
{
    int error = 0;
    for (unsigned id = 1; error == 0 && id <= cubicle_count(); id++) {
        const struct cubicle *cubicle = cubicle_get(id);
        if (cubicle->is_app) {
            error = signal_share(&channel_notice(id)->signals, cubicle);
        } else if (ipc_has_right(cubicle, MONITOR_RIGHT_HOST | MONITOR_RIGHT_HOSTNET)) {
            error = signal_add_process(id);
        }
    }
    return error;
}

int ipc_divide(const struct monitor_config *config, int (*sample)(void))
{
    ipc_parent = getpid();
    ipc_sample = sample;
    system_config = config;
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        channel_want(0, id);
    }
    int error = channel_map(cubicle_count());
    if (error == 0) {
        error = parent_share_signals();
    }
    if (error == 0) {
        error = ipc_counts_make();
    }
    if (error == 0) {
        error = parent_count_pages();
    }
    if (error == 0) {
        error = fault_handle(SIGCHLD, parent_child_ended, SA_RESTART | SA_NOCLDSTOP);
    }
    channel_on_wake(parent_woken);
    divided = error == 0;
    for (unsigned id = 1; error == 0 && id <= cubicle_count(); id++) {
        error = parent_spawn(config, id);
    }
    return error == 0 ? 0
                      : message_error(error, "%s: cannot make the processes: %s",
                                      config->system, strerror(-error));
}

void ipc_finish(void)
{
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        parent_kill(id);
    }
    ipc_counts_end();
}
