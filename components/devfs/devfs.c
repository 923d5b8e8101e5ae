/*
 * Devices: /dev. One flat directory that never changes; node numbers are positions in
 * the table below. Where programs look for shared memory, a link leads to a file system
 * in memory.
 */
#include <errno.h>
#include <fs.h>
#include <plat.h>
#include <poll.h>
#include <random.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define DEVFS_MAGIC 0x1373 /* of the file system of devices in Linux */
#define ROOT 1
#define DT(mode) ((uint8_t)((mode) >> 12))

#define SHM_TARGET "/tmp"

enum device { DIRECTORY, LINK, NULL_, ZERO, FULL, RANDOM, CONSOLE };

static const struct node {
    const char *name;
    enum device device;
    uint8_t stream; /* of the console: 0 input, 1 output, 2 errors */
    uint8_t major, minor;
    uint16_t mode;
} nodes[] = {
    [ROOT] = {"", DIRECTORY, 0, 0, 0, S_IFDIR | 0755},
    {"shm", LINK, 0, 0, 0, S_IFLNK | 0777},
    {"null", NULL_, 0, 1, 3, S_IFCHR | 0666},
    {"zero", ZERO, 0, 1, 5, S_IFCHR | 0666},
    {"full", FULL, 0, 1, 7, S_IFCHR | 0666},
    {"random", RANDOM, 0, 1, 8, S_IFCHR | 0666},
    {"urandom", RANDOM, 0, 1, 9, S_IFCHR | 0666},
    {"console", CONSOLE, 1, 5, 1, S_IFCHR | 0600},
    {"tty", CONSOLE, 1, 5, 0, S_IFCHR | 0666},
    {"stdin", CONSOLE, 0, 136, 0, S_IFCHR | 0600},
    {"stdout", CONSOLE, 1, 136, 1, S_IFCHR | 0600},
    {"stderr", CONSOLE, 2, 136, 2, S_IFCHR | 0600},
};
#define NODES (sizeof(nodes) / sizeof(nodes[0]))

static const struct node *node_get(uint64_t number)
{
    return number >= ROOT && number < NODES ? &nodes[number] : NULL;
}

static void node_attr(const struct node *node, struct fs_attr *attr)
{
    const bool is_device = node->device != DIRECTORY && node->device != LINK;
    *attr = (struct fs_attr){
        .node = (uint64_t)(node - nodes),
        .size = node->device == LINK ? strlen(SHM_TARGET) : 0,
        .rdev = makedev(node->major, node->minor),
        .mode = node->mode,
        .nlink = node->device == DIRECTORY ? 2 : 1,
        .flags = FS_NODE_CACHED | (is_device ? FS_NODE_STREAM : 0),
    };
    if (node->device == CONSOLE && plat_console_isatty(node->stream) > 0) {
        const int size = plat_console_size(node->stream);
        attr->flags =
            FS_NODE_STREAM | FS_NODE_TTY; /* not cached: its size can change */
        attr->terminal_size = size > 0 ? (uint32_t)size : 0;
    }
}

int fs_mount(const char *options, struct fs_attr *root)
{
    if (options[0] != '\0') {
        return -EINVAL;
    }
    node_attr(&nodes[ROOT], root);
    return 0;
}

int fs_lookup(uint64_t dir, const char *name, struct fs_attr *attr)
{
    if (dir != ROOT) {
        return node_get(dir) == NULL ? -ESTALE : -ENOTDIR;
    }
    for (size_t i = ROOT + 1; i < NODES; i++) {
        if (strcmp(nodes[i].name, name) == 0) {
            node_attr(&nodes[i], attr);
            return 0;
        }
    }
    return -ENOENT;
}

int fs_getattr(uint64_t number, struct fs_attr *attr)
{
    const struct node *node = node_get(number);
    if (node == NULL) {
        return -ESTALE;
    }
    node_attr(node, attr);
    return 0;
}

ssize_t fs_readdir(uint64_t dir, uint64_t cookie, void *buf, size_t count)
{
    if (dir != ROOT) {
        return node_get(dir) == NULL ? -ESTALE : -ENOTDIR;
    }
    const size_t head = offsetof(struct fs_dirent, name);
    size_t done = 0;
    for (size_t i = cookie < NODES ? cookie + ROOT + 1 : NODES; i < NODES; i++) {
        const size_t len = strlen(nodes[i].name);
        const size_t reclen = (head + len + 1 + 7) & ~(size_t)7;
        if (reclen > count - done) {
            return done == 0 ? -EINVAL : (ssize_t)done;
        }
        const struct fs_dirent record = {i, i - ROOT, (uint16_t)reclen,
                                         DT(nodes[i].mode)};
        char *to = (char *)buf + done;
        memset(to, 0, reclen);
        memcpy(to, &record, head);
        memcpy(to + head, nodes[i].name, len);
        done += reclen;
    }
    return (ssize_t)done;
}

ssize_t fs_read(uint64_t number, uint64_t offset, void *buf, size_t count, int caller)
{
    (void)caller;
    const struct node *node = node_get(number);
    (void)offset;
    if (node == NULL) {
        return -ESTALE;
    }
    if (count > SSIZE_MAX) {
        return -EINVAL;
    }
    switch (node->device) {
    case DIRECTORY:
        return -EISDIR;
    case LINK:
        return -EINVAL;
    case NULL_:
        return 0;
    case ZERO:
    case FULL:
        memset(buf, 0, count);
        return (ssize_t)count;
    case RANDOM:
        return random_bytes(buf, count);
    case CONSOLE:
        return plat_console_read(buf, count);
    }
    return -EIO;
}

ssize_t fs_write(uint64_t number, uint64_t offset, const void *buf, size_t count)
{
    const struct node *node = node_get(number);
    (void)offset;
    if (node == NULL) {
        return -ESTALE;
    }
    if (count > SSIZE_MAX) {
        return -EINVAL;
    }
    switch (node->device) {
    case DIRECTORY:
        return -EISDIR;
    case LINK:
        return -EINVAL;
    case NULL_:
    case ZERO:
    case RANDOM: /* nothing here needs a stranger's entropy */
        return (ssize_t)count;
    case FULL:
        return -ENOSPC;
    case CONSOLE:
        return plat_console_write(node->stream == 0 ? 1 : node->stream, buf, count);
    }
    return -EIO;
}

int fs_poll(uint64_t number, int timeout_ms)
{
    const struct node *node = node_get(number);
    if (node == NULL) {
        return -ESTALE;
    }
    if (node->device != CONSOLE) {
        return POLLIN | POLLOUT;
    }
    const int ready = plat_console_poll(timeout_ms);
    return ready < 0 ? ready : POLLOUT | (ready > 0 ? POLLIN : 0);
}

int fs_statfs(uint64_t node, struct fs_stat *stat)
{
    (void)node;
    *stat = (struct fs_stat){.block_size = 4096,
                             .nodes = NODES - ROOT,
                             .name_max = 255,
                             .magic = DEVFS_MAGIC};
    return 0;
}

int fs_hold(uint64_t node)
{
    return node_get(node) == NULL ? -ESTALE : 0;
}

int fs_drop(uint64_t node)
{
    return node_get(node) == NULL ? -ESTALE : 0;
}

int fs_sync(uint64_t node)
{
    return node_get(node) == NULL ? -ESTALE : 0;
}

ssize_t fs_readlink(uint64_t number, char *buf, size_t count)
{
    const struct node *link = node_get(number);
    if (link == NULL || link->device != LINK) {
        return link == NULL ? -ESTALE : -EINVAL;
    }
    const size_t len = strlen(SHM_TARGET);
    count = count < len ? count : len;
    memcpy(buf, SHM_TARGET, count);
    return (ssize_t)count;
}
