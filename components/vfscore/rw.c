/* Reading and writing: the paths that are taken most. */
#include "core.h"

#include <cubicle/in.h>
#include <cubicle/out.h>

#define GOOD_READ (CAN_READ | CAN_SEEK)
#define GOOD_WRITE (CAN_WRITE | CAN_SEEK)
#define NOWHERE (-1) /* no offset was given: the description's */

/* What one call of the file system moves at most: more does not fit every stack, and pieces that
 * stay in the processor's cache are copied faster. */
#define PIECE_MAX ((size_t)65536)

/** One call of the file system that moves up to PIECE_MAX bytes. */
typedef ssize_t mover(struct node *node, void *buf, size_t count, uint64_t offset);

static inline ssize_t piece_read(struct node *node, void *buf, size_t count,
                                 uint64_t offset)
{
    ssize_t result;
    PROVIDER(result, node->ops->fs_read(node->number, offset, buf, count, 0));
    return checked_count(result, count);
}

static inline ssize_t piece_write(struct node *node, void *buf, size_t count,
                                  uint64_t offset)
{
    ssize_t result;
    PROVIDER(result, node->ops->fs_write(node->number, offset, buf, count));
    if (unlikely(result == 0 && count != 0)) {
        return -EIO; /* programs would try again for ever */
    }
    return checked_count(result, count);
}

/**
 * Headers are looked at again and again (SQLite reads 16 bytes of its file's first 64
 * for every transaction): the first small read there fetches them all, and further ones
 * are answered from the node. Writes keep them up to date; nobody else changes the
 * file, unless it is mapped.
 */
static ssize_t head_read(struct node *node, void *buf, size_t count, int64_t offset)
{
    if ((uint64_t)offset + count > node->head_len) {
        const int64_t size = node->st.st_size;
        const size_t want = size < HEAD_MAX ? (size_t)size : HEAD_MAX;
        node->head_len = 0;
        const ssize_t result = piece_read(node, node->head, want, 0);
        if (result < 0) {
            return result;
        }
        node->head_len = (uint32_t)result;
        if (offset >= result) {
            return 0;
        }
        count = count < (size_t)(result - offset) ? count : (size_t)(result - offset);
    }
    memcpy(buf, node->head + offset, count);
    return (ssize_t)count;
}

/** @count bytes were written at @offset, which is among the first. */
static void head_written(struct node *node, const char *buf, size_t count,
                         int64_t offset)
{
    if ((uint64_t)offset > node->head_len || node_is_mapped(node)) {
        return; /* not known up to there: nothing to keep */
    }
    const size_t room = HEAD_MAX - (size_t)offset;
    const size_t part = count < room ? count : room;
    const uint32_t end = (uint32_t)((size_t)offset + part);
    if (cubicle_in_copy(node->head + offset, buf, part) != 0) {
        node->head_len = 0;
        return;
    }
    node->head_len = end > node->head_len ? end : node->head_len;
}

/** Long transfers, up to the first piece that falls short. */
static ssize_t move_pieces(mover *move, struct node *node, char *buf, size_t count,
                           int64_t offset)
{
    size_t done = 0;
    while (done < count) {
        const size_t want = count - done < PIECE_MAX ? count - done : PIECE_MAX;
        const ssize_t result = move(node, buf + done, want, (uint64_t)offset + done);
        if (result < 0) {
            return done > 0 ? (ssize_t)done : result;
        }
        done += (size_t)result;
        if ((size_t)result < want) {
            break;
        }
    }
    return (ssize_t)done;
}

/** @forward: @buf is the trampoline's, and the file system may deliver to our caller
 * directly. */
static inline ssize_t regular_read(struct node *node, void *buf, size_t count,
                                   int64_t offset, bool forward)
{
    /* Where others change the file, its end is the file system's to find. */
    const int64_t left = likely((node->stale & STALE_ALWAYS) == 0)
                             ? node->st.st_size - offset
                             : INT64_MAX - offset;
    if (unlikely((int64_t)count > left)) {
        if ((int64_t)count > INT64_MAX - offset) {
            return -EINVAL;
        }
        if (left <= 0) {
            return 0;
        }
        count = (size_t)left;
    }
    if ((uint64_t)offset + count <= HEAD_MAX && (node->stale & STALE_ALWAYS) == 0 &&
        !node_is_mapped(node)) {
        return head_read(node, buf, count, offset);
    }
    if (unlikely(count > PIECE_MAX)) {
        return move_pieces(piece_read, node, buf, count, offset);
    }
    if (forward) {
        cubicle_out_forward(buf);
    }
    return piece_read(node, buf, count, (uint64_t)offset);
}

/** The file now reaches to @end through a write at @offset (or had holes before). */
static void regular_grew(struct node *node, int64_t offset, int64_t end)
{
    const int64_t size = node->st.st_size;
    if (!node->dense || offset / 4096 > pages_of(size)) {
        node->dense = false;
        node->stale |= STALE_BLOCKS;
    }
    if (end > size) {
        node->st.st_size = end;
        if (node->dense) {
            node->st.st_blocks = pages_of(end) * 8;
        }
    }
}

static ssize_t regular_write(struct node *node, const void *buf, size_t count,
                             int64_t offset)
{
    if (unlikely((int64_t)count > INT64_MAX - offset)) {
        return -EINVAL;
    }
    void *from = (void *)(uintptr_t)buf; /* a mover's type; it is read only */
    const ssize_t result = unlikely(count > PIECE_MAX)
                               ? move_pieces(piece_write, node, from, count, offset)
                               : piece_write(node, from, count, (uint64_t)offset);
    kept_forget(node);
    if (unlikely(result <= 0)) {
        node->head_len = 0; /* a failed write may have come to pass in part */
        return result;
    }
    if (unlikely((node->marks & MARK_WRITTEN) != MARK_WRITTEN)) {
        time_mark_written(node);
    }
    if (offset < HEAD_MAX) {
        head_written(node, buf, (size_t)result, offset);
    }
    const int64_t end = offset + result;
    if (end > node->st.st_size || unlikely(!node->dense)) {
        regular_grew(node, offset, end);
    }
    return result;
}

uint64_t stream_changes;

/** Everything that is not an open regular file of sensible use. */
ssize_t file_read(struct file *file, void *buf, size_t count, int64_t offset)
{
    struct node *node = file->node;
    if (offset != NOWHERE && is_stream(file)) {
        return -ESPIPE;
    }
    if ((file->can & CAN_READ) == 0) {
        return -EBADF;
    }
    if ((ssize_t)count < 0 ||
        (offset != NOWHERE && (int64_t)count > INT64_MAX - offset)) {
        return -EINVAL;
    }
    if (S_ISDIR(node->st.st_mode)) {
        return -EISDIR;
    }
    if (file->special != NULL) {
        return file->special->read(file, buf, count);
    }
    if (node->pipe != NULL) {
        return pipe_read(file, buf, count);
    }
    count = count < IO_MAX ? count : IO_MAX;
    ssize_t result;
    if ((file->can & CAN_SEEK) != 0) {
        result = regular_read(node, buf, count,
                              offset == NOWHERE ? file->offset : offset, false);
        if (result > 0 && offset == NOWHERE) {
            file->offset += result;
        }
        return result;
    }
    const int error = wait_for_input(file);
    if (error != 0) {
        return error;
    }
    stream_changes++;
    return piece_read(node, buf, count, 0);
}

ssize_t file_write(struct file *file, const void *buf, size_t count, int64_t offset)
{
    struct node *node = file->node;
    if (offset != NOWHERE && is_stream(file)) {
        return -ESPIPE;
    }
    if ((file->can & CAN_WRITE) == 0) {
        return -EBADF;
    }
    if ((ssize_t)count < 0) {
        return -EINVAL;
    }
    if (file->special != NULL) {
        return file->special->write(file, buf, count);
    }
    if (node->pipe != NULL) {
        return pipe_write(file, buf, count);
    }
    count = count < IO_MAX ? count : IO_MAX;
    ssize_t result;
    if ((file->can & CAN_SEEK) == 0) {
        stream_changes++;
        return piece_write(node, (void *)(uintptr_t)buf, count, 0);
    }
    int64_t at = offset == NOWHERE ? file->offset : offset;
    if ((file->flags & O_APPEND) != 0) {
        /* The size is asked for, not the times: a log would ask the clock for every line. */
        const int error = unlikely(node->stale != 0) ? node_refresh(node) : 0;
        if (error != 0) {
            return error;
        }
        if ((int64_t)count > INT64_MAX - at) {
            return -EINVAL;
        }
        at = node->st.st_size;
        if (at == INT64_MAX && count > 0) {
            return -EFBIG;
        }
        if ((int64_t)count > INT64_MAX - at) {
            count = (size_t)(INT64_MAX - at);
        }
    }
    if (count == 0) {
        return 0;
    }
    result = regular_write(node, buf, count, at);
    if (result > 0 && offset == NOWHERE) {
        file->offset = at + result;
    }
    return result;
}

/** Whether @file is read without further ado. */
static inline bool plain_read(const struct file *file, size_t count)
{
    return likely((file->can & GOOD_READ) == GOOD_READ && count <= IO_MAX);
}

static inline bool plain_write(const struct file *file, size_t count)
{
    return likely((file->can & GOOD_WRITE) == GOOD_WRITE && count - 1 < IO_MAX &&
                  (file->flags & O_APPEND) == 0);
}

/** Reads at @offset, and leaves the description's offset behind what was read. */
static inline ssize_t read_on(struct file *file, void *buf, size_t count,
                              int64_t offset, int caller)
{
    file->offset = offset;
    const ssize_t result =
        regular_read(file->node, buf, count, offset, cubicle_out_is_copy(caller));
    if (likely(result > 0)) {
        file->offset = offset + result;
    }
    return result;
}

static inline ssize_t write_on(struct file *file, const void *buf, size_t count,
                               int64_t offset)
{
    file->offset = offset;
    const ssize_t result = regular_write(file->node, buf, count, offset);
    if (likely(result > 0)) {
        file->offset = offset + result;
    }
    return result;
}

ssize_t vfs_read(int fd, void *buf, size_t count, int caller)
{
    struct file *file = file_of(fd, caller);
    if (unlikely(file == NULL)) {
        return -EBADF;
    }
    return plain_read(file, count) ? read_on(file, buf, count, file->offset, caller)
                                   : file_read(file, buf, count, NOWHERE);
}

ssize_t vfs_pread(int fd, void *buf, size_t count, int64_t offset, int caller)
{
    struct file *file = file_of(fd, caller);
    if (unlikely(offset < 0 || file == NULL)) {
        return offset < 0 ? -EINVAL : -EBADF;
    }
    return plain_read(file, count) ? regular_read(file->node, buf, count, offset,
                                                  cubicle_out_is_copy(caller))
                                   : file_read(file, buf, count, offset);
}

ssize_t vfs_write(int fd, const void *buf, size_t count, int caller)
{
    struct file *file = file_of(fd, caller);
    if (unlikely(file == NULL)) {
        return -EBADF;
    }
    return plain_write(file, count) ? write_on(file, buf, count, file->offset)
                                    : file_write(file, buf, count, NOWHERE);
}

ssize_t vfs_pwrite(int fd, const void *buf, size_t count, int64_t offset, int caller)
{
    struct file *file = file_of(fd, caller);
    if (unlikely(offset < 0 || file == NULL)) {
        return offset < 0 ? -EINVAL : -EBADF;
    }
    return plain_write(file, count) ? regular_write(file->node, buf, count, offset)
                                    : file_write(file, buf, count, offset);
}

ssize_t vfs_seek_read(int fd, void *buf, size_t count, int64_t offset, int caller)
{
    struct file *file = file_of(fd, caller);
    if (likely(file != NULL && offset >= 0 && plain_read(file, count))) {
        return read_on(file, buf, count, offset, caller);
    }
    const int64_t result = vfs_lseek(fd, offset, SEEK_SET, caller);
    return result < 0 ? result : vfs_read(fd, buf, count, caller);
}

ssize_t vfs_seek_write(int fd, const void *buf, size_t count, int64_t offset,
                       int caller)
{
    struct file *file = file_of(fd, caller);
    if (likely(file != NULL && offset >= 0 && plain_write(file, count))) {
        return write_on(file, buf, count, offset);
    }
    const int64_t result = vfs_lseek(fd, offset, SEEK_SET, caller);
    return result < 0 ? result : vfs_write(fd, buf, count, caller);
}
