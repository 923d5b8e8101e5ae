/* Further names, fewer names, other names. */
#include "core.h"

int vfs_linkat(int old_dirfd, const char *old_path, int new_dirfd, const char *new_path,
               int flags, int caller)
{
    struct client *client = client_get(caller);
    struct walk found;
    struct node *node;
    if (client == NULL) {
        return -EDEADLK;
    }
    if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0) {
        return -EINVAL;
    }
    int error =
        walk_at(client, old_dirfd, old_path,
                (flags & AT_EMPTY_PATH) |
                    ((flags & AT_SYMLINK_FOLLOW) != 0 ? 0 : AT_SYMLINK_NOFOLLOW),
                &node);
    if (error == 0) {
        error = walk(client, new_dirfd, new_path, WALK_ENTRY, &found);
    }
    if (error != 0) {
        return error;
    }
    if (found.node != NULL) {
        return -EEXIST;
    }
    if (found.slash) {
        return -ENOENT;
    }
    struct node *dir = found.dir;
    if (node->mount != dir->mount) {
        return -EXDEV;
    }
    error = may_change(dir);
    if (error != 0) {
        return error;
    }
    if (S_ISDIR(node->st.st_mode)) {
        return -EPERM;
    }
    if (node->removed) {
        return -ENOENT;
    }
    PROVIDER(error, dir->ops->fs_link(dir->number, found.name->text, node->number,
                                      core.now_ns));
    error = checked(error);
    if (error != 0) {
        return error;
    }
    node->st.st_nlink++;
    name_set(found.name, node);
    time_mark(node, MARK_CTIME);
    time_mark_dir(dir);
    return 0;
}

/** "." and the like cannot be removed: the error of each. */
static int last_error(enum walk_last last, bool is_dir)
{
    if (!is_dir) {
        return -EISDIR;
    }
    return last == LAST_DOT ? -EINVAL : last == LAST_DOTDOT ? -ENOTEMPTY : -EBUSY;
}

int vfs_unlinkat(int dirfd, const char *path, int flags, int caller)
{
    struct client *client = client_get(caller);
    struct walk found;
    if (client == NULL) {
        return -EDEADLK;
    }
    if ((flags & ~AT_REMOVEDIR) != 0) {
        return -EINVAL;
    }
    const bool is_dir = flags != 0;
    int error = walk(client, dirfd, path, WALK_ENTRY, &found);
    if (error != 0) {
        return error;
    }
    if (found.last != LAST_NAME) {
        return last_error(found.last, is_dir);
    }
    struct node *node = found.node;
    struct node *dir = found.dir;
    if (node == NULL) {
        return -ENOENT;
    }
    if (found.slash && !is_dir) {
        return S_ISDIR(node->st.st_mode) ? -EISDIR : -ENOTDIR;
    }
    error = may_change(dir);
    if (error != 0) {
        return error;
    }
    if (S_ISDIR(node->st.st_mode) != is_dir) {
        return is_dir ? -ENOTDIR : -EISDIR;
    }
    if (node->mounted != NULL) {
        return -EBUSY;
    }
    error = node_keep(node);
    if (error == 0) {
        PROVIDER(error, dir->ops->fs_unlink(dir->number, found.name->text, is_dir,
                                            core.now_ns));
        error = checked(error);
    }
    if (error != 0) {
        return error;
    }
    node_unlinked(node);
    name_set(found.name, NULL);
    time_mark_dir(dir);
    return 0;
}

/** Both directories come before both names. */
static int rename_walk(struct client *client, int old_dirfd, const char *old_path,
                       struct walk *old, int new_dirfd, const char *new_path,
                       struct walk *new)
{
    int error = walk_parents(client, old_dirfd, old_path, old);
    if (error != 0) {
        return error;
    }
    char text[NAME_LEN_MAX +
              1]; /* the second walk may use the buffer that the first ended in */
    if (old->last == LAST_NAME && old->len <= NAME_LEN_MAX) {
        memcpy(text, old->text, old->len);
        old->text = text;
    }
    error = walk_parents(client, new_dirfd, new_path, new);
    if (error != 0) {
        return error;
    }
    if (old->dir->mount != new->dir->mount) {
        return -EXDEV;
    }
    if (old->last != LAST_NAME || new->last != LAST_NAME) {
        return -EBUSY;
    }
    error = walk_last(old, WALK_ENTRY);
    return error != 0 ? error : walk_last(new, WALK_ENTRY);
}

/** What rename(2) refuses before it looks at rights. */
static int rename_check(const struct walk *old, const struct walk *new)
{
    const bool is_dir = old->node != NULL && S_ISDIR(old->node->st.st_mode);
    if (old->node == NULL) {
        return -ENOENT;
    }
    if (!is_dir && (old->slash || new->slash)) {
        return -ENOTDIR;
    }
    if (is_dir && node_is_above(old->node, new->dir)) {
        return -EINVAL;
    }
    if (new->node != NULL && S_ISDIR(new->node->st.st_mode) &&
        node_is_above(new->node, old->dir)) {
        return -ENOTEMPTY;
    }
    return 0;
}

static int rename_rights(const struct walk *old, const struct walk *new)
{
    const bool is_dir = S_ISDIR(old->node->st.st_mode);
    int error = may_change(old->dir);
    if (error == 0) {
        error = may_change(new->dir);
    }
    if (error != 0) {
        return error;
    }
    if (new->node != NULL && S_ISDIR(new->node->st.st_mode) != is_dir) {
        return is_dir ? -ENOTDIR : -EISDIR;
    }
    if (is_dir && old->dir != new->dir && !node_allows(old->node, W_OK)) {
        return -EACCES;
    }
    if (old->node->mounted != NULL ||
        (new->node != NULL &&new->node->mounted != NULL)) {
        return -EBUSY;
    }
    return 0;
}

int vfs_renameat(int old_dirfd, const char *old_path, int new_dirfd,
                 const char *new_path, int caller)
{
    struct client *client = client_get(caller);
    struct walk old, new;
    if (client == NULL) {
        return -EDEADLK;
    }
    int error =
        rename_walk(client, old_dirfd, old_path, &old, new_dirfd, new_path, &new);
    if (error == 0) {
        error = rename_check(&old, &new);
    }
    if (error != 0 || old.node == new.node) {
        return error;
    }
    error = rename_rights(&old, &new);
    struct node *old_dir = old.dir, *new_dir = new.dir;
    if (error == 0 && new.node != NULL) {
        error = node_keep(new.node);
    }
    if (error != 0) {
        return error;
    }
    PROVIDER(error,
             old_dir->ops->fs_rename(old_dir->number, old.name->text, new_dir->number,
                                     new.name->text, core.now_ns));
    error = checked(error);
    if (error != 0) {
        return error;
    }
    if (new.node != NULL) {
        node_unlinked(new.node);
    }
    struct node *node = old.node;
    name_set(new.name, node);
    name_set(old.name, NULL);
    time_mark(node, MARK_CTIME);
    time_mark_dir(old_dir);
    time_mark_dir(new_dir);
    return 0;
}
