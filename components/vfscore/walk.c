/* Paths. */
#include "core.h"

struct node *walk_parent(struct node *dir)
{
    while (dir == dir->mount->root) {
        if (dir->mount->covered == NULL) {
            return dir;
        }
        dir = dir->mount->covered;
    }
    /* The root of a lost mount has nothing above it. */
    return dir->parent == NULL ? dir : mount_cross(dir->parent);
}

static int walk_on(struct walk *walk, const char *path);

/** Goes on where link @node in walk->dir leads, and then along @rest. */
static int walk_link(struct walk *walk, const struct node *node, const char *rest,
                     bool slash)
{
    static char buffers[2][PATH_MAX];
    static unsigned turn;
    char *text = buffers[turn ^= 1]; /* @rest may lie in the other one */
    ssize_t len;
    if (++walk->links > SYMLINKS_MAX) {
        return -ELOOP;
    }
    PROVIDER(len, node->ops->fs_readlink(node->number, text, PATH_MAX - 1));
    len = checked_count(len, PATH_MAX - 1);
    if (len <= 0) {
        return len == 0 ? -ENOENT : (int)len;
    }
    const size_t rest_len = strnlen(rest, PATH_MAX);
    if ((size_t)len + slash + rest_len + 1 > PATH_MAX) {
        return -ENAMETOOLONG;
    }
    if (slash) {
        text[len++] = '/';
    }
    memcpy(text + len, rest, rest_len);
    text[(size_t)len + rest_len] = '\0';
    if (text[0] == '/') {
        walk->dir = core.root->root;
    }
    return walk_on(walk, text);
}

/** What the component at @text means in walk->dir. */
static inline int walk_step(const struct walk *walk, const char *text, size_t len,
                            uint32_t hash, struct name **name)
{
    if (unlikely(len > NAME_LEN_MAX)) {
        return walk->dir->removed ? -ENOENT : -ENAMETOOLONG;
    }
    *name = name_find(walk->dir, text, len, hash);
    return likely(*name != NULL) ? 0 : name_lookup(walk->dir, text, len, hash, name);
}

/** Along @path from walk->dir up to its last component, which is found but not looked
 * up. */
static int walk_on(struct walk *walk, const char *path)
{
    const char *const begin = path;
    for (;;) {
        while (*path == '/') {
            path++;
        }
        struct node *dir = walk->dir;
        if (unlikely(*path == '\0')) {
            walk->last = LAST_ROOT;
            walk->slash = false;
            return 0;
        }
        if (unlikely(!S_ISDIR(dir->st.st_mode) || !node_allows(dir, X_OK))) {
            return S_ISDIR(dir->st.st_mode) ? -EACCES : -ENOTDIR;
        }
        uint32_t hash;
        const size_t len = span(path, &hash);
        const char *rest = path + len;
        const bool slash = *rest == '/';
        while (*rest == '/') {
            rest++;
        }
        walk->slash = slash;
        if (unlikely(path[0] == '.' && (len == 1 || (len == 2 && path[1] == '.')))) {
            walk->last = len == 1 ? LAST_DOT : LAST_DOTDOT;
            walk->dir = len == 1 ? dir : walk_parent(dir);
            if (*rest == '\0') {
                return 0;
            }
            path = rest;
            continue;
        }
        if (*rest == '\0') {
            walk->last = LAST_NAME;
            walk->text = path;
            walk->len = len;
            walk->hash = hash;
            return rest - begin >= PATH_MAX ? -ENAMETOOLONG : 0;
        }
        struct name *name;
        const int error = walk_step(walk, path, len, hash, &name);
        if (unlikely(error != 0)) {
            return error;
        }
        struct node *node = name->node;
        if (node == NULL) {
            return -ENOENT;
        }
        if (unlikely(S_ISLNK(node->st.st_mode))) {
            return walk_link(walk, node, rest, true);
        }
        walk->dir = mount_cross(node);
        path = rest;
    }
}

int walk_parents(struct client *client, int dirfd, const char *path, struct walk *walk)
{
    struct node *dir;
    if (path[0] == '/') {
        dir = core.root == NULL ? NULL : core.root->root;
    } else if (unlikely(path[0] == '\0')) {
        return -ENOENT;
    } else if (dirfd == AT_FDCWD) {
        dir = client->cwd != NULL ? client->cwd : client_cwd(client);
        if (unlikely(dir != NULL && dir->mount->lost && dir != dir->mount->root)) {
            return -ENOENT; /* as in a directory that was removed */
        }
    } else {
        const struct file *file = client_file(client, dirfd);
        if (file == NULL) {
            return -EBADF;
        }
        dir = file->node;
    }
    if (unlikely(dir == NULL)) {
        return -ENOENT;
    }
    walk->dir = dir;
    walk->links = 0;
    return walk_on(walk, path);
}

int walk_last(struct walk *walk, unsigned flags)
{
    walk->name = NULL;
    while (likely(walk->last == LAST_NAME)) {
        struct name *name;
        if (unlikely(walk->slash && (flags & WALK_CREATE) != 0)) {
            return -EISDIR;
        }
        int error = walk_step(walk, walk->text, walk->len, walk->hash, &name);
        if (unlikely(error != 0)) {
            return error;
        }
        struct node *node = name->node;
        if (node != NULL && (flags & WALK_ENTRY) == 0) {
            const bool slash = walk->slash;
            if (unlikely(S_ISLNK(node->st.st_mode)) &&
                ((flags & WALK_FOLLOW) != 0 || slash)) {
                error = walk_link(walk, node, "", slash);
                if (error != 0) {
                    return error;
                }
                continue;
            }
            node = mount_cross(node);
            if (unlikely(slash) && !S_ISDIR(node->st.st_mode)) {
                return -ENOTDIR;
            }
        }
        walk->name = name;
        walk->node = node;
        return 0;
    }
    walk->node = walk->dir;
    return 0;
}

int walk(struct client *client, int dirfd, const char *path, unsigned flags,
         struct walk *walk)
{
    /* A trampoline bounds the string already; a plain call does not. */
    if (unlikely(strnlen(path, PATH_MAX) == PATH_MAX)) {
        return -ENAMETOOLONG;
    }
    const int error = walk_parents(client, dirfd, path, walk);
    return unlikely(error != 0) ? error : walk_last(walk, flags);
}

int walk_node(struct client *client, int dirfd, const char *path, unsigned flags,
              struct node **node)
{
    struct walk found;
    const int error = walk(client, dirfd, path, flags, &found);
    if (error != 0) {
        return error;
    }
    if (found.node == NULL) {
        return -ENOENT;
    }
    *node = found.node;
    return 0;
}

int walk_at(struct client *client, int dirfd, const char *path, int flags,
            struct node **node)
{
    if (unlikely(path[0] == '\0' && (flags & AT_EMPTY_PATH) != 0)) {
        if (dirfd == AT_FDCWD) {
            *node = client_cwd(client);
            return *node == NULL ? -ENOENT : 0;
        }
        const struct file *file = client_file(client, dirfd);
        if (file == NULL) {
            return -EBADF;
        }
        *node = file->node;
        return 0;
    }
    return walk_node(client, dirfd, path,
                     (flags & AT_SYMLINK_NOFOLLOW) != 0 ? 0 : WALK_FOLLOW, node);
}
