/* The operations of a file system that was begun anew, for those who knew the old one. */
#include "core.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

static int stale_mount(const char *options, struct fs_attr *root)
{
    return -ESTALE;
}
static int stale_lookup(uint64_t dir, const char *name, struct fs_attr *attr)
{
    return -ESTALE;
}
static int stale_create(uint64_t dir, const char *name, uint32_t mode, int64_t now_ns,
                        struct fs_attr *attr)
{
    return -ESTALE;
}
static int stale_symlink(uint64_t dir, const char *name, const char *target,
                         int64_t now_ns, struct fs_attr *attr)
{
    return -ESTALE;
}
static int stale_link(uint64_t dir, const char *name, uint64_t node, int64_t now_ns)
{
    return -ESTALE;
}
static int stale_unlink(uint64_t dir, const char *name, int is_dir, int64_t now_ns)
{
    return -ESTALE;
}
static int stale_rename(uint64_t old_dir, const char *old_name, uint64_t new_dir,
                        const char *new_name, int64_t now_ns)
{
    return -ESTALE;
}
static ssize_t stale_readlink(uint64_t node, char *buf, size_t count)
{
    return -ESTALE;
}
static int stale_node(uint64_t node)
{
    return -ESTALE;
}
static ssize_t stale_read(uint64_t node, uint64_t offset, void *buf, size_t count,
                          int caller)
{
    return -ESTALE;
}
static ssize_t stale_write(uint64_t node, uint64_t offset, const void *buf,
                           size_t count)
{
    return -ESTALE;
}
static int stale_getattr(uint64_t node, struct fs_attr *attr)
{
    return -ESTALE;
}
static int stale_setattr(uint64_t node, uint32_t which, const struct fs_attr *attr)
{
    return -ESTALE;
}
static ssize_t stale_readdir(uint64_t dir, uint64_t cookie, void *buf, size_t count)
{
    return -ESTALE;
}
static int stale_statfs(uint64_t node, struct fs_stat *stat)
{
    return -ESTALE;
}
static int stale_poll(uint64_t node, int timeout_ms)
{
    return -ESTALE;
}
static int64_t stale_map(uint64_t node, uint64_t offset, size_t size, int rights,
                         int limit, int client)
{
    return -ESTALE;
}
static int stale_map_change(void *base, size_t size, int rights, int client)
{
    return -EINVAL; /* nothing of the old one is mapped any more */
}
static int stale_mapping(const void *base, int client, struct fs_mapping *mapping)
{
    return -EINVAL;
}

const struct fs_ops stale_ops = {
    .fs_mount = stale_mount,
    .fs_lookup = stale_lookup,
    .fs_create = stale_create,
    .fs_symlink = stale_symlink,
    .fs_link = stale_link,
    .fs_unlink = stale_unlink,
    .fs_rename = stale_rename,
    .fs_readlink = stale_readlink,
    .fs_hold = stale_node,
    .fs_drop = stale_node,
    .fs_read = stale_read,
    .fs_write = stale_write,
    .fs_getattr = stale_getattr,
    .fs_setattr = stale_setattr,
    .fs_readdir = stale_readdir,
    .fs_sync = stale_node,
    .fs_statfs = stale_statfs,
    .fs_map = stale_map,
    .fs_map_change = stale_map_change,
    .fs_mapping = stale_mapping,
    .fs_poll = stale_poll,
};
