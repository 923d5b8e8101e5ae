/* The cache of nodes: one object per (mount, number) that has a name in the cache or is
 * in use. */
#include "core.h"
#include "slab.h"

#include <stdlib.h>
#include <sys/sysmacros.h>

#define BUCKETS_FIRST 256

static struct slab nodes = SLAB_INIT(struct node);
static struct node **buckets;
static uint32_t nbuckets, count;
static uint64_t pipes_made;

static uint32_t bucket_of(const struct mount *mount, uint64_t number, uint32_t size)
{
    return (uint32_t)((number + mount->id) * 0x9e3779b97f4a7c15u >> 32) & (size - 1);
}

/** Doubles the table; without memory the chains just grow longer. */
static void buckets_grow(void)
{
    const uint32_t size = nbuckets == 0 ? BUCKETS_FIRST : nbuckets * 2;
    struct node **grown = calloc(size, sizeof(struct node *));
    if (grown == NULL) {
        return;
    }
    for (uint32_t i = 0; i < nbuckets; i++) {
        while (buckets[i] != NULL) {
            struct node *node = buckets[i];
            struct node **to = &grown[bucket_of(node->mount, node->number, size)];
            buckets[i] = node->hash_next;
            node->hash_next = *to;
            *to = node;
        }
    }
    free(buckets);
    buckets = grown;
    nbuckets = size;
}

static void node_unhash(struct node *node)
{
    struct node **at = &buckets[bucket_of(node->mount, node->number, nbuckets)];
    while (*at != NULL && *at != node) {
        at = &(*at)->hash_next;
    }
    if (*at != NULL) {
        *at = node->hash_next;
        count--;
    }
}

static struct node *node_alloc(void)
{
    struct node *node = slab_alloc(&nodes);
    if (node == NULL) {
        return NULL;
    }
    memset(node, 0, sizeof(*node));
    node->refs = 1;
    node->locks = node->inline_locks;
    node->locks_capacity = LOCKS_INLINE;
    return node;
}

static bool attr_valid(const struct fs_attr *attr)
{
    switch (attr->mode & S_IFMT) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFLNK:
    case S_IFIFO:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFSOCK:
        break;
    default:
        return false;
    }
    return attr->node != 0 && attr->size <= INT64_MAX &&
           attr->blocks <= INT64_MAX / 512 &&
           (attr->mode & ~(uint32_t)(S_IFMT | 07777)) == 0;
}

static void attr_apply(struct node *node, const struct fs_attr *attr)
{
    struct stat *st = &node->st;
    const bool first = st->st_mode == 0;
    st->st_nlink = attr->nlink;
    st->st_blocks = (blkcnt_t)attr->blocks;
    node->terminal_size = attr->terminal_size;
    node->flags =
        (uint8_t)((node->flags & ~FS_NODE_MAPPED) | (attr->flags & FS_NODE_MAPPED));
    if (first || !S_ISREG(st->st_mode) || (node->flags & FS_NODE_CACHED) == 0) {
        st->st_size = (off_t)attr->size;
    }
    if (first || (node->flags & FS_NODE_CACHED) == 0) {
        st->st_mode = attr->mode;
        st->st_uid = attr->uid;
        st->st_gid = attr->gid;
        st->st_rdev = attr->rdev;
        if (!node->times_unsaved) {
            time_from_attr(node, attr);
        }
    }
    node->dense = S_ISREG(st->st_mode) && (node->flags & FS_NODE_CACHED) != 0 &&
                  st->st_blocks == pages_of(st->st_size) * 8;
    node->stale &= (uint8_t) ~(STALE_BLOCKS | STALE_ATTR);
}

static struct node *node_find(const struct mount *mount, uint64_t number)
{
    if (nbuckets == 0) {
        return NULL;
    }
    struct node *node = buckets[bucket_of(mount, number, nbuckets)];
    while (node != NULL && (node->number != number || node->mount != mount)) {
        node = node->hash_next;
    }
    return node;
}

struct node *node_known(const struct mount *mount, uint64_t number)
{
    return node_find(mount, number);
}

int node_from_attr(struct mount *mount, const struct fs_attr *attr,
                   struct node **result)
{
    if (!attr_valid(attr)) {
        return -EIO;
    }
    struct node *node = node_find(mount, attr->node);
    if (node != NULL) {
        if (((node->st.st_mode ^ attr->mode) & S_IFMT) != 0) {
            return -EIO;
        }
        node_get(node);
        *result = node;
        return 0;
    }
    if (count >= nbuckets) {
        buckets_grow();
    }
    node = nbuckets == 0 ? NULL : node_alloc();
    if (node == NULL) {
        return -ENOMEM;
    }
    node->mount = mount;
    mount->nodes++;
    node->ops = &mount->ops;
    node->number = attr->node;
    node->flags = (uint8_t)attr->flags;
    node->stale = (attr->flags & FS_NODE_CACHED) != 0 ? 0 : STALE_ALWAYS;
    node->st.st_dev = makedev(0, mount->id);
    node->st.st_ino = attr->node;
    node->st.st_blksize = 4096;
    attr_apply(node, attr);
    struct node **bucket = &buckets[bucket_of(mount, attr->node, nbuckets)];
    node->hash_next = *bucket;
    *bucket = node;
    count++;
    *result = node;
    return 0;
}

struct node *node_new_pipe(void)
{
    struct node *node = node_alloc();
    if (node == NULL) {
        return NULL;
    }
    node->st.st_mode = S_IFIFO | 0600;
    node->st.st_nlink = 1;
    node->st.st_blksize = 4096;
    node->st.st_ino = ++pipes_made;
    time_mark(node, MARK_ALL);
    return node;
}

static void node_drop(const struct node *node)
{
    int ignored; /* nothing to do about a provider that does not drop */
    PROVIDER(ignored, node->ops->fs_drop(node->number));
    (void)ignored;
}

static void node_end(struct node *node)
{
    if (node->pipe != NULL) {
        pipe_free(node);
    }
    if (node->held) {
        node_drop(node);
    }
    if (node->ops != NULL && !node->removed) {
        time_save(node);
        node_unhash(node);
    }
    if ((node->flags & FS_NODE_COUNTED) != 0 && !node->held) {
        node_drop(node);
    }
    time_forget(node);
    kept_forget(node);
    if (node->locks != node->inline_locks) {
        free(node->locks);
    }
    struct mount *mount = node->mount;
    if (mount != NULL && --mount->nodes == 0 && mount->root == NULL) {
        free(mount); /* lost, and nothing of it is left */
    }
}

static void node_lose(struct node *node)
{
    node->stale |= STALE_ALWAYS;
    node->flags &= (uint8_t)~FS_NODE_CACHED;
    node->dense = node->times_unsaved = node->held = node->removed = false;
    node->head_len = 0;
    kept_forget(node);
    time_forget(node);
}

/** A node without a name is in no bucket: only descriptors and clients know it. */
void node_lose_all(const struct mount *mount)
{
    for (uint32_t i = 0; i < nbuckets; i++) {
        for (struct node *node = buckets[i]; node != NULL; node = node->hash_next) {
            if (node->mount == mount) {
                node_lose(node);
            }
        }
    }
    for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
        const struct client *client = &core.clients[i];
        for (uint32_t fd = 0; fd < client->nfiles; fd++) {
            if (client->files[fd] != NULL && client->files[fd]->node->mount == mount) {
                node_lose(client->files[fd]->node);
            }
        }
        if (client->cwd != NULL && client->cwd->mount == mount) {
            node_lose(client->cwd);
        }
    }
}

/** A loop, not a recursion: a chain of removed directories can be long. */
void node_free(struct node *node)
{
    do {
        struct node *parent = node->parent;
        node_end(node);
        slab_release(&nodes, node);
        node = parent;
    } while (node != NULL && --node->refs == 0);
}

int node_refresh(struct node *node)
{
    time_settle(node);
    if (node->stale == 0 || (node->removed && !node->held)) {
        return 0;
    }
    struct fs_attr attr;
    int error;
    PROVIDER(error, node->ops->fs_getattr(node->number, &attr));
    error = checked(error);
    if (error != 0) {
        return error;
    }
    if (!attr_valid(&attr) || ((node->st.st_mode ^ attr.mode) & S_IFMT) != 0) {
        return -EIO;
    }
    attr_apply(node, &attr);
    return 0;
}

int node_keep(struct node *node)
{
    /* A removed directory answers from here alone; other names keep a file anyway. */
    if (S_ISDIR(node->st.st_mode) || node->st.st_nlink > 1 || node->refs == 1 ||
        node->held) {
        return 0;
    }
    int error;
    PROVIDER(error, node->ops->fs_hold(node->number));
    error = checked(error);
    node->held = error == 0;
    return error;
}

void node_unlinked(struct node *node)
{
    const bool last = S_ISDIR(node->st.st_mode) || node->st.st_nlink <= 1;
    if (!last) {
        node->st.st_nlink--;
        time_mark(node, MARK_CTIME);
        return;
    }
    node->st.st_nlink = 0;
    node->removed = true;
    node->name = NULL;
    node_unhash(node);
    if (node->refs > 1) {
        time_mark(node, MARK_CTIME);
    }
}
