/* Writes the root file system as a cpio stream: what a run has left behind. */
#include "cpio.h"
#include "steps.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file with several names that has been written under one of them. */
struct pack_link {
    ino_t ino;
    uint32_t number;
};

struct pack {
    struct cpio_writer writer;
    struct cpio_entry entry;
    size_t root_len;
    dev_t dev;
    uint32_t number;     /* of the last entry */
    void *links;         /* tsearch tree of struct pack_link */
    char path[PATH_MAX]; /* of the entry, with the root */
    char buffer[32 * 1024];
};

static int pack_fail(const struct pack *p, const char *what, int error)
{
    boot_say("export: cannot %s '%s': %s", what, p->path, strerror(error));
    return -1;
}

static int pack_header(struct pack *p, const struct stat *st, uint32_t number,
                       uint64_t size)
{
    const char *name = p->path + p->root_len;

    if (size > UINT32_MAX) {
        boot_say("export: '%s' is too large for a cpio archive (4 GiB)", p->path);
        return -1;
    }
    p->entry.ino = number;
    p->entry.mode = st->st_mode;
    p->entry.nlink = (uint32_t)st->st_nlink;
    p->entry.mtime = st->st_mtime < 0            ? 0
                     : st->st_mtime > UINT32_MAX ? UINT32_MAX
                                                 : (uint32_t)st->st_mtime;
    p->entry.size = (uint32_t)size;
    snprintf(p->entry.name, sizeof(p->entry.name), "%s", *name == '/' ? name + 1 : ".");
    const int error = cpio_header(&p->writer, &p->entry);
    return error == 0 ? 0 : pack_fail(p, "write the entry of", -error);
}

static int pack_bytes(struct pack *p, const void *bytes, size_t count)
{
    int error = cpio_write(&p->writer, bytes, count);

    return error == 0 ? 0 : pack_fail(p, "write", -error);
}

static int link_compare(const void *a, const void *b)
{
    const ino_t x = ((const struct pack_link *)a)->ino,
                y = ((const struct pack_link *)b)->ino;

    return (x > y) - (x < y);
}

/* The number of the file's first name; *@first tells whether this one is it. 0: no
 * memory. */
static uint32_t pack_link_number(struct pack *p, const struct stat *st, bool *first)
{
    struct pack_link *link_ = malloc(sizeof(*link_));

    if (link_ == NULL) {
        return 0;
    }
    *link_ = (struct pack_link){.ino = st->st_ino, .number = p->number + 1};
    struct pack_link *const *found = tsearch(link_, &p->links, link_compare);
    if (found == NULL) {
        free(link_);
        return 0;
    }
    *first = *found == link_;
    if (*first) {
        p->number++;
    } else {
        free(link_);
    }
    return (*found)->number;
}

static int pack_content(struct pack *p, uint64_t size)
{
    const int fd = open(p->path, O_RDONLY | O_NOFOLLOW);
    int result = 0;

    if (fd < 0) {
        return pack_fail(p, "open", errno);
    }
    while (result == 0 && size > 0) {
        const size_t want = size < sizeof(p->buffer) ? (size_t)size : sizeof(p->buffer);
        const ssize_t n = read(fd, p->buffer, want);
        if (n <= 0) {
            result = pack_fail(p, "read", n < 0 ? errno : EIO);
        } else {
            result = pack_bytes(p, p->buffer, (size_t)n);
            size -= (uint64_t)n;
        }
    }
    close(fd);
    return result == 0 && cpio_pad(&p->writer) != 0 ? pack_fail(p, "write", EIO)
                                                    : result;
}

static int pack_file(struct pack *p, const struct stat *st)
{
    bool first = true;
    uint32_t number;

    if (st->st_nlink > 1) {
        number = pack_link_number(p, st, &first);
        if (number == 0) {
            return pack_fail(p, "link", ENOMEM);
        }
    } else {
        number = ++p->number;
    }
    const uint64_t size = first ? (uint64_t)st->st_size : 0;
    if (pack_header(p, st, number, size) != 0) {
        return -1;
    }
    return size > 0 ? pack_content(p, size) : 0;
}

static int pack_symlink(struct pack *p, const struct stat *st)
{
    const ssize_t n = readlink(p->path, p->buffer, sizeof(p->buffer));

    if (n < 0) {
        return pack_fail(p, "read the link", errno);
    }
    if (pack_header(p, st, ++p->number, (uint64_t)n) != 0 ||
        pack_bytes(p, p->buffer, (size_t)n) != 0) {
        return -1;
    }
    return cpio_pad(&p->writer) == 0 ? 0 : pack_fail(p, "write", EIO);
}

static int pack_node(struct pack *p);

/* Recursion is as deep as the longest path: a level takes two bytes of it at least. */
static int pack_directory(struct pack *p, const struct stat *st)
{
    const size_t len = strlen(p->path);
    struct dirent **names;
    int result = pack_header(p, st, ++p->number, 0);

    if (result != 0) {
        return result;
    }
    const int count = scandir(len > 0 ? p->path : "/", &names, NULL, alphasort);
    if (count < 0) {
        return pack_fail(p, "list", errno);
    }
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        if (result == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            const int n = snprintf(p->path + len, sizeof(p->path) - len, "/%s", name);
            result = n < (int)(sizeof(p->path) - len)
                         ? pack_node(p)
                         : pack_fail(p, "name", ENAMETOOLONG);
            p->path[len] = '\0';
        }
        free(names[i]);
    }
    free(names);
    return result;
}

static int pack_node(struct pack *p)
{
    struct stat st;

    if (lstat(p->path[0] != '\0' ? p->path : "/", &st) != 0) {
        return pack_fail(p, "look at", errno);
    }
    if (p->number == 0) {
        p->dev = st.st_dev;
    }
    if (st.st_dev != p->dev) {
        return 0; /* something else is mounted here */
    }
    switch (st.st_mode & S_IFMT) {
    case S_IFDIR:
        return pack_directory(p, &st);
    case S_IFREG:
        return pack_file(p, &st);
    case S_IFLNK:
        return pack_symlink(p, &st);
    case S_IFIFO:
        return pack_header(p, &st, ++p->number, 0);
    default:
        boot_say("export: skipped '%s': devices and sockets are not supported",
                 p->path);
        return 0;
    }
}

int boot_pack(const char *root, ssize_t (*write)(const void *, size_t))
{
    struct pack *p = calloc(1, sizeof(*p));

    if (p == NULL) {
        boot_say("export: out of memory");
        return -1;
    }
    cpio_create(&p->writer, write);
    p->root_len = strlen(root);
    snprintf(p->path, sizeof(p->path), "%s", root);
    int result = pack_node(p);
    if (result == 0) {
        const int error = cpio_finish(&p->writer);
        if (error != 0) {
            boot_say("export: cannot write the end of the archive: %s",
                     strerror(-error));
            result = -1;
        }
    }
    while (p->links != NULL) {
        struct pack_link *link_ = *(struct pack_link **)p->links;
        tdelete(link_, &p->links, link_compare);
        free(link_);
    }
    free(p);
    return result;
}
