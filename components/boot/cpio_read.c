#include "cpio.h"

#include <string.h>

/* The header's fields after its magic: eight hexadecimal digits each. */
enum {
    FIELD_INO,
    FIELD_MODE,
    FIELD_UID,
    FIELD_GID,
    FIELD_NLINK,
    FIELD_MTIME,
    FIELD_FILESIZE,
    FIELD_DEVMAJOR,
    FIELD_DEVMINOR,
    FIELD_RDEVMAJOR,
    FIELD_RDEVMINOR,
    FIELD_NAMESIZE,
    FIELD_CHECK,
    FIELD_COUNT
};

_Static_assert(CPIO_HEADER == 6 + 8 * FIELD_COUNT, "newc header");

void cpio_open(struct cpio_reader *reader, ssize_t (*read)(uint64_t, void *, size_t))
{
    reader->read = read;
    reader->offset = 0;
    reader->body_left = 0;
    reader->begin = reader->end = 0;
    reader->error = NULL;
}

/* Makes sure that the buffer is not empty. 1, 0 at the end of the stream, -1. */
static int cpio_fill(struct cpio_reader *reader)
{
    if (reader->begin < reader->end) {
        return 1;
    }
    const ssize_t n =
        reader->read(reader->offset, reader->buffer, sizeof(reader->buffer));
    if (n < 0 || (size_t)n > sizeof(reader->buffer)) {
        reader->error = "cannot be read";
        return -1;
    }
    reader->begin = 0;
    reader->end = (size_t)n;
    return n > 0;
}

/* Copies @count bytes to @out, or drops them where @out is NULL. 0, or -1 with the
 * error. */
static int cpio_take(struct cpio_reader *reader, void *out, uint64_t count)
{
    uint8_t *to = out;

    while (count > 0) {
        const int filled = cpio_fill(reader);
        if (filled <= 0) {
            if (filled == 0) {
                reader->error = "ends in the middle of an entry";
            }
            return -1;
        }
        const size_t have = reader->end - reader->begin;
        const size_t n = have < count ? have : (size_t)count;
        if (to != NULL) {
            memcpy(to, reader->buffer + reader->begin, n);
            to += n;
        }
        reader->begin += n;
        reader->offset += n;
        count -= n;
    }
    return 0;
}

/* Headers and bodies begin at multiples of 4. */
static int cpio_align(struct cpio_reader *reader)
{
    return cpio_take(reader, NULL, -reader->offset & 3);
}

static int cpio_field(const uint8_t *digits, uint32_t *value)
{
    uint32_t v = 0;

    for (int i = 0; i < 8; i++) {
        const uint8_t c = digits[i];
        uint32_t digit;
        if (c >= '0' && c <= '9') {
            digit = c - '0';
        } else if ((c | 32) >= 'a' && (c | 32) <= 'f') {
            digit = (c | 32u) - 'a' + 10;
        } else {
            return -1;
        }
        v = v << 4 | digit;
    }
    *value = v;
    return 0;
}

static int cpio_fail(struct cpio_reader *reader, const char *error)
{
    reader->error = error;
    return -1;
}

static int cpio_parse(struct cpio_reader *reader, struct cpio_entry *entry)
{
    uint8_t header[CPIO_HEADER];
    uint32_t field[FIELD_COUNT];

    if (cpio_take(reader, header, sizeof(header)) != 0) {
        return -1;
    }
    if (memcmp(header, "070701", 6) != 0) {
        return cpio_fail(reader, "has no entry of the newc format (magic 070701)");
    }
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (cpio_field(header + 6 + 8 * i, &field[i]) != 0) {
            return cpio_fail(reader,
                             "has a header field that is not a hexadecimal number");
        }
    }
    const uint32_t name_size = field[FIELD_NAMESIZE];
    if (name_size < 2 || name_size > sizeof(entry->name)) {
        return cpio_fail(reader, "has an entry with no name or one that is too long");
    }
    if (cpio_take(reader, entry->name, name_size) != 0) {
        return -1;
    }
    if (strnlen(entry->name, name_size) != name_size - 1) {
        return cpio_fail(reader, "has a name that does not end where it should");
    }
    entry->ino = field[FIELD_INO];
    entry->mode = field[FIELD_MODE];
    entry->nlink = field[FIELD_NLINK];
    entry->mtime = field[FIELD_MTIME];
    entry->dev_major = field[FIELD_DEVMAJOR];
    entry->dev_minor = field[FIELD_DEVMINOR];
    entry->size = field[FIELD_FILESIZE];
    return 0;
}

int cpio_next(struct cpio_reader *reader, struct cpio_entry *entry)
{
    if (cpio_take(reader, NULL, reader->body_left) != 0) {
        return -1;
    }
    reader->body_left = 0;
    if (reader->offset == 0) {
        const int filled = cpio_fill(reader);
        if (filled <= 0) {
            return filled;
        }
    }
    if (cpio_align(reader) != 0 || cpio_parse(reader, entry) != 0) {
        return -1;
    }
    if (strcmp(entry->name, CPIO_TRAILER) == 0) {
        return 0;
    }
    if (cpio_align(reader) != 0) {
        return -1;
    }
    reader->body_left = entry->size;
    return 1;
}

ssize_t cpio_body(struct cpio_reader *reader, const void **bytes)
{
    if (reader->body_left == 0) {
        return 0;
    }
    const int filled = cpio_fill(reader);
    if (filled < 0) {
        return -1;
    }
    if (filled == 0) {
        return cpio_fail(reader, "ends in the middle of a file");
    }
    const size_t have = reader->end - reader->begin;
    const size_t n = have < reader->body_left ? have : (size_t)reader->body_left;
    *bytes = reader->buffer + reader->begin;
    reader->begin += n;
    reader->offset += n;
    reader->body_left -= n;
    return (ssize_t)n;
}
