#include "stub_stack.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

struct stub_stack stub_stack;

static struct stub_socket *get(int handle)
{
    return !stub_stack.lost && handle > 0 && handle < STUB_SOCKETS &&
                   stub_stack.sockets[handle].open
               ? &stub_stack.sockets[handle]
               : NULL;
}

static int make(int owner, bool is_set)
{
    for (int i = 1; i < STUB_SOCKETS; i++) {
        if (!stub_stack.sockets[i].open) {
            stub_stack.sockets[i] =
                (struct stub_socket){.open = true, .owner = owner, .is_set = is_set};
            return i;
        }
    }
    return -ENFILE;
}

static int start(const char *device, const char *options)
{
    stub_stack.starts++;
    return strcmp(device, "device") == 0 && strcmp(options, "options") == 0 ? 0
                                                                            : -ENODEV;
}

static int create(int domain, int type, int protocol, int owner, int caller)
{
    (void)caller;
    if (domain != AF_INET) {
        return -EAFNOSUPPORT;
    }
    const int handle = make(owner, false);
    if (handle > 0) {
        stub_stack.sockets[handle].flags = type | protocol << 16;
    }
    return handle;
}

static int close_(int handle, int caller)
{
    struct stub_socket *socket = get(handle);
    (void)caller;
    if (socket == NULL) {
        return -EBADF;
    }
    socket->open = false;
    return 0;
}

static int set_flags(int handle, int flags, int caller)
{
    struct stub_socket *socket = get(handle);
    (void)caller;
    if (socket == NULL) {
        return -EBADF;
    }
    socket->flags = flags;
    return 0;
}

static int named(int handle, const void *address, size_t len, int caller)
{
    (void)address, (void)len, (void)caller;
    return get(handle) == NULL ? -EBADF : 0;
}

static int number(int handle, int how, int caller)
{
    (void)how, (void)caller;
    return get(handle) == NULL ? -EBADF : 0;
}

static int accept_(int handle, int flags, struct socket_address *peer, int caller)
{
    (void)caller;
    if (get(handle) == NULL) {
        return -EBADF;
    }
    const int made = make(stub_stack.sockets[handle].owner, false);
    if (made > 0) {
        stub_stack.sockets[made].flags = flags;
        *peer = (struct socket_address){.len = 16,
                                        .bytes = {AF_INET, 0, 1, 2, 127, 0, 0, 1}};
    }
    return made;
}

static ssize_t send_(int handle, const void *buf, size_t count, int flags, int caller)
{
    struct stub_socket *socket = get(handle);
    (void)caller;
    if (socket == NULL) {
        return -EBADF;
    }
    count = count < sizeof(socket->sent) ? count : sizeof(socket->sent);
    memcpy(socket->sent, buf, count);
    socket->sent_size = count;
    socket->sent_flags = flags;
    return (ssize_t)count;
}

static ssize_t receive(int handle, void *buf, size_t count, int flags, int caller)
{
    struct stub_socket *socket = get(handle);
    (void)flags, (void)caller;
    if (socket == NULL) {
        return -EBADF;
    }
    count = count < socket->received_size ? count : socket->received_size;
    memcpy(buf, socket->received, count);
    socket->received_size = 0;
    return (ssize_t)count;
}

static ssize_t receive_from(int handle, void *buf, size_t count, int flags,
                            struct socket_message *message, int caller)
{
    memset(message, 0, sizeof(*message));
    return receive(handle, buf, count, flags, caller);
}

static int get_name(int handle, int peer, struct socket_address *name, int caller)
{
    (void)peer, (void)caller;
    memset(name, 0, sizeof(*name));
    return get(handle) == NULL ? -EBADF : 0;
}

static int set_option(int handle, int level, int option, const void *value, size_t len,
                      int caller)
{
    (void)level, (void)option, (void)value, (void)len, (void)caller;
    return get(handle) == NULL ? -EBADF : 0;
}

static ssize_t get_option(int handle, int level, int option, void *value, size_t size,
                          int caller)
{
    (void)level, (void)option, (void)value, (void)size, (void)caller;
    return get(handle) == NULL ? -EBADF : 0;
}

static int64_t readable(int handle, int caller)
{
    const struct stub_socket *socket = get(handle);
    (void)caller;
    return socket == NULL ? -EBADF : (int64_t)socket->received_size;
}

static int poll_(int handle, int caller)
{
    const struct stub_socket *socket = get(handle);
    (void)caller;
    return socket == NULL ? -EBADF : (int)socket->ready;
}

static void wake(int64_t timeout_ns)
{
    stub_stack.waits++;
    stub_stack.waited_ns = timeout_ns;
    if (stub_stack.wakes != 0) {
        stub_stack.sockets[stub_stack.wakes].ready |= EPOLLIN;
        stub_stack.wakes = 0;
    }
}

static int wait_(int owner, int64_t timeout_ns, int caller)
{
    (void)owner, (void)caller;
    const int woken = stub_stack.wakes != 0;
    wake(timeout_ns);
    return woken;
}

static int set_create(int owner, int caller)
{
    (void)caller;
    return make(owner, true);
}

static int set_change(int set, int operation, int handle, uint32_t events,
                      uint64_t data, int caller)
{
    struct stub_socket *socket = get(handle);
    (void)caller;
    if (get(set) == NULL || socket == NULL) {
        return -EBADF;
    }
    if ((operation == EPOLL_CTL_ADD) != (socket->set != set)) {
        return operation == EPOLL_CTL_ADD ? -EEXIST : -ENOENT;
    }
    socket->set = operation == EPOLL_CTL_DEL ? 0 : set;
    socket->events = events;
    socket->data = data;
    return 0;
}

static ssize_t set_wait(int set, struct socket_event *events, size_t size,
                        int64_t timeout_ns, int caller)
{
    size_t count = 0;
    (void)caller;
    if (get(set) == NULL) {
        return -EBADF;
    }
    wake(timeout_ns);
    for (int i = 1; i < STUB_SOCKETS && (count + 1) * sizeof(*events) <= size; i++) {
        const struct stub_socket *socket = &stub_stack.sockets[i];
        const uint32_t bits = socket->ready & (socket->events | EPOLLERR | EPOLLHUP);
        if (socket->open && socket->set == set && bits != 0) {
            events[count++] =
                (struct socket_event){.events = bits, .data = socket->data};
        }
    }
    return (ssize_t)(count * sizeof(*events));
}

void stub_stack_start(void)
{
    if (stub_stack.ops.socket_start != NULL) {
        return;
    }
    stub_stack.ops = (struct socket_ops){
        .socket_start = start,
        .socket_create = create,
        .socket_close = close_,
        .socket_set_flags = set_flags,
        .socket_bind_name = named,
        .socket_listen = number,
        .socket_accept = accept_,
        .socket_connect = named,
        .socket_shutdown = number,
        .socket_send = send_,
        .socket_receive = receive,
        .socket_receive_from = receive_from,
        .socket_get_name = get_name,
        .socket_set_option = set_option,
        .socket_get_option = get_option,
        .socket_readable = readable,
        .socket_poll = poll_,
        .socket_wait = wait_,
        .socket_set_create = set_create,
        .socket_set_change = set_change,
        .socket_set_wait = set_wait,
    };
}
