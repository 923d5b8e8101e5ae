#include "top_run.h"
#include "cli.h"
#include "top.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void top_run_trim(int output)
{
    struct stat status;

    if (output >= 0 && fstat(output, &status) == 0 && status.st_size > TOP_RUN_KEPT) {
        /* Where the kernel does not, memory is all that is lost. */
        (void)fallocate(output, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                        status.st_size - TOP_RUN_KEPT);
    }
}

/* In the process that shows: until @runner's system is there, then until it ends, or the user ends it. */
static void view(pid_t runner, int output)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    struct top top = {.output = output};

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    while (getppid() == runner && live_try(runner, &top.live) != 0) {
        top_run_trim(output);
        nanosleep(&pause, NULL);
    }
    if (getppid() != runner) {
        _exit(CLI_EXIT_NO);
    }
    top_begin(&top, false);
    const int status = top_screen(&top, 1, TOP_BY_CPU, false, false);
    const int signal = status > 128 ? status - 128 : SIGTERM; /* of 'q', or no screen */
    if (signal != SIGINT &&
        !live_has_ended(&top.live)) { /* Ctrl-C is the system's too */
        kill(runner, signal);
    }
    _exit(CLI_EXIT_OK);
}

static bool replace(struct top_run *run, int stream, int fd)
{
    run->kept[stream] = fcntl(stream, F_DUPFD_CLOEXEC, 3);
    return run->kept[stream] >= 0 && dup2(fd, stream) == stream;
}

/* Takes the terminal from the system. */
static bool redirect(struct top_run *run)
{
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool ok = null >= 0;

    run->output = memfd_create("cubicle-output", MFD_CLOEXEC);
    ok = ok && run->output >= 0 && fcntl(run->output, F_SETFL, O_APPEND) == 0;
    for (int stream = 0; ok && stream < 3; stream++) {
        if (isatty(stream)) {
            ok = replace(run, stream, stream == 0 ? null : run->output);
        }
    }
    if (null >= 0) {
        close(null);
    }
    return ok;
}

int top_run_begin(struct top_run *run)
{
    const pid_t runner = getpid();
    const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);

    *run = (struct top_run){.output = -1, .kept = {-1, -1, -1}};
    if (terminal < 0) {
        cli_error("--top: there is no terminal (%s)", strerror(errno));
        cli_hint("'cubicle top --batch' prints lines, of a system that runs");
        return -1;
    }
    close(terminal);
    fflush(stdout);
    fflush(stderr);
    if (!redirect(run) || (run->viewer = fork()) < 0) {
        cli_error("--top: cannot show it: %s", strerror(errno));
        return -1;
    }
    if (run->viewer == 0) {
        view(runner, run->output);
    }
    run->viewer_fd = (int)syscall(SYS_pidfd_open, run->viewer, 0);
    return 0;
}

/* Where that begins which is written at the end. */
static off_t output_start(const struct top_run *run)
{
    struct stat status;

    if (fstat(run->output, &status) != 0 || status.st_size <= TOP_RUN_KEPT) {
        return 0;
    }
    cli_error("--top: of %jd bytes that the system wrote, the last %jd",
              (intmax_t)status.st_size, (intmax_t)TOP_RUN_KEPT);
    return status.st_size - TOP_RUN_KEPT;
}

/* Writes what the system has written: its errors to standard error are among it. */
static void write_output(const struct top_run *run)
{
    const int to = run->kept[1] >= 0 ? STDOUT_FILENO : STDERR_FILENO;
    char text[4096];
    off_t at = output_start(run);
    ssize_t n;

    while ((n = pread(run->output, text, sizeof(text), at)) > 0) {
        const ssize_t written = write(to, text, (size_t)n);
        if (written < 0 && errno != EINTR) {
            return;
        }
        at += written > 0 ? written : 0;
    }
}

void top_run_end(struct top_run *run)
{
    if (run->viewer_fd >= 0) {
        (void)syscall(SYS_pidfd_send_signal, run->viewer_fd, SIGTERM, NULL, 0);
        close(run->viewer_fd);
    }
    (void)waitpid(run->viewer, NULL, 0);
    fflush(stdout);
    fflush(stderr);
    for (int stream = 0; stream < 3; stream++) {
        if (run->kept[stream] >= 0) {
            (void)dup2(run->kept[stream], stream);
            close(run->kept[stream]);
        }
    }
    write_output(run);
    close(run->output);
}
