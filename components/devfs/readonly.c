/* What devfs refuses: its names and attributes never change, and a device has no pages. */
#include <errno.h>
#include <fs.h>

int fs_create(uint64_t dir, const char *name, uint32_t mode, int64_t now_ns,
              struct fs_attr *attr)
{
    (void)dir, (void)name, (void)mode, (void)now_ns, (void)attr;
    return -EROFS;
}

int fs_symlink(uint64_t dir, const char *name, const char *target, int64_t now_ns,
               struct fs_attr *attr)
{
    (void)dir, (void)name, (void)target, (void)now_ns, (void)attr;
    return -EROFS;
}

int fs_link(uint64_t dir, const char *name, uint64_t node, int64_t now_ns)
{
    (void)dir, (void)name, (void)node, (void)now_ns;
    return -EROFS;
}

int fs_unlink(uint64_t dir, const char *name, int is_dir, int64_t now_ns)
{
    (void)dir, (void)name, (void)is_dir, (void)now_ns;
    return -EROFS;
}

int fs_rename(uint64_t old_dir, const char *old_name, uint64_t new_dir,
              const char *new_name, int64_t now_ns)
{
    (void)old_dir, (void)old_name, (void)new_dir, (void)new_name, (void)now_ns;
    return -EROFS;
}

/** Times are accepted and not kept: writing to a device must not fail for them. */
int fs_setattr(uint64_t node, uint32_t which, const struct fs_attr *attr)
{
    struct fs_attr unused;
    (void)attr;
    const int error = fs_getattr(node, &unused);
    if (error != 0) {
        return error;
    }
    return (which & (FS_SET_MODE | FS_SET_UID | FS_SET_GID | FS_SET_SIZE)) != 0 ? -EROFS
                                                                                : 0;
}

int64_t fs_map(uint64_t node, uint64_t offset, size_t size, int rights, int limit,
               int client)
{
    (void)offset, (void)size, (void)rights, (void)limit, (void)client;
    struct fs_attr unused;
    const int error = fs_getattr(node, &unused);
    return error != 0 ? error : -ENODEV;
}

int fs_map_change(void *base, size_t size, int rights, int client)
{
    (void)base, (void)size, (void)rights, (void)client;
    return -EINVAL;
}

int fs_mapping(const void *base, int client, struct fs_mapping *mapping)
{
    (void)base, (void)client, (void)mapping;
    return -EINVAL;
}
