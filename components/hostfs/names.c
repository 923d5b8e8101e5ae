/* Names: making, removing, listing. */
#include "hostfs.h"

#include <string.h>
#include <sys/stat.h>

/* The directory of a change, and its number. */
static int change_in(uint64_t number, const char *name, struct node **dir, int *at)
{
    *dir = table_find(number);
    const int error = *dir == NULL ? -ESTALE : name_check(name);
    return error != 0 ? error : dir_get(*dir, at);
}

/* Another file has the name from now on, or none: its node is not to be found by what it
 * was, for its inode may soon be another file's. A further name keeps it. */
static void name_gone(struct node *node, const struct hostfiles_attr *attr)
{
    if (node != NULL && (node->type == S_IFDIR || attr->nlink <= 1)) {
        table_lose(node);
    }
}

/* The node that @name is now, where one is known; NULL there is none. */
static struct node *name_node(struct node *dir, const char *name,
                              struct hostfiles_attr *attr)
{
    const int file = file_look(dir, name, attr);
    if (file < 0) {
        return NULL;
    }
    (void)hostfiles_close(file);
    return table_find_file(dir->root, attr);
}

static int create_file(struct node *dir, const char *name, uint32_t mode,
                       struct hostfiles_attr *host, struct node **result)
{
    const int file = file_create(dir, name, mode & 0777, host);
    if (file < 0) {
        return file;
    }
    struct node *old = table_find_file(dir->root, host);
    if (old != NULL) {
        table_lose(old); /* of a file that others removed */
    }
    struct node *node = table_add(dir->root, host);
    if (node == NULL) {
        (void)hostfiles_close(file);
        return -ENOMEM;
    }
    file_adopt(node, file, HOSTFILES_READ | HOSTFILES_WRITE);
    const int error = table_place(node, dir, name);
    if (error != 0) {
        table_forget(node);
        return error;
    }
    *result = node;
    return 0;
}

int fs_create(uint64_t number, const char *name, uint32_t mode, int64_t now_ns,
              struct fs_attr *attr)
{
    struct hostfiles_attr host;
    struct node *dir, *node;
    int at;
    (void)now_ns;
    int error = change_in(number, name, &dir, &at);
    if (error != 0) {
        return error;
    }
    switch (mode & S_IFMT) {
    case S_IFREG:
        error = create_file(dir, name, mode, &host, &node);
        break;
    case S_IFDIR:
        error = hostfiles_make_dir(at, name, mode & 01777);
        if (error == 0) {
            error = node_look(dir, name, &node, &host);
        }
        break;
    default:
        return -EPERM; /* a fifo would be one of the host's processes, too */
    }
    if (error == 0) {
        attr_from(node, &host, attr);
    }
    return error;
}

int fs_symlink(uint64_t number, const char *name, const char *target, int64_t now_ns,
               struct fs_attr *attr)
{
    struct hostfiles_attr host;
    struct node *dir, *node;
    int at;
    (void)now_ns;
    int error = change_in(number, name, &dir, &at);
    if (error == 0) {
        error = hostfiles_make_link(at, name, target);
    }
    if (error == 0) {
        error = node_look(dir, name, &node, &host);
    }
    if (error == 0) {
        attr_from(node, &host, attr);
    }
    return error;
}

/* Two directories at once: opening the second may have closed the first. */
static int dirs_get(struct node *one, struct node *other, int *at, int *to)
{
    int error = dir_get(one, at);
    if (error == 0) {
        error = dir_get(other, to);
    }
    return error == 0 && one->parent != NULL && one->file != *at ? -EMFILE : error;
}

int fs_link(uint64_t number, const char *name, uint64_t node_number, int64_t now_ns)
{
    struct hostfiles_attr host;
    struct node *dir = table_find(number), *node = table_find(node_number);
    int at, to;
    (void)now_ns;
    int error = dir == NULL || node == NULL || node->lost ? -ESTALE : name_check(name);
    if (error == 0 && node->parent == NULL) {
        error = -EPERM; /* a directory */
    }
    if (error == 0 && name_node(node->parent, node->name, &host) != node) {
        error = -ESTALE;
    }
    if (error == 0) {
        error = dirs_get(node->parent, dir, &at, &to);
    }
    return error != 0 ? error : hostfiles_link(at, node->name, to, name);
}

int fs_unlink(uint64_t number, const char *name, int is_dir, int64_t now_ns)
{
    struct hostfiles_attr host;
    struct node *dir;
    int at;
    (void)now_ns;
    int error = change_in(number, name, &dir, &at);
    if (error != 0) {
        return error;
    }
    struct node *node = name_node(dir, name, &host);
    error = dir_get(dir, &at);
    if (error == 0) {
        error = hostfiles_remove(at, name, is_dir);
    }
    if (error == 0) {
        name_gone(node, &host);
    }
    return error;
}

int fs_rename(uint64_t old_number, const char *old_name, uint64_t new_number,
              const char *new_name, int64_t now_ns)
{
    struct hostfiles_attr host, replaced_host;
    struct node *dir = table_find(old_number), *to_dir = table_find(new_number);
    int at, to;
    (void)now_ns;
    int error = dir == NULL || to_dir == NULL ? -ESTALE : name_check(old_name);
    if (error == 0) {
        error = name_check(new_name);
    }
    if (error != 0) {
        return error;
    }
    struct node *node = name_node(dir, old_name, &host);
    struct node *replaced = name_node(to_dir, new_name, &replaced_host);
    error = dirs_get(dir, to_dir, &at, &to);
    if (error == 0) {
        error = hostfiles_rename(at, old_name, to, new_name);
    }
    if (error != 0 || node == replaced) {
        return error;
    }
    name_gone(replaced, &replaced_host);
    if (node != NULL && table_place(node, to_dir, new_name) != 0) {
        table_lose(node); /* it is somewhere, but we cannot tell where */
    }
    return 0;
}

/* The last position of some file systems is the largest number, where vfscore adds to it. */
#define POSITION_END INT64_MAX
#define COOKIE_END ((uint64_t)INT64_MAX - 2)

static uint64_t cookie_of(uint64_t position)
{
    return position == POSITION_END ? COOKIE_END : position;
}

/* What is neither file, directory nor link passes for a socket. */
static uint8_t type_of(uint8_t type)
{
    const uint32_t mode = (uint32_t)type << 12;
    return type == 0 || mode == S_IFREG || mode == S_IFDIR || mode == S_IFLNK
               ? type
               : S_IFSOCK >> 12;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Makes the host's records in @records ours, in place. The bytes that remain; *@cookie is behind
 * the last. */
static size_t records_adopt(const struct node *dir, char *records, size_t count,
                            uint64_t *cookie)
{
    const size_t head = offsetof(struct fs_dirent, name);
    size_t kept = 0;
    for (size_t at = 0; at < count;) {
        struct fs_dirent record;
        memcpy(&record, records + at, head);
        const bool dots = is_dots(records + at + head);
        record.node += (uint64_t)dir->root << NUMBER_ROOT_SHIFT;
        record.next_cookie = cookie_of(record.next_cookie);
        record.type = type_of(record.type);
        *cookie = record.next_cookie;
        if (!dots) {
            memmove(records + kept, records + at, record.reclen);
            memcpy(records + kept, &record, head);
            kept += record.reclen;
        }
        at += record.reclen;
    }
    return kept;
}

ssize_t fs_readdir(uint64_t number, uint64_t cookie, void *buf, size_t count)
{
    struct node *dir = table_find(number);
    if (dir == NULL || dir->type != S_IFDIR) {
        return dir == NULL ? -ESTALE : -ENOTDIR;
    }
    const int file = file_get(dir, HOSTFILES_READ);
    if (file < 0) {
        return file;
    }
    for (;;) {
        const int64_t position = cookie == COOKIE_END ? POSITION_END : (int64_t)cookie;
        const ssize_t n = hostfiles_list(file, position, buf, count);
        if (n <= 0) {
            return n;
        }
        const size_t kept = records_adopt(dir, buf, (size_t)n, &cookie);
        if (kept > 0) {
            return (ssize_t)kept;
        }
    }
}
