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

#define TEXT_MAX 512

struct entry {
    const char *path;
    mode_t mode;
    const char
        *text; /* of a file; of a link where it begins: the program's name follows */
    bool made;
    bool network; /* only where there is one */
};

#define SERVICES                                                                  \
    "ftp 21/tcp\nssh 22/tcp\ntelnet 23/tcp\nsmtp 25/tcp\ndomain 53/tcp\n"         \
    "domain 53/udp\nbootps 67/udp\nbootpc 68/udp\ntftp 69/udp\nhttp 80/tcp www\n" \
    "pop3 110/tcp\nntp 123/udp\nimap2 143/tcp imap\nsnmp 161/udp\n"               \
    "https 443/tcp\nhttps 443/udp\nsyslog 514/udp\nredis 6379/tcp\n"              \
    "http-alt 8080/tcp\n"
#define PROTOCOLS                                                 \
    "ip 0 IP\nicmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\nipv6 41 IPv6\n" \
    "ipv6-icmp 58 IPv6-ICMP\n"

#define RESOLV "/etc/resolv.conf"

static struct entry entries[] = {
    {"/tmp", S_IFDIR | 01777, NULL, .network = false},
    {"/etc", S_IFDIR | 0755, NULL, .network = false},
    {"/etc/passwd", S_IFREG | 0644, "root:x:0:0:root:/:/bin/sh\n", .network = false},
    {"/etc/group", S_IFREG | 0644, "root:x:0:\n", .network = false},
    {"/etc/hosts", S_IFREG | 0644, "127.0.0.1 localhost\n::1 localhost\n",
     .network = true},
    {"/etc/services", S_IFREG | 0644, SERVICES, .network = true},
    {"/etc/protocols", S_IFREG | 0644, PROTOCOLS, .network = true},
    {RESOLV, S_IFREG | 0644, NULL, .network = true}, /* its text is the system's */
    {"/proc", S_IFDIR | 0755, NULL, .network = false},
    {"/proc/self", S_IFDIR | 0755, NULL, .network = false},
    {"/proc/self/exe", S_IFLNK, "/bin/", .network = false},
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

int boot_defaults_make(const char *root, const char *program, const char *resolv)
{
    int result = 0;

    for (size_t i = 0; i < ENTRIES; i++) {
        char path[PATH_MAX];
        if (entries[i].network && resolv == NULL) {
            continue;
        }
        if (strcmp(entries[i].path, RESOLV) == 0) {
            entries[i].text = resolv;
        }
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
    char text[TEXT_MAX + 1];
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
