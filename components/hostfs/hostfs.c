/* Mounting, looking, attributes, data. */
#include "hostfs.h"

#include <cubicle/out.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define HOSTFS_MAGIC 0x01021997 /* V9FS_MAGIC: programs know it as files of a host */

void attr_from(const struct node *node, const struct hostfiles_attr *host,
               struct fs_attr *attr)
{
    *attr = (struct fs_attr){
        .node = node->number,
        .size = host->size,
        .blocks = host->blocks,
        .atime_ns = host->atime_ns,
        .mtime_ns = host->mtime_ns,
        .ctime_ns = host->ctime_ns,
        .mode = host->mode,
        .nlink = host->nlink,
        .uid = host->uid,
        .gid = host->gid,
        .flags = NODE_FLAGS | (node->parent == NULL ? FS_NODE_MANY : 0),
    };
}

int name_check(const char *name)
{
    const bool dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
    return name[0] == '\0' || dots || strchr(name, '/') != NULL ? -EINVAL : 0;
}

/* "0", "1", ...: what the command made of the directory in the manifest. The root's index. */
static int options_parse(const char *options)
{
    char *end;
    const long index = strtol(options, &end, 10);
    return options[0] >= '0' && options[0] <= '9' && *end == '\0' &&
                   index < HOSTFILES_ROOTS_MAX
               ? (int)index
               : -EINVAL;
}

int fs_mount(const char *options, struct fs_attr *root)
{
    static struct node *roots[HOSTFILES_ROOTS_MAX];
    static bool begun;
    struct hostfiles_attr attr;
    const int index = options_parse(options);
    if (index < 0) {
        return index;
    }
    if (!begun) {
        hostfiles_close_all(); /* of a hostfs before this one */
        begun = true;
    }
    const int error = hostfiles_stat(HOSTFILES_ROOT(index), &attr);
    if (error != 0) {
        return error == -EBADF ? -ENODEV : error;
    }
    if (!S_ISDIR(attr.mode)) {
        return -ENOTDIR;
    }
    if (roots[index] == NULL) {
        roots[index] = table_add(index, &attr);
    }
    if (roots[index] == NULL) {
        return -ENOMEM;
    }
    table_forget_all(index);
    attr_from(roots[index], &attr, root);
    return 0;
}

int node_look(struct node *dir, const char *name, struct node **result,
              struct hostfiles_attr *attr)
{
    const int file = file_look(dir, name, attr);
    if (file < 0) {
        return file;
    }
    struct node *node = table_find_file(dir->root, attr);
    const bool made = node == NULL;
    if (made) {
        node = table_add(dir->root, attr);
    }
    if (node != NULL && node->file < 0) {
        file_adopt(node, file, 0);
    } else {
        (void)hostfiles_close(file);
    }
    const int error = node == NULL ? -ENOMEM
                      : node->parent == NULL && !made
                          ? -ESTALE /* a root, moved below itself */
                          : table_place(node, dir, name);
    if (error != 0) {
        if (made && node != NULL) {
            table_forget(node);
        }
        return error;
    }
    node->known = true;
    *result = node;
    return 0;
}

int fs_lookup(uint64_t number, const char *name, struct fs_attr *attr)
{
    struct hostfiles_attr host;
    struct node *dir = table_find(number);
    struct node *node;
    int error = dir == NULL ? -ESTALE : name_check(name);
    if (error == 0) {
        error = node_look(dir, name, &node, &host);
    }
    if (error == 0) {
        attr_from(node, &host, attr);
    }
    return error;
}

/* The number by which the host knows @node, open for nothing in particular. */
static int node_number(struct node *node, int *file)
{
    if (node->parent == NULL) {
        *file = HOSTFILES_ROOT(node->root);
        return 0;
    }
    *file = file_get(node, 0);
    return *file < 0 ? *file : 0;
}

int fs_getattr(uint64_t number, struct fs_attr *attr)
{
    struct hostfiles_attr host;
    struct node *node = table_find(number);
    int file;
    int error = node == NULL ? -ESTALE : node_number(node, &file);
    if (error == 0) {
        error = hostfiles_stat(file, &host);
    }
    if (error == 0) {
        attr_from(node, &host, attr);
    }
    return error;
}

static int set_times(struct node *node, uint32_t which, const struct fs_attr *attr)
{
    int file;
    const int error = node_number(node, &file);
    return error != 0
               ? error
               : hostfiles_set_times(
                     file,
                     (which & FS_SET_ATIME) != 0 ? attr->atime_ns : HOSTFILES_KEEP,
                     (which & FS_SET_MTIME) != 0 ? attr->mtime_ns : HOSTFILES_KEEP);
}

int fs_setattr(uint64_t number, uint32_t which, const struct fs_attr *attr)
{
    struct node *node = table_find(number);
    int error = 0;
    if (node == NULL) {
        return -ESTALE;
    }
    if ((which & (FS_SET_UID | FS_SET_GID)) != 0) {
        return -EPERM;
    }
    if ((which & FS_SET_SIZE) != 0) {
        const int file = file_get(node, HOSTFILES_WRITE);
        error = file < 0 ? file : hostfiles_resize(file, attr->size);
    }
    if (error == 0 && (which & FS_SET_MODE) != 0) {
        const int file = file_get_any(node);
        error = file < 0 ? file : hostfiles_set_mode(file, attr->mode & 07777);
    }
    if (error == 0 && (which & (FS_SET_ATIME | FS_SET_MTIME)) != 0) {
        error = set_times(node, which, attr);
    }
    return error;
}

/* @node's file for data. */
static int data_get(struct node *node, int how)
{
    if (node == NULL) {
        return -ESTALE;
    }
    return node->type == S_IFREG   ? file_get(node, how)
           : node->type == S_IFDIR ? -EISDIR
                                   : -EINVAL;
}

ssize_t fs_read(uint64_t number, uint64_t offset, void *buf, size_t count, int caller)
{
    const int file = data_get(table_find(number), HOSTFILES_READ);
    if (file < 0 || count == 0) { /* of no bytes: the file is open now */
        return file < 0 ? file : 0;
    }
    if (cubicle_out_is_copy(caller)) {
        cubicle_out_forward(buf); /* from the monitor to who asks */
    }
    return hostfiles_read(file, offset, buf, count);
}

ssize_t fs_write(uint64_t number, uint64_t offset, const void *buf, size_t count)
{
    const int file = data_get(table_find(number), HOSTFILES_WRITE);
    if (file < 0 || count == 0) {
        return file < 0 ? file : 0;
    }
    return hostfiles_write(file, offset, buf, count);
}

int fs_sync(uint64_t number)
{
    struct node *node = table_find(number);
    if (node == NULL) {
        return -ESTALE;
    }
    const int file = file_get_any(node);
    return file < 0 ? file : hostfiles_sync(file);
}

ssize_t fs_readlink(uint64_t number, char *buf, size_t count)
{
    struct node *node = table_find(number);
    if (node == NULL || node->type != S_IFLNK) {
        return node == NULL ? -ESTALE : -EINVAL;
    }
    const int file = file_get(node, 0);
    return file < 0 ? file : hostfiles_target(file, buf, count);
}

int fs_statfs(uint64_t number, struct fs_stat *stat)
{
    struct hostfiles_space space;
    struct node *node = table_find(number);
    /* The directory that is mounted: every node of it is in the same file system. */
    const int error =
        node == NULL ? -ESTALE : hostfiles_space(HOSTFILES_ROOT(node->root), &space);
    if (error == 0) {
        *stat = (struct fs_stat){
            .block_size = space.block_size,
            .blocks = space.blocks,
            .blocks_free = space.blocks_free,
            .nodes = space.nodes,
            .nodes_free = space.nodes_free,
            .name_max = space.name_max,
            .magic = HOSTFS_MAGIC,
        };
    }
    return error;
}

int fs_hold(uint64_t number)
{
    struct node *node = table_find(number);
    if (node == NULL) {
        return -ESTALE;
    }
    return node->parent == NULL ? 0 : file_pin(node);
}

/* Counted nodes are dropped when vfscore forgets them. A root stays. */
int fs_drop(uint64_t number)
{
    struct node *node = table_find(number);
    if (node == NULL) {
        return -ESTALE;
    }
    if (node->parent != NULL) {
        table_forget(node);
    }
    return 0;
}

int fs_poll(uint64_t number, int timeout_ms)
{
    (void)timeout_ms;
    return table_find(number) == NULL ? -ESTALE : POLLIN | POLLOUT;
}

/* The pages of the host's files are not ours to lend. */
int64_t fs_map(uint64_t number, uint64_t offset, size_t size, int rights, int limit,
               int client)
{
    (void)offset, (void)size, (void)rights, (void)limit, (void)client;
    return table_find(number) == NULL ? -ESTALE : -ENODEV;
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
