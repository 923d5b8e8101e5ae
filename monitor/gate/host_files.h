/*
 * Interface `hostfiles`: files in directories of the host. See interfaces/hostfiles.h.
 *
 * Invariants
 *   HF1  A caller reaches a directory only if a module of its own cubicle has it, and a file only by a number that
 *        it was given itself.
 *   HF2  Nothing is opened but below a root: the kernel resolves every path with OPENAT2_RESOLVE, and every other call
 *        names an open directory and a single component, which is followed nowhere.
 *   HF3  Below a root that is read-only nothing is changed, and no name leads from there to another root.
 *   HF4  Nothing is read or written but regular files, and nothing is opened for that before it is known to be one
 *        or a directory. Nothing here waits for anybody but the host's disk.
 *   HF5  No file gets a set-id bit.
 */
#ifndef MONITOR_HOST_FILES_H
#define MONITOR_HOST_FILES_H

#include "base/filter.h"
#include "gate.h"

#include <stddef.h>
#include <sys/types.h>

/** Takes over the system's directories; their descriptors stay the embedder's. */
void host_files_setup(const struct monitor_config *config);

/** Directory @index is cubicle @id's. */
void host_files_give(size_t index, unsigned id);
bool host_files_is_owner(size_t index, unsigned id);

/**
 * To be called when the process has the identity that it keeps, before the filter: 0, or a
 * negative errno with a message where the kernel cannot resolve paths as HF2 wants it, or a
 * directory cannot be used by this identity. Confines the process to the directories where the kernel can (Landlock).
 */
int host_files_enter(void) __attribute__((warn_unused_result));

/** Allows the host calls that the system's directories need; none where there are none. */
void host_files_allow(struct filter *filter);

/** A directory of the host, in use. Private to host_files.c and host_files_enter.c. */
struct host_root {
    const struct monitor_directory *given;
    unsigned owner; /* cubicle */
};
extern struct host_root host_roots[];
extern size_t host_nroots;

/** Whose files are those of this process. */
extern struct host_identity {
    uid_t uid;
    gid_t gid;
    gid_t groups[1024];
    int ngroups; /* 0 where there are more: then files of these groups are others' */
} host_identity;

extern const unsigned long long host_files_resolve; /* RESOLVE_* of HF2 */

/** openat2(2) as HF2 wants it. A descriptor, or a negative errno. */
int host_files_openat(int dir, const char *path, unsigned long long flags,
                      unsigned mode);

#endif
