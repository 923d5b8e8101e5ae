/* Messages about what libarchive could not do. */
#ifndef CLI_ARCHIVE_REASON_H
#define CLI_ARCHIVE_REASON_H

struct archive;

/** "@option=@path: what could not be done, and why", by the last error of @archive. -1. */
int reason_report(struct archive *archive, const char *option, const char *path);

#endif
