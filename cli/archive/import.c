/* Directories and cpio archives of the host, one laid over the other, as one newc stream. */
#include "cli.h"
#include "convert.h"
#include "reason.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK_SIZE (64u * 1024)

struct import {
    const char *path;
    size_t prefix; /* bytes of a name to leave out */
    bool is_directory;
    struct archive *from, *to;
    char block[BLOCK_SIZE];
};

static int import_fail(const struct import *import, struct archive *archive)
{
    return reason_report(archive, "--root", import->path);
}

static int import_content(struct import *import, struct archive_entry *entry)
{
    ssize_t n;

    if (archive_entry_size(entry) <= 0) {
        return 0;
    }
    while ((n = archive_read_data(import->from, import->block, BLOCK_SIZE)) > 0) {
        if (archive_write_data(import->to, import->block, (size_t)n) < 0) {
            return import_fail(import, import->to);
        }
    }
    return n == 0 ? 0 : import_fail(import, import->from);
}

/* Names in the archive are relative to the root. */
static void import_rename(const struct import *import, struct archive_entry *entry)
{
    const char *name = archive_entry_pathname(entry);

    name = strlen(name) >= import->prefix ? name + import->prefix : "";
    name += strspn(name, "/");
    char *copy = cli_format("%s", *name != '\0' ? name : ".");
    archive_entry_copy_pathname(entry, copy);
    free(copy);
}

static int import_entry(struct import *import, struct archive_entry *entry)
{
    const unsigned type = archive_entry_filetype(entry);

    import_rename(import, entry);
    if (type == AE_IFCHR || type == AE_IFBLK || type == AE_IFSOCK) {
        cli_error("--root=%s: skipped '%s': devices and sockets are not supported",
                  import->path, archive_entry_pathname(entry));
        return 0;
    }
    if (archive_write_header(import->to, entry) < ARCHIVE_WARN) {
        cli_error("--root=%s: '%s': %s", import->path, archive_entry_pathname(entry),
                  archive_error_string(import->to));
        return -1;
    }
    return import_content(import, entry);
}

static int import_all(struct import *import)
{
    struct archive_entry *entry;
    int status;

    for (;;) {
        status = archive_read_next_header(import->from, &entry);
        if (status == ARCHIVE_EOF) {
            return 0;
        }
        if (status < ARCHIVE_WARN) {
            return import_fail(import, import->from);
        }
        if (import_entry(import, entry) != 0) {
            return -1;
        }
        if (import->is_directory && archive_read_disk_can_descend(import->from)) {
            archive_read_disk_descend(import->from);
        }
    }
}

static struct archive *import_open(struct import *import)
{
    struct archive *from;
    int status;

    if (import->is_directory) {
        from = archive_read_disk_new();
        archive_read_disk_set_symlink_physical(from);
        archive_read_disk_set_behavior(from, ARCHIVE_READDISK_NO_XATTR |
                                                 ARCHIVE_READDISK_NO_ACL |
                                                 ARCHIVE_READDISK_NO_FFLAGS);
        status = archive_read_disk_open(from, import->path);
        import->prefix = strlen(import->path);
    } else {
        from = archive_read_new();
        archive_read_support_filter_all(from);
        archive_read_support_format_cpio(from);
        status = archive_read_open_filename(from, import->path, BLOCK_SIZE);
    }
    if (status != ARCHIVE_OK) {
        import_fail(import, from);
        archive_read_free(from);
        return NULL;
    }
    return from;
}

/* Adds what is at @path to archive @to. */
static int import_layer(const char *path, struct archive *to)
{
    struct import *import = cli_calloc(1, sizeof(*import));
    struct stat st;
    int result = -1;

    import->path = path;
    import->to = to;
    if (stat(path, &st) != 0) {
        cli_error("--root=%s: %s", path, strerror(errno));
    } else {
        import->is_directory = S_ISDIR(st.st_mode);
        import->from = import_open(import);
        if (import->from != NULL) {
            result = import_all(import);
            archive_read_free(import->from);
        }
    }
    free(import);
    return result;
}

int archive_import(char *const *paths, int fd)
{
    struct archive *to = archive_write_new();
    int result = 0;

    archive_write_set_format_cpio_newc(to);
    archive_write_set_bytes_per_block(to, 0);
    if (archive_write_open_fd(to, fd) != ARCHIVE_OK) {
        cli_error("--root: %s", archive_error_string(to));
        result = -1;
    }
    for (; result == 0 && *paths != NULL; paths++) {
        result = import_layer(*paths, to);
    }
    if (archive_write_close(to) != ARCHIVE_OK && result == 0) {
        cli_error("--root: %s", archive_error_string(to));
        result = -1;
    }
    archive_write_free(to);
    return result;
}
