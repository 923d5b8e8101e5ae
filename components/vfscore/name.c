/*
 * The cache of names: what a name in a directory means, "nothing" included. It is exact, since every change passes
 * here, but where a file system says that others change it too: there each use asks again.
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

uint32_t name_count;
static struct slab small = SLAB_INIT(struct small_name);
static struct name **buckets;
static uint32_t nbuckets;
static struct name *newest, *oldest;

/* Only the low half of a pointer means something to a cubicle. */
static uint32_t bucket_of(const struct node *dir, uint32_t hash, uint32_t size)
{
    return (hash ^ (uint32_t)((uint32_t)(uintptr_t)dir * 0x9e3779b1u >> 7)) & (size - 1);
}

static void buckets_grow(void)
{
    const uint32_t size = nbuckets == 0 ? BUCKETS_FIRST : nbuckets * 2;
    struct name **grown = calloc(size, sizeof(struct name *));
    if (grown == NULL) {
        return;
    }
    for (uint32_t i = 0; i < nbuckets; i++) {
        while (buckets[i] != NULL) {
            struct name *name = buckets[i];
            struct name **to = &grown[bucket_of(name->dir, name->hash, size)];
            buckets[i] = name->hash_next;
            name->hash_next = *to;
            *to = name;
        }
    }
    free(buckets);
    buckets = grown;
    nbuckets = size;
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

static struct name *name_new(struct node *dir, const char *text, size_t len, uint32_t hash)
{
    if (name_count >= nbuckets) {
        buckets_grow();
    }
    const size_t size = offsetof(struct name, text) + len + 1;
    struct name *name = nbuckets == 0                       ? NULL
                        : size <= sizeof(struct small_name) ? slab_alloc(&small)
                                                            : malloc(size);
    if (name == NULL) {
        return NULL;
    }
    struct name **bucket = &buckets[bucket_of(dir, hash, nbuckets)];
    *name = (struct name){
        .hash_next = *bucket, .dir = dir, .hash = hash, .len = (uint16_t)len, .used = true};
    memcpy(name->text, text, len);
    name->text[len] = '\0';
    node_get(dir);
    *bucket = name;
    list_add(name);
    name_count++;
    return name;
}

static void name_free(struct name *name)
{
    struct name **at = &buckets[bucket_of(name->dir, name->hash, nbuckets)];
    while (*at != name) {
        at = &(*at)->hash_next;
    }
    *at = name->hash_next;
    list_remove(name);
    name_count--;
    name_set(name, NULL);
    node_put(name->dir);
    if (offsetof(struct name, text) + name->len + 1 <= sizeof(struct small_name)) {
        slab_release(&small, name);
    } else {
        free(name);
    }
}

struct name *name_find(const struct node *dir, const char *text, size_t len, uint32_t hash)
{
    if (unlikely(nbuckets == 0)) {
        return NULL;
    }
    struct name *name = buckets[bucket_of(dir, hash, nbuckets)];
    while (name != NULL) {
        if (name->hash == hash && name->dir == dir && name->len == len &&
            memcmp(name->text, text, len) == 0) {
            name->used = true;
            return name;
        }
        name = name->hash_next;
    }
    return NULL;
}

void name_set(struct name *name, struct node *node)
{
    struct node *old = name->node;
    name->node = node;
    if (node != NULL) {
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
    if (node != NULL && S_ISDIR(node->st.st_mode) &&
        (node == dir->mount->root || (node->name != NULL && node->name != name))) {
        node_put(node); /* a directory in two places: not from an honest file system */
        return -EIO;
    }
    if (name->node != node) {
        name_set(name, node);
    }
    if (node != NULL) {
        node_put(node);
    }
    return 0;
}

int name_lookup(struct node *dir, const char *text, size_t len, uint32_t hash,
                struct name **result)
{
    struct name *name = name_find(dir, text, len, hash);
    if (likely(name != NULL && dir->mount->cached)) {
        *result = name;
        return 0;
    }
    if (dir->removed) {
        return -ENOENT;
    }
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

/** In use as a directory: its entries, somebody's current directory, a mount. */
static bool name_pinned(const struct name *name)
{
    const struct node *node = name->node;
    return node != NULL && S_ISDIR(node->st.st_mode) && node->refs > 1;
}

void name_trim(void)
{
    for (unsigned i = 0; i < TRIM_TRIES && name_count > NAMES_MAX; i++) {
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
