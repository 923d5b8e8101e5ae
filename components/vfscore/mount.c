/* Mounting. That only boot mounts is the monitor's to see to: CUBICLE_BOOT_ONLY in vfs.h. */
#include "core.h"

#include <stdlib.h>

static uint32_t mounts;

struct mount *mount_new(const char *provider, const char *options)
{
    struct mount *mount = calloc(1, sizeof(*mount));
    if (mount != NULL) {
        memcpy(mount->provider, provider, strlen(provider));
        memcpy(mount->options, options, strlen(options));
        mount->id = ++mounts;
    }
    return mount;
}

int mount_bind(struct mount *mount)
{
    struct fs_attr attr;
    if (fs_bind(&mount->ops, mount->provider) != 0) {
        return -ENODEV;
    }
    int error;
    PROVIDER(error, mount->ops.fs_mount(mount->options, &attr));
    error = checked(error);
    if (error != 0) {
        return error;
    }
    if (!S_ISDIR(attr.mode)) {
        return -EIO;
    }
    mount->cached = (attr.flags & FS_NODE_CACHED) != 0;
    mount->many = (attr.flags & FS_NODE_MANY) != 0;
    error = node_from_attr(mount, &attr, &mount->root);
    if (error == 0 && attr.mtime_ns == 0 && mount->cached) {
        time_mark(mount->root, MARK_ALL);
        time_now();
    }
    return error;
}

/** Where a provider is mounted, another mount of it would have the same files, or spoil the first. */
static bool is_mounted(const char *provider, const char *options)
{
    const struct mount *mount = core.mounts;
    while (mount != NULL && (strcmp(mount->provider, provider) != 0 ||
                             (mount->many && strcmp(mount->options, options) != 0))) {
        mount = mount->next;
    }
    return mount != NULL;
}

/** Puts @mount where it can be found. */
static void mount_place(struct mount *mount, struct node *covered)
{
    struct mount **end = &core.mounts;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = mount;
    absent_forget();
    mount->covered = covered;
    if (covered == NULL) {
        core.root = mount;
    } else {
        mount->below = covered->mount;
        covered->mounted = mount;
    }
}

int vfs_mount(const char *provider, const char *path, const char *options, int caller)
{
    struct client *client = client_get(caller);
    struct node *covered = NULL;
    int error = 0;
    if (client == NULL) {
        return -EDEADLK;
    }
    if (strnlen(provider, sizeof(core.root->provider)) == sizeof(core.root->provider) ||
        strnlen(options, sizeof(core.root->options)) == sizeof(core.root->options)) {
        return -ENAMETOOLONG;
    }
    if (core.root == NULL) {
        error = strcmp(path, "/") == 0 ? 0 : -ENOENT;
    } else {
        error = walk_node(client, AT_FDCWD, path, WALK_FOLLOW, &covered);
        if (error == 0 && !S_ISDIR(covered->st.st_mode)) {
            error = -ENOTDIR;
        } else if (error == 0 &&
                   (covered == core.root->root || is_mounted(provider, options))) {
            error = -EBUSY;
        }
    }
    if (error != 0) {
        return error;
    }
    struct mount *mount = mount_new(provider, options);
    if (mount == NULL) {
        return -ENOMEM;
    }
    if (covered != NULL) {
        node_get(covered);
    }
    error = mount_bind(mount);
    if (error != 0) {
        if (covered != NULL) {
            node_put(covered);
        }
        free(mount);
        return error;
    }
    mount_place(mount, covered);
    return 0;
}
