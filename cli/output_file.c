#include "output_file.h"

#include "cli.h"

#include <errno.h>
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

/* False with errno. */
static bool begin_beside(struct output_file *file, const struct stat *before)
{
    file->temporary = cli_format("%s.XXXXXX", file->target);
    const int fd = mkstemp(file->temporary);
    if (fd >= 0 && fchmod(fd, output_mode(before)) == 0) {
        file->out = fdopen(fd, "w");
        return file->out != NULL;
    }
    const int error = errno;
    if (fd >= 0) {
        close(fd);
        unlink(file->temporary);
    }
    free(file->temporary);
    file->temporary = NULL;
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

const char *output_name(const struct output_file *file)
{
    return file->temporary != NULL ? file->temporary : file->target;
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
    }
    free(file->temporary);
    free(file->target);
    errno = error;
    return error == 0 && good ? 0 : -1;
}
