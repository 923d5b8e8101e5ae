/*
 * Directories of the host that cubicles have, and the files that are open in them: what numbers
 * mean (HF1), and where something may be changed (HF2, HF3). Only for host_files*.c.
 */
#ifndef MONITOR_HOST_FILES_TABLE_H
#define MONITOR_HOST_FILES_TABLE_H

#include "gate.h"
#include "host_files.h"

#include <cubicle/host_files.h>
#include <stdbool.h>
#include <sys/types.h>

/** As struct gate_host has it: takes over the system's directories, whose descriptors stay the embedder's. */
int host_files_setup(const struct monitor_config *config);

/** The same: a negative errno where the kernel cannot resolve paths as HF2 wants it, or a directory cannot
 *  be used by this identity. Confines the process to @id's directories where the kernel can (Landlock). */
int host_files_enter(unsigned id);

/** The same: nothing where the system has no directories, nothing that changes files where @id has none to
 *  write to. */
void host_files_allow(unsigned id, struct filter *filter);

/** A directory of the host, in use. */
struct host_root {
    const struct monitor_directory *given;
    unsigned owner; /* cubicle */
};
extern struct host_root host_roots[];
extern size_t host_nroots;

/** Is it cubicle @id's? 0: anybody's. */
static inline bool host_root_is_of(const struct host_root *root, unsigned id)
{
    return id == 0 || root->owner == id;
}

/** Whose files are those of this process. */
extern struct host_identity {
    uid_t uid;
    gid_t gid;
    gid_t groups[1024];
    int ngroups; /* 0 where there are more: then files of these groups are others' */
} host_identity;

/** openat2(2) as HF2 wants it. A descriptor, or a negative errno. */
int host_files_openat(int dir, const char *path, unsigned long long flags,
                      unsigned mode);

/** An open file, or a root. */
struct host_file {
    bool open;
    uint8_t root; /* index of the directory that it is below */
    int fd;
};

/** The HOSTFILES_OPEN_MAX files of the cubicle that calls; NULL: it has no directory. */
struct host_file *host_file_mine(void);

/** What @number means for the cubicle that calls (HF1). 0, -EBADF. */
int host_file_find(int number, struct host_file *file);

/** The same for a file that is about to be changed, or have names changed (HF3). -EROFS. */
int host_file_change(int number, struct host_file *file);

/** A directory for a change of @name in it (HF2, HF3). -EINVAL @name is no single component. */
int host_file_place(int number, const char *name, struct host_file *dir);

#endif
