/* What a system left behind, as files of the host. The stream is not trusted. */
#include "cli.h"
#include "convert.h"
#include "export_path.h"
#include "reason.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SIZE (64u * 1024)

static int export_fail(const char *path, const char *reason)
{
    cli_error("--export=%s: %s", path, reason);
    return -1;
}

static struct archive *export_open(int fd)
{
    struct archive *from = archive_read_new();

    archive_read_support_format_cpio(from);
    if (lseek(fd, 0, SEEK_SET) != 0 ||
        archive_read_open_fd(from, fd, BLOCK_SIZE) != ARCHIVE_OK) {
        archive_read_free(from);
        return NULL;
    }
    return from;
}

/* A newc stream is complete when it ends in the trailer's entry (here: its name, and at
 * most three bytes of padding): libarchive does not tell a missing one. */
static bool export_is_complete(int fd)
{
    static const char trailer[] = "TRAILER!!!";
    char tail[16];
    const off_t size = lseek(fd, 0, SEEK_END);

    if (size < (off_t)sizeof(tail) ||
        pread(fd, tail, sizeof(tail), size - (off_t)sizeof(tail)) !=
            (ssize_t)sizeof(tail)) {
        return false;
    }
    return memmem(tail, sizeof(tail), trailer, sizeof(trailer)) != NULL;
}

/* Relative, and nowhere with "..". */
static bool name_stays_inside(const char *name)
{
    if (name == NULL || *name == '/') {
        return false;
    }
    while (*name != '\0') {
        const size_t n = strcspn(name, "/");
        if (n == 2 && strncmp(name, "..", 2) == 0) {
            return false;
        }
        name += n + (name[n] == '/');
    }
    return true;
}

static int export_entry(const char *path, struct archive *from, struct archive *to,
                        struct archive_entry *entry)
{
    static char block[BLOCK_SIZE];
    const char *name = archive_entry_pathname(entry);
    const char *link = archive_entry_hardlink(entry);
    const unsigned type = archive_entry_filetype(entry);
    ssize_t n;

    if (!name_stays_inside(name) || (link != NULL && !name_stays_inside(link))) {
        return export_fail(path, "the system named a file outside of its root");
    }
    if (link == NULL && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK &&
        type != AE_IFIFO) {
        return export_fail(path, "the system named a device");
    }
    archive_entry_set_perm(entry, archive_entry_perm(entry) & 0777);
    if (archive_write_header(to, entry) < ARCHIVE_WARN) {
        return reason_report(to, "--export", path);
    }
    if (archive_entry_size(entry) <= 0) {
        return 0;
    }
    while ((n = archive_read_data(from, block, sizeof(block))) > 0) {
        if (archive_write_data(to, block, (size_t)n) < 0) {
            return reason_report(to, "--export", path);
        }
    }
    return n == 0 ? 0 : reason_report(from, "--export", path);
}

/* Extracts into the current directory. */
static int export_extract(int fd, const char *path)
{
    struct archive *from = export_open(fd);
    struct archive_entry *entry;
    int result = 0, status;

    if (from == NULL) {
        return export_fail(path, "cannot read what the system exported");
    }
    struct archive *to = archive_write_disk_new();
    archive_write_disk_set_options(to, ARCHIVE_EXTRACT_TIME |
                                           ARCHIVE_EXTRACT_SECURE_NODOTDOT |
                                           ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                                           ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS);
    while (result == 0 &&
           (status = archive_read_next_header(from, &entry)) != ARCHIVE_EOF) {
        result = status < ARCHIVE_WARN ? reason_report(from, "--export", path)
                                       : export_entry(path, from, to, entry);
    }
    if (archive_write_close(to) != ARCHIVE_OK && result == 0) {
        result = reason_report(to, "--export", path);
    }
    archive_write_free(to);
    archive_read_free(from);
    return result;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int export_directory(int fd, const char *path)
{
    char *sibling = export_sibling(path);
    const int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result;

    if (here < 0 || mkdtemp(sibling) == NULL || chdir(sibling) != 0) {
        result = export_fail(path, strerror(errno));
        goto out;
    }
    result = export_extract(fd, path);
    if (fchdir(here) != 0) {
        result = export_fail(path, strerror(errno));
        goto out;
    }
    if (result == 0 && rename(sibling, path) != 0) {
        result = export_fail(path, strerror(errno));
    }
    if (result != 0) {
        nftw(sibling, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }

out:
    if (here >= 0) {
        close(here);
    }
    free(sibling);
    return result;
}

static int export_copy(int from, int to)
{
    static char block[BLOCK_SIZE];
    ssize_t n;

    if (lseek(from, 0, SEEK_SET) != 0) {
        return -1;
    }
    while ((n = read(from, block, sizeof(block))) > 0) {
        for (ssize_t done = 0; done < n;) {
            const ssize_t written = write(to, block + done, (size_t)(n - done));
            if (written <= 0) {
                return -1;
            }
            done += written;
        }
    }
    return n == 0 ? 0 : -1;
}

static int export_file(int fd, const char *path)
{
    char *sibling = export_sibling(path);
    const mode_t mask = umask(0);
    int result = 0;

    umask(mask);
    const int to = mkostemp(sibling, O_CLOEXEC);
    if (to < 0) {
        result = export_fail(path, strerror(errno));
        goto out;
    }
    if (export_copy(fd, to) != 0 || fchmod(to, 0666 & ~mask) != 0 || close(to) != 0 ||
        rename(sibling, path) != 0) {
        result = export_fail(path, strerror(errno));
        unlink(sibling);
    }

out:
    free(sibling);
    return result;
}

int archive_export(int fd, const char *path)
{
    if (!export_is_complete(fd)) {
        return export_fail(path, "the system ended before it had exported its files; "
                                 "nothing was written");
    }
    return export_is_file(path) ? export_file(fd, path) : export_directory(fd, path);
}
