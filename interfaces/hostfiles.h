/*
 * Host calls on files: in directories of the host that the command has opened before the start. Only modules that the
 * manifest names under `hostfiles` may import these. Errors are negative errno values of the host.
 *
 * A file is named by where it is (a directory, and a path from there) and, once it is open, by a number. The host's
 * kernel resolves paths: none leads out of the directory, over a symbolic link, or to another mount of the host
 * (-EXDEV, -ELOOP). A caller has the directories that the command line or the manifest mounts through its module, and the
 * files that it has opened itself; there is nothing else: -EBADF. In a directory that is read-only, every change is -EROFS.
 *
 * Regular files, directories and symbolic links are what there is. All else can be looked at, where it passes for a
 * socket, and be removed; nothing opens it.
 */
#ifndef CUBICLE_HOSTFILES_H
#define CUBICLE_HOSTFILES_H

#include <cubicle/host_files.h>
#include <cubicle/interface.h>
#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

CUBICLE_INTERFACE(hostfiles);

/**
 * Opens what @path names below directory @dir, a number or HOSTFILES_ROOT(), for @how, and describes it. "." is @dir
 * itself. The number; -EMFILE the caller has HOSTFILES_OPEN_MAX files open; -ENXIO what is neither a regular file nor a
 * directory is to be read or written; -EISDIR a directory is to be written.
 */
int hostfiles_open(int dir, CUBICLE_STRING(PATH_MAX) const char *path, int how,
                   CUBICLE_OUT(sizeof(struct hostfiles_attr)) struct hostfiles_attr *attr);
int hostfiles_close(int file);
/** Closes all of the caller's files, also those of one that it was before it began anew. */
void hostfiles_close_all(void);
int hostfiles_stat(int file, CUBICLE_OUT(sizeof(struct hostfiles_attr)) struct hostfiles_attr *attr);

ssize_t hostfiles_read(int file, uint64_t offset, CUBICLE_OUT(count, ret) void *buf, size_t count);
ssize_t hostfiles_write(int file, uint64_t offset, CUBICLE_IN(count) const void *buf, size_t count);
/** Entries of a directory opened with HOSTFILES_READ, as getdents64(2), from @position on: 0, or the d_off of an entry. */
ssize_t hostfiles_list(int file, int64_t position, CUBICLE_OUT(count, ret) void *buf, size_t count);
int hostfiles_resize(int file, uint64_t size);
/** Sets permissions, @mode & ~01777 being 0 (-EPERM: who runs the file would become who runs this). The file is open for
 *  reading or writing. */
int hostfiles_set_mode(int file, uint32_t mode);
/** Nanoseconds since 1970, or HOSTFILES_KEEP. */
int hostfiles_set_times(int file, int64_t atime_ns, int64_t mtime_ns);
/** Returns when the host has the file's bytes on its disk. */
int hostfiles_sync(int file);
/** Where a symbolic link leads: as readlink(2). */
ssize_t hostfiles_target(int file, CUBICLE_OUT(count, ret) char *buf, size_t count);
int hostfiles_space(int file, CUBICLE_OUT(sizeof(struct hostfiles_space)) struct hostfiles_space *space);

/* Names. @name is a single component, not "." or ".." (-EINVAL). */

/** Makes a regular file, open for reading and writing. As hostfiles_open(); -EEXIST; -EPERM as hostfiles_set_mode(). */
int hostfiles_create(int dir, CUBICLE_STRING(256) const char *name, uint32_t mode,
                     CUBICLE_OUT(sizeof(struct hostfiles_attr)) struct hostfiles_attr *attr);
int hostfiles_make_dir(int dir, CUBICLE_STRING(256) const char *name, uint32_t mode);
int hostfiles_make_link(int dir, CUBICLE_STRING(256) const char *name, CUBICLE_STRING(PATH_MAX) const char *target);
/** A further name for the file, or the symbolic link, @name. -EXDEV the directories are not below the same root. */
int hostfiles_link(int dir, CUBICLE_STRING(256) const char *name, int new_dir, CUBICLE_STRING(256) const char *new_name);
int hostfiles_rename(int dir, CUBICLE_STRING(256) const char *name, int new_dir,
                     CUBICLE_STRING(256) const char *new_name);
int hostfiles_remove(int dir, CUBICLE_STRING(256) const char *name, int is_dir);

#endif
