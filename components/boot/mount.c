#include "steps.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <vfs.h>

/* A provider that dies of a mount begins anew, and is asked again. */
#define ATTEMPTS 8

/* Makes directory @path, and those above it. 0, or -1 and errno. */
static int boot_make_directories(const char *path)
{
    char part[PATH_MAX];
    for (size_t len = 1; len < sizeof(part); len++) {
        if (path[len] != '/' && path[len] != '\0') {
            continue;
        }
        memcpy(part, path, len);
        part[len] = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST) {
            return -1;
        }
        if (path[len] == '\0') {
            return 0;
        }
    }
    errno = ENAMETOOLONG;
    return -1;
}

/* The mount point is made where it does not exist. 0, or an error, of that if not *@made. */
static int boot_mount_once(const char *provider, const char *path, const char *options,
                           bool *made)
{
    *made = false;
    if (strcmp(path, "/") != 0 && boot_make_directories(path) != 0) {
        return -errno;
    }
    *made = true;
    return vfs_mount(provider, path, options, 0);
}

/* One line: "PROVIDER PATH[ OPTIONS]". 0, -1, or, @again, BUSY: vfs is in the middle of a call, so
 * it has not been begun anew. */
#define BUSY 1
static int boot_mount(char *line, bool again)
{
    char *rest = NULL;
    const char *provider = strtok_r(line, " ", &rest);
    const char *path = strtok_r(NULL, " ", &rest);
    const char *options = rest != NULL ? rest : "";
    bool made = false;

    if (provider == NULL || path == NULL || path[0] != '/') {
        boot_say("bad mount '%s': it is 'PROVIDER /PATH [OPTIONS]'", line);
        return -1;
    }
    int error = -ECONNRESET;
    for (int i = 0; i < ATTEMPTS && (error == -ECONNRESET || error == -ESTALE); i++) {
        error = boot_mount_once(provider, path, options, &made);
    }
    if (again && error == -EDEADLK) {
        return BUSY;
    }
    if (error == 0 || (again && error == -EBUSY)) { /* busy: it is there */
        return 0;
    }
    if (made) {
        boot_say("cannot mount '%s' on '%s': %s", provider, path, strerror(-error));
    } else {
        boot_say("cannot make mount point '%s': %s", path, strerror(-error));
    }
    return -1;
}

static int boot_mount_lines(char *mounts, bool again)
{
    char *rest = NULL;

    /* strtok_r cuts the text up; its first byte stays, and tells that there was a
     * mount. */
    for (char *line = strtok_r(mounts, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const int result = boot_mount(line, again);
        if (result != 0) {
            return result == BUSY ? 0 : -1;
        }
    }
    return 0;
}

int boot_mount_all(char *mounts)
{
    return boot_mount_lines(mounts, false);
}

int boot_mount_again(char *mounts)
{
    return boot_mount_lines(mounts, true);
}
