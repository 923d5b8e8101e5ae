/* Looking: stat, access, file system statistics, terminals, fsync. */
#include "core.h"

int vfs_fstat(int fd, struct stat *st, int caller)
{
    struct file *file = file_of(fd, caller);
    if (unlikely(file == NULL)) {
        return -EBADF;
    }
    const int error = node_stat(file->node);
    if (unlikely(error != 0)) {
        return error;
    }
    *st = file->node->st;
    return 0;
}

/** What a path leads to, mostly from the cache. */
static inline int find(struct client *client, int dirfd, const char *path, int flags,
                       struct node **node)
{
    const struct name *name = walk_cached(client, dirfd, path);
    if (likely(name != NULL)) {
        if (name->node == NULL) {
            return -ENOENT;
        }
        if (likely(!S_ISLNK(name->node->st.st_mode) ||
                   (flags & AT_SYMLINK_NOFOLLOW) != 0)) {
            *node = mount_cross(name->node);
            return 0;
        }
    }
    return walk_at(client, dirfd, path, flags, node);
}

int vfs_fstatat(int dirfd, const char *path, struct stat *st, int flags, int caller)
{
    struct client *client = client_get(caller);
    struct node *node;
    if (unlikely(client == NULL)) {
        return -EDEADLK;
    }
    if (unlikely((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT)) !=
                 0)) {
        return -EINVAL;
    }
    int error = find(client, dirfd, path, flags, &node);
    if (error != 0) {
        return error;
    }
    error = node_stat(node);
    if (unlikely(error != 0)) {
        return error;
    }
    *st = node->st;
    return 0;
}

int vfs_faccessat(int dirfd, const char *path, int mode, int flags, int caller)
{
    struct client *client = client_get(caller);
    struct node *node;
    if (unlikely(client == NULL)) {
        return -EDEADLK;
    }
    if (unlikely((mode & ~(R_OK | W_OK | X_OK)) != 0 ||
                 (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0)) {
        return -EINVAL;
    }
    const int error = find(client, dirfd, path, flags, &node);
    if (error != 0) {
        return error;
    }
    return node_allows(node, (unsigned)mode) ? 0 : -EACCES;
}

static int node_statfs(const struct node *node, struct statfs *st)
{
    *st = (struct statfs){.f_bsize = 4096, .f_frsize = 4096, .f_namelen = NAME_LEN_MAX};
    if (node->ops == NULL) {
        st->f_type = 0x50495045; /* PIPEFS_MAGIC */
        return 0;
    }
    struct fs_stat stat;
    int error;
    PROVIDER(error, node->ops->fs_statfs(node->number, &stat));
    error = checked(error);
    if (error != 0) {
        return error;
    }
    st->f_type = (long)stat.magic;
    st->f_bsize = st->f_frsize = (long)stat.block_size;
    st->f_blocks = stat.blocks;
    st->f_bfree = st->f_bavail = stat.blocks_free;
    st->f_files = stat.nodes;
    st->f_ffree = stat.nodes_free;
    st->f_namelen = (long)stat.name_max;
    return 0;
}

int vfs_statfs(const char *path, struct statfs *st, int caller)
{
    struct client *client = client_get(caller);
    struct node *node;
    if (client == NULL) {
        return -EDEADLK;
    }
    const int error = walk_node(client, AT_FDCWD, path, WALK_FOLLOW, &node);
    return error != 0 ? error : node_statfs(node, st);
}

int vfs_fstatfs(int fd, struct statfs *st, int caller)
{
    const struct file *file = file_of(fd, caller);
    return file == NULL ? -EBADF : node_statfs(file->node, st);
}

int vfs_fsync(int fd, int caller)
{
    struct file *file = file_of(fd, caller);
    if (unlikely(file == NULL || (file->flags & O_PATH) != 0)) {
        return -EBADF;
    }
    struct node *node = file->node;
    if (likely((file->can & CAN_SEEK) != 0 || S_ISDIR(node->st.st_mode))) {
        if (likely((node->flags & FS_NODE_CACHED) != 0)) {
            return 0;
        }
        time_save(node);
        int error;
        PROVIDER(error, node->ops->fs_sync(node->number));
        return checked(error);
    }
    return -EINVAL;
}

/** 0 for a terminal, its size fresh. */
static int terminal(int fd, int caller, struct node **node)
{
    struct file *file = file_of(fd, caller);
    if (file == NULL || (file->flags & O_PATH) != 0) {
        return -EBADF;
    }
    if ((file->node->flags & FS_NODE_TTY) == 0) {
        return -ENOTTY;
    }
    *node = file->node;
    return node_stat(file->node);
}

int vfs_isatty(int fd, int caller)
{
    struct node *node;
    const int error = terminal(fd, caller, &node);
    return error != 0 ? error : 1;
}

int vfs_winsize(int fd, int caller)
{
    struct node *node;
    const int error = terminal(fd, caller, &node);
    return error != 0 ? error : (int)(node->terminal_size & INT32_MAX);
}
