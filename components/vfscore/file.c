/* Open file descriptions, and opening. */
#include "core.h"
#include "slab.h"

#define FLAGS_DROPPED (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)
#define FLAGS_PATH (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
#define TMPFILE_BIT 020000000
#define LARGEFILE 0100000 /* what Linux reports on a 64-bit machine */
#define OPEN_TRIES 64     /* while others replace the file all the time */

static struct slab files = SLAB_INIT(struct file);

struct file *file_new(struct node *node, uint32_t flags)
{
    struct file *file = slab_alloc(&files);
    if (file == NULL) {
        return NULL;
    }
    const bool path_only = (flags & O_PATH) != 0;
    uint8_t can = 0;
    if (!path_only) {
        can |= flags_read(flags) ? CAN_READ : 0;
        can |= flags_write(flags) ? CAN_WRITE : 0;
        can |= S_ISREG(node->st.st_mode) ? CAN_SEEK : 0;
    }
    *file = (struct file){
        .node = node,
        .refs = 1,
        .flags = (flags & ~(uint32_t)FLAGS_DROPPED) | (path_only ? 0 : LARGEFILE),
        .can = can,
    };
    return file;
}

void file_put(struct file *file)
{
    if (--file->refs != 0) {
        return;
    }
    struct node *node = file->node;
    if (unlikely(file->watches != NULL)) {
        epoll_forget(file);
    }
    if (unlikely(file->special != NULL)) {
        file->special->close(file);
    }
    if (unlikely(node->pipe != NULL) && (file->flags & O_PATH) == 0) {
        pipe_close(node, file->flags);
    }
    /* A file that nobody can ever look at again needs no times. */
    if (node->marks != 0 && (file->can & CAN_SEEK) != 0 &&
        ((file->can & CAN_WRITE) != 0 || (node->marks & MARK_ATIME) != 0) &&
        !(node->removed && node->refs == 1)) {
        time_now();
    }
    slab_release(&files, file);
    node_put(node);
}

/** Whether an existing node may be opened like this. */
static int may_open(const struct node *node, uint32_t flags)
{
    const mode_t mode = node->st.st_mode;
    const bool write = flags_write(flags) || (flags & O_ACCMODE) == O_ACCMODE;
    if (S_ISDIR(mode) && (flags & O_CREAT) != 0) {
        return -EISDIR;
    }
    if (!S_ISDIR(mode) && (flags & O_DIRECTORY) != 0) {
        return -ENOTDIR;
    }
    if ((flags & O_PATH) != 0) {
        return 0;
    }
    if (S_ISLNK(mode)) {
        return -ELOOP;
    }
    if (S_ISDIR(mode) && (write || (flags & O_TRUNC) != 0)) {
        return -EISDIR;
    }
    unsigned want = write || (flags & O_TRUNC) != 0 ? W_OK : 0;
    want |= (flags & O_ACCMODE) != O_WRONLY ? R_OK : 0;
    if (!node_allows(node, want)) {
        return -EACCES;
    }
    return S_ISSOCK(mode) ? -ENXIO : 0;
}

/**
 * Has the file system get hold of @node, for reading or writing as @flags say. Where others change the file system too,
 * another file may take its place before the first transfer; hostfs opens the file for a transfer of no bytes. 0, or what
 * transfers answer; -ESTALE: the name means another file by now.
 */
static int open_get_hold(const struct node *node, uint32_t flags)
{
    char none = 0;
    ssize_t result = 0;
    if (likely((node->stale & STALE_ALWAYS) == 0) || !S_ISREG(node->st.st_mode) ||
        (flags & O_PATH) != 0) {
        return 0;
    }
    if (flags_write(flags)) {
        PROVIDER(result, node->ops->fs_write(node->number, 0, &none, 0));
    }
    if (result == 0 && flags_read(flags)) {
        PROVIDER(result, node->ops->fs_read(node->number, 0, &none, 0, 0));
    }
    return (int)checked_count(result, 0);
}

/** The node to open, referenced. */
static int open_node(struct client *client, int dirfd, const char *path, uint32_t flags,
                     uint32_t mode, struct node **result)
{
    const bool create = (flags & O_CREAT) != 0;
    const bool exclusive = create && (flags & O_EXCL) != 0;
    const bool follow = (flags & O_NOFOLLOW) == 0 && !exclusive;
    struct walk found;
    int error = walk(client, dirfd, path,
                     (follow ? WALK_FOLLOW : 0) | (create ? WALK_CREATE : 0), &found);
    if (error != 0) {
        return error;
    }
    if (found.node == NULL) {
        if (!create) {
            return -ENOENT;
        }
        return create_node(found.name, S_IFREG | (mode & 07777 & ~client->umask),
                           result);
    }
    struct node *node = found.node;
    if (exclusive) {
        return -EEXIST;
    }
    error = may_open(node, flags);
    if (error == 0) {
        error = open_get_hold(node, flags);
    }
    if (error != 0) {
        return error;
    }
    node_get(node);
    if ((flags & O_TRUNC) != 0 && S_ISREG(node->st.st_mode)) {
        error = node_resize(node, 0);
        if (error != 0) {
            node_put(node);
            return error;
        }
    }
    *result = node;
    return 0;
}

int file_open(struct client *client, int dirfd, const char *path, int flags_in,
              uint32_t mode, struct file **result)
{
    uint32_t flags = (uint32_t)flags_in;
    if ((flags & O_PATH) != 0) {
        flags &= FLAGS_PATH;
    }
    if ((flags & TMPFILE_BIT) != 0) {
        return -EOPNOTSUPP;
    }
    if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY)) {
        return -EINVAL;
    }
    struct node *node;
    int error, tries = 0;
    do {
        error = open_node(client, dirfd, path, flags, mode, &node);
    } while (unlikely(error == -ESTALE) && ++tries < OPEN_TRIES);
    if (error != 0) {
        return error;
    }
    const bool fifo = S_ISFIFO(node->st.st_mode) && (flags & O_PATH) == 0;
    if (fifo) {
        error = pipe_open(node, flags);
        if (error != 0) {
            node_put(node);
            return error;
        }
    }
    struct file *file = file_new(node, flags);
    if (file == NULL) {
        if (fifo) {
            pipe_close(node, flags);
        }
        node_put(node);
        return -ENOMEM;
    }
    *result = file;
    return 0;
}

int vfs_openat(int dirfd, const char *path, int flags, uint32_t mode, int caller)
{
    struct client *client = client_get(caller);
    if (client == NULL) {
        return -EDEADLK;
    }
    const int vacant = client_vacant(client, 0); /* before a file is made or cut */
    if (vacant < 0) {
        return vacant;
    }
    struct file *file;
    const int error = file_open(client, dirfd, path, flags, mode, &file);
    if (error != 0) {
        return error;
    }
    const int fd = client_install(client, 0, file, (flags & O_CLOEXEC) != 0);
    if (fd < 0) {
        file_put(file);
    }
    return fd;
}
