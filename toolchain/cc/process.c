#include "cc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- temporary files ---- */

#define MAX_TEMPORARY 4096

/* The signal handler reads these: a name is complete before the count includes it. */
static char *temporary_names[MAX_TEMPORARY];
static volatile sig_atomic_t temporary_count;

static void remove_temporary(void)
{
    for (int i = 0; i < temporary_count; i++) {
        unlink(temporary_names[i]);
    }
}

static void remove_on_signal(int number)
{
    remove_temporary();
    signal(number, SIG_DFL);
    raise(number);
}

static void prepare_removal(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

    atexit(remove_temporary);
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
        if (signal(signals[i], SIG_IGN) != SIG_IGN) {
            signal(signals[i], remove_on_signal);
        }
    }
}

const char *temporary_file(const char *suffix)
{
    const char *folder = getenv("TMPDIR");
    char *name = arena_printf("%s/cubicle-cc-XXXXXX%s",
                              folder && *folder ? folder : "/tmp", suffix);

    if (!temporary_count) {
        prepare_removal();
    }
    if (temporary_count == MAX_TEMPORARY) {
        fail("too many source files at once");
        return NULL;
    }
    int fd = mkstemps(name, (int)strlen(suffix));

    if (fd < 0) {
        fail("cannot create %s: %s", name, strerror(errno));
        return NULL;
    }
    close(fd);
    temporary_names[temporary_count] = name;
    temporary_count++;
    return name;
}

/* ---- programs ---- */

static void print_command(const struct list *argv)
{
    for (size_t i = 0; i < argv->count; i++) {
        fprintf(stderr, " %s", argv->items[i]);
    }
    fputc('\n', stderr);
}

/* The exit status; -1 after a message. */
static int wait_for(pid_t pid, const char *name)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            fail("cannot wait for %s: %s", name, strerror(errno));
            return -1;
        }
    }
    if (WIFSIGNALED(status)) {
        fail("%s: %s", name, strsignal(WTERMSIG(status)));
        return -1;
    }
    return WEXITSTATUS(status);
}

bool process_run(const struct options *options, const struct list *argv)
{
    return process_status(options, argv) == 0;
}

int process_status(const struct options *options, const struct list *argv)
{
    pid_t pid;

    if (options->verbose || options->dry_run) {
        print_command(argv);
    }
    if (options->dry_run) {
        return 0;
    }
    fflush(stdout);
    int error =
        posix_spawnp(&pid, argv->items[0], NULL, NULL, (char **)argv->items, environ);

    if (error) {
        fail("cannot run %s: %s", argv->items[0], strerror(error));
        return -1;
    }
    return wait_for(pid, argv->items[0]);
}

/* Reads all there is, so that the writer can end, and keeps the first line. */
static void read_line(int fd, char *line, size_t size)
{
    char rest[4096];
    size_t len = 0;
    ssize_t got;

    do {
        got = read(fd, rest, sizeof(rest));
        for (ssize_t i = 0; i < got && len + 1 < size; i++) {
            line[len++] = rest[i];
        }
    } while (got > 0 || (got < 0 && errno == EINTR));
    line[len] = '\0';
    line[strcspn(line, "\n")] = '\0';
}

bool process_read(const struct list *argv, int stream, char *line, size_t size)
{
    posix_spawn_file_actions_t actions;
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        return fail("cannot create a pipe: %s", strerror(errno));
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], stream);
    int error = posix_spawnp(&pid, argv->items[0], &actions, NULL, (char **)argv->items,
                             environ);

    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (!error) {
        read_line(ends[0], line, size);
    }
    close(ends[0]);
    return error ? fail("cannot run %s: %s", argv->items[0], strerror(error))
                 : wait_for(pid, argv->items[0]) == 0;
}
