/* Directories: listing, the current one. */
#include "core.h"

#include <dirent.h>

/* "." and ".." are records 0 and 1, the file system's cookies follow. */
#define DOTS 2
#define LIST_MAX (32u * 1024)

static size_t record_put(char *to, size_t room, uint64_t node, int64_t next,
                         const char *name)
{
    const size_t head = offsetof(struct fs_dirent, name);
    const size_t len = strlen(name);
    const size_t reclen = (head + len + 1 + 7) & ~(size_t)7;
    if (reclen > room) {
        return 0;
    }
    const struct fs_dirent record = {node, (uint64_t)next, (uint16_t)reclen, DT_DIR};
    memset(to, 0, reclen);
    memcpy(to, &record, head);
    memcpy(to + head, name, len);
    return reclen;
}

/** Checks a provider's records (invariant 5) and makes their cookies ours. Bytes that
 * are good, or -EIO. */
static ssize_t records_adopt(char *records, size_t count, int64_t *next)
{
    const size_t head = offsetof(struct fs_dirent, name);
    size_t done = 0;
    while (done < count) {
        struct fs_dirent record;
        if (count - done < head) {
            return -EIO;
        }
        memcpy(&record, records + done, head);
        if (record.reclen < head + 2 || record.reclen > count - done ||
            record.reclen % 8 != 0 || record.reclen > sizeof(struct dirent) ||
            record.next_cookie > INT64_MAX - DOTS) {
            return -EIO;
        }
        const char *name = records + done + head;
        const size_t len = strnlen(name, record.reclen - head);
        if (len == 0 || len == record.reclen - head || memchr(name, '/', len) != NULL) {
            return -EIO;
        }
        record.next_cookie += DOTS;
        *next = (int64_t)record.next_cookie;
        memcpy(records + done, &record, head);
        done += record.reclen;
    }
    return (ssize_t)done;
}

ssize_t vfs_getdents(int fd, void *buf, size_t count, int caller)
{
    struct file *file = file_of(fd, caller);
    if (file == NULL || (file->flags & O_PATH) != 0) {
        return -EBADF;
    }
    struct node *dir = file->node;
    if (!S_ISDIR(dir->st.st_mode)) {
        return -ENOTDIR;
    }
    if (dir->removed || node_lost(dir) != 0) {
        return dir->removed ? -ENOENT : -ESTALE;
    }
    count = count < LIST_MAX ? count : LIST_MAX;
    char *records = buf;
    size_t done = 0;
    while (file->offset < DOTS) {
        const bool self = file->offset == 0;
        const size_t len = record_put(records + done, count - done,
                                      self ? dir->number : walk_parent(dir)->number,
                                      file->offset + 1, self ? "." : "..");
        if (len == 0) {
            return done == 0 ? -EINVAL : (ssize_t)done;
        }
        done += len;
        file->offset++;
    }
    ssize_t result;
    PROVIDER(result, dir->ops->fs_readdir(dir->number, (uint64_t)(file->offset - DOTS),
                                          records + done, count - done));
    result = checked_count(result, count - done);
    if (result > 0) {
        int64_t next = file->offset;
        result = records_adopt(records + done, (size_t)result, &next);
        file->offset = next;
    }
    if (result < 0) {
        return done > 0 ? (ssize_t)done : result;
    }
    return (ssize_t)done + result;
}

static int directory_enter(struct client *client, struct node *node)
{
    if (!S_ISDIR(node->st.st_mode)) {
        return -ENOTDIR;
    }
    if (node_lost(node) != 0 || !node_allows(node, X_OK)) {
        return node_lost(node) != 0 ? -ESTALE : -EACCES;
    }
    node_get(node);
    struct node *old = client->cwd;
    client->cwd = node;
    if (old != NULL) {
        node_put(old);
    }
    return 0;
}

int vfs_chdir(const char *path, int caller)
{
    struct client *client = client_get(caller);
    struct node *node;
    if (client == NULL) {
        return -EDEADLK;
    }
    const int error = walk_node(client, AT_FDCWD, path, WALK_FOLLOW, &node);
    return error != 0 ? error : directory_enter(client, node);
}

int vfs_fchdir(int fd, int caller)
{
    struct client *client = client_get(caller);
    const struct file *file = client == NULL ? NULL : client_file(client, fd);
    return file == NULL ? -EBADF : directory_enter(client, file->node);
}

ssize_t vfs_getcwd(char *buf, size_t count, int caller)
{
    struct client *client = client_get(caller);
    struct node *dir = client == NULL ? NULL : client_cwd(client);
    if (dir == NULL) {
        return client == NULL ? -EDEADLK : -ENOENT;
    }
    char path[PATH_MAX];
    size_t at = sizeof(path);
    path[--at] = '\0';
    for (;;) {
        while (dir == dir->mount->root && dir->mount->covered != NULL) {
            dir = dir->mount->covered;
        }
        if (dir == dir->mount->root) {
            break;
        }
        if (dir->name == NULL) {
            return -ENOENT; /* removed */
        }
        const size_t len = dir->name->len;
        if (at < len + 1) {
            return -ENAMETOOLONG;
        }
        at -= len;
        memcpy(path + at, dir->name->text, len);
        path[--at] = '/';
        dir = dir->parent;
    }
    if (path[at] == '\0') {
        path[--at] = '/';
    }
    const size_t size = sizeof(path) - at;
    if (size > count) {
        return -ERANGE;
    }
    memcpy(buf, path + at, size);
    return (ssize_t)size;
}
