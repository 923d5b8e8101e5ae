/*
 * socketpair(2): two sockets that are connected, AF_UNIX. Each end has a ring of what was sent to it; datagrams lie in it
 * behind their sizes. Nobody else runs while a call waits: one that would is EAGAIN or EDEADLK.
 */
#include "core.h"

#include <cubicle/in.h>

#include <stdlib.h>
#include <sys/socket.h>

#define RING_SIZE 131072u /* a power of 2 */
#define NEW_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)
#define SEND_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL | MSG_EOR)
#define RECEIVE_FLAGS                                                       \
    (MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC | MSG_WAITALL | MSG_CMSG_CLOEXEC | \
     MSG_NOSIGNAL)

typedef uint32_t record; /* size of a datagram, in front of it */

struct end {
    struct end *peer; /* NULL: closed */
    char *ring;       /* allocated with the first byte sent here */
    uint32_t head, used;
    int32_t type;
    bool no_read, no_write; /* shut down */
    uint64_t changes;
};

static struct end *end_of(const struct file *file)
{
    return file->object;
}

int pair_type(const struct file *file)
{
    return end_of(file)->type;
}

static bool end_has_records(const struct end *end)
{
    return end->type != SOCK_STREAM;
}

/** Puts @count bytes behind the last ones, @at of which are there. */
static int ring_put(const struct end *end, uint32_t at, const char *from,
                    uint32_t count)
{
    const uint32_t tail = (end->head + end->used + at) & (RING_SIZE - 1);
    const uint32_t first = count < RING_SIZE - tail ? count : RING_SIZE - tail;
    return cubicle_in_copy(end->ring + tail, from, first) != 0 ||
                   cubicle_in_copy(end->ring, from + first, count - first) != 0
               ? -EFAULT
               : 0;
}

static void ring_get(const struct end *end, uint32_t at, void *to, uint32_t count)
{
    const uint32_t head = (end->head + at) & (RING_SIZE - 1);
    const uint32_t first = count < RING_SIZE - head ? count : RING_SIZE - head;
    memcpy(to, end->ring + head, first);
    memcpy((char *)to + first, end->ring, count - first);
}

static void ring_skip(struct end *end, uint32_t count)
{
    end->head = (end->head + count) & (RING_SIZE - 1);
    end->used -= count;
    end->changes++;
    if (end->peer != NULL) {
        end->peer->changes++;
    }
}

static int pair_would_block(const struct file *file, int flags)
{
    return (flags & MSG_DONTWAIT) != 0 ? -EAGAIN : would_block(file);
}

static ssize_t pair_send(struct file *file, const void *buf, size_t count, int flags)
{
    struct end *end = end_of(file);
    struct end *to = end->peer;
    const bool records = end_has_records(end);
    if ((flags & ~SEND_FLAGS) != 0) {
        return -EOPNOTSUPP;
    }
    if (end->no_write || to == NULL || to->no_read) {
        return end->type == SOCK_DGRAM && !end->no_write ? -ECONNREFUSED : -EPIPE;
    }
    if (count == 0 && !records) {
        return 0;
    }
    if (records && count > RING_SIZE - sizeof(record)) {
        return -EMSGSIZE;
    }
    if (to->ring == NULL && (to->ring = malloc(RING_SIZE)) == NULL) {
        return -ENOMEM;
    }
    const uint32_t room = RING_SIZE - to->used;
    if (records ? room < count + sizeof(record) : room == 0) {
        return pair_would_block(file, flags);
    }
    const uint32_t size = (uint32_t)(count < room ? count : room);
    const uint32_t front = records ? sizeof(record) : 0;
    const record length = size;
    int error = ring_put(to, front, buf, size);
    if (error == 0 && records) {
        error = ring_put(to, 0, (const char *)&length, sizeof(length));
    }
    if (error != 0) {
        return error;
    }
    to->used += front + size;
    to->changes++;
    return size;
}

static ssize_t pair_receive(struct file *file, void *buf, size_t count, int flags,
                            uint64_t *size)
{
    struct end *end = end_of(file);
    const bool records = end_has_records(end);
    *size = 0;
    if ((flags & ~RECEIVE_FLAGS) != 0) {
        return -EOPNOTSUPP;
    }
    if (end->used == 0) {
        const bool over = end->no_read || end->peer == NULL || end->peer->no_write;
        /* Datagrams have no end. */
        return over && (end->type != SOCK_DGRAM || end->no_read)
                   ? 0
                   : pair_would_block(file, flags);
    }
    uint32_t length = end->used;
    uint32_t front = 0;
    if (records) {
        record first;
        ring_get(end, 0, &first, sizeof(first));
        length = first;
        front = sizeof(first);
    }
    const uint32_t taken = (uint32_t)(count < length ? count : length);
    ring_get(end, front, buf, taken);
    if ((flags & MSG_PEEK) == 0) {
        ring_skip(end, front + (records ? length : taken));
    }
    *size = records ? length : taken;
    return taken;
}

static ssize_t pair_read(struct file *file, void *buf, size_t count)
{
    uint64_t ignored;
    return pair_receive(file, buf, count, 0, &ignored);
}

static ssize_t pair_write(struct file *file, const void *buf, size_t count)
{
    return pair_send(file, buf, count, 0);
}

static int pair_poll(const struct file *file)
{
    const struct end *end = end_of(file);
    const struct end *to = end->peer;
    const bool stream = end->type != SOCK_DGRAM;
    const bool no_more = end->no_read || (stream && (to == NULL || to->no_write));
    int ready = end->used > 0 || no_more ? POLLIN | POLLRDNORM : 0;
    ready |= no_more ? POLLRDHUP : 0;
    ready |= no_more && (end->no_write || to == NULL || to->no_read) ? POLLHUP : 0;
    ready |= to == NULL || RING_SIZE - to->used >= PIPE_BUF ? POLLOUT | POLLWRNORM : 0;
    return ready;
}

static uint64_t pair_changes(const struct file *file)
{
    return end_of(file)->changes;
}

static int64_t pair_readable(const struct file *file)
{
    const struct end *end = end_of(file);
    if (end->used == 0 || !end_has_records(end)) {
        return end->used;
    }
    record first;
    ring_get(end, 0, &first, sizeof(first));
    return first;
}

static void pair_close(struct file *file)
{
    struct end *end = end_of(file);
    if (end->peer != NULL) {
        end->peer->peer = NULL;
        end->peer->changes++;
    }
    free(end->ring);
    free(end);
}

const struct special special_pair = {
    .read = pair_read,
    .write = pair_write,
    .poll = pair_poll,
    .changes = pair_changes,
    .readable = pair_readable,
    .close = pair_close,
    .mode = S_IFSOCK | 0777,
};

/** One end, with a descriptor. */
static int pair_end(struct client *client, int type, struct end **made)
{
    struct end *end = calloc(1, sizeof(*end));
    struct file *file = end == NULL ? NULL : special_new(&special_pair, (uint32_t)type);
    if (file == NULL) {
        free(end);
        return -ENOMEM;
    }
    end->type = type & ~NEW_FLAGS;
    file->object = end;
    *made = end;
    return special_install(client, file, (type & SOCK_CLOEXEC) != 0);
}

int vfs_socketpair(int domain, int type, int protocol, int *fds, int caller)
{
    struct client *client = client_get(caller);
    const int kind = type & ~NEW_FLAGS;
    if (client == NULL) {
        return -EDEADLK;
    }
    if (domain != AF_UNIX) {
        return domain == AF_INET || domain == AF_INET6 ? -EOPNOTSUPP : -EAFNOSUPPORT;
    }
    if (kind != SOCK_STREAM && kind != SOCK_DGRAM && kind != SOCK_SEQPACKET) {
        return -ESOCKTNOSUPPORT;
    }
    if (protocol != 0 && protocol != AF_UNIX) {
        return -EPROTONOSUPPORT;
    }
    struct end *ends[2];
    const int first = pair_end(client, type, &ends[0]);
    if (first < 0) {
        return first;
    }
    const int second = pair_end(client, type, &ends[1]);
    if (second < 0) {
        client_close(client, first, client->files[first]);
        return second;
    }
    ends[0]->peer = ends[1];
    ends[1]->peer = ends[0];
    fds[0] = first;
    fds[1] = second;
    return 0;
}

static struct file *pair_of(int fd, int caller, int *error)
{
    struct file *file = file_of(fd, caller);
    if (file == NULL || file->special != &special_pair) {
        *error = file == NULL ? -EBADF : -ENOTSOCK;
        return NULL;
    }
    return file;
}

ssize_t vfs_send(int fd, const void *buf, size_t count, int flags, int caller)
{
    int error = 0;
    struct file *file = pair_of(fd, caller, &error);
    return file == NULL ? error : pair_send(file, buf, count, flags);
}

ssize_t vfs_receive(int fd, void *buf, size_t count, int flags, uint64_t *size,
                    int caller)
{
    int error = 0;
    struct file *file = pair_of(fd, caller, &error);
    return file == NULL ? error : pair_receive(file, buf, count, flags, size);
}

int vfs_shutdown(int fd, int how, int caller)
{
    int error = 0;
    const struct file *file = pair_of(fd, caller, &error);
    if (file == NULL) {
        return error;
    }
    struct end *end = end_of(file);
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) {
        return -EINVAL;
    }
    end->no_read |= how != SHUT_WR;
    end->no_write |= how != SHUT_RD;
    end->changes++;
    if (end->peer != NULL) {
        end->peer->changes++;
    }
    return 0;
}
