/*
 * The parent: it makes the processes, starts the system by messages to them, and looks after those that end. It runs no
 * cubicle code, and believes no message but as far as its sender may have its way anyway.
 */
#include "../../fault.h"
#include "../../fault_report.h"
#include "../../message.h"
#include "../../unwind.h"
#include "ipc.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t ipc_parent;

static pid_t pids[CUBICLE_MAX + 1];
static bool finishing;

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

static int parent_spawn(const struct monitor_config *config, unsigned id)
{
    const pid_t pid = fork();
    if (pid == 0) {
        ipc_become(config, id);
    }
    pids[id] = pid;
    return pid > 0 ? 0 : -errno;
}

int ipc_divide(const struct monitor_config *config)
{
    ipc_parent = getpid();
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        channel_want(0, id);
    }
    int error = channel_map(cubicle_count());
    if (error == 0) {
        error = fault_handle(SIGCHLD, parent_child_ended, SA_RESTART | SA_NOCLDSTOP);
    }
    channel_on_wake(ipc_reap);
    for (unsigned id = 1; error == 0 && id <= cubicle_count(); id++) {
        error = parent_spawn(config, id);
    }
    return error == 0 ? 0
                      : message_error(error, "%s: cannot make the processes: %s",
                                      config->system, strerror(-error));
}

/* The process of @cubicle is no more, and nobody waits for it any longer. */
static void parent_gone(struct cubicle *cubicle)
{
    cubicle->state = CUBICLE_DEAD;
    __atomic_store_n(&channel_news()->gone[cubicle->id], 1, __ATOMIC_SEQ_CST);
    for (unsigned id = 0; id <= cubicle_count(); id++) {
        channel_ring(id);
    }
}

static void parent_ended(struct cubicle *cubicle, int status)
{
    struct message m = {.len = 0};
    pids[cubicle->id] = 0;
    if (cubicle->state == CUBICLE_DEAD) {
        return; /* it has been said why */
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
    parent_gone(cubicle);
    if (cubicle->on_fault == MONITOR_ON_FAULT_ABORT) {
        unwind_all(MONITOR_EXIT_FAULT);
    }
}

void ipc_reap(void)
{
    int status;
    pid_t pid;
    while (!finishing && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (unsigned id = 1; id <= cubicle_count(); id++) {
            if (pids[id] == pid) {
                parent_ended(cubicle_get(id), status);
            }
        }
    }
}

/* The system ends. Who is not next to the host can only have it stopped, by the cubicle's own policy. */
static void parent_hear_end(struct cubicle *cubicle, int status)
{
    if (ipc_has_right(cubicle, MONITOR_RIGHT_HOST)) {
        unwind_all(status);
    }
    if (cubicle->on_fault == MONITOR_ON_FAULT_ABORT) {
        unwind_all(MONITOR_EXIT_FAULT);
    }
    (void)kill(pids[cubicle->id], SIGKILL);
    parent_gone(cubicle);
}

void ipc_hear(struct channel_peer *from, const struct channel_line *line)
{
    if (line->kind == CHANNEL_END) {
        parent_hear_end(cubicle_get(from->id), (int)line->what);
    }
}

void ipc_finish(void)
{
    int status;
    finishing = true;
    for (unsigned id = 1; id <= cubicle_count(); id++) {
        if (pids[id] > 0) {
            (void)kill(pids[id], SIGKILL);
            (void)waitpid(pids[id], &status, 0);
            pids[id] = 0;
        }
    }
}
