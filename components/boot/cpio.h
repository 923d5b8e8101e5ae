/*
 * Root file systems as cpio archives of the "newc" format (magic 070701; cpio(5)): a
 * streaming reader that trusts nothing in its input, and a writer.
 */
#ifndef COMPONENTS_BOOT_CPIO_H
#define COMPONENTS_BOOT_CPIO_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CPIO_HEADER 110u
#define CPIO_TRAILER "TRAILER!!!"
#define CPIO_BUFFER (64u * 1024)

struct cpio_entry {
    uint32_t ino, mode, nlink, mtime;
    uint32_t dev_major, dev_minor;
    uint32_t size; /* of the body: a file's content, a symbolic link's target */
    char name[PATH_MAX];
};

struct cpio_reader {
    /** Reads up to @count bytes at @offset: how many, 0 at the end, or a negative
     * errno. */
    ssize_t (*read)(uint64_t offset, void *buf, size_t count);
    uint64_t offset;    /* in the stream, of the next byte to hand out */
    uint64_t body_left; /* bytes of the current body not handed out, without padding */
    size_t begin, end;  /* unread bytes of buffer */
    const char *error;  /* a sentence without a full stop once a call has returned -1 */
    uint8_t buffer[CPIO_BUFFER];
};

/** Begins at offset 0. */
void cpio_open(struct cpio_reader *reader, ssize_t (*read)(uint64_t, void *, size_t));

/**
 * Goes to the next entry, over what is left of the current body.
 * 1, 0 at the trailer or where the stream is empty, -1 with reader->error and ->offset.
 */
int cpio_next(struct cpio_reader *reader, struct cpio_entry *entry);

/**
 * Hands out the next bytes of the current body, valid until the next call.
 * How many, 0 at the end of the body, -1 with reader->error.
 */
ssize_t cpio_body(struct cpio_reader *reader, const void **bytes);

struct cpio_writer {
    /** Takes up to @count bytes: how many (> 0), or a negative errno. */
    ssize_t (*write)(const void *buf, size_t count);
    uint64_t offset; /* bytes given to cpio_write */
    size_t used;     /* bytes of buffer not yet written */
    uint8_t buffer[CPIO_BUFFER];
};

void cpio_create(struct cpio_writer *writer, ssize_t (*write)(const void *, size_t));

/** Writes the header of @entry; entry->size bytes must follow with cpio_write, then
 * cpio_pad. 0 or a negative errno. */
int cpio_header(struct cpio_writer *writer, const struct cpio_entry *entry);
int cpio_write(struct cpio_writer *writer, const void *buf, size_t count);
int cpio_pad(struct cpio_writer *writer);

/** Writes the trailer and all that is still in the buffer. */
int cpio_finish(struct cpio_writer *writer);

#endif
