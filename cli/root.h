/* Root file systems from and to the host, as newc streams in memory. */
#ifndef CLI_ROOT_H
#define CLI_ROOT_H

/**
 * Reads directories or cpio archives into a memory file, as a cpio stream of the newc
 * format: @base, and @over, whose files take the place of others of the same name. Either may
 * be NULL, not both. Its descriptor, or -1 after a message.
 */
int root_import(const char *base, const char *over);

/** A memory file for the exported root, or -1 after a message. */
int root_create_export(void);

/** Writes the exported root in @fd to @path, whole or not at all. 0, or -1 after a
 * message. */
int root_export(int fd, const char *path);

#endif
