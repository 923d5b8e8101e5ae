/* What the monitor tells of files of the host (interfaces/hostfiles.h). */
#ifndef CUBICLE_HOST_FILES_H
#define CUBICLE_HOST_FILES_H

#include <stdint.h>

/** Directories that a system can have. */
#define HOSTFILES_ROOTS_MAX 16

/** Files that a cubicle can have open at a time. */
#define HOSTFILES_OPEN_MAX 256

/** The directory that the command has opened as number @index, where a directory is asked for. */
#define HOSTFILES_ROOT(index) (-1 - (index))

/** How a file is opened: bits. 0: to ask about it, or for names below it. */
#define HOSTFILES_READ 1
#define HOSTFILES_WRITE 2

/** The owner, or the group, of files that are not those of this process. */
#define HOSTFILES_OTHER 65534

/** In place of a time: it stays as it is. */
#define HOSTFILES_KEEP INT64_MIN

/** What is known of a file. Times in nanoseconds since 1970. */
struct hostfiles_attr {
    uint64_t device, inode,
        born_ns;     /* together: which file it is. born_ns 0: not known */
    uint64_t size;   /* bytes */
    uint64_t blocks; /* of 512 bytes */
    int64_t atime_ns, mtime_ns, ctime_ns;
    uint32_t
        mode; /* S_IFREG, S_IFDIR, S_IFLNK, or for all else S_IFSOCK; and permissions */
    uint32_t nlink;
    uint32_t uid, gid; /* 0: those of this process; else HOSTFILES_OTHER */
};

/** Room in a file system of the host. */
struct hostfiles_space {
    uint64_t block_size; /* bytes */
    uint64_t blocks, blocks_free, nodes, nodes_free, name_max;
};

#endif
