/*
 * The cache of names: what a name in a directory means, "nothing" included. It is
 * exact, since every change passes here, but where a file system says that others
 * change it too: there each use asks again.
 */
#include "core.h"
#include "slab.h"

#include <stdlib.h>

#define BUCKETS_FIRST 256
#define TRIM_TRIES 64

/** Short names share one size. */
struct small_name {
    char bytes[offsetof(struct name, text) + 41];
};

struct name_table name_table;
static struct slab small = SLAB_INIT(struct small_name);
static struct name *newest, *oldest;

static void buckets_grow(void)
{
    struct name **const old = name_table.buckets;
    const uint32_t old_size = name_table.size;
    const uint32_t size = old_size == 0 ? BUCKETS_FIRST : old_size * 2;
    struct name **grown = calloc(size, sizeof(struct name *));
    if (grown == NULL) {
        return;
    }
    name_table.buckets = grown;
    name_table.size = size;
    for (uint32_t i = 0; i < old_size; i++) {
        while (old[i] != NULL) {
            struct name *name = old[i];
            struct name **to = &grown[name_bucket(name->dir, name->hash)];
            old[i] = name->hash_next;
            name->hash_next = *to;
            *to = name;
        }
    }
    free(old);
}

static void list_add(struct name *name)
{
    name->newer = NULL;
    name->older = newest;
    if (newest != NULL) {
        newest->newer = name;
    } else {
        oldest = name;
    }
    newest = name;
}

static void list_remove(struct name *name)
{
    if (name->newer != NULL) {
        name->newer->older = name->older;
    } else {
        newest = name->older;
    }
    if (name->older != NULL) {
        name->older->newer = name->newer;
    } else {
        oldest = name->newer;
    }
}

static struct name *name_new(struct node *dir, const char *text, size_t len,
                             uint32_t hash)
{
    if (name_table.count >= name_table.size) {
        buckets_grow();
    }
    const size_t size = offsetof(struct name, text) + len + 1;
    struct name *name = name_table.size == 0                ? NULL
                        : size <= sizeof(struct small_name) ? slab_alloc(&small)
                                                            : malloc(size);
    if (name == NULL) {
        return NULL;
    }
    struct name **bucket = &name_table.buckets[name_bucket(dir, hash)];
    *name = (struct name){.hash_next = *bucket,
                          .dir = dir,
                          .hash = hash,
                          .len = (uint16_t)len,
                          .used = true};
    memcpy(name->text, text, len);
    name->text[len] = '\0';
    node_get(dir);
    *bucket = name;
    list_add(name);
    name_table.count++;
    return name;
}

static void name_free(struct name *name)
{
    struct name **at = &name_table.buckets[name_bucket(name->dir, name->hash)];
    while (*at != name) {
        at = &(*at)->hash_next;
    }
    *at = name->hash_next;
    list_remove(name);
    name_table.count--;
    name_set(name, NULL);
    node_put(name->dir);
    if (offsetof(struct name, text) + name->len + 1 <= sizeof(struct small_name)) {
        slab_release(&small, name);
    } else {
        free(name);
    }
}

void name_set(struct name *name, struct node *node)
{
    struct node *old = name->node;
    name->node = node;
    if (node != NULL) {
        absent_forget();
        node_get(node);
        if (S_ISDIR(node->st.st_mode)) {
            node->name = name;
            if (node->parent != name->dir) {
                struct node *parent = node->parent;
                node->parent = name->dir;
                node_get(name->dir);
                if (parent != NULL) {
                    node_put(parent);
                }
            }
        }
    }
    if (old != NULL) {
        if (old->name == name && old != node) {
            old->name = NULL;
        }
        node_put(old);
    }
}

/**
 * Whether directory @node can be what @name means. One that is known in another place
 * was moved by somebody else where the file system says so; else, and where it would be
 * below itself, the file system is not honest.
 */
static bool may_be_here(const struct name *name, const struct node *node)
{
    const struct node *dir = name->dir;
    if (node == dir->mount->root) {
        return false;
    }
    if (node->name == NULL || node->name == name) {
        return true;
    }
    return !dir->mount->cached && !node_is_above(node, dir);
}

/** Asks the file system what @name means. */
static int name_ask(struct name *name)
{
    struct node *dir = name->dir;
    struct node *node = NULL;
    struct fs_attr attr;
    int error;
    PROVIDER(error, dir->ops->fs_lookup(dir->number, name->text, &attr));
    error = checked(error);
    if (error == 0) {
        error = node_from_attr(dir->mount, &attr, &node);
    } else if (error == -ENOENT) {
        error = 0;
    }
    if (error != 0) {
        return error;
    }
    if (node != NULL && S_ISDIR(node->st.st_mode)) {
        if (!may_be_here(name, node)) {
            node_put(node);
            return -EIO;
        }
        if (node->name != NULL && node->name != name) {
            name_set(node->name, NULL);
        }
    }
    if (name->node != node) {
        name_set(name, node);
    }
    if (node != NULL) {
        node_put(node);
    }
    return 0;
}

/** As name_find(), where the answer is not to be believed. */
static struct name *name_known(const struct node *dir, const char *text, size_t len,
                               uint32_t hash)
{
    struct name *name =
        name_table.size == 0 ? NULL : name_table.buckets[name_bucket(dir, hash)];
    while (name != NULL && (name->hash != hash || name->dir != dir ||
                            name->len != len || memcmp(name->text, text, len) != 0)) {
        name = name->hash_next;
    }
    return name;
}

int name_lookup(struct node *dir, const char *text, size_t len, uint32_t hash,
                struct name **result)
{
    if (dir->removed) {
        return -ENOENT;
    }
    struct name *name = dir->mount->cached ? NULL : name_known(dir, text, len, hash);
    const bool made = name == NULL;
    if (made) {
        name = name_new(dir, text, len, hash);
        if (name == NULL) {
            return -ENOMEM;
        }
    }
    const int error = name_ask(name);
    if (error != 0) {
        if (made) {
            name_free(name);
        }
        return error;
    }
    *result = name;
    return 0;
}

void name_forget_all(const struct mount *mount)
{
    struct name *next;
    for (struct name *name = oldest; name != NULL; name = next) {
        next = name->newer;
        if (name->dir->mount == mount) {
            name_free(name);
        }
    }
}

/** In use as a directory: its entries, somebody's current directory, a mount. */
static bool name_pinned(const struct name *name)
{
    const struct node *node = name->node;
    return node != NULL && S_ISDIR(node->st.st_mode) && node->refs > 1;
}

void name_trim(void)
{
    for (unsigned i = 0; i < TRIM_TRIES && name_table.count > NAMES_MAX; i++) {
        struct name *name = oldest;
        if (!name->used && !name_pinned(name)) {
            name_free(name);
            continue;
        }
        name->used = false;
        list_remove(name);
        list_add(name);
    }
}
