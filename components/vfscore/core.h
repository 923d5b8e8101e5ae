/*
 * Files, and whatever else a descriptor stands for. Private to vfscore.
 *
 * Invariants:
 *  1. A node is the only object for its (mount, number); vfscore is the file system's
 *     only client, so a cached node knows its size and attributes without asking.
 *  2. While a provider (or the clock) runs on our behalf, no entry point of vfscore
 *     does anything: a provider that calls back finds no descriptors and no
 *     directories. So nothing changes under an operation.
 *  3. Names are evicted only when an operation starts: node and name pointers stay good
 *     until it ends.
 *  4. A directory node keeps its parent; a name keeps its directory and its node.
 *  5. What a provider answers is checked before it is believed: a count is at most what
 *     was asked, an error is in -4095..-1, attributes keep type and range.
 *  6. Times of a node change only through marks (times.c), and never go back.
 *  7. What the end of a cubicle changes here (mend.c) is done where the next operation
 *     starts, so that invariants 2 and 3 hold. A file system that was begun anew is a
 *     new mount: no node or name of the old one has to do with it, and the old ones know
 *     nothing but ESTALE.
 */
#ifndef VFSCORE_CORE_H
#define VFSCORE_CORE_H

#include <errno.h>
#include <fcntl.h>
#include <fs_ops.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <vfs.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define CLIENTS_MAX 1024 /* cubicle ids */
#define FD_MAX 65536
#define FD_SOFT 1024 /* a client's limit at first */
#define NAME_LEN_MAX 255
#define SYMLINKS_MAX 40
#define NAMES_MAX 16384 /* cached names, found and not found together */
#define IO_MAX ((size_t)0x7ffff000)
#define ERRNO_MAX 4095

#define MARK_ATIME 1
#define MARK_MTIME 2
#define MARK_CTIME 4
#define MARK_WRITTEN (MARK_MTIME | MARK_CTIME)
#define MARK_ALL (MARK_ATIME | MARK_MTIME | MARK_CTIME)

#define STALE_BLOCKS 1 /* st_blocks */
#define STALE_ATTR 2   /* size and links of a directory */
#define STALE_ALWAYS 4 /* everything: others change it too */

struct file;
struct mount;
struct name;
struct pipe;
struct special;
struct watch;

struct lock {
    int64_t start, last; /* both included */
    int32_t owner;
    int16_t type; /* F_RDLCK or F_WRLCK */
};

#define LOCKS_INLINE 4
#define HEAD_MAX 64

struct node {
    const struct fs_ops *ops; /* NULL: a pipe without a name, or of special files */
    uint64_t number;
    uint32_t refs;
    uint8_t marks;      /* MARK_*: times to set at the next clock reading */
    uint8_t stale;      /* STALE_*: what only the file system knows */
    uint8_t flags;      /* FS_NODE_* */
    bool dense;         /* st_blocks follows from st_size */
    bool times_unsaved; /* ours are newer than the file system's */
    bool held;          /* fs_hold was called */
    bool removed;       /* its last name is gone */
    struct stat st;
    uint32_t nlocks, locks_capacity;
    struct lock *locks; /* inline_locks, or allocated */
    struct lock inline_locks[LOCKS_INLINE];
    struct mount *mount;
    struct mount *mounted; /* a file system that covers this directory */
    struct node *parent;   /* of a directory (not of a root) */
    struct name *name;     /* of a directory: where it is in parent */
    struct pipe *pipe;     /* of a fifo */
    struct node *hash_next;
    struct node *marked_next, **marked_at; /* list of nodes that wait for the time */
    uint32_t terminal_size;
    uint8_t kept;      /* its bytes are in kept.c; 0: they are not */
    uint32_t head_len; /* the first bytes of a regular file, where they were read in
                          small pieces (rw.c) */
    char head[HEAD_MAX];
};

struct mount {
    struct fs_ops ops;
    struct node *root;    /* NULL: lost, and another took its place */
    struct node *covered; /* the directory that it covers; NULL: core.root does not */
    struct mount *below;  /* where that directory is, or has to be made again */
    struct mount *next;   /* in the order of mounting */
    uint32_t nodes;       /* how many of its nodes there are */
    uint32_t id;
    bool cached; /* FS_NODE_CACHED on its root */
    bool many;   /* FS_NODE_MANY on its root */
    bool lost;   /* the file system was begun anew: ops answer ESTALE */
    char provider[64];
    char options[256];
    char place[PATH_MAX]; /* once `below` was lost: where `covered` was in it */
};

#define CAN_READ 1
#define CAN_WRITE 2
#define CAN_SEEK 4 /* a regular file: it has a size, and locks */

/** An open file description. */
struct file {
    struct node *node;
    union {
        int64_t offset; /* of a directory: 0 ".", 1 "..", then cookie + 2 */
        void *object;   /* of a special file */
        struct {
            int32_t handle; /* the stack's */
            uint8_t domain, type;
            uint16_t protocol;
        } socket;
    };
    const struct special *special; /* NULL: a file of a file system, or a pipe */
    struct watch *watches;         /* the sets of epoll.c that it is in */
    uint32_t refs;
    uint32_t flags; /* as F_GETFL answers */
    uint8_t can;    /* CAN_* */
};

struct client {
    struct file **files;
    uint64_t *used, *close_on_exec; /* a bit for each slot */
    uint32_t nfiles;                /* slots */
    uint32_t umask;
    uint32_t first_free; /* no free slot below */
    uint8_t streams;     /* bits 0-2: descriptor not opened yet (file.c) */
    bool known;
    struct node *cwd;
    uint32_t limit; /* no new descriptor from here on, <= FD_MAX */
};

/** Client ids below are answered without a further look; 0 while a provider runs
 * (invariant 2), or while there is something to mend (invariant 7). */
extern uint32_t core_visible;

extern struct core {
    struct mount *root;
    struct mount *mounts;
    uint32_t visible_next; /* core_visible when the provider has answered */
    bool in_provider;
    int64_t now_ns; /* last clock reading */
    struct node *marked;
    struct client clients[CLIENTS_MAX];
} core;

/* ---- providers ---- */

static inline void provider_enter(void)
{
    core_visible = 0;
    core.in_provider = true;
}

static inline void provider_leave(void)
{
    core.in_provider = false;
    core_visible = core.visible_next;
}

/** A provider's answer of 0 or error. */
static inline int checked(int result)
{
    return likely(result <= 0 && result >= -ERRNO_MAX) ? result : -EIO;
}

/** A provider's answer of at most @count or error. */
static inline ssize_t checked_count(ssize_t result, size_t count)
{
    return likely(result >= -ERRNO_MAX && result <= (ssize_t)count) ? result : -EIO;
}

/** result = node->ops->call(...), with vfscore closed meanwhile. */
#define PROVIDER(result, expression) \
    do {                             \
        provider_enter();            \
        (result) = (expression);     \
        provider_leave();            \
    } while (0)

extern struct name_table {
    struct name **buckets;
    uint32_t size; /* a power of 2, or 0 */
    uint32_t count;
} name_table;

/* ---- client.c ---- */

struct file *client_file_slow(int fd, int caller);
/** As file_of(), in the middle of an operation of @client's. */
struct file *client_file(struct client *client, int fd);
struct client *client_get_slow(int caller);
/** Lowest free descriptor from @from on, with room for it in the table. The descriptor, or
 * -EMFILE, -ENOMEM. */
int client_vacant(struct client *client, int from);
/** Lowest free descriptor from @from on, filled with @file. The descriptor, or -EMFILE,
 * -ENOMEM. */
int client_install(struct client *client, int from, struct file *file,
                   bool close_on_exec);
/** Puts @file at @fd, closing what is there. @fd, or -EBADF, -ENOMEM. */
int client_replace(struct client *client, int fd, struct file *file,
                   bool close_on_exec);
void client_set_close_on_exec(struct client *client, int fd, bool on);
bool client_close_on_exec(const struct client *client, int fd);
/** Takes @file, which is @client's @fd, off it. */
void client_close(struct client *client, int fd, struct file *file);
/** The cubicle has ended: @client is as one that never called. */
void client_end(struct client *client);
/** Closes every descriptor of this kind. */
struct special;
void clients_close(const struct special *special);
/** The current directory, or NULL: nothing is mounted yet. */
struct node *client_cwd(struct client *client);

/** Starts an operation on paths. NULL while a provider runs (invariant 2), or for an
 * impossible id. */
static inline struct client *client_get(int caller)
{
    if (likely((uint32_t)caller < core_visible && core.clients[caller].known &&
               name_table.count <= NAMES_MAX)) {
        return &core.clients[caller];
    }
    return client_get_slow(caller);
}

static inline int client_id(const struct client *client)
{
    return (int)(client - core.clients);
}

/** Starts an operation on a descriptor: the caller's open file, or NULL. */
static inline struct file *file_of(int fd, int caller)
{
    if (likely((uint32_t)caller < core_visible)) {
        const struct client *client = &core.clients[caller];
        if (likely((uint32_t)fd < client->nfiles)) {
            struct file *file = client->files[fd];
            if (likely(file != NULL)) {
                return file;
            }
        }
    }
    return client_file_slow(fd, caller);
}

/* ---- file.c ---- */

/** Takes over the caller's reference to @node, but not when it fails (NULL: no memory). */
struct file *file_new(struct node *node, uint32_t flags);
void file_put(struct file *file);
/** Opens what @path names for @client without a descriptor. */
int file_open(struct client *client, int dirfd, const char *path, int flags,
              uint32_t mode, struct file **file);

/* ---- node.c ---- */

/** The node that a provider described: new or known, one reference more. 0, -EIO
 * (nonsense), -ENOMEM. */
int node_from_attr(struct mount *mount, const struct fs_attr *attr, struct node **node);
struct node *node_new_pipe(void);
void node_free(struct node *node);
/** All nodes of @mount, which is lost, answer ESTALE, and keep nothing to be told. */
void node_lose_all(const struct mount *mount);
/** Brings st up to date: settles the times, and asks what only the file system knows. */
int node_refresh(struct node *node);
/** The node of that number if it is known and has a name; else NULL. */
struct node *node_known(const struct mount *mount, uint64_t number);
/** The last name of @node is going: sees that the file system keeps it while we use it. */
int node_keep(struct node *node);
/** One name of @node is gone. */
void node_unlinked(struct node *node);

static inline void node_get(struct node *node)
{
    node->refs++;
}

static inline void node_put(struct node *node)
{
    if (--node->refs == 0) {
        node_free(node);
    }
}

/** True when the single user may do @want (R_OK | W_OK | X_OK) with the node. */
static inline bool node_allows(const struct node *node, unsigned want)
{
    const unsigned shift = node->st.st_uid == 0 ? 6 : node->st.st_gid == 0 ? 3 : 0;
    return (~(node->st.st_mode >> shift) & want) == 0;
}

/** True when directory @node is @dir or above it. */
static inline bool node_is_above(const struct node *node, const struct node *dir)
{
    while (dir != NULL && dir != node) {
        dir = dir->parent;
    }
    return dir == node;
}

/** 0, or -ESTALE: the file system of @node was begun anew without it. */
static inline int node_lost(const struct node *node)
{
    return unlikely(node->mount != NULL && node->mount->lost) ? -ESTALE : 0;
}

/** How many pages of 4 KiB @size bytes take. */
static inline int64_t pages_of(int64_t size)
{
    return (int64_t)(((uint64_t)size + 4095) / 4096);
}

/** Its bytes change while nobody calls. */
static inline bool node_is_mapped(const struct node *node)
{
    return (node->flags & FS_NODE_MAPPED) != 0;
}

/* kept.c: small files */
/** All of @node's bytes, *@size, as long as nothing is changed; NULL: they are to be read. */
const char *kept_bytes(struct node *node, size_t *size);
void kept_forget_at(struct node *node);
/** @node's bytes change. */
static inline void kept_forget(struct node *node)
{
    if (unlikely(node->kept != 0)) {
        kept_forget_at(node);
    }
}

/** st of a node, up to date. */
static inline int node_stat(struct node *node)
{
    return likely((node->marks | node->stale) == 0) ? 0 : node_refresh(node);
}

/* ---- times.c ---- */

/** Asks the clock, and gives the time to every node that waits. */
int64_t time_now(void);
/** @node changed: @marks wait for the next clock reading. */
void time_mark(struct node *node, uint8_t marks);
/** Names of @dir changed: its times, its size, its links. */
void time_mark_dir(struct node *dir);
/** Gives @node the time if it waits. */
void time_settle(struct node *node);
/** The first write takes the set-id bits away, and is known by its marks: a node with
 * such bits does not wait. */
static inline void time_settle_special(struct node *node)
{
    if (unlikely((node->st.st_mode & (S_ISUID | S_ISGID)) != 0)) {
        time_settle(node);
    }
}

/** Forgets that @node waits. */
void time_forget(struct node *node);
/** A first write since the last settling. */
void time_mark_written(struct node *node);
/** Tells the file system @node's times before it is forgotten. */
void time_save(struct node *node);
/** Nanoseconds; the nearest that there are. */
int64_t time_to_ns(const struct timespec *ts);
void time_from_attr(struct node *node, const struct fs_attr *attr);

/* ---- mend.c ---- */

/** Does what the ends of cubicles have left to do; only where an operation starts. */
void core_mend(void);

/* ---- absent.c ---- */

/** A path may be about to come to name something, or to be barred: no client may go on
 * to remember that it names nothing. */
void absent_forget(void);

/* ---- create.c ---- */

/** Whether a name may be added to or taken from @dir. */
int may_change(const struct node *dir);
/** Makes a node of @mode under the absent name; a new reference in *@node unless that
 * is NULL. */
int create_node(struct name *name, uint32_t mode, struct node **node);

/* ---- attr.c ---- */

/** Sets the size of a regular file. */
int node_resize(struct node *node, int64_t size);
int node_set_mode(struct node *node, mode_t mode);

/* ---- lock.c ---- */

/** @owner closed a descriptor of @node: its locks go. */
void lock_drop(struct node *node, int owner);

/* ---- pipe.c ---- */

int pipe_open(struct node *node, uint32_t flags);
void pipe_close(struct node *node, uint32_t flags);
ssize_t pipe_read(struct file *file, void *buf, size_t count);
ssize_t pipe_write(struct file *file, const void *buf, size_t count);
int pipe_poll(const struct file *file);
/** Grows with all that may make one of its ends ready. */
uint64_t pipe_changes(const struct file *file);
/** Bytes in it, and how many more fit. */
uint32_t pipe_used(const struct file *file);
uint32_t pipe_room(const struct file *file);
/** The next bytes in it, in one piece; *@size of them, 0: it is empty. */
const char *pipe_peek(const struct file *file, uint32_t *size);
/** Takes away @count of those. */
void pipe_skip(struct file *file, uint32_t count);
int64_t pipe_size(const struct node *node);
void pipe_free(struct node *node);

/** Without positions: a pipe, a terminal. */
static inline bool is_stream(const struct file *file)
{
    return (file->flags & O_PATH) == 0 &&
           (file->special != NULL || file->node->pipe != NULL ||
            (file->node->flags & FS_NODE_TTY) != 0);
}

static inline bool flags_read(uint32_t flags)
{
    return (flags & O_ACCMODE) == O_RDONLY || (flags & O_ACCMODE) == O_RDWR;
}

static inline bool flags_write(uint32_t flags)
{
    return (flags & O_ACCMODE) == O_WRONLY || (flags & O_ACCMODE) == O_RDWR;
}

/** What a blocking operation that nothing could end answers, or with O_NONBLOCK. */
static inline int would_block(const struct file *file)
{
    return (file->flags & O_NONBLOCK) != 0 ? -EAGAIN : -EDEADLK;
}

/* ---- rw.c ---- */

/** read(2) and write(2) of any open file, and with an @offset of 0 or more pread(2) and
 * pwrite(2). @buf may stand for bytes on demand. */
ssize_t file_read(struct file *file, void *buf, size_t count, int64_t offset);
ssize_t file_write(struct file *file, const void *buf, size_t count, int64_t offset);
/** Grows with each transfer of a device without positions. */
extern uint64_t stream_changes;

#include "names.h"
#include "special.h"

#endif
