/*
 * Mapping files. The file system lends its pages to the client itself, and records what is
 * mapped where, for which client. vfscore records nothing, so mappings outlive it; it asks each
 * file system in turn whether an address is in one of its mappings.
 */
#include "core.h"

#include <cubicle.h>

/** Who is to be lent the pages: a plain call comes from our own cubicle. */
static int map_client(int caller)
{
    return caller != 0 ? caller : cubicle_self();
}

/** What a provider answers to fs_map(): an address or an error. */
static int64_t checked_address(int64_t result)
{
    const bool is_address = result > 0 && result % 4096 == 0;
    return is_address || (result < 0 && result >= -ERRNO_MAX) ? result : -EIO;
}

static int64_t map_ask(const struct node *node, int64_t offset, size_t size, int rights,
                       int limit, int id)
{
    int64_t result;
    PROVIDER(result, node->ops->fs_map(node->number, (uint64_t)offset, size, rights,
                                       limit, id));
    return checked_address(result);
}

/** @node has come to be mapped, so that who looks at it has to ask (core.h). */
static void node_mapped(struct node *node, int rights)
{
    node->flags |= FS_NODE_MAPPED;
    node->head_len = 0;
    kept_forget(node);
    node->dense = false; /* a mapping fills holes */
    node->stale |= STALE_BLOCKS;
    if (rights == CUBICLE_WRITE) {
        time_mark_written(node);
    }
}

int64_t vfs_map(int fd, int64_t offset, size_t size, int rights, int caller)
{
    const struct file *file = file_of(fd, caller);
    if (file == NULL || (file->flags & O_PATH) != 0) {
        return -EBADF;
    }
    if (offset < 0 || offset % 4096 != 0 || size == 0 ||
        (rights != 0 && rights != CUBICLE_READ && rights != CUBICLE_WRITE)) {
        return -EINVAL;
    }
    const bool may_write = (file->can & CAN_WRITE) != 0;
    if ((file->can & CAN_READ) == 0 || (rights == CUBICLE_WRITE && !may_write)) {
        return -EACCES;
    }
    struct node *node = file->node;
    if (!S_ISREG(node->st.st_mode) || node->ops == NULL) {
        return -ENODEV;
    }
    const int64_t result =
        map_ask(node, offset, size, rights, may_write ? CUBICLE_WRITE : CUBICLE_READ,
                map_client(caller));
    if (result > 0) {
        node_mapped(node, rights);
    }
    return result;
}

/** What client @id has mapped at @base, and of which file system. 0, -EINVAL. */
static int map_find(const void *base, int id, struct mount **result,
                    struct fs_mapping *mapping)
{
    for (struct mount *mount = core.mounts; mount != NULL; mount = mount->next) {
        int error;
        PROVIDER(error, mount->ops.fs_mapping(base, id, mapping));
        if (error == 0) {
            *result = mount;
            return 0;
        }
    }
    return -EINVAL;
}

/** A mapping with write rights is looked at: the file's times follow. */
static void map_mark(const struct mount *mount, const struct fs_mapping *mapping)
{
    struct node *node = node_known(mount, mapping->node);
    if (mapping->rights != CUBICLE_WRITE) {
        return;
    }
    if (node != NULL) {
        time_mark_written(node);
        return;
    }
    const int64_t now = time_now();
    const struct fs_attr attr = {.mtime_ns = now, .ctime_ns = now};
    int ignored; /* a file that lives without a name has no times that anybody sees */
    PROVIDER(ignored,
             mount->ops.fs_setattr(mapping->node, FS_SET_MTIME | FS_SET_CTIME, &attr));
    (void)ignored;
}

/** fs_map_change() of whatever file system it is. */
static int map_change(void *base, size_t size, int rights, int caller)
{
    struct mount *mount;
    struct fs_mapping mapping;
    if (client_get(caller) == NULL) {
        return -EDEADLK;
    }
    const int id = map_client(caller);
    int error = map_find(base, id, &mount, &mapping);
    if (error == 0) {
        map_mark(mount, &mapping);
        PROVIDER(error, mount->ops.fs_map_change(base, size, rights, id));
        error = checked(error);
    }
    return error;
}

int vfs_unmap(void *base, size_t size, int caller)
{
    return map_change(base, size, FS_UNMAP, caller);
}

int vfs_map_protect(void *base, size_t size, int rights, int caller)
{
    if (rights != 0 && rights != CUBICLE_READ && rights != CUBICLE_WRITE) {
        return -EINVAL;
    }
    return map_change(base, size, rights, caller);
}

/** The last byte of a mapping says what comes behind it. */
int vfs_map_grow(void *base, size_t size, size_t new_size, int caller)
{
    struct mount *mount;
    struct fs_mapping mapping;
    if (client_get(caller) == NULL) {
        return -EDEADLK;
    }
    if ((uintptr_t)base % 4096 != 0 || size == 0 || size % 4096 != 0 ||
        new_size <= size) {
        return -EINVAL;
    }
    const int id = map_client(caller);
    const uintptr_t end = (uintptr_t)base + size;
    int error = map_find((const void *)(end - 4096), id, &mount, &mapping);
    if (error != 0) {
        return error;
    }
    int64_t result;
    PROVIDER(result,
             mount->ops.fs_map(mapping.node, mapping.offset + 4096, new_size - size,
                               (int)mapping.rights, (int)mapping.limit, id));
    result = checked_address(result);
    if (result > 0 && result != (int64_t)end) {
        PROVIDER(error, mount->ops.fs_map_change((void *)(uintptr_t)result,
                                                 new_size - size, FS_UNMAP, id));
        return -ENOMEM;
    }
    return result > 0 ? 0 : (int)result;
}

int vfs_map_sync(void *base, int caller)
{
    struct mount *mount;
    struct fs_mapping mapping;
    if (client_get(caller) == NULL) {
        return -EDEADLK;
    }
    const int error = map_find(base, map_client(caller), &mount, &mapping);
    if (error == 0) {
        map_mark(mount, &mapping);
    }
    return error;
}
