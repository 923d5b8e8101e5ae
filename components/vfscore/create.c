/* New names for new nodes: files, directories, fifos, symbolic links. */
#include "core.h"

int may_change(const struct node *dir)
{
    if (dir->removed) {
        return -ENOENT;
    }
    return node_allows(dir, W_OK | X_OK) ? 0 : -EACCES;
}

/** Takes back what was made and cannot be kept: the name must mean nothing again. */
static int undo(const struct name *name, uint32_t type, int error)
{
    const struct node *dir = name->dir;
    int ignored; /* there is no more to do */
    PROVIDER(ignored, dir->ops->fs_unlink(dir->number, name->text, type == S_IFDIR,
                                          core.now_ns));
    (void)ignored;
    return error;
}

/** The file system made what @attr says under @name. A reference in *@result unless
 * that is NULL. */
static int created(struct name *name, const struct fs_attr *attr, uint32_t type,
                   struct node **result)
{
    struct node *node;
    if ((attr->mode & S_IFMT) != type) {
        return -EIO;
    }
    const int error = node_from_attr(name->dir->mount, attr, &node);
    if (error != 0) {
        return undo(name, type, error);
    }
    if (node->refs != 1) {
        node_put(node); /* a new node that is known already: not from an honest one */
        return -EIO;
    }
    name_set(name, node);
    time_mark(node, MARK_ALL);
    time_settle_special(node);
    time_mark_dir(name->dir);
    if (result != NULL) {
        *result = node;
    } else {
        node_put(node);
    }
    return 0;
}

int create_node(struct name *name, uint32_t mode, struct node **result)
{
    struct node *dir = name->dir;
    int error = may_change(dir);
    if (error != 0) {
        return error;
    }
    if ((dir->st.st_mode & S_ISGID) != 0 && S_ISDIR(mode)) {
        mode |= S_ISGID;
    }
    struct fs_attr attr;
    PROVIDER(error,
             dir->ops->fs_create(dir->number, name->text, mode, core.now_ns, &attr));
    error = checked(error);
    return error != 0 ? error : created(name, &attr, mode & S_IFMT, result);
}

/** Finds the place for a new name. 0, -EEXIST, ... */
static int new_name(struct client *client, int dirfd, const char *path, bool is_dir,
                    struct name **name)
{
    struct walk found;
    const int error = walk(client, dirfd, path, WALK_ENTRY, &found);
    if (error != 0) {
        return error;
    }
    if (found.node != NULL) {
        return -EEXIST;
    }
    if (found.slash && !is_dir) {
        return -ENOENT;
    }
    *name = found.name;
    return 0;
}

int vfs_mkdirat(int dirfd, const char *path, uint32_t mode, int caller)
{
    struct client *client = client_get(caller);
    struct name *name;
    if (client == NULL) {
        return -EDEADLK;
    }
    const int error = new_name(client, dirfd, path, true, &name);
    if (error != 0) {
        return error;
    }
    return create_node(name, S_IFDIR | (mode & 01777 & ~client->umask), NULL);
}

int vfs_mknodat(int dirfd, const char *path, uint32_t mode, uint64_t rdev, int caller)
{
    struct client *client = client_get(caller);
    struct name *name;
    (void)rdev;
    if (client == NULL) {
        return -EDEADLK;
    }
    uint32_t type = mode & S_IFMT;
    switch (type) {
    case 0:
        type = S_IFREG;
        break;
    case S_IFREG:
    case S_IFIFO:
        break;
    case S_IFCHR:
    case S_IFBLK:
    case S_IFSOCK:
    case S_IFDIR:
        break;
    default:
        return -EINVAL;
    }
    if (type == S_IFDIR) {
        return -EPERM;
    }
    const int error = new_name(client, dirfd, path, false, &name);
    if (error != 0) {
        return error;
    }
    if (type != S_IFREG && type != S_IFIFO) {
        return -EPERM; /* devices live in devfs */
    }
    return create_node(name, type | (mode & 07777 & ~client->umask), NULL);
}

int vfs_symlinkat(const char *target, int dirfd, const char *path, int caller)
{
    struct client *client = client_get(caller);
    struct name *name;
    if (client == NULL) {
        return -EDEADLK;
    }
    const size_t len = strnlen(target, PATH_MAX);
    if (len == 0 || len == PATH_MAX) {
        return len == 0 ? -ENOENT : -ENAMETOOLONG;
    }
    int error = new_name(client, dirfd, path, false, &name);
    if (error == 0) {
        error = may_change(name->dir);
    }
    if (error != 0) {
        return error;
    }
    struct node *dir = name->dir;
    struct fs_attr attr;
    PROVIDER(error,
             dir->ops->fs_symlink(dir->number, name->text, target, core.now_ns, &attr));
    error = checked(error);
    return error != 0 ? error : created(name, &attr, S_IFLNK, NULL);
}

ssize_t vfs_readlinkat(int dirfd, const char *path, char *buf, size_t count, int caller)
{
    struct client *client = client_get(caller);
    struct node *node;
    if (client == NULL) {
        return -EDEADLK;
    }
    if (count == 0 || count > INT32_MAX) {
        return -EINVAL;
    }
    const int error =
        walk_at(client, dirfd, path,
                AT_SYMLINK_NOFOLLOW | (path[0] == '\0' ? AT_EMPTY_PATH : 0), &node);
    if (error != 0) {
        return error;
    }
    if (!S_ISLNK(node->st.st_mode)) {
        return path[0] == '\0' ? -ENOENT : -EINVAL;
    }
    ssize_t result;
    PROVIDER(result, node->ops->fs_readlink(node->number, buf, count));
    return checked_count(result, count);
}
