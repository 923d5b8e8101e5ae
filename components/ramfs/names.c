/* What happens to names: look up, create, link, remove, rename. */
#include "ramfs.h"

#include <stdlib.h>
#include <string.h>

int directory_get(uint64_t number, struct ramfs_node **node)
{
    struct ramfs_node *found = node_get(number);
    if (unlikely(found == NULL)) {
        return -ESTALE;
    }
    if (unlikely(!S_ISDIR(found->mode))) {
        return -ENOTDIR;
    }
    if (unlikely(found->nlink == 0)) {
        return -ENOENT;
    }
    *node = found;
    return 0;
}

static int place_get(uint64_t number, const char *name, struct ramfs_node **dir,
                     struct ramfs_key *key)
{
    const int error = directory_get(number, dir);
    return error != 0 ? error : key_make(name, key);
}

static void touch(struct ramfs_node *dir, int64_t now_ns)
{
    dir->mtime_ns = dir->ctime_ns = now_ns;
}

int fs_lookup(uint64_t dir_number, const char *name, struct fs_attr *attr)
{
    struct ramfs_node *dir;
    struct ramfs_key key;
    const int error = place_get(dir_number, name, &dir, &key);
    if (error != 0) {
        return error;
    }
    const struct ramfs_node *node =
        node_get(dir_node(dir->dir, dir_find(dir->dir, &key)));
    if (node == NULL) {
        return -ENOENT;
    }
    node_attr(node, attr);
    return 0;
}

/** A new node under a new name. */
static int make(uint64_t dir_number, const char *name, uint32_t mode, char *target,
                int64_t now_ns, struct fs_attr *attr)
{
    struct ramfs_node *dir;
    struct ramfs_key key;
    int error = place_get(dir_number, name, &dir, &key);
    if (error != 0) {
        return error;
    }
    if (dir_find(dir->dir, &key) >= 0) {
        return -EEXIST;
    }
    if (S_ISDIR(mode) && dir->nlink >= RAMFS_LINK_MAX) {
        return -EMLINK;
    }
    struct ramfs_node *node = node_alloc(mode, now_ns);
    if (node == NULL) {
        return -ENOSPC;
    }
    error = dir_add(dir->dir, &key, node_number(node), mode_type(mode));
    if (error != 0) {
        node_release(node);
        return error;
    }
    node->nlink = 1;
    if (S_ISDIR(mode)) {
        node->nlink = 2;
        node->parent = dir;
        dir->nlink++;
    } else if (target != NULL) {
        node->target = target;
        node->size = strlen(target);
    }
    touch(dir, now_ns);
    node_attr(node, attr);
    return 0;
}

int fs_create(uint64_t dir, const char *name, uint32_t mode, int64_t now_ns,
              struct fs_attr *attr)
{
    map_settle();
    const uint32_t type = mode & S_IFMT;
    if (type != S_IFREG && type != S_IFDIR && type != S_IFIFO) {
        return -EINVAL;
    }
    return make(dir, name, mode & (S_IFMT | 07777), NULL, now_ns, attr);
}

int fs_symlink(uint64_t dir, const char *name, const char *target, int64_t now_ns,
               struct fs_attr *attr)
{
    const size_t len = strnlen(target, PATH_MAX);
    if (len == 0 || len == PATH_MAX) {
        return len == 0 ? -ENOENT : -ENAMETOOLONG;
    }
    char *copy = strdup(target);
    if (copy == NULL) {
        return -ENOSPC;
    }
    const int error = make(dir, name, S_IFLNK | 0777, copy, now_ns, attr);
    if (error != 0) {
        free(copy);
    }
    return error;
}

int fs_link(uint64_t dir_number, const char *name, uint64_t number, int64_t now_ns)
{
    struct ramfs_node *dir;
    struct ramfs_key key;
    int error = place_get(dir_number, name, &dir, &key);
    if (error != 0) {
        return error;
    }
    struct ramfs_node *node = node_get(number);
    if (node == NULL || node->nlink == 0) {
        return node == NULL ? -ESTALE : -ENOENT;
    }
    if (S_ISDIR(node->mode)) {
        return -EPERM;
    }
    if (node->nlink >= RAMFS_LINK_MAX) {
        return -EMLINK;
    }
    if (dir_find(dir->dir, &key) >= 0) {
        return -EEXIST;
    }
    error = dir_add(dir->dir, &key, number, mode_type(node->mode));
    if (error != 0) {
        return error;
    }
    node->nlink++;
    node->ctime_ns = now_ns;
    touch(dir, now_ns);
    return 0;
}

/** Takes one name from @node, whose entry in @dir is gone. */
static void name_lost(struct ramfs_node *dir, struct ramfs_node *node, int64_t now_ns)
{
    node->ctime_ns = now_ns;
    if (S_ISDIR(node->mode)) {
        node->nlink = 0;
        dir->nlink--;
    } else {
        node->nlink--;
    }
    node_release(node);
}

int fs_unlink(uint64_t dir_number, const char *name, int is_dir, int64_t now_ns)
{
    map_settle();
    struct ramfs_node *dir;
    struct ramfs_key key;
    const int error = place_get(dir_number, name, &dir, &key);
    if (error != 0) {
        return error;
    }
    const int64_t position = dir_find(dir->dir, &key);
    struct ramfs_node *node = node_get(dir_node(dir->dir, position));
    if (node == NULL) {
        return -ENOENT;
    }
    if (S_ISDIR(node->mode) != (is_dir != 0)) {
        return is_dir != 0 ? -ENOTDIR : -EISDIR;
    }
    if (S_ISDIR(node->mode) && dir_live(node->dir) != 0) {
        return -ENOTEMPTY;
    }
    dir_remove(dir->dir, position);
    name_lost(dir, node, now_ns);
    touch(dir, now_ns);
    return 0;
}

/** True when @dir is @node or lies below it. */
static bool is_below(const struct ramfs_node *dir, const struct ramfs_node *node)
{
    while (dir != node && dir != NULL) {
        dir = dir->parent;
    }
    return dir == node;
}

/** 0 when @node may take the place of @target. */
static int may_replace(const struct ramfs_node *node, const struct ramfs_node *target)
{
    if (S_ISDIR(node->mode) != S_ISDIR(target->mode)) {
        return S_ISDIR(node->mode) ? -ENOTDIR : -EISDIR;
    }
    if (S_ISDIR(target->mode) && dir_live(target->dir) != 0) {
        return -ENOTEMPTY;
    }
    return 0;
}

int fs_rename(uint64_t old_number, const char *old_name, uint64_t new_number,
              const char *new_name, int64_t now_ns)
{
    struct ramfs_node *old_dir, *new_dir;
    struct ramfs_key old_key, new_key;
    int error = place_get(old_number, old_name, &old_dir, &old_key);
    if (error != 0) {
        return error;
    }
    error = place_get(new_number, new_name, &new_dir, &new_key);
    if (error != 0) {
        return error;
    }
    struct ramfs_node *node =
        node_get(dir_node(old_dir->dir, dir_find(old_dir->dir, &old_key)));
    if (node == NULL) {
        return -ENOENT;
    }
    const bool is_dir = S_ISDIR(node->mode);
    if (is_dir && is_below(new_dir, node)) {
        return -EINVAL;
    }
    const uint8_t type = mode_type(node->mode);
    const int64_t place = dir_find(new_dir->dir, &new_key);
    struct ramfs_node *target = node_get(dir_node(new_dir->dir, place));
    if (target == node) {
        return 0;
    }
    if (target != NULL) {
        error = may_replace(node, target);
        if (error != 0) {
            return error;
        }
        dir_set(new_dir->dir, place, node_number(node), type);
        name_lost(new_dir, target, now_ns);
    } else {
        if (is_dir && new_dir != old_dir && new_dir->nlink >= RAMFS_LINK_MAX) {
            return -EMLINK;
        }
        error = dir_add(new_dir->dir, &new_key, node_number(node), type);
        if (error != 0) {
            return error;
        }
    }
    dir_remove(old_dir->dir, dir_find(old_dir->dir, &old_key));
    if (is_dir) {
        old_dir->nlink--;
        new_dir->nlink++;
        node->parent = new_dir;
    }
    node->ctime_ns = now_ns;
    touch(old_dir, now_ns);
    touch(new_dir, now_ns);
    return 0;
}
