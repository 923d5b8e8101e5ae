/* Changing attributes: size, mode, owner, times. */
#include "core.h"

static int node_setattr(struct node *node, uint32_t which, const struct fs_attr *attr)
{
    int error;
    if (node->removed && !node->held) {
        return 0; /* a removed directory is only ours (node_keep) */
    }
    PROVIDER(error, node->ops->fs_setattr(node->number, which, attr));
    return checked(error);
}

int node_set_mode(struct node *node, mode_t mode)
{
    mode = (node->st.st_mode & S_IFMT) | (mode & 07777);
    if (node->ops != NULL) {
        const struct fs_attr attr = {.mode = mode};
        const int error = node_setattr(node, FS_SET_MODE, &attr);
        if (error != 0) {
            return error;
        }
    }
    absent_forget();
    node->st.st_mode = mode;
    time_settle_special(node);
    return 0;
}

int node_resize(struct node *node, int64_t size)
{
    const struct fs_attr attr = {.size = (uint64_t)size};
    const int error = node_setattr(node, FS_SET_SIZE, &attr);
    if (error != 0) {
        return error;
    }
    const int64_t pages = pages_of(size);
    if (pages > pages_of(node->st.st_size) || !node->dense) {
        node->dense = false;
        node->stale |= STALE_BLOCKS;
    }
    node->st.st_size = size;
    kept_forget(node);
    if (node->head_len > size) {
        node->head_len = (uint32_t)size;
    }
    if (node->dense) {
        node->st.st_blocks = pages * 8;
    }
    if (size == 0 && (node->flags & FS_NODE_CACHED) != 0) {
        node->dense = true;
        node->st.st_blocks = 0;
        node->stale &= (uint8_t)~STALE_BLOCKS;
    }
    time_mark_written(node);
    return 0;
}

int vfs_ftruncate(int fd, int64_t size, int caller)
{
    struct file *file = file_of(fd, caller);
    if (size < 0) {
        return -EINVAL;
    }
    if (file == NULL || (file->flags & O_PATH) != 0) {
        return -EBADF;
    }
    if ((file->can & (CAN_WRITE | CAN_SEEK)) != (CAN_WRITE | CAN_SEEK)) {
        return -EINVAL;
    }
    return node_resize(file->node, size);
}

int vfs_truncate(const char *path, int64_t size, int caller)
{
    struct client *client = client_get(caller);
    struct node *node;
    if (client == NULL) {
        return -EDEADLK;
    }
    if (size < 0) {
        return -EINVAL;
    }
    const int error = walk_node(client, AT_FDCWD, path, WALK_FOLLOW, &node);
    if (error != 0) {
        return error;
    }
    if (!S_ISREG(node->st.st_mode)) {
        return S_ISDIR(node->st.st_mode) ? -EISDIR : -EINVAL;
    }
    return node_allows(node, W_OK) ? node_resize(node, size) : -EACCES;
}

/** The file behind a descriptor of more than a path. */
static struct node *node_of(int fd, int caller)
{
    const struct file *file = file_of(fd, caller);
    return file == NULL || (file->flags & O_PATH) != 0 ? NULL : file->node;
}

static int change_mode(struct node *node, uint32_t mode)
{
    if (node->ops == NULL && node->pipe == NULL) {
        return 0; /* special.c: the node is that of all clients' files of the kind */
    }
    if (S_ISLNK(node->st.st_mode)) {
        return -EOPNOTSUPP;
    }
    if (node->st.st_uid != 0) {
        return -EPERM;
    }
    if (node->st.st_gid != 0) {
        mode &= ~(uint32_t)S_ISGID;
    }
    const int error = node_set_mode(node, mode);
    if (error == 0) {
        time_mark(node, MARK_CTIME);
    }
    return error;
}

int vfs_fchmod(int fd, uint32_t mode, int caller)
{
    struct node *node = node_of(fd, caller);
    return node == NULL ? -EBADF : change_mode(node, mode);
}

int vfs_fchmodat(int dirfd, const char *path, uint32_t mode, int caller)
{
    struct client *client = client_get(caller);
    struct node *node;
    if (client == NULL) {
        return -EDEADLK;
    }
    const int error = walk_node(client, dirfd, path, WALK_FOLLOW, &node);
    return error != 0 ? error : change_mode(node, mode);
}

/** The single user owns what it owns: an owner can be confirmed, not changed. */
static int change_owner(struct node *node, uint32_t uid, uint32_t gid)
{
    const uint32_t keep = UINT32_MAX;
    if (node_lost(node) != 0) {
        return -ESTALE;
    }
    if ((uid != keep && (uid != node->st.st_uid || uid != 0)) ||
        (gid != keep && (gid != node->st.st_gid || node->st.st_uid != 0))) {
        return -EPERM;
    }
    const mode_t mode = node->st.st_mode;
    const mode_t drop =
        S_ISDIR(mode) ? 0 : S_ISUID | ((mode & S_IXGRP) != 0 ? S_ISGID : 0);
    const int error = (mode & drop) != 0 ? node_set_mode(node, mode & ~drop) : 0;
    if (error == 0) {
        time_mark(node, MARK_CTIME);
    }
    return error;
}

int vfs_fchown(int fd, uint32_t uid, uint32_t gid, int caller)
{
    struct node *node = node_of(fd, caller);
    return node == NULL ? -EBADF : change_owner(node, uid, gid);
}

int vfs_fchownat(int dirfd, const char *path, uint32_t uid, uint32_t gid, int flags,
                 int caller)
{
    struct client *client = client_get(caller);
    struct node *node;
    if (client == NULL) {
        return -EDEADLK;
    }
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) {
        return -EINVAL;
    }
    const int error = walk_at(client, dirfd, path, flags, &node);
    return error != 0 ? error : change_owner(node, uid, gid);
}

static bool nsec_valid(const struct timespec *ts)
{
    return ts->tv_nsec == UTIME_NOW || ts->tv_nsec == UTIME_OMIT ||
           (ts->tv_nsec >= 0 && ts->tv_nsec < 1000000000);
}

/** One of the two times; the marks that it needs. */
static uint8_t change_time(struct timespec *to, const struct timespec *from,
                           uint8_t mark)
{
    if (from->tv_nsec == UTIME_NOW) {
        return mark;
    }
    if (from->tv_nsec != UTIME_OMIT) {
        *to = *from;
    }
    return 0;
}

/** Has a file system that keeps times itself set them. */
static int tell_times(struct node *node, const struct timespec *times)
{
    struct fs_attr attr = {0};
    uint32_t which = 0;
    int64_t *const to[] = {&attr.atime_ns, &attr.mtime_ns};
    static const uint32_t bits[] = {FS_SET_ATIME, FS_SET_MTIME};
    for (int i = 0; i < 2; i++) {
        if (times == NULL || times[i].tv_nsec == UTIME_NOW) {
            *to[i] = time_now();
        } else if (times[i].tv_nsec == UTIME_OMIT) {
            continue;
        } else {
            *to[i] = time_to_ns(&times[i]);
        }
        which |= bits[i];
    }
    return node_setattr(node, which, &attr);
}

static int change_times(struct node *node, const struct timespec *times)
{
    const bool now = times == NULL ||
                     (times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW);
    if (node_lost(node) != 0) {
        return -ESTALE;
    }
    if (node->st.st_uid != 0) {
        if (!now) {
            return -EPERM;
        }
        if (!node_allows(node, W_OK)) {
            return -EACCES;
        }
    }
    if ((node->flags & FS_NODE_TIMES) != 0) {
        return tell_times(node, times);
    }
    time_settle(node);
    uint8_t marks = MARK_ALL;
    if (!now) {
        marks = MARK_CTIME | change_time(&node->st.st_atim, &times[0], MARK_ATIME);
        marks |= change_time(&node->st.st_mtim, &times[1], MARK_MTIME);
    }
    time_mark(node, marks);
    time_now();
    return 0;
}

int vfs_utimensat(int dirfd, const char *path, const struct timespec *times, int flags,
                  int caller)
{
    struct client *client = client_get(caller);
    struct node *node;
    if (client == NULL) {
        return -EDEADLK;
    }
    if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0) {
        return -EINVAL;
    }
    if (times != NULL && (!nsec_valid(&times[0]) || !nsec_valid(&times[1]))) {
        return -EINVAL;
    }
    if (times != NULL && times[0].tv_nsec == UTIME_OMIT &&
        times[1].tv_nsec == UTIME_OMIT) {
        return 0;
    }
    if (path == NULL) {
        node = node_of(dirfd, caller);
        return node == NULL ? -EBADF : flags != 0 ? -EINVAL : change_times(node, times);
    }
    const int error = walk_at(client, dirfd, path, flags, &node);
    return error != 0 ? error : change_times(node, times);
}
