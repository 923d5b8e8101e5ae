/*
 * A file system that dies and is begun anew: a shared object (ramfs), which knows nothing of
 * before when it is loaded again, behind functions that ask the test first.
 */
#ifndef TESTS_UNIT_VFS_AGAIN_H
#define TESTS_UNIT_VFS_AGAIN_H

#include <fs_ops.h>

/** The cubicle that it is. */
#define FS 9

/** Loads the shared object at @path, after @handle (or NULL) was closed. Ends the test where it cannot. */
void *library_again(void *handle, const char *path);

/** Begins the file system of library @path anew. */
void fs_again(const char *path);

/** The test's: called before function fs_@name of the file system. 0, or what is answered instead.
 *  @options: of fs_mount, else NULL. */
int fs_before(const char *name, const char *options);

/** The file system, to be mounted as "test". */
extern const struct fs_ops fs_asking;

#endif
