/* Files that the host has open for us (invariants 2 and 4). */
#include "hostfs.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static struct node *newest, *oldest;

static void list_remove(struct node *node)
{
    *(node->newer != NULL ? &node->newer->older : &newest) = node->older;
    *(node->older != NULL ? &node->older->newer : &oldest) = node->newer;
}

static void list_add(struct node *node)
{
    node->newer = NULL;
    node->older = newest;
    *(newest != NULL ? &newest->newer : &oldest) = node;
    newest = node;
}

void file_close(struct node *node)
{
    if (node->file >= 0) {
        (void)hostfiles_close(node->file);
        list_remove(node);
    }
    node->file = CLOSED;
    node->how = 0;
}

void file_adopt(struct node *node, int file, int how)
{
    file_close(node);
    node->file = file;
    node->how = how;
    list_add(node);
}

/* Closes what was used least recently but for @keep. False: there is nothing. */
static bool make_room(const struct node *keep)
{
    for (struct node *node = oldest; node != NULL; node = node->newer) {
        if (!node->pinned && node != keep) {
            file_close(node);
            return true;
        }
    }
    return false;
}

static bool is_full(int result)
{
    return result == -EMFILE || result == -ENFILE;
}

static int directory_file(const struct node *node)
{
    return node->parent == NULL ? HOSTFILES_ROOT(node->root) : node->file;
}

/* Writes the path from @node's nearest directory that is open, which is the result, to @path. */
static struct node *path_to(struct node *node, char *path, char **start)
{
    size_t at = PATH_MAX - 1;
    path[at] = '\0';
    while (node->parent != NULL) {
        const size_t len = strlen(node->name);
        const bool last = path[at] == '\0';
        if (at < len + 1) {
            return NULL;
        }
        if (!last) {
            path[--at] = '/';
        }
        at -= len;
        memcpy(path + at, node->name, len);
        node = node->parent;
        if (node->file >= 0) {
            break;
        }
    }
    if (path[at] == '\0') {
        path[--at] = '.'; /* a root */
    }
    *start = path + at;
    return node;
}

/* The name meant another file before, or will in a moment. */
static int moved(int error)
{
    return error == -ENOENT || error == -ENOTDIR || error == -ELOOP ? -ESTALE : error;
}

/* Opens @node by its place. */
static int file_reopen(struct node *node, int how)
{
    char path[PATH_MAX];
    char *start;
    struct hostfiles_attr attr;
    if (node->lost) {
        return -ESTALE;
    }
    struct node *from = path_to(node, path, &start);
    if (from == NULL) {
        return -ENAMETOOLONG;
    }
    int file;
    do {
        file = hostfiles_open(directory_file(from), start, how, &attr);
    } while (is_full(file) && make_room(from));
    if (file < 0) {
        return moved(file);
    }
    if (table_find_file(node->root, &attr) != node) {
        (void)hostfiles_close(file);
        return -ESTALE;
    }
    file_adopt(node, file, how);
    return file;
}

int file_get(struct node *node, int how)
{
    if (node->file >= 0 && (node->how & how) == how) {
        if (node != newest) {
            list_remove(node);
            list_add(node);
        }
        return node->file;
    }
    if (node->file >= 0 && node->pinned) {
        return -EACCES; /* it was opened for all that was possible */
    }
    if (how == 0) {
        return file_reopen(node, 0);
    }
    /* As a rule both are wanted; permissions may give only one. */
    int file = -EACCES;
    if (how == HOSTFILES_WRITE) {
        file = file_reopen(node, HOSTFILES_READ | HOSTFILES_WRITE);
    }
    return file == -EACCES ? file_reopen(node, how) : file;
}

int file_get_any(struct node *node)
{
    if (node->file >= 0 && node->how != 0) {
        return node->file;
    }
    const int file = file_get(node, HOSTFILES_READ);
    return file == -EACCES ? file_get(node, HOSTFILES_WRITE) : file;
}

int dir_get(struct node *node, int *number)
{
    if (node->type != S_IFDIR) {
        return -ENOTDIR;
    }
    const int file = node->parent == NULL ? 0 : file_get(node, 0);
    if (file < 0) {
        return file;
    }
    *number = directory_file(node);
    return 0;
}

int file_look(struct node *dir, const char *name, struct hostfiles_attr *attr)
{
    int at, file;
    const int error = dir_get(dir, &at);
    if (error != 0) {
        return error;
    }
    do {
        file = hostfiles_open(at, name, 0, attr);
    } while (is_full(file) && make_room(dir));
    return file;
}

int file_create(struct node *dir, const char *name, uint32_t mode,
                struct hostfiles_attr *attr)
{
    int at, file;
    const int error = dir_get(dir, &at);
    if (error != 0) {
        return error;
    }
    do {
        file = hostfiles_create(at, name, mode, attr);
    } while (is_full(file) && make_room(dir));
    return file;
}

int file_pin(struct node *node)
{
    static const int ways[] = {HOSTFILES_READ | HOSTFILES_WRITE, HOSTFILES_READ,
                               HOSTFILES_WRITE, 0};
    int file = -EACCES;
    for (size_t i = node->type == S_IFREG ? 0 : 3;
         i < sizeof(ways) / sizeof(ways[0]) && (file == -EACCES || file == -EROFS);
         i++) {
        file = file_get(node, ways[i]);
    }
    if (file < 0) {
        return file;
    }
    node->pinned = true;
    return 0;
}
