/* Between files of the host and the newc streams that boot reads and writes. */
#ifndef CLI_ARCHIVE_CONVERT_H
#define CLI_ARCHIVE_CONVERT_H

/**
 * Writes the directories and cpio archives (also compressed ones) @paths, which end with
 * NULL, to @fd as one newc stream. What the reader finds twice is that of the later path. 0, or
 * -1 after a message.
 */
int archive_import(char *const *paths, int fd);

/**
 * Writes the newc stream in @fd, a file, to @path: to a file where it ends in ".cpio",
 * else as a directory. It appears whole or not at all. What the stream says is not
 * trusted: nothing is created outside of @path, no device, no set-user-ID bit. 0, or -1
 * after a message.
 */
int archive_export(int fd, const char *path);

#endif
