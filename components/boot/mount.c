#include "steps.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <vfs.h>

/* One line: "PROVIDER PATH[ OPTIONS]". The mount point is made where it does not exist. 0, -1,
 * or, where vfs has mounts already or is in the middle of a call, MOUNTED: it has not been
 * begun anew. */
#define MOUNTED 1
static int boot_mount(char *line, bool again)
{
    char *rest = NULL;
    const char *provider = strtok_r(line, " ", &rest);
    const char *path = strtok_r(NULL, " ", &rest);
    const char *options = rest != NULL ? rest : "";

    if (provider == NULL || path == NULL || path[0] != '/') {
        boot_say("bad mount '%s': it is 'PROVIDER /PATH [OPTIONS]'", line);
        return -1;
    }
    if (strcmp(path, "/") != 0 && mkdir(path, 0755) != 0 && errno != EEXIST) {
        boot_say("cannot make mount point '%s': %s", path, strerror(errno));
        return -1;
    }
    const int error = vfs_mount(provider, path, options, 0);
    if (again && (error == -EBUSY || error == -EDEADLK)) {
        return MOUNTED;
    }
    if (error != 0) {
        boot_say("cannot mount '%s' on '%s': %s", provider, path, strerror(-error));
        return -1;
    }
    return 0;
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
            return result == MOUNTED ? 0 : -1;
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
