/* Paths. */
#include "core.h"

#define NEXT_MAX PATH_MAX

struct node *walk_parent(struct node *dir)
{
    while (dir == dir->mount->root) {
        if (dir->mount->covered == NULL) {
            return dir;
        }
        dir = dir->mount->covered;
    }
    return mount_cross(dir->parent);
}

/** Length and hash of the component at @text. */
static inline size_t component(const char *text, uint32_t *hash)
{
    uint64_t sum = 0;
    size_t len = 0;
    for (unsigned char c = (unsigned char)text[0]; c != '\0' && c != '/';
         c = (unsigned char)text[++len]) {
        sum = (sum << 5 | sum >> 59) ^ c;
    }
    sum *= 0x9e3779b97f4a7c15u;
    *hash = (uint32_t)(sum >> 32);
    return len;
}

/** The path that goes on from link @node: its target, then @rest. */
static int link_path(const struct node *node, const char *rest, bool slash, const char **path)
{
    static char buffers[2][NEXT_MAX];
    static unsigned turn;
    char *text = buffers[turn ^= 1]; /* @rest may lie in the other one */
    ssize_t len;
    PROVIDER(len, node->ops->fs_readlink(node->number, text, NEXT_MAX - 1));
    len = checked_count(len, NEXT_MAX - 1);
    if (len <= 0) {
        return len == 0 ? -ENOENT : (int)len;
    }
    const size_t rest_len = strnlen(rest, NEXT_MAX);
    if ((size_t)len + slash + rest_len + 1 > NEXT_MAX) {
        return -ENAMETOOLONG;
    }
    if (slash) {
        text[len++] = '/';
    }
    memcpy(text + len, rest, rest_len);
    text[(size_t)len + rest_len] = '\0';
    *path = text;
    return 0;
}

static int walk_start(struct client *client, int dirfd, const char *path, struct node **dir)
{
    struct node *start;
    if (unlikely(name_count > NAMES_MAX)) {
        name_trim();
    }
    if (path[0] == '/') {
        start = core.root == NULL ? NULL : core.root->root;
    } else if (dirfd == AT_FDCWD) {
        start = client->cwd != NULL ? client->cwd : client_cwd(client);
    } else if (path[0] != '\0') {
        const struct file *file = file_of(dirfd, client_id(client));
        if (file == NULL) {
            return -EBADF;
        }
        start = file->node;
    } else {
        return -ENOENT;
    }
    if (unlikely(start == NULL || path[0] == '\0')) {
        return -ENOENT;
    }
    *dir = start;
    return 0;
}

int walk(struct client *client, int dirfd, const char *path, unsigned flags, struct walk *walk)
{
    const char *const begin = path;
    unsigned links = 0;
    struct node *dir;
    int error = walk_start(client, dirfd, path, &dir);
    if (error != 0) {
        return error;
    }
    for (;;) {
        while (*path == '/') {
            path++;
        }
        walk->slash = false;
        walk->name = NULL;
        walk->node = dir;
        if (*path == '\0') {
            walk->last = LAST_ROOT;
            return 0;
        }
        if (unlikely(!S_ISDIR(dir->st.st_mode))) {
            return -ENOTDIR;
        }
        if (unlikely(!node_allows(dir, X_OK))) {
            return -EACCES;
        }
        uint32_t hash;
        const size_t len = component(path, &hash);
        const char *rest = path + len;
        while (*rest == '/') {
            rest++;
        }
        const bool last = *rest == '\0';
        walk->slash = path[len] == '/';
        if (unlikely(path[0] == '.' && (len == 1 || (len == 2 && path[1] == '.')))) {
            dir = len == 1 ? dir : walk_parent(dir);
            path = rest;
            if (last) {
                walk->node = dir;
                walk->last = len == 1 ? LAST_DOT : LAST_DOTDOT;
                return 0;
            }
            continue;
        }
        if (unlikely(len > NAME_LEN_MAX || (links == 0 && rest - begin >= PATH_MAX))) {
            return -ENAMETOOLONG;
        }
        struct name *name;
        error = name_lookup(dir, path, len, hash, &name);
        if (unlikely(error != 0)) {
            return error;
        }
        struct node *node = name->node;
        const bool is_link = node != NULL && S_ISLNK(node->st.st_mode);
        if (last && (!is_link || (flags & WALK_ENTRY) != 0 ||
                     ((flags & WALK_FOLLOW) == 0 && !walk->slash))) {
            if ((flags & WALK_ENTRY) == 0 && node != NULL) {
                node = mount_cross(node);
                if (walk->slash && !S_ISDIR(node->st.st_mode)) {
                    return -ENOTDIR;
                }
            }
            walk->node = node;
            walk->name = name;
            walk->last = LAST_NAME;
            return 0;
        }
        if (node == NULL) {
            return -ENOENT;
        }
        if (unlikely(is_link)) {
            if (++links > SYMLINKS_MAX) {
                return -ELOOP;
            }
            error = link_path(node, rest, walk->slash, &path);
            if (error != 0) {
                return error;
            }
            if (path[0] == '/') {
                dir = core.root->root;
            }
            continue;
        }
        dir = mount_cross(node);
        path = rest;
    }
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

int walk_at(struct client *client, int dirfd, const char *path, int flags, struct node **node)
{
    if (unlikely(path[0] == '\0' && (flags & AT_EMPTY_PATH) != 0)) {
        if (dirfd == AT_FDCWD) {
            *node = client_cwd(client);
            return *node == NULL ? -ENOENT : 0;
        }
        const struct file *file = file_of(dirfd, client_id(client));
        if (file == NULL) {
            return -EBADF;
        }
        *node = file->node;
        return 0;
    }
    return walk_node(client, dirfd, path,
                     (flags & AT_SYMLINK_NOFOLLOW) != 0 ? 0 : WALK_FOLLOW, node);
}
