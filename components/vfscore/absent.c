/*
 * What clients may remember. SQLite asks for the same two absent files in every
 * transaction: libc remembers such an answer for as long as our epoch stays the same, and
 * the epoch changes before any absent path can come to name something, or stat(2) of
 * it to fail otherwise.
 */
#include "core.h"

#include <cubicle.h>

static uint64_t epoch;
static bool remembered; /* somebody may have been told the epoch */

static void epoch_next(void)
{
    cubicle_epoch_set(++epoch);
}

void absent_forget(void)
{
    if (unlikely(remembered)) {
        remembered = false;
        epoch_next();
    }
}

int vfs_absent(const char *path, struct vfs_absence *absence, int caller)
{
    const struct client *client = client_get(caller);
    if (client == NULL) {
        return -EDEADLK;
    }
    if (path[0] != '/') {
        return -EINVAL;
    }
    const struct name *name = walk_cached(client, AT_FDCWD, path);
    if (name == NULL || name->node != NULL) {
        return -ENOENT;
    }
    if (epoch == 0) {
        epoch = cubicle_epoch(cubicle_self()); /* of a vfscore before this one */
        epoch_next();
    }
    remembered = true;
    *absence = (struct vfs_absence){.epoch = epoch, .cubicle = cubicle_self()};
    return 0;
}
