#include "output_file.h"

#include "cli.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The rights that the file would have if it were written in its place. */
static mode_t output_mode(const struct stat *before)
{
    const mode_t mask = umask(0);

    umask(mask);
    return before != NULL ? before->st_mode & 0777 : 0666 & ~mask;
}

int output_check(const char *path)
{
    struct stat status;
    const bool exists = stat(path, &status) == 0;

    if (*path == '\0' || (exists && S_ISDIR(status.st_mode))) {
        errno = *path == '\0' ? ENOENT : EISDIR;
        return -1;
    }
    if (exists && access(path, W_OK) == 0) {
        return 0;
    }
    if (exists && !S_ISREG(status.st_mode)) {
        return -1;
    }
    char *copy = cli_format("%s", path);
    const int result = access(dirname(copy), W_OK | X_OK); /* a file is made in it */
    const int error = errno;
    free(copy);
    errno = error;
    return result;
}

static void block_signals(sigset_t *before)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigset_t these;

    sigemptyset(&these);
    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
        sigaddset(&these, ending[i]);
    }
    sigprocmask(SIG_BLOCK, &these, before);
}

/* False with errno. */
static bool begin_beside(struct output_file *file, const struct stat *before)
{
    block_signals(&file->signals);
    file->temporary = cli_format("%s.XXXXXX", file->target);
    const int fd = mkstemp(file->temporary);
    if (fd >= 0 && fchmod(fd, output_mode(before)) == 0) {
        file->out = fdopen(fd, "w");
        if (file->out != NULL) {
            return true;
        }
    }
    const int error = errno;
    if (fd >= 0) {
        close(fd);
        unlink(file->temporary);
    }
    free(file->temporary);
    file->temporary = NULL;
    sigprocmask(SIG_SETMASK, &file->signals, NULL);
    errno = error;
    return false;
}

int output_begin(struct output_file *file, const char *path)
{
    struct stat status;
    const bool exists = stat(path, &status) == 0;
    char *real = exists ? realpath(path, NULL) : NULL;

    *file =
        (struct output_file){.target = real != NULL ? real : cli_format("%s", path)};
    if (exists && !S_ISREG(status.st_mode)) {
        file->out = fopen(path, "we");
    } else if (!begin_beside(file, exists ? &status : NULL) && exists) {
        file->out = fopen(path, "we");
    }
    if (file->out == NULL) {
        free(file->target);
        return -1;
    }
    return 0;
}

int output_end(struct output_file *file, bool good)
{
    const bool failed = fflush(file->out) != 0 || ferror(file->out) != 0;
    int error = failed ? errno : 0;

    if (fclose(file->out) != 0 && error == 0) {
        error = errno;
    }
    if (file->temporary != NULL) {
        if (good && error == 0 && rename(file->temporary, file->target) != 0) {
            error = errno;
        }
        if (!good || error != 0) {
            unlink(file->temporary);
        }
        sigprocmask(SIG_SETMASK, &file->signals, NULL);
    }
    free(file->temporary);
    free(file->target);
    errno = error;
    return error == 0 && good ? 0 : -1;
}
