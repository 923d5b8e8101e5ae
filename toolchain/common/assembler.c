#include "assembler.h"

#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool tool_fail(const char *what, const char *name)
{
    fprintf(stderr, "%s: %s %s: %s\n", program_invocation_short_name, what, name,
            strerror(errno));
    return false;
}

bool assembler_run(const char *assembler, const char *source, const char *object,
                   bool quiet)
{
    const char *argv[] = {assembler, "--64", "-o", object, source, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;

    posix_spawn_file_actions_init(&actions);
    if (quiet) {
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
                                         0);
    }
    errno = posix_spawnp(&pid, assembler, &actions, NULL, (char **)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (errno) {
        return tool_fail("cannot run", assembler);
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return tool_fail("cannot wait for", assembler);
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

char *tool_temporary(const char *suffix)
{
    const char *folder = getenv("TMPDIR");
    char *name = arena_printf("%s/%s-XXXXXX%s", folder ? folder : "/tmp",
                              program_invocation_short_name, suffix);
    int fd = mkstemps(name, (int)strlen(suffix));

    if (fd < 0) {
        tool_fail("cannot create", name);
        return NULL;
    }
    close(fd);
    return name;
}

char *tool_read(const char *name)
{
    FILE *in = strcmp(name, "-") != 0 ? fopen(name, "r") : stdin;
    char *text = NULL;
    size_t capacity = 0;
    size_t len = 0;

    if (!in) {
        tool_fail("cannot open", name);
        return NULL;
    }
    do {
        text = array_grow(text, len + 65536, &capacity, 1);
        len += fread(text + len, 1, capacity - len - 1, in);
    } while (!feof(in) && !ferror(in));
    text[len] = '\0';
    bool failed = ferror(in);

    if (in != stdin) {
        fclose(in);
    }
    if (failed || strlen(text) != len) {
        errno = failed ? errno : EILSEQ;
        tool_fail("cannot read as text", name);
        free(text);
        return NULL;
    }
    return text;
}
