/* Mounting, attributes, links' targets, holding, statistics. */
#include "ramfs.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define RAMFS_MAGIC 0x01021994 /* TMPFS_MAGIC: programs know it as memory */

_Static_assert(DT_REG == S_IFREG >> 12 && DT_LNK == S_IFLNK >> 12, "mode_type");

static struct ramfs_node *root;

/** "4096", "64K", "512M", "1G" up to a comma or the end; moves @text behind it. */
static int size_parse(const char **text, uint64_t *value)
{
    char *end;
    if (**text < '0' || **text > '9') {
        return -EINVAL;
    }
    errno = 0;
    uint64_t number = strtoull(*text, &end, 10);
    if (errno != 0) {
        return -EINVAL;
    }
    unsigned shift = 0;
    switch (*end) {
    case 'k':
    case 'K':
        shift = 10;
        break;
    case 'm':
    case 'M':
        shift = 20;
        break;
    case 'g':
    case 'G':
        shift = 30;
        break;
    default:
        break;
    }
    end += shift != 0;
    if (number > UINT64_MAX >> shift || (*end != ',' && *end != '\0')) {
        return -EINVAL;
    }
    *value = number << shift;
    *text = end + (*end == ',');
    return 0;
}

static int options_parse(const char *options)
{
    while (*options != '\0') {
        uint64_t value;
        const bool is_size = strncmp(options, "size=", 5) == 0;
        if (!is_size && strncmp(options, "nodes=", 6) != 0) {
            return -EINVAL;
        }
        options += is_size ? 5 : 6;
        const int error = size_parse(&options, &value);
        if (error != 0) {
            return error;
        }
        if (is_size) {
            ramfs_pool.limit = value / RAMFS_PAGE;
        } else if (value < ramfs_nodes_limit) {
            ramfs_nodes_limit = value;
        }
    }
    return 0;
}

int fs_mount(const char *options, struct fs_attr *attr)
{
    const int error = options_parse(options);
    if (error != 0) {
        return error;
    }
    map_settle();
    if (root != NULL) {
        node_drop_all(); /* by a client that knows nothing of before */
        node_attr(root, attr);
        return 0;
    }
    root = node_alloc(S_IFDIR | 0755, 0);
    if (root == NULL) {
        return -ENOMEM;
    }
    root->nlink = 2;
    node_attr(root, attr);
    return 0;
}

ssize_t fs_readlink(uint64_t number, char *buf, size_t count)
{
    const struct ramfs_node *node = node_get(number);
    if (node == NULL || !S_ISLNK(node->mode)) {
        return node == NULL ? -ESTALE : -EINVAL;
    }
    if (count > node->size) {
        count = node->size;
    }
    memcpy(buf, node->target, count);
    return (ssize_t)count;
}

int fs_hold(uint64_t number)
{
    struct ramfs_node *node = node_get(number);
    if (node == NULL || node->holds == UINT32_MAX) {
        return node == NULL ? -ESTALE : -EOVERFLOW;
    }
    node->holds++;
    return 0;
}

int fs_drop(uint64_t number)
{
    map_settle();
    struct ramfs_node *node = node_get(number);
    if (node == NULL || node->holds == 0) {
        return node == NULL ? -ESTALE : -EINVAL;
    }
    node->holds--;
    node_release(node);
    return 0;
}

int fs_getattr(uint64_t number, struct fs_attr *attr)
{
    const struct ramfs_node *node = node_get(number);
    if (node == NULL) {
        return -ESTALE;
    }
    node_attr(node, attr);
    return 0;
}

int fs_setattr(uint64_t number, uint32_t which, const struct fs_attr *attr)
{
    map_settle();
    struct ramfs_node *node = node_get(number);
    if (node == NULL) {
        return -ESTALE;
    }
    if ((which & FS_SET_SIZE) != 0) {
        if (!S_ISREG(node->mode)) {
            return S_ISDIR(node->mode) ? -EISDIR : -EINVAL;
        }
        const int error = data_resize(node, attr->size);
        if (error != 0) {
            return error;
        }
    }
    if ((which & FS_SET_MODE) != 0) {
        node->mode = (node->mode & S_IFMT) | (attr->mode & 07777);
    }
    if ((which & FS_SET_UID) != 0) {
        node->uid = attr->uid;
    }
    if ((which & FS_SET_GID) != 0) {
        node->gid = attr->gid;
    }
    if ((which & FS_SET_ATIME) != 0) {
        node->atime_ns = attr->atime_ns;
    }
    if ((which & FS_SET_MTIME) != 0) {
        node->mtime_ns = attr->mtime_ns;
    }
    if ((which & FS_SET_CTIME) != 0) {
        node->ctime_ns = attr->ctime_ns;
    }
    return 0;
}

ssize_t fs_readdir(uint64_t number, uint64_t cookie, void *buf, size_t count)
{
    struct ramfs_node *dir;
    const int error = directory_get(number, &dir);
    if (error != 0) {
        return error == -ENOENT ? 0 : error; /* removed while open: empty */
    }
    return dir_read(dir->dir, cookie, buf, count > SSIZE_MAX ? SSIZE_MAX : count);
}

int fs_sync(uint64_t number)
{
    return node_get(number) == NULL ? -ESTALE : 0;
}

int fs_statfs(uint64_t node, struct fs_stat *stat)
{
    (void)node;
    map_settle();
    const uint64_t space = (uint64_t)1 << (32 - PAGE_SIZE_LOG);
    const uint64_t blocks = ramfs_pool.limit < space ? ramfs_pool.limit : space;
    *stat = (struct fs_stat){
        .block_size = RAMFS_PAGE,
        .blocks = blocks,
        .blocks_free = blocks > ramfs_pool.used ? blocks - ramfs_pool.used : 0,
        .nodes = ramfs_nodes_limit,
        .nodes_free = ramfs_nodes_limit - ramfs_nodes_used,
        .name_max = RAMFS_NAME_MAX,
        .magic = RAMFS_MAGIC,
    };
    return 0;
}

int fs_poll(uint64_t number, int timeout_ms)
{
    (void)timeout_ms;
    return node_get(number) == NULL ? -ESTALE : 5; /* POLLIN | POLLOUT */
}
