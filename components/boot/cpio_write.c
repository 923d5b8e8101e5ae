#include "cpio.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void cpio_create(struct cpio_writer *writer, ssize_t (*write)(const void *, size_t))
{
    writer->write = write;
    writer->offset = 0;
    writer->used = 0;
}

static int cpio_flush(struct cpio_writer *writer)
{
    size_t done = 0;

    while (done < writer->used) {
        const ssize_t n = writer->write(writer->buffer + done, writer->used - done);
        if (n <= 0 || (size_t)n > writer->used - done) {
            return n < 0 ? (int)n : -EIO;
        }
        done += (size_t)n;
    }
    writer->used = 0;
    return 0;
}

int cpio_write(struct cpio_writer *writer, const void *buf, size_t count)
{
    const uint8_t *from = buf;

    while (count > 0) {
        const size_t room = sizeof(writer->buffer) - writer->used;
        const size_t n = count < room ? count : room;
        memcpy(writer->buffer + writer->used, from, n);
        writer->used += n;
        writer->offset += n;
        from += n;
        count -= n;
        if (writer->used == sizeof(writer->buffer)) {
            const int error = cpio_flush(writer);
            if (error != 0) {
                return error;
            }
        }
    }
    return 0;
}

int cpio_pad(struct cpio_writer *writer)
{
    return cpio_write(writer, "\0\0\0", -writer->offset & 3);
}

int cpio_header(struct cpio_writer *writer, const struct cpio_entry *entry)
{
    const size_t name_size = strlen(entry->name) + 1;
    char header[CPIO_HEADER + 1];

    /* uid and gid, rdev and the checksum are 0: there is one user, and no device is
     * kept. */
    snprintf(header, sizeof(header),
             "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", entry->ino,
             entry->mode, 0u, 0u, entry->nlink, entry->mtime, entry->size,
             entry->dev_major, entry->dev_minor, 0u, 0u, (unsigned)name_size, 0u);
    int error = cpio_write(writer, header, CPIO_HEADER);
    if (error == 0) {
        error = cpio_write(writer, entry->name, name_size);
    }
    return error != 0 ? error : cpio_pad(writer);
}

int cpio_finish(struct cpio_writer *writer)
{
    const struct cpio_entry trailer = {.nlink = 1, .name = CPIO_TRAILER};
    const int error = cpio_header(writer, &trailer);

    return error != 0 ? error : cpio_flush(writer);
}
