/*
 * Sockets of the network stack: descriptors for its handles. Programs send and receive at the stack itself; read(2) and
 * write(2) that come here are passed on.
 */
#include "core.h"

#include <cubicle/out.h>

#include <sys/socket.h>

#define NEW_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)
#define DOMAIN_MAX 255 /* what a file has room for */
#define TYPE_MAX 255
/* At the application's end: how long nothing may be acknowledged, and how long it takes at most. */
#define QUIET_NS INT64_C(5000000000)
#define DRAIN_NS INT64_C(60000000000)

struct stack stack;

static ssize_t socket_read(struct file *file, void *buf, size_t count)
{
    ssize_t result;
    count = count < IO_MAX ? count : IO_MAX;
    PROVIDER(result, stack.ops.socket_receive(file->socket.handle, buf, count, 0, 0));
    return stack_checked(result, count);
}

ssize_t socket_file_send(const struct file *file, const void *buf, size_t count,
                         int flags)
{
    ssize_t result;
    count = count < IO_MAX ? count : IO_MAX;
    PROVIDER(result, stack.ops.socket_send(file->socket.handle, buf, count,
                                           flags | MSG_NOSIGNAL, 0));
    if (unlikely(result == 0 && count != 0)) {
        return -EIO; /* programs would try again for ever */
    }
    return stack_checked(result, count);
}

static ssize_t socket_write(struct file *file, const void *buf, size_t count)
{
    return socket_file_send(file, buf, count, 0);
}

static int socket_file_poll(const struct file *file)
{
    int result;
    PROVIDER(result, stack.ops.socket_poll(file->socket.handle, 0));
    if (result < 0) {
        return result == -EINTR ? 0 : POLLERR | POLLHUP | POLLIN | POLLOUT;
    }
    int ready = result & (POLLIN | POLLPRI | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
    ready |= (ready & POLLIN) != 0 ? POLLRDNORM : 0;
    ready |= (ready & POLLOUT) != 0 ? POLLWRNORM : 0;
    return ready;
}

/** The stack does not say; what is ready is told each time. */
static uint64_t socket_changes(const struct file *file)
{
    static uint64_t looks;
    (void)file;
    return ++looks;
}

static int64_t socket_file_readable(const struct file *file)
{
    int64_t result;
    PROVIDER(result, stack.ops.socket_readable(file->socket.handle, 0));
    return stack_checked(result, INT_MAX);
}

static void socket_file_close(struct file *file)
{
    int ignored; /* a stack that has lost it is as good */
    stack.nsockets--;
    PROVIDER(ignored, stack.ops.socket_close(file->socket.handle, 0));
    (void)ignored;
}

const struct special special_socket = {
    .read = socket_read,
    .write = socket_write,
    .poll = socket_file_poll,
    .changes = socket_changes,
    .readable = socket_file_readable,
    .close = socket_file_close,
    .mode = S_IFSOCK | 0777,
};

int socket_flags_changed(const struct file *file)
{
    int result;
    PROVIDER(result, stack.ops.socket_set_flags(file->socket.handle,
                                                (int)file->flags & O_NONBLOCK, 0));
    return (int)stack_checked(result, 0);
}

/** A descriptor for @handle, which the stack just gave; closes it where that fails. */
static int socket_install(struct client *client, int handle, int domain, int type,
                          int protocol)
{
    struct file *file = special_new(&special_socket, (uint32_t)type & SOCK_NONBLOCK);
    if (file == NULL) {
        int ignored;
        PROVIDER(ignored, stack.ops.socket_close(handle, 0));
        (void)ignored;
        return -ENOMEM;
    }
    stack.nsockets++;
    file->socket.handle = handle;
    file->socket.domain = (uint8_t)domain;
    file->socket.type = (uint8_t)(type & ~NEW_FLAGS);
    file->socket.protocol = (uint16_t)protocol;
    return special_install(client, file, (type & SOCK_CLOEXEC) != 0);
}

/** A handle that the stack gave, > 0, or an error. */
static int handle_checked(int handle)
{
    return likely(handle > 0) ? handle
           : handle == 0      ? -EIO
                              : (int)stack_checked(handle, 0);
}

static void socket_tell(const struct file *file, struct vfs_socket *told)
{
    *told = (struct vfs_socket){.handle = file->socket.handle,
                                .domain = file->socket.domain,
                                .type = file->socket.type,
                                .protocol = file->socket.protocol};
    memcpy(told->stack, stack.name, sizeof(told->stack));
}

int vfs_socket(int domain, int type, int protocol, struct vfs_socket *told, int caller)
{
    struct client *client = client_get(caller);
    if (client == NULL) {
        return -EDEADLK;
    }
    const int vacant = client_vacant(client, 0);
    if (vacant < 0) {
        return vacant;
    }
    if (!stack.bound || domain < 0 || domain > DOMAIN_MAX) {
        return -EAFNOSUPPORT;
    }
    if (type < 0 || (type & ~NEW_FLAGS) > TYPE_MAX || protocol < 0 ||
        protocol > UINT16_MAX) {
        return (type & ~NEW_FLAGS) > TYPE_MAX || type < 0 ? -EINVAL : -EPROTONOSUPPORT;
    }
    int handle;
    PROVIDER(handle, stack.ops.socket_create(domain, type & ~SOCK_CLOEXEC, protocol,
                                             client_id(client), 0));
    handle = handle_checked(handle);
    if (handle < 0) {
        return handle;
    }
    const int fd = socket_install(client, handle, domain, type, protocol);
    if (fd >= 0) {
        socket_tell(client->files[fd], told);
    }
    return fd;
}

int vfs_socket_handle(int fd, struct vfs_socket *told, int caller)
{
    const struct file *file = file_of(fd, caller);
    if (file == NULL) {
        return -EBADF;
    }
    if (file->special == &special_socket) {
        socket_tell(file, told);
        return 0;
    }
    if (file->special == &special_pair) {
        *told = (struct vfs_socket){.domain = AF_UNIX, .type = pair_type(file)};
        return 0;
    }
    return -ENOTSOCK;
}

int vfs_accept4(int fd, int flags, struct vfs_accepted *accepted, int caller)
{
    const struct file *file = file_of(fd, caller);
    if (file == NULL) {
        return -EBADF;
    }
    if ((flags & ~NEW_FLAGS) != 0) {
        return -EINVAL;
    }
    if (file->special != &special_socket) {
        return file->special == &special_pair ? -EINVAL : -ENOTSOCK;
    }
    struct client *client = &core.clients[caller];
    const int vacant = client_vacant(client, 0);
    if (vacant < 0) {
        return vacant;
    }
    struct socket_address peer = {0};
    int handle;
    PROVIDER(handle, stack.ops.socket_accept(file->socket.handle, flags & ~SOCK_CLOEXEC,
                                             &peer, 0));
    handle = handle_checked(handle);
    if (handle < 0) {
        return handle;
    }
    accepted->handle = handle;
    accepted->len = peer.len < sizeof(peer.bytes) ? peer.len : sizeof(peer.bytes);
    memcpy(accepted->bytes, peer.bytes, sizeof(accepted->bytes));
    return socket_install(client, handle, file->socket.domain,
                          file->socket.type | flags, file->socket.protocol);
}

/** Has the stack use the device. -EBUSY: it does already. */
static int stack_start(void)
{
    if (stack.device[0] == '\0') {
        return 0;
    }
    int result;
    PROVIDER(result, stack.ops.socket_start(stack.device, stack.options));
    return checked(result);
}

int vfs_network(const char *name, const char *device, const char *options, int caller)
{
    struct socket_ops ops;
    if (client_get(caller) == NULL) {
        return -EDEADLK;
    }
    if (strnlen(name, sizeof(stack.name)) == sizeof(stack.name) ||
        strnlen(device, sizeof(stack.device)) == sizeof(stack.device) ||
        strnlen(options, sizeof(stack.options)) == sizeof(stack.options)) {
        return -ENAMETOOLONG;
    }
    if (stack.bound && strcmp(stack.name, name) != 0) {
        return -EBUSY;
    }
    if (socket_bind(&ops, name) != 0) {
        return -ENODEV;
    }
    stack.ops = ops;
    stack.bound = true;
    strcpy(stack.name, name);
    strcpy(stack.device, device);
    strcpy(stack.options, options);
    return stack_start();
}

int vfs_network_end(int caller)
{
    int result = 0;
    if (client_get(caller) == NULL) {
        return -EDEADLK;
    }
    if (stack.bound) {
        clients_close(&special_socket);
        PROVIDER(result, stack.ops.socket_drain(QUIET_NS, DRAIN_NS));
    }
    return (int)stack_checked(result, 0);
}

void socket_mend(void)
{
    if (stack.bound) {
        (void)stack_start(); /* programs will find out */
    }
}
