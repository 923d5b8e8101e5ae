/* Root file systems from and to the host, as newc streams in memory. */
#ifndef CLI_ROOT_H
#define CLI_ROOT_H

/**
 * Reads directory or cpio archive @path (also a compressed one) into a memory file as
 * a cpio stream of the newc format. Its descriptor, or -1 after a message.
 */
int root_import(const char *path);

/** A memory file for the exported root, or -1 after a message. */
int export_create(void);

/** Whether @path can be exported to: a FILE.cpio that can be replaced, or a directory
 * that does not exist or is empty. 0, or -1 after a message. */
int export_check(const char *path);

/**
 * Writes the newc stream in @fd to @path: to a file where it ends in ".cpio", else as a
 * directory. It appears whole or not at all. What the stream says is not trusted:
 * nothing is created outside of it, no device, no set-user-ID bit. 0, or -1 after a
 * message.
 */
int export_finish(int fd, const char *path);

#endif
