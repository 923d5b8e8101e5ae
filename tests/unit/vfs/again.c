#include "again.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static struct fs_ops fs;

void *library_again(void *handle, const char *path)
{
    if (handle != NULL && dlclose(handle) != 0) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    return handle;
}

/* clang-format off */
#define FUNCTIONS(F)                                                                   \
    F(mount) F(lookup) F(create) F(symlink) F(link) F(unlink) F(rename) F(readlink)    \
    F(hold) F(drop) F(read) F(write) F(getattr) F(setattr) F(readdir) F(sync)          \
    F(statfs) F(map) F(map_change) F(mapping) F(poll)
/* clang-format on */

void fs_again(const char *path)
{
    static void *handle;
    handle = library_again(handle, path);
#define FIND(name) fs.fs_##name = (__typeof__(fs_##name) *)dlsym(handle, "fs_" #name);
    FUNCTIONS(FIND)
}

#define CALL(name, ...)                         \
    const int instead = fs_before(#name, NULL); \
    return instead != 0 ? instead : fs.fs_##name(__VA_ARGS__)

static int t_mount(const char *options, struct fs_attr *root)
{
    const int instead = fs_before("mount", options);
    return instead != 0 ? instead : fs.fs_mount(options, root);
}
static int t_lookup(uint64_t dir, const char *name, struct fs_attr *attr)
{
    CALL(lookup, dir, name, attr);
}
static int t_create(uint64_t dir, const char *name, uint32_t mode, int64_t now,
                    struct fs_attr *attr)
{
    CALL(create, dir, name, mode, now, attr);
}
static int t_symlink(uint64_t dir, const char *name, const char *target, int64_t now,
                     struct fs_attr *attr)
{
    CALL(symlink, dir, name, target, now, attr);
}
static int t_link(uint64_t dir, const char *name, uint64_t node, int64_t now)
{
    CALL(link, dir, name, node, now);
}
static int t_unlink(uint64_t dir, const char *name, int is_dir, int64_t now)
{
    CALL(unlink, dir, name, is_dir, now);
}
static int t_rename(uint64_t a, const char *b, uint64_t c, const char *d, int64_t now)
{
    CALL(rename, a, b, c, d, now);
}
static ssize_t t_readlink(uint64_t node, char *buf, size_t count)
{
    CALL(readlink, node, buf, count);
}
static int t_hold(uint64_t node)
{
    CALL(hold, node);
}
static int t_drop(uint64_t node)
{
    CALL(drop, node);
}
static ssize_t t_read(uint64_t node, uint64_t offset, void *buf, size_t count, int id)
{
    CALL(read, node, offset, buf, count, id);
}
static ssize_t t_write(uint64_t node, uint64_t offset, const void *buf, size_t count)
{
    CALL(write, node, offset, buf, count);
}
static int t_getattr(uint64_t node, struct fs_attr *attr)
{
    CALL(getattr, node, attr);
}
static int t_setattr(uint64_t node, uint32_t which, const struct fs_attr *attr)
{
    CALL(setattr, node, which, attr);
}
static ssize_t t_readdir(uint64_t dir, uint64_t cookie, void *buf, size_t count)
{
    CALL(readdir, dir, cookie, buf, count);
}
static int t_sync(uint64_t node)
{
    CALL(sync, node);
}
static int t_statfs(uint64_t node, struct fs_stat *stat)
{
    CALL(statfs, node, stat);
}
static int64_t t_map(uint64_t node, uint64_t offset, size_t size, int rights, int limit,
                     int client)
{
    CALL(map, node, offset, size, rights, limit, client);
}
static int t_map_change(void *base, size_t size, int rights, int client)
{
    CALL(map_change, base, size, rights, client);
}
static int t_mapping(const void *base, int client, struct fs_mapping *mapping)
{
    CALL(mapping, base, client, mapping);
}
static int t_poll(uint64_t node, int timeout)
{
    CALL(poll, node, timeout);
}

#define ASKING(name) .fs_##name = t_##name,
const struct fs_ops fs_asking = {FUNCTIONS(ASKING)};
