/* Cached names, and the walk along a path. Private to vfscore. */
#ifndef VFSCORE_NAMES_H
#define VFSCORE_NAMES_H

#include "core.h"
#include "span.h"

/* ---- name.c ---- */

struct name {
    struct name *hash_next;
    struct node *dir;
    struct node *node; /* NULL: known not to exist */
    struct name *newer, *older;
    uint32_t hash;
    uint16_t len;
    bool used; /* since eviction last looked */
    char text[];
};

/* Only the low half of a pointer means something to a cubicle. */
static inline uint32_t name_bucket(const struct node *dir, uint32_t hash)
{
    const uint32_t place = (uint32_t)(uintptr_t)dir * 0x9e3779b1u >> 7;
    return (hash ^ place) & (name_table.size - 1);
}

static inline bool same_text(const char *a, const char *b, size_t len)
{
    uint64_t x, y;
    if (len < sizeof(x)) {
        for (size_t i = 0; i < len; i++) {
            if (a[i] != b[i]) {
                return false;
            }
        }
        return true;
    }
    for (size_t at = 0; at < len - sizeof(x); at += sizeof(x)) {
        memcpy(&x, a + at, sizeof(x));
        memcpy(&y, b + at, sizeof(y));
        if (x != y) {
            return false;
        }
    }
    memcpy(&x, a + len - sizeof(x), sizeof(x));
    memcpy(&y, b + len - sizeof(y), sizeof(y));
    return x == y;
}

/** The cached name that needs no asking, or NULL. */
static inline struct name *name_find(const struct node *dir, const char *text,
                                     size_t len, uint32_t hash)
{
    if (unlikely(name_table.size == 0 || !dir->mount->cached)) {
        return NULL;
    }
    struct name *name = name_table.buckets[name_bucket(dir, hash)];
    while (name != NULL) {
        if (name->hash == hash && name->dir == dir && name->len == len &&
            same_text(name->text, text, len)) {
            name->used = true;
            return name;
        }
        name = name->hash_next;
    }
    return NULL;
}

/** What @text means in @dir, by asking the file system; ->node NULL: nothing. 0 or an
 * error. */
int name_lookup(struct node *dir, const char *text, size_t len, uint32_t hash,
                struct name **name);
/** Makes @name mean @node (one reference taken) or nothing. */
void name_set(struct name *name, struct node *node);
/** Forgets every name in @mount's directories. */
void name_forget_all(const struct mount *mount);
/** Evicts names when there are too many; only where an operation starts (invariant 3). */
void name_trim(void);

/* ---- mount.c ---- */

/** The root of what is mounted on @node, or @node. */
static inline struct node *mount_cross(struct node *node)
{
    while (unlikely(node->mounted != NULL)) {
        node = node->mounted->root;
    }
    return node;
}

/** A mount that is nowhere yet, or NULL. */
struct mount *mount_new(const char *provider, const char *options);
/** Mounts its file system: root and ops. 0 or an error. */
int mount_bind(struct mount *mount);

/* ---- remount.c, stale.c ---- */

extern const struct fs_ops stale_ops;
/** Of each mount: asks whether the file system still knows what it told; one that was
 * begun anew is mounted again, empty, and what is mounted on it finds its place again.
 * False: not all of it could be done. */
bool mount_mend_all(void);

/* ---- walk.c ---- */

#define WALK_FOLLOW 1 /* a link at the end is followed */
#define WALK_CREATE \
    2 /* for open(2) with O_CREAT: a slash behind the last name is EISDIR */
#define WALK_ENTRY \
    4 /* the name is meant: no link or mount there is followed, and a slash is the \
         caller's */

enum walk_last { LAST_NAME, LAST_DOT, LAST_DOTDOT, LAST_ROOT };

struct walk {
    struct node *node; /* NULL: the last name does not exist */
    struct name *name; /* of LAST_NAME */
    struct node *dir;
    enum walk_last last;
    bool slash; /* the path ended in one */
    unsigned links;
    uint32_t hash;
    size_t len;
    const char *text; /* of LAST_NAME, until the next walk */
};

/** Where @path leads. 0, or an error; an absent last name is 0 with node NULL. Nothing
 * is referenced. */
int walk(struct client *client, int dirfd, const char *path, unsigned flags,
         struct walk *walk);
/** The two halves of walk(): up to the last component, and that. */
int walk_parents(struct client *client, int dirfd, const char *path, struct walk *walk);
int walk_last(struct walk *walk, unsigned flags);
/** As walk(), -ENOENT when the node is absent. */
int walk_node(struct client *client, int dirfd, const char *path, unsigned flags,
              struct node **node);
/** As walk_node(); AT_EMPTY_PATH and AT_SYMLINK_NOFOLLOW in @flags. */
int walk_at(struct client *client, int dirfd, const char *path, int flags,
            struct node **node);
struct node *walk_parent(struct node *dir);

/**
 * The cached name that a plain path leads to: directories and no links on the way, no
 * dots, nothing to ask. NULL: walk() must tell. The name's node may be absent, a link,
 * or covered by a mount.
 */
static inline struct name *walk_cached(const struct client *client, int dirfd,
                                       const char *path)
{
    const char *const begin = path;
    const struct node *dir = dirfd == AT_FDCWD ? client->cwd : NULL;
    if (path[0] == '/') {
        dir = core.root != NULL ? core.root->root : NULL;
        path++;
    }
    for (;;) {
        uint32_t hash;
        /* Dots, a second slash, the end where a name should be; some rare names too. */
        if (unlikely(dir == NULL || path[0] <= '/' || !S_ISDIR(dir->st.st_mode) ||
                     !node_allows(dir, X_OK))) {
            return NULL;
        }
        const size_t len = span(path, &hash);
        struct name *name = name_find(dir, path, len, hash);
        if (unlikely(name == NULL)) {
            return NULL;
        }
        path += len;
        if (path[0] == '\0') {
            return likely(path - begin < PATH_MAX) ? name : NULL;
        }
        dir = name->node;
        if (unlikely(dir == NULL)) {
            return NULL;
        }
        dir = mount_cross(name->node);
        path++;
    }
}

#endif
