#include "root.h"

#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Runs "cubicle-archive VERB PATH [SECOND]" with @fd as its descriptor @as. 0, or -1 when it
 * failed, after a message of its own. */
static int archive_run(const char *verb, const char *path, const char *second, int fd,
                       int as)
{
    char *program = cli_build_path("bin/cubicle-archive");
    char *const argv[] = {program, (char *)verb, (char *)path, (char *)second, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd, as);
    const int error = posix_spawn(&pid, program, &actions, NULL, argv, environ);
    if (error != 0) {
        cli_error("%s: %s", program, strerror(error));
    } else {
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        if (WIFSIGNALED(status)) {
            cli_error("%s was ended by SIG%s", program, sigabbrev_np(WTERMSIG(status)));
        }
    }
    posix_spawn_file_actions_destroy(&actions);
    free(program);
    return status == 0 ? 0 : -1;
}

static int memory_file(const char *name)
{
    const int fd = memfd_create(name, MFD_CLOEXEC);

    if (fd < 0) {
        cli_error("cannot make a memory file: %s", strerror(errno));
    }
    return fd;
}

int root_import(const char *base, const char *over)
{
    const int fd = memory_file("cubicle-root");

    if (base == NULL) {
        base = over;
        over = NULL;
    }
    if (fd >= 0 && archive_run("import", base, over, fd, STDOUT_FILENO) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

int root_create_export(void)
{
    return memory_file("cubicle-export");
}

int root_export(int fd, const char *path)
{
    return archive_run("export", path, NULL, fd, STDIN_FILENO);
}
