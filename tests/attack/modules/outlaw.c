/*
 * A hostile component next to files of the host: hostfs, which, before it is mounted, tries to get out of its directories with
 * every gate that it has. Directory 0 is read-only, 1 is writable, 2 another module's; see tests/systems/outlaw.yaml. Somebody
 * swaps 1/race for a link to outside all the time.
 *
 * Says "outlaw: REACHED how" for all that it should not have got, and "outlaw: N tried".
 */
#undef fs_mount
#include <errno.h>
#include <fcntl.h>
#include <fs.h>
#include <hostfiles.h>
#include <limits.h>
#include <plat.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RO HOSTFILES_ROOT(0)
#define RW HOSTFILES_ROOT(1)
#define THEIRS HOSTFILES_ROOT(2)
#define RACES 3000

int hostfs_fs_mount(const char *options, struct fs_attr *root);

static unsigned tried, raced;

static void say(const char *format, const char *what, long value)
{
    char line[256];
    snprintf(line, sizeof(line), format, what, value);
    (void)plat_console_write(2, line, strlen(line));
}

static void refused(const char *how, long result)
{
    tried++;
    if (result >= 0) {
        say("outlaw: REACHED %s (%ld)\n", how, result);
    }
}

/* Whether @file can be read and holds what must not be seen. */
static bool is_secret(int file)
{
    char buf[16];
    return hostfiles_read(file, 0, buf, sizeof(buf)) >= 6 &&
           memcmp(buf, "secret", 6) == 0;
}

static void open_all(int dir, const char *path)
{
    struct hostfiles_attr attr;
    for (int how = 0; how < 4; how++) {
        const int file = hostfiles_open(dir, path, how, &attr);
        if (file >= 0 && !S_ISLNK(attr.mode)) {
            refused(path, file);
        }
        tried++;
        if (file >= 0) {
            (void)hostfiles_close(file);
        }
    }
}

static void paths(void)
{
    static const char *const out[] = {
        "..",
        "../secret",
        "sub/../../secret",
        "/etc/passwd",
        "/proc/self/mem",
        "up/secret",
        "up",
        "absolute",
        "absolute/x",
        "magic/1",
        "sub/../..",
        "./../secret",
        "../ro/../secret",
        "../outlaw/ro",
        "race/../../secret",
    };
    char deep[PATH_MAX];
    for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
        open_all(RO, out[i]);
        open_all(RW, out[i]);
    }
    for (size_t at = 0; at + 4 < sizeof(deep); at += 3) {
        memcpy(deep + at, "../", 4);
    }
    open_all(RW, deep);
}

static void changes(int dir, const char *name)
{
    struct hostfiles_attr attr;
    refused("create", hostfiles_create(dir, name, 0644, &attr));
    refused("make_dir", hostfiles_make_dir(dir, name, 0755));
    refused("make_link", hostfiles_make_link(dir, name, "x"));
    refused("remove", hostfiles_remove(dir, name, 0));
    refused("remove a directory", hostfiles_remove(dir, name, 1));
    refused("rename from", hostfiles_rename(dir, name, RW, "stolen"));
    refused("rename to", hostfiles_rename(RW, "file", dir, name));
    refused("link from", hostfiles_link(dir, name, RW, "stolen"));
    refused("link to", hostfiles_link(RW, "file", dir, name));
}

static void names(void)
{
    static const char *const out[] = {
        "../secret", "..", ".", "", "/tmp/x", "up/made", "sub/../../made"};
    for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
        changes(RW, out[i]);
    }
    changes(RO, "file");
    changes(RO, "new");
    changes(THEIRS, "secret");
}

static void read_only(void)
{
    struct hostfiles_attr attr;
    const int file = hostfiles_open(RO, "file", HOSTFILES_READ, &attr);
    if (file < 0) {
        say("outlaw: %s cannot be read (%ld)\n", "ro/file", file);
    }
    refused("write", hostfiles_write(file, 0, "x", 1));
    refused("resize", hostfiles_resize(file, 0));
    refused("set_mode", hostfiles_set_mode(file, 0777));
    refused("set_times", hostfiles_set_times(file, 0, 0));
    refused("open for writing", hostfiles_open(RO, "file", HOSTFILES_WRITE, &attr));
    refused("set-id file", hostfiles_create(RW, "setid", 04755, &attr));
    (void)hostfiles_close(file);
}

/* Every number but our own. */
static void numbers(void)
{
    struct hostfiles_attr attr;
    for (int i = -20; i < HOSTFILES_OPEN_MAX + 2; i++) {
        if (i == RO || i == RW) {
            continue;
        }
        char buf[8];
        refused("a number", hostfiles_read(i, 0, buf, sizeof(buf)));
        refused("a number's files", hostfiles_open(i, "secret", 0, &attr));
        refused("a number's attributes", hostfiles_stat(i, &attr));
    }
    changes(INT_MIN, "secret");
    changes(INT_MAX, "secret");
}

static void races(void)
{
    struct hostfiles_attr attr;
    for (int i = 0; i < RACES; i++) {
        const int file = hostfiles_open(RW, "race/secret", 1 + i % 3, &attr);
        const int dir = hostfiles_open(RW, "race", 0, &attr);
        raced += file >= 0;
        if (file >= 0 && is_secret(file)) {
            refused("the race for a file", file);
        }
        const int made = hostfiles_create(dir, "made", 0644, &attr);
        (void)hostfiles_remove(dir, "made", 0);
        (void)hostfiles_close(made);
        (void)hostfiles_close(dir);
        (void)hostfiles_close(file);
        tried++;
    }
}

static void check(const char *how, bool good)
{
    refused(how, good ? -1 : 0);
}

/* A directory is listed right after a call that took other bytes to the monitor: between a name
 * and the next entry, where nobody writes, must be none of them. */
static void leftovers(void)
{
    static char left[4096], list[4096];
    const size_t head = offsetof(struct fs_dirent, name);
    struct hostfiles_attr attr;
    struct fs_dirent entry;
    size_t gaps = 0;
    memset(left, 'L', sizeof(left));
    const int file = hostfiles_create(RW, "left", 0600, &attr);
    const int dir = hostfiles_open(RW, ".", HOSTFILES_READ, &attr);
    check("no write", hostfiles_write(file, 0, left, sizeof(left)) == sizeof(left));
    const ssize_t n = hostfiles_list(dir, 0, list, sizeof(list));
    for (ssize_t at = 0; at < n; at += entry.reclen) {
        memcpy(&entry, list + at, head);
        for (size_t i = head + strlen(list + at + head); i < entry.reclen;
             i++, gaps++) {
            check("another call's bytes", list[(size_t)at + i] == 0);
        }
    }
    check("no gaps", gaps > 8);
    (void)hostfiles_remove(RW, "left", 0);
    (void)hostfiles_close(dir);
    (void)hostfiles_close(file);
}

int fs_mount(const char *options, struct fs_attr *root)
{
    static bool begun;
    if (!begun) {
        begun = true;
        hostfiles_close_all();
        paths();
        names();
        read_only();
        numbers();
        leftovers();
        races();
        say("outlaw: %s%ld tried\n", "", tried);
        say("outlaw: %s%ld raced\n", "", raced);
    }
    return hostfs_fs_mount(options, root);
}
