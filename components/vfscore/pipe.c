/*
 * Pipes, with and without a name. Nobody else runs while a call waits: where a pipe
 * would block, O_NONBLOCK is answered EAGAIN and a blocking descriptor EDEADLK, since
 * waiting could never end.
 */
#include "core.h"

#include <cubicle/in.h>

#include <poll.h>
#include <stdlib.h>

#define PIPE_SIZE 65536u /* a power of 2 */

struct pipe {
    char *data; /* allocated with the first write */
    uint32_t head, used;
    uint32_t readers, writers;
    uint64_t changes;
};

static uint32_t min_u32(size_t a, size_t b)
{
    return (uint32_t)(a < b ? a : b);
}

static struct pipe *pipe_of(struct node *node)
{
    if (node->pipe == NULL) {
        node->pipe = calloc(1, sizeof(*node->pipe));
    }
    return node->pipe;
}

int pipe_open(struct node *node, uint32_t flags)
{
    struct pipe *pipe = pipe_of(node);
    const bool wait = (flags & O_NONBLOCK) == 0;
    if (pipe == NULL) {
        return -ENOMEM;
    }
    switch (flags & O_ACCMODE) {
    case O_RDONLY:
        if (wait && pipe->writers == 0) {
            return -EDEADLK;
        }
        break;
    case O_WRONLY:
        if (pipe->readers == 0) {
            return wait ? -EDEADLK : -ENXIO;
        }
        break;
    case O_RDWR:
        break;
    default:
        return -EINVAL;
    }
    pipe->readers += flags_read(flags);
    pipe->writers += flags_write(flags);
    pipe->changes++;
    return 0;
}

void pipe_close(struct node *node, uint32_t flags)
{
    struct pipe *pipe = node->pipe;
    pipe->readers -= flags_read(flags);
    pipe->writers -= flags_write(flags);
    pipe->changes++;
    if (pipe->readers == 0 && pipe->writers == 0) {
        pipe_free(node);
    }
}

void pipe_free(struct node *node)
{
    free(node->pipe->data);
    free(node->pipe);
    node->pipe = NULL;
}

ssize_t pipe_read(struct file *file, void *buf, size_t count)
{
    struct pipe *pipe = file->node->pipe;
    if (count == 0) {
        return 0;
    }
    if (pipe->used == 0) {
        return pipe->writers == 0 ? 0 : would_block(file);
    }
    const uint32_t total = min_u32(count, pipe->used);
    const uint32_t first = min_u32(total, PIPE_SIZE - pipe->head);
    memcpy(buf, pipe->data + pipe->head, first);
    memcpy((char *)buf + first, pipe->data, total - first);
    pipe_skip(file, total);
    return total;
}

ssize_t pipe_write(struct file *file, const void *buf, size_t count)
{
    struct pipe *pipe = file->node->pipe;
    if (count == 0) {
        return 0;
    }
    if (pipe->readers == 0) {
        return -EPIPE;
    }
    if (pipe->data == NULL) {
        pipe->data = malloc(PIPE_SIZE);
        if (pipe->data == NULL) {
            return -ENOMEM;
        }
    }
    const uint32_t room = PIPE_SIZE - pipe->used;
    if (room == 0 || (count <= PIPE_BUF && count > room)) {
        return would_block(file);
    }
    const uint32_t total = min_u32(count, room);
    const uint32_t tail = (pipe->head + pipe->used) & (PIPE_SIZE - 1);
    const uint32_t first = min_u32(total, PIPE_SIZE - tail);
    if (cubicle_in_copy(pipe->data + tail, buf, first) != 0 ||
        cubicle_in_copy(pipe->data, (const char *)buf + first, total - first) != 0) {
        return -EFAULT;
    }
    pipe->used += total;
    pipe->changes++;
    time_mark(file->node, MARK_WRITTEN);
    return total;
}

int pipe_poll(const struct file *file)
{
    const struct pipe *pipe = file->node->pipe;
    int ready = 0;
    if ((file->can & CAN_READ) != 0) {
        ready |= pipe->used > 0 ? POLLIN | POLLRDNORM : 0;
        ready |= pipe->writers == 0 ? POLLHUP : 0;
    }
    if ((file->can & CAN_WRITE) != 0) {
        ready |= PIPE_SIZE - pipe->used >= PIPE_BUF ? POLLOUT | POLLWRNORM : 0;
        ready |= pipe->readers == 0 ? POLLERR : 0;
    }
    return ready;
}

uint64_t pipe_changes(const struct file *file)
{
    return file->node->pipe->changes;
}

uint32_t pipe_used(const struct file *file)
{
    return file->node->pipe->used;
}

uint32_t pipe_room(const struct file *file)
{
    return PIPE_SIZE - file->node->pipe->used;
}

const char *pipe_peek(const struct file *file, uint32_t *size)
{
    const struct pipe *pipe = file->node->pipe;
    *size = min_u32(pipe->used, PIPE_SIZE - pipe->head);
    return *size != 0 ? pipe->data + pipe->head : NULL;
}

void pipe_skip(struct file *file, uint32_t count)
{
    struct pipe *pipe = file->node->pipe;
    pipe->head = (pipe->head + count) & (PIPE_SIZE - 1);
    pipe->used -= count;
    pipe->changes++;
}

int64_t pipe_size(const struct node *node)
{
    return node->pipe == NULL ? -EBADF : (int64_t)PIPE_SIZE;
}

/** One end: a reference to @node each. */
static int pipe_end(struct client *client, struct node *node, uint32_t flags,
                    bool close_on_exec)
{
    node_get(node);
    struct file *file = file_new(node, flags);
    if (file == NULL) {
        node_put(node);
        return -ENOMEM;
    }
    node->pipe->readers += flags_read(flags);
    node->pipe->writers += flags_write(flags);
    file->flags = flags;
    const int fd = client_install(client, 0, file, close_on_exec);
    if (fd < 0) {
        file_put(file);
    }
    return fd;
}

int vfs_pipe2(int *fds, int flags, int caller)
{
    struct client *client = client_get(caller);
    if (client == NULL) {
        return -EDEADLK;
    }
    if ((flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) != 0) {
        return -EINVAL;
    }
    struct node *node = node_new_pipe();
    if (node == NULL || pipe_of(node) == NULL) {
        if (node != NULL) {
            node_put(node);
        }
        return -ENOMEM;
    }
    const bool close_on_exec = (flags & O_CLOEXEC) != 0;
    const uint32_t nonblock = (uint32_t)flags & O_NONBLOCK;
    const int reader = pipe_end(client, node, O_RDONLY | nonblock, close_on_exec);
    int error = reader;
    if (reader >= 0) {
        const int writer = pipe_end(client, node, O_WRONLY | nonblock, close_on_exec);
        error = writer;
        if (writer >= 0) {
            fds[0] = reader;
            fds[1] = writer;
            error = 0;
        } else {
            client_close(client, reader, client->files[reader]);
        }
    }
    node_put(node);
    return error < 0 ? error : 0;
}
