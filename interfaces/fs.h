/*
 * A file system, as its providers (ramfs, devfs) offer it to vfscore. Nodes are named by number; names are single
 * path components; vfscore resolves paths, keeps offsets and locks, and checks permissions.
 * Errors are negative errno values.
 */
#ifndef CUBICLE_FS_H
#define CUBICLE_FS_H

#include <cubicle/interface.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

CUBICLE_INTERFACE_MANY(fs);

/** What a file system knows of a node. Times in nanoseconds since 1970. */
struct fs_attr {
    uint64_t node;
    uint64_t size;
    uint64_t blocks; /* of 512 bytes */
    uint64_t rdev;
    int64_t atime_ns, mtime_ns, ctime_ns;
    uint32_t mode; /* S_IF* and permissions */
    uint32_t nlink;
    uint32_t uid, gid;
    uint32_t flags;         /* FS_NODE_* */
    uint32_t terminal_size; /* rows << 16 | columns of FS_NODE_TTY */
};

#define FS_NODE_STREAM 1 /* no size, no seek: a device or a terminal */
#define FS_NODE_TTY 2
/** Only vfscore changes this node, so it may answer from what it remembers; fs_sync does nothing for it; its blocks
 *  are the 4 KiB pages that were ever written. On the root: names are not changed by anybody else either. */
#define FS_NODE_CACHED 4
/** A client has it mapped (fs_map): its bytes change without a call, and are not to be remembered. */
#define FS_NODE_MAPPED 8
/** The file system counts its nodes: vfscore calls fs_drop once when it forgets this one, held or not, and does not use
 *  its number again before a call has answered with it. */
#define FS_NODE_COUNTED 16
/** The file system knows the time and keeps the node's times itself; fs_setattr sets only what a program asks for. */
#define FS_NODE_TIMES 32
/** On the root: the file system can be mounted in several places, with different options. Then the numbers of all are
 *  different. */
#define FS_NODE_MANY 64

/** Bits of @which in fs_setattr. */
#define FS_SET_MODE 1
#define FS_SET_UID 2
#define FS_SET_GID 4
#define FS_SET_ATIME 8
#define FS_SET_MTIME 16
#define FS_SET_CTIME 32
#define FS_SET_SIZE 64

struct fs_stat {
    uint64_t block_size, blocks, blocks_free, nodes, nodes_free, name_max;
    uint64_t magic; /* f_type of statfs(2) */
};

/** What fs_mapping() tells of an address. */
struct fs_mapping {
    uint64_t node;
    uint64_t offset; /* of the byte there, in the file */
    uint32_t rights; /* of the client: 0, CUBICLE_READ, CUBICLE_WRITE */
    uint32_t limit;  /* the most that fs_map_change() gives it */
};

/** A record of fs_readdir: struct dirent64 of Linux, @reclen a multiple of 8, @name ends with NUL. */
struct fs_dirent {
    uint64_t node;
    uint64_t next_cookie;
    uint16_t reclen;
    uint8_t type; /* DT_* */
    char name[];
};

/**
 * Describes the root. Called again, the client has been begun anew: the root is the same one, and nothing is held. A
 * file system that was itself begun anew answers -ESTALE to every number until it is mounted; where its numbers mean
 * the same for ever, it may go on answering.
 */
int fs_mount(CUBICLE_STRING(256) const char *options, CUBICLE_OUT(sizeof(struct fs_attr)) struct fs_attr *root);
int fs_lookup(uint64_t dir, CUBICLE_STRING(256) const char *name,
              CUBICLE_OUT(sizeof(struct fs_attr)) struct fs_attr *attr);
/** Creates a regular file, directory or fifo according to @mode; -EEXIST. vfscore may put off telling the exact
 *  time: @now_ns is then a little early, and fs_setattr follows before vfscore forgets the node. */
int fs_create(uint64_t dir, CUBICLE_STRING(256) const char *name, uint32_t mode, int64_t now_ns,
              CUBICLE_OUT(sizeof(struct fs_attr)) struct fs_attr *attr);
int fs_symlink(uint64_t dir, CUBICLE_STRING(256) const char *name, CUBICLE_STRING(PATH_MAX) const char *target,
               int64_t now_ns, CUBICLE_OUT(sizeof(struct fs_attr)) struct fs_attr *attr);
int fs_link(uint64_t dir, CUBICLE_STRING(256) const char *name, uint64_t node, int64_t now_ns);
/** Removes a name; @is_dir 1 for rmdir. The node lives on while it is held (fs_hold). */
int fs_unlink(uint64_t dir, CUBICLE_STRING(256) const char *name, int is_dir, int64_t now_ns);
int fs_rename(uint64_t old_dir, CUBICLE_STRING(256) const char *old_name, uint64_t new_dir,
              CUBICLE_STRING(256) const char *new_name, int64_t now_ns);
ssize_t fs_readlink(uint64_t node, CUBICLE_OUT(count, ret) char *buf, size_t count);
/** Keeps @node alive without a name; the last fs_drop of an unlinked node frees it. vfscore holds a node only when
 *  its last name goes while it is in use. */
int fs_hold(uint64_t node);
int fs_drop(uint64_t node);
ssize_t fs_read(uint64_t node, uint64_t offset, CUBICLE_OUT(count, ret) void *buf, size_t count, CUBICLE_CALLER int caller);
ssize_t fs_write(uint64_t node, uint64_t offset, CUBICLE_IN(count) CUBICLE_ON_DEMAND const void *buf, size_t count);
int fs_getattr(uint64_t node, CUBICLE_OUT(sizeof(struct fs_attr)) struct fs_attr *attr);
int fs_setattr(uint64_t node, uint32_t which, CUBICLE_IN(sizeof(struct fs_attr)) const struct fs_attr *attr);
/** Fills @buf with struct fs_dirent records from @cookie (0: the first) on; 0 at the end; -EINVAL where not one
 *  record fits. A cookie stays good while names come and go. No "." and "..". */
ssize_t fs_readdir(uint64_t dir, uint64_t cookie, CUBICLE_OUT(count, ret) void *buf, size_t count);
int fs_sync(uint64_t node);
/** Of the file system that @node is in. */
int fs_statfs(uint64_t node, CUBICLE_OUT(sizeof(struct fs_stat)) struct fs_stat *stat);
/** What @client has mapped at @base. 0, -EINVAL nothing. */
int fs_mapping(CUBICLE_OPAQUE const void *base, int client,
               CUBICLE_OUT(sizeof(struct fs_mapping)) struct fs_mapping *mapping);
/** As @rights of fs_map_change: the mapping ends. */
#define FS_UNMAP (-1)
/** Changes what @client may do with whole pages that fs_map() gave it. 0; -EINVAL they are not all mapped, not
 *  aligned, bad rights; -EACCES more than the limit; -ENOMEM the mapping cannot be divided further. */
int fs_map_change(CUBICLE_OPAQUE void *base, size_t size, int rights, int client);
/**
 * Lends cubicle @client the pages of the file that hold [@offset, @offset + @size), with @rights (0, CUBICLE_READ or
 * CUBICLE_WRITE), and fs_map_change() may give it up to @limit. Reads, writes and all mappings are of the same
 * pages. @offset is a multiple of 4096, and a size is rounded up to one. The node lives while it is mapped. Bytes
 * behind the file's end are zero at first, and of the file only once it has grown over them, zero again.
 * Mappings of @client's that overlap are one memory, with the rights of both; each is to be ended.
 * Returns the address of the pages; -ENODEV not a file that can be mapped; -EINVAL senseless numbers; -ENOMEM no
 * memory, no window to @client, or no place where the file lies in one piece. Where @client is the file system's own
 * cubicle, nothing is lent.
 */
int64_t fs_map(uint64_t node, uint64_t offset, size_t size, int rights, int limit, int client);
/** POLLIN/POLLOUT bits that are ready now. */
int fs_poll(uint64_t node, int timeout_ms);

#endif
