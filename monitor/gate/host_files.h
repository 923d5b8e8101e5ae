/*
 * Interface `hostfiles`: files in directories of the host. See interfaces/hostfiles.h.
 *
 * Invariants
 *   HF1  A caller reaches a directory only if a module of its own cubicle has it, and a file
 *        only by a number that it was given itself.
 *   HF2  Nothing is opened but below a root: the kernel resolves every path with
 *        OPENAT2_RESOLVE, and every other call names an open directory and a single component,
 *        which is followed nowhere.
 *   HF3  Below a root that is read-only nothing is changed, and no name leads from there to
 *        another root.
 *   HF4  Nothing is read or written but regular files, and nothing is opened for that before it
 *        is known to be one or a directory. Nothing here waits for anybody but the host's disk.
 *   HF5  No file gets a set-id bit.
 */
#ifndef MONITOR_HOST_FILES_H
#define MONITOR_HOST_FILES_H

#include <stddef.h>

/** Directory @index is cubicle @id's. */
void host_files_give(size_t index, unsigned id);

#endif
