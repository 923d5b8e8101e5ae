/* Files appear all together, or not at all: each is written next to its place first. */
#include "idl.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    if (file == NULL) {
        return false;
    }
    bool good = fputs(text, file) >= 0;
    int err = errno;
    if (fclose(file) != 0) {
        return false;
    }
    errno = err;
    return good;
}

bool idl_write_files(const struct idl_file *files, size_t nfiles)
{
    char *temporary[5] = {0};
    size_t i;
    bool good = nfiles <= sizeof(temporary) / sizeof(temporary[0]);

    for (i = 0; good && i < nfiles; i++) {
        temporary[i] = idl_printf("%s.%ld.tmp", files[i].path, (long)getpid());
        good = write_file(temporary[i], files[i].text);
        if (!good) {
            fprintf(stderr, "cubicle-idl: %s: %s\n", files[i].path, strerror(errno));
        }
    }
    for (i = 0; good && i < nfiles; i++) {
        good = rename(temporary[i], files[i].path) == 0;
        if (!good) {
            fprintf(stderr, "cubicle-idl: %s: %s\n", files[i].path, strerror(errno));
        }
    }
    for (i = 0; !good && i < nfiles && temporary[i] != NULL; i++) {
        unlink(temporary[i]);
    }
    return good;
}
