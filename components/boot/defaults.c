/*
 * What programs take for granted in a root file system, where the root has nothing of that name:
 * what --root brings stays as it is. An export leaves out what is still as it was made here.
 */
#include "steps.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX 128

struct entry {
    const char *path;
    mode_t mode;
    const char
        *text; /* of a file; of a link where it begins: the program's name follows */
    bool made;
};

static struct entry entries[] = {
    {"/tmp", S_IFDIR | 01777, NULL, false},
    {"/etc", S_IFDIR | 0755, NULL, false},
    {"/etc/passwd", S_IFREG | 0644, "root:x:0:0:root:/:/bin/sh\n", false},
    {"/etc/group", S_IFREG | 0644, "root:x:0:\n", false},
    {"/proc", S_IFDIR | 0755, NULL, false},
    {"/proc/self", S_IFDIR | 0755, NULL, false},
    {"/proc/self/exe", S_IFLNK, "/bin/", false},
};
#define ENTRIES (sizeof(entries) / sizeof(entries[0]))

static int make_file(const char *path, const struct entry *entry)
{
    const size_t len = strlen(entry->text);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, entry->mode & 07777);

    if (fd < 0) {
        return -1;
    }
    /* Not write(): who debugs a program meets its first one first. */
    const ssize_t n = pwrite(fd, entry->text, len, 0);
    close(fd);
    if (n == (ssize_t)len) {
        return 0;
    }
    const int error = n < 0 ? errno : ENOSPC;
    unlink(path);
    errno = error;
    return -1;
}

/* What the link to the program reads. */
static void link_target(const struct entry *entry, const char *program,
                        char target[static PATH_MAX])
{
    snprintf(target, PATH_MAX, "%s%s", entry->text, program);
}

static int make_one(const char *path, const struct entry *entry, const char *program)
{
    char target[PATH_MAX];

    switch (entry->mode & S_IFMT) {
    case S_IFDIR: /* chmod: the umask does not count */
        return mkdir(path, 0700) == 0 ? chmod(path, entry->mode & 07777) : -1;
    case S_IFREG:
        return make_file(path, entry);
    default:
        if (program[0] == '\0') {
            errno = ENOENT;
            return -1;
        }
        link_target(entry, program, target);
        return symlink(target, path);
    }
}

/* The root has something else of that name, or is not to be changed. */
static bool root_objects(int error)
{
    return error == EEXIST || error == ENOTDIR || error == ENOENT || error == ELOOP ||
           error == EACCES || error == EROFS;
}

int boot_defaults_make(const char *root, const char *program)
{
    int result = 0;

    for (size_t i = 0; i < ENTRIES; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof(path), "%s%s", root, entries[i].path);
        entries[i].made = make_one(path, &entries[i], program) == 0;
        if (!entries[i].made && !root_objects(errno)) {
            boot_say("cannot make %s: %s; programs may miss it", entries[i].path,
                     strerror(errno));
            result = i == 0 ? -1 : result; /* without /tmp few work */
        }
    }
    return result;
}

static bool file_is_unchanged(const char *path, const struct entry *entry)
{
    char text[TEXT_MAX];
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

    if (fd >= 0) {
        close(fd);
    }
    return n == (ssize_t)strlen(entry->text) &&
           memcmp(text, entry->text, (size_t)n) == 0;
}

static bool link_is_unchanged(const char *path, const struct entry *entry,
                              const char *program)
{
    char target[PATH_MAX], text[PATH_MAX];
    const ssize_t n = readlink(path, text, sizeof(text));

    link_target(entry, program, target);
    return n == (ssize_t)strlen(target) && memcmp(text, target, (size_t)n) == 0;
}

void boot_defaults_remove(const char *root, const char *program)
{
    for (size_t i = ENTRIES; i-- > 0;) {
        const struct entry *entry = &entries[i];
        char path[PATH_MAX];
        snprintf(path, sizeof(path), "%s%s", root, entry->path);
        if (!entry->made) {
            continue;
        }
        if (S_ISDIR(entry->mode)) {
            rmdir(path); /* where it is empty */
        } else if (S_ISREG(entry->mode) ? file_is_unchanged(path, entry)
                                        : link_is_unchanged(path, entry, program)) {
            unlink(path);
        }
    }
}
