/* sendfile(2), splice(2) and FIONREAD: bytes from one descriptor to another by way of a buffer. */
#include "core.h"

#include <sys/socket.h>

#define BUFFER_SIZE 65536u
#define NOWHERE (-1)
#define SPLICE_FLAGS 15 /* SPLICE_F_*: hints, and NONBLOCK, which nothing here needs */

static char buffer[BUFFER_SIZE] __attribute__((aligned(4096)));

int64_t vfs_readable(int fd, int caller)
{
    const struct file *file = file_of(fd, caller);
    if (file == NULL) {
        return -EBADF;
    }
    if ((file->flags & O_PATH) != 0) {
        return -EBADF;
    }
    if (file->special != NULL) {
        return file->special->readable(file);
    }
    if (file->node->pipe != NULL) {
        return pipe_used(file);
    }
    if ((file->can & CAN_SEEK) == 0) {
        return -ENOTTY;
    }
    const int error = node_stat(file->node);
    if (error != 0) {
        return error;
    }
    /* Behind the end there is nothing; what is less than 0 would be an error. */
    return file->node->st.st_size > file->offset ? file->node->st.st_size - file->offset
                                                 : 0;
}

/** Writes @count bytes of memory of ours; @more of them will follow. */
static ssize_t put(struct file *out, const char *from, size_t count, int64_t offset,
                   bool more)
{
    return out->special == &special_socket
               ? socket_file_send(out, from, count, more ? MSG_MORE : 0)
               : file_write(out, from, count, offset);
}

/** From *@offset on, which moves, of a file all of whose bytes are @bytes, to @out. */
static ssize_t send_kept(struct file *out, const char *bytes, size_t size,
                         int64_t *offset, size_t count, int64_t out_offset)
{
    if (*offset >= (int64_t)size || count == 0) {
        return 0;
    }
    const size_t left = size - (size_t)*offset;
    const ssize_t gone =
        put(out, bytes + *offset, left < count ? left : count, out_offset, false);
    *offset += gone > 0 ? gone : 0;
    return gone;
}

/** From @in, which has positions, to @out, from *@offset on, which moves. */
static ssize_t send_regular(struct file *out, struct file *in, int64_t *offset,
                            size_t count, int64_t out_offset)
{
    size_t size;
    const char *kept = kept_bytes(in->node, &size);
    if (kept != NULL) {
        return send_kept(out, kept, size, offset, count, out_offset);
    }
    size_t done = 0;
    while (done < count) {
        const size_t want = count - done < BUFFER_SIZE ? count - done : BUFFER_SIZE;
        const ssize_t got = file_read(in, buffer, want, *offset);
        if (got <= 0) {
            if (done != 0 && out->special == &special_socket) {
                (void)socket_file_send(out, buffer, 0, 0); /* nothing follows */
            }
            return done != 0 ? (ssize_t)done : got;
        }
        const ssize_t gone =
            put(out, buffer, (size_t)got,
                out_offset == NOWHERE ? NOWHERE : out_offset + (int64_t)done,
                (size_t)got == want && done + (size_t)got < count);
        if (gone <= 0) {
            return done != 0 ? (ssize_t)done : gone;
        }
        *offset += gone;
        done += (size_t)gone;
        if (gone < got || (size_t)got < want) {
            break;
        }
    }
    return (ssize_t)done;
}

/** The same at @in's own offset, or at @offset. */
static ssize_t send_from(struct file *out, struct file *in, int64_t offset,
                         size_t count, int64_t out_offset)
{
    int64_t at = offset == NOWHERE ? in->offset : offset;
    const ssize_t result = send_regular(out, in, &at, count, out_offset);
    if (offset == NOWHERE) {
        in->offset = at;
    }
    return result;
}

static bool may_send(const struct file *out, const struct file *in)
{
    return (in->can & CAN_READ) != 0 && (out->can & CAN_WRITE) != 0;
}

ssize_t vfs_sendfile(int out_fd, int in_fd, int64_t offset, size_t count, int caller)
{
    struct file *in = file_of(in_fd, caller);
    struct file *out = file_of(out_fd, caller);
    if (in == NULL || out == NULL || !may_send(out, in)) {
        return -EBADF;
    }
    if (offset < NOWHERE || (in->can & CAN_SEEK) == 0 || (out->flags & O_APPEND) != 0) {
        return -EINVAL;
    }
    count = count < IO_MAX ? count : IO_MAX;
    return send_from(out, in, offset, count, NOWHERE);
}

/** Out of a pipe: what @out does not take stays in it. */
static ssize_t splice_out(struct file *in, struct file *out, int64_t offset,
                          size_t count)
{
    size_t done = 0;
    while (done < count) {
        uint32_t size;
        const char *from = pipe_peek(in, &size);
        if (size == 0) {
            break;
        }
        size = size < count - done ? size : (uint32_t)(count - done);
        const ssize_t gone =
            put(out, from, size, offset == NOWHERE ? NOWHERE : offset + (int64_t)done,
                done + size < count && pipe_used(in) > size);
        if (gone <= 0) {
            return done != 0 ? (ssize_t)done : gone;
        }
        pipe_skip(in, (uint32_t)gone);
        done += (size_t)gone;
        if (gone < (ssize_t)size) {
            break;
        }
    }
    /* It was empty: what a read would say. */
    return done != 0 || count == 0 ? (ssize_t)done : pipe_read(in, buffer, 1);
}

/** Into a pipe: no more is read than it takes. */
static ssize_t splice_in(struct file *in, struct file *out, int64_t offset,
                         size_t count)
{
    const uint32_t room = pipe_room(out);
    if (room == 0) {
        return would_block(out);
    }
    count = count < room ? count : room;
    if ((in->can & CAN_SEEK) != 0) {
        return send_from(out, in, offset, count, NOWHERE);
    }
    const ssize_t got =
        file_read(in, buffer, count < BUFFER_SIZE ? count : BUFFER_SIZE, NOWHERE);
    return got <= 0 ? got : pipe_write(out, buffer, (size_t)got);
}

static bool is_pipe(const struct file *file)
{
    return file->node->pipe != NULL && (file->flags & O_PATH) == 0;
}

ssize_t vfs_splice(int in_fd, int64_t in_offset, int out_fd, int64_t out_offset,
                   size_t count, int flags, int caller)
{
    struct file *in = file_of(in_fd, caller);
    struct file *out = file_of(out_fd, caller);
    if (in == NULL || out == NULL || !may_send(out, in)) {
        return -EBADF;
    }
    if ((flags & ~SPLICE_FLAGS) != 0 || in_offset < NOWHERE || out_offset < NOWHERE ||
        (!is_pipe(in) && !is_pipe(out)) || in->node->pipe == out->node->pipe) {
        return -EINVAL;
    }
    if ((is_pipe(in) && in_offset != NOWHERE) ||
        (is_pipe(out) && out_offset != NOWHERE)) {
        return -ESPIPE;
    }
    if ((in_offset != NOWHERE && (in->can & CAN_SEEK) == 0) ||
        (out_offset != NOWHERE && (out->can & CAN_SEEK) == 0) ||
        (out->flags & O_APPEND) != 0) {
        return -EINVAL;
    }
    count = count < IO_MAX ? count : IO_MAX;
    if (!is_pipe(in)) {
        return splice_in(in, out, in_offset, count);
    }
    if (is_pipe(out)) {
        const uint32_t room = pipe_room(out);
        count = count < room ? count : room;
        if (room == 0) {
            return would_block(out);
        }
    }
    return splice_out(in, out, out_offset, count);
}
