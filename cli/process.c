#include "process.h"

#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const int forwarded[] = {SIGINT,  SIGTERM, SIGHUP,   SIGQUIT,
                                SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM};

#define NFORWARDED (sizeof(forwarded) / sizeof(*forwarded))

static volatile sig_atomic_t child;  /* process id */
static volatile sig_atomic_t ending; /* the last signal that came */

/* What was ignored already, as nohup(1) does, the system ignores until its application says otherwise. */
static bool ignored[NFORWARDED];

static void forward(int signal, siginfo_t *info, void *context)
{
    const int saved = errno;

    (void)context;
    ending = signal;
    /* The terminal's also goes to the child; not when it hangs up, which the leader of its session alone is told. */
    const bool alone = signal == SIGHUP && getsid(0) == getpid();
    if (child > 0 && (info->si_code <= 0 || alone)) {
        (void)sigqueue(child, MONITOR_SIGNAL_PASSED_ON,
                       (union sigval){.sival_int = signal});
    }
    errno = saved;
}

static void set_handlers(void)
{
    struct sigaction action = {.sa_sigaction = forward, .sa_flags = SA_SIGINFO};
    struct sigaction before;

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < NFORWARDED; i++) {
        ignored[i] = sigaction(forwarded[i], &action, &before) == 0 &&
                     before.sa_handler == SIG_IGN;
    }
}

static void reset_handlers(void)
{
    for (size_t i = 0; i < NFORWARDED; i++) {
        (void)signal(forwarded[i], ignored[i] ? SIG_IGN : SIG_DFL);
    }
}

/* Closes descriptors @first to @last; one by one where the kernel is older than Linux 5.9. */
static void close_all(unsigned first, unsigned last)
{
    if (close_range(first, last, 0) != 0) {
        const unsigned end = (unsigned)sysconf(_SC_OPEN_MAX);
        for (unsigned fd = first; fd <= last && fd < end; fd++) {
            close((int)fd);
        }
    }
}

/* Leaves the monitor the standard streams and what this run needs, and nothing else
 * that the command may have inherited. */
static void close_others(const struct monitor_config *config)
{
    const int files[] = {config->root_fd, config->export_fd, config->stats_fd,
                         config->counters_fd,
                         config->network != NULL ? config->network->fd : -1};
    const size_t nfiles = sizeof(files) / sizeof(*files);
    const size_t nkeep = nfiles + config->ndirectories;
    int *keep = cli_calloc(nkeep, sizeof(*keep));
    int next = STDERR_FILENO + 1;

    memcpy(keep, files, sizeof(files));
    for (size_t i = 0; i < config->ndirectories; i++) {
        keep[nfiles + i] = config->directories[i].fd;
    }

    for (;;) {
        int kept = -1; /* the lowest of them from next on */
        for (size_t i = 0; i < nkeep; i++) {
            if (keep[i] >= next && (kept < 0 || keep[i] < kept)) {
                kept = keep[i];
            }
        }
        if (kept != next) {
            close_all((unsigned)next, kept < 0 ? ~0u : (unsigned)kept - 1);
        }
        if (kept < 0) {
            free(keep);
            return;
        }
        next = kept + 1;
    }
}

/* Where perf looks for the names of code that is in no file. Everybody may write to the
 * folder: nothing that is there already is opened, links included. */
static int open_perf_map(void)
{
    char *path = cli_format("/tmp/perf-%d.map", getpid());

    (void)unlink(path); /* of a process of before with the same number */
    const int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) {
        cli_error("--perf-map: cannot create %s: %s", path, strerror(errno));
    }
    free(path);
    return fd;
}

static void run_child(struct monitor_config config, bool perf_map, const sigset_t *mask,
                      pid_t parent)
{
    sigset_t blocked = *mask;

    reset_handlers();
    sigaddset(&blocked, MONITOR_SIGNAL_PASSED_ON);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(MONITOR_EXIT_CONFIG);
    }
    close_others(&config);
    if (perf_map && (config.symbols_fd = open_perf_map()) < 0) {
        _exit(MONITOR_EXIT_CONFIG);
    }
    const int status = monitor_run(&config);
    fflush(stdout);
    fflush(stderr);
    _exit(status);
}

static int explain_signal(int signal)
{
    if (signal == SIGINT) {
        cli_error("interrupted");
    } else if (signal == ending) {
        cli_error("ended by SIG%s", sigabbrev_np(signal));
    } else if (signal == SIGKILL) {
        cli_error("the system was killed (SIGKILL)");
        cli_hint(
            "the host may have run out of memory ('quota' in the manifest limits a "
            "cubicle), or somebody killed it");
    } else if (signal == SIGSYS) {
        cli_error("the monitor made a host call that a filter forbids (SIGSYS)");
        cli_hint(
            "where a sandbox around this command filters system calls, it forbids one "
            "that is needed; else this is a bug in the monitor: please report it");
    } else {
        cli_error("the monitor was stopped by signal %d (%s)", signal,
                  strsignal(signal));
        cli_hint("this is a bug in the monitor, not in a component: please report it");
    }
    return 128 + signal;
}

static pid_t watched; /* the helper */
static const char *watched_name;

void process_watch(pid_t helper, const char *program)
{
    watched = helper;
    watched_name = program;
}

/* The helper has ended with @status. */
static void explain_helper(int status)
{
    cli_error(
        "the network helper %s has ended (%s); the system has no network any more",
        watched_name, WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "exit");
}

/* Has child @pid ended by itself? The system and its helper end with each other, and either may be seen first. */
static bool ends_soon(pid_t pid, int *status)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    for (int i = 0; i < 300; i++) {
        if (waitpid(pid, status, WNOHANG) == pid) {
            return true;
        }
        nanosleep(&pause, NULL);
    }
    return false;
}

static bool ended_well(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The end of child @pid, which is *@status. False after a message. */
static bool await_system(pid_t pid, int *status)
{
    for (;;) {
        const pid_t ended = waitpid(-1, status, 0);
        if (ended == pid) {
            return true;
        }
        if (ended > 0 && ended == watched) {
            const int helper = *status;
            watched = 0;
            if (ended_well(helper) && ends_soon(pid, status)) {
                return true;
            }
            explain_helper(helper);
        } else if (ended < 0 && errno != EINTR) {
            cli_error("cannot wait for the system: %s", strerror(errno));
            return false;
        }
    }
}

/* It may be what ended the system. */
static void end_helper(void)
{
    int status;

    if (watched > 0) {
        if (ends_soon(watched, &status)) {
            if (!ended_well(status)) {
                explain_helper(status);
            }
        } else {
            kill(watched, SIGKILL);
            (void)waitpid(watched, NULL, 0);
        }
        watched = 0;
    }
}

int process_run(const struct monitor_config *config, bool perf_map)
{
    sigset_t all, mask;
    int status;

    fflush(stdout);
    fflush(stderr);
    /* Handlers are in place, and the child's number known, before a signal is taken. */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &mask);
    set_handlers();
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) {
        run_child(*config, perf_map, &mask, parent);
    }
    child = pid;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (pid < 0) {
        cli_error("cannot start a process: %s", strerror(errno));
    }
    if (config->network != NULL) {
        close(config->network->fd); /* what ends with the system ends for its peer */
    }
    const bool ended = pid > 0 && await_system(pid, &status);
    child = 0;
    end_helper();
    if (!ended) {
        return MONITOR_EXIT_CONFIG;
    }
    if (WIFEXITED(status) && ending != 0 && WEXITSTATUS(status) == 128 + ending) {
        return explain_signal(ending); /* the monitor ended the system itself */
    }
    return WIFSIGNALED(status) ? explain_signal(WTERMSIG(status)) : WEXITSTATUS(status);
}
