/*
 * Fills the root file system from a cpio stream. Owners are not kept: there is one
 * user. Devices are not created: devfs has them.
 */
#include "cpio.h"
#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first name of a file with several (hard links). */
struct unpack_link {
    uint32_t ino, dev_major, dev_minor;
    char path[];
};

/* A directory's mode and time are set at the end: filling it needs and changes them. */
struct unpack_directory {
    struct unpack_directory *next;
    uint32_t mode, mtime;
    char path[];
};

struct unpack {
    const char *root;
    struct cpio_reader reader;
    struct cpio_entry entry;
    char path[PATH_MAX]; /* of the entry, with the root */
    void *links;         /* tsearch tree of struct unpack_link */
    struct unpack_directory *directories;
};

static int unpack_fail(const struct unpack *u, const char *what)
{
    boot_say("root file system: cannot %s '%s': %s", what, u->entry.name,
             strerror(errno));
    return -1;
}

/* Makes u->path from the entry's name: relative to the root, no "..". */
static int unpack_name(struct unpack *u)
{
    const char *name = u->entry.name;
    size_t len = strlen(u->root);

    memcpy(u->path, u->root, len);
    while (*name != '\0') {
        const size_t n = strcspn(name, "/");
        if (n == 2 && name[0] == '.' && name[1] == '.') {
            boot_say("root file system: the name '%s' has '..' in it", u->entry.name);
            return -1;
        }
        if (n > 0 && !(n == 1 && name[0] == '.')) {
            if (len + 1 + n + 1 > sizeof(u->path)) {
                boot_say("root file system: the name '%s' is too long", u->entry.name);
                return -1;
            }
            u->path[len] = '/';
            memcpy(u->path + len + 1, name, n);
            len += 1 + n;
        }
        name += n + (name[n] == '/');
    }
    u->path[len] = '\0';
    return 0;
}

/* Makes the directories above u->path that the archive did not name. */
static int unpack_parents(struct unpack *u)
{
    for (char *slash = strchr(u->path + strlen(u->root) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const int made = mkdir(u->path, 0755);
        *slash = '/';
        if (made != 0 && errno != EEXIST) {
            return unpack_fail(u, "make the directories of");
        }
    }
    return 0;
}

/* What is to be set of the directory u->path, which an earlier entry may have made. */
static struct unpack_directory *unpack_note_directory(struct unpack *u, bool made)
{
    const size_t size = strlen(u->path) + 1;
    struct unpack_directory *directory;

    for (directory = made ? NULL : u->directories; directory != NULL;
         directory = directory->next) {
        if (strcmp(directory->path, u->path) == 0) {
            return directory;
        }
    }
    directory = malloc(sizeof(*directory) + size);
    if (directory != NULL) {
        memcpy(directory->path, u->path, size);
        directory->next = u->directories;
        u->directories = directory;
    }
    return directory;
}

static int unpack_directory(struct unpack *u)
{
    const bool made = u->path[0] != '\0' && mkdir(u->path, 0700) == 0;

    if (!made && u->path[0] != '\0' && errno != EEXIST) {
        return unpack_fail(u, "make directory");
    }
    struct unpack_directory *directory = unpack_note_directory(u, made);
    if (directory == NULL) {
        return unpack_fail(u, "make directory");
    }
    directory->mode = u->entry.mode & 07777;
    directory->mtime = u->entry.mtime;
    return 0;
}

static int unpack_set_time(const char *path, uint32_t mtime)
{
    const struct timespec times[2] = {{.tv_sec = mtime}, {.tv_sec = mtime}};

    return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

static int unpack_content(struct unpack *u, int fd)
{
    const void *bytes;
    ssize_t n;

    while ((n = cpio_body(&u->reader, &bytes)) > 0) {
        const char *from = bytes;
        while (n > 0) {
            const ssize_t written = write(fd, from, (size_t)n);
            if (written <= 0) {
                return unpack_fail(u, "write");
            }
            from += written;
            n -= written;
        }
    }
    if (n < 0) {
        boot_say("root file system: the archive %s (at byte %llu, in '%s')",
                 u->reader.error, (unsigned long long)u->reader.offset, u->entry.name);
        return -1;
    }
    return 0;
}

static int link_compare(const void *a, const void *b)
{
    const size_t key_size = offsetof(struct unpack_link, path);

    return memcmp(a, b, key_size);
}

/* Makes u->path another name of a file that was unpacked before under the same number;
 * *@done tells whether it was. Otherwise remembers it. */
static int unpack_hard_link(struct unpack *u, bool *done)
{
    const size_t size = strlen(u->path) + 1;
    struct unpack_link *link_ = calloc(1, sizeof(*link_) + size);

    *done = false;
    if (link_ == NULL) {
        return unpack_fail(u, "link");
    }
    link_->ino = u->entry.ino;
    link_->dev_major = u->entry.dev_major;
    link_->dev_minor = u->entry.dev_minor;
    memcpy(link_->path, u->path, size);
    struct unpack_link *const *found = tsearch(link_, &u->links, link_compare);
    if (found == NULL) {
        free(link_);
        return unpack_fail(u, "link");
    }
    if (*found == link_) {
        return 0;
    }
    free(link_);
    *done = true;
    if (strcmp((*found)->path, u->path) != 0) {
        unlink(u->path);
        if (link((*found)->path, u->path) != 0) {
            return unpack_fail(u, "link");
        }
    }
    return 0;
}

static int unpack_file(struct unpack *u)
{
    bool linked = false;

    if (u->entry.nlink > 1 && unpack_hard_link(u, &linked) != 0) {
        return -1;
    }
    if (linked && u->entry.size == 0) {
        return 0; /* its content came, or comes, with another name */
    }
    if (!linked) {
        unlink(u->path); /* a later entry replaces an earlier one */
    }
    const int fd = open(u->path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return unpack_fail(u, "create");
    }
    int result = unpack_content(u, fd);
    if (result == 0 && fchmod(fd, u->entry.mode & 07777) != 0) {
        result = unpack_fail(u, "set the mode of");
    }
    close(fd);
    if (result == 0 && unpack_set_time(u->path, u->entry.mtime) != 0) {
        result = unpack_fail(u, "set the time of");
    }
    return result;
}

static int unpack_symlink(struct unpack *u)
{
    char target[PATH_MAX];
    const void *bytes;
    size_t len = 0;
    ssize_t n;

    if (u->entry.size == 0 || u->entry.size >= sizeof(target)) {
        boot_say("root file system: the target of '%s' is empty or too long",
                 u->entry.name);
        return -1;
    }
    while ((n = cpio_body(&u->reader, &bytes)) > 0) {
        memcpy(target + len, bytes, (size_t)n); /* in all entry.size bytes */
        len += (size_t)n;
    }
    if (n < 0 || memchr(target, '\0', len) != NULL) {
        boot_say("root file system: the target of '%s' is cut off", u->entry.name);
        return -1;
    }
    target[len] = '\0';
    unlink(u->path);
    if (symlink(target, u->path) != 0) {
        return unpack_fail(u, "link");
    }
    unpack_set_time(u->path, u->entry.mtime); /* nobody minds */
    return 0;
}

static int unpack_entry(struct unpack *u)
{
    if (unpack_name(u) != 0) {
        return -1;
    }
    const bool is_root = strcmp(u->path, u->root) == 0;
    if (is_root) {
        return S_ISDIR(u->entry.mode) ? unpack_directory(u) : 0;
    }
    if (unpack_parents(u) != 0) {
        return -1;
    }
    switch (u->entry.mode & S_IFMT) {
    case S_IFDIR:
        return unpack_directory(u);
    case S_IFREG:
        return unpack_file(u);
    case S_IFLNK:
        return unpack_symlink(u);
    case S_IFIFO:
        return mkfifo(u->path, u->entry.mode & 07777) == 0 || errno == EEXIST
                   ? 0
                   : unpack_fail(u, "make fifo");
    case S_IFCHR:
    case S_IFBLK:
    case S_IFSOCK:
        boot_say(
            "root file system: skipped '%s': devices and sockets are not supported",
            u->entry.name);
        return 0;
    default:
        boot_say("root file system: '%s' has an unknown type (mode %o)", u->entry.name,
                 u->entry.mode);
        return -1;
    }
}

/* The last one made comes first, so a directory is done after all that is in it. */
static int unpack_finish_directories(struct unpack *u, int result)
{
    while (u->directories != NULL) {
        struct unpack_directory *directory = u->directories;
        const char *path = directory->path[0] != '\0' ? directory->path : "/";
        if (result == 0 && (chmod(path, directory->mode) != 0 ||
                            unpack_set_time(path, directory->mtime) != 0)) {
            boot_say("root file system: cannot set mode and time of '%s': %s", path,
                     strerror(errno));
            result = -1;
        }
        u->directories = directory->next;
        free(directory);
    }
    return result;
}

int boot_unpack(const char *root, ssize_t (*read)(uint64_t, void *, size_t))
{
    int next = 0, result = 0;
    char first;

    /* Most runs have no root file system: 80 KiB of heap need not come and go for that. */
    if (read(0, &first, sizeof(first)) == 0) {
        return 0;
    }
    struct unpack *u = malloc(sizeof(*u));
    if (u == NULL) {
        boot_say("root file system: out of memory");
        return -1;
    }
    u->root = root;
    u->links = NULL;
    u->directories = NULL;
    cpio_open(&u->reader, read);
    while (result == 0 && (next = cpio_next(&u->reader, &u->entry)) > 0) {
        result = unpack_entry(u);
    }
    if (next < 0) {
        boot_say("root file system: the archive %s (at byte %llu)", u->reader.error,
                 (unsigned long long)u->reader.offset);
        result = -1;
    }
    result = unpack_finish_directories(u, result);
    while (u->links != NULL) {
        struct unpack_link *link_ = *(struct unpack_link **)u->links;
        tdelete(link_, &u->links, link_compare);
        free(link_);
    }
    free(u);
    return result;
}
