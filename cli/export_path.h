/* Where files are exported to: shared by the command and its archive program. */
#ifndef CLI_EXPORT_PATH_H
#define CLI_EXPORT_PATH_H

#include <stdbool.h>

/** Whether @path names an archive: it ends in ".cpio". Else it names a directory. */
bool export_is_file(const char *path);

/** A template for mkstemp(3) beside @path: what is made there becomes @path by one
 * rename. The caller frees it. */
char *export_sibling(const char *path);

/** Whether @path can be exported to: a FILE.cpio that can be replaced, or a directory
 * that does not exist or is empty. 0, or -1 after a message. */
int export_check(const char *path);

#endif
