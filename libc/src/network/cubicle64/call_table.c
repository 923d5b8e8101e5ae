#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "../../internal/cubicle64/call_known.h"
#include "call_socket.h"
#include "call_sockets.h"

#define CHUNK 512 /* descriptors */

/* The loader's: an absolute symbol, 1 where no other module is in the cubicle. */
extern const char __cubicle_alone[];

struct socket_ops __call_stack;
static char stack_name[64];

static struct call_socket *chunks[CALL_FD_MAX / CHUNK];

struct call_socket *__call_socket_entry(int fd)
{
    if ((unsigned)fd >= CALL_FD_MAX || !chunks[fd / CHUNK]) {
        return 0;
    }
    struct call_socket *s = &chunks[fd / CHUNK][fd % CHUNK];
    return s->type ? s : 0;
}

static int is_socket(int fd)
{
    return __call_socket_entry(fd) != 0;
}

static void forget(int fd)
{
    struct call_socket *s = __call_socket_entry(fd);
    if (s) {
        s->type = 0;
        __call_cork_forget(fd);
    }
}

static void change(int fd)
{
    struct call_socket *s = __call_socket_entry(fd);
    if (s) {
        __call_cork_tell();
        s->may_wait = 1;
    }
}

static long read_socket(int fd, void *buf, unsigned long count)
{
    return __call_socket_receive(fd, __call_socket_entry(fd), buf, count, 0, 0);
}

static long write_socket(int fd, const void *buf, unsigned long count)
{
    return __call_socket_send(fd, __call_socket_entry(fd), buf, count, 0, 0, 0);
}

static long readv_socket(int fd, const struct iovec *iov, int count)
{
    return __call_socket_receivev(fd, iov, count, 0, 0);
}

static long writev_socket(int fd, const struct iovec *iov, int count)
{
    return __call_socket_sendv(fd, iov, count, 0, 0, 0);
}

static long sleep_in_stack(unsigned long ns)
{
    return stack_name[0] ? __call_stack.socket_wait(-1, ns, CALL_SELF) : -ENOTCONN;
}

static const struct call_sockets sockets = {is_socket,    read_socket, write_socket,  readv_socket,
                                            writev_socket, forget,      sleep_in_stack, change, __call_cork_tell};

/* Binds the network stack called @name. A program uses one stack only. */
static long stack_bind(const char *name)
{
    if (!memchr(name, '\0', sizeof stack_name) || name[0] == '\0') {
        return -EIO;
    }
    if (stack_name[0]) {
        return strcmp(name, stack_name) == 0 ? 0 : -EAFNOSUPPORT;
    }
    if (socket_bind(&__call_stack, name) != 0) {
        return -EAFNOSUPPORT;
    }
    strcpy(stack_name, name);
    return 0;
}

void __call_socket_put(int fd, const struct call_socket *socket)
{
    __call_sockets = &sockets;
    if ((unsigned)fd >= CALL_FD_MAX || !call_symbol(__cubicle_alone)) {
        return;
    }
    struct call_socket **chunk = &chunks[fd / CHUNK];
    if (!*chunk) {
        void *made = mmap(0, CHUNK * sizeof **chunk, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (made == MAP_FAILED) {
            return; /* vfs will be asked each time */
        }
        *chunk = made;
    }
    (*chunk)[fd % CHUNK] = *socket;
}

/* Checks @told, the answer of vfs about @fd, and binds the stack. */
static long told_socket(int fd, const struct vfs_socket *told, int may_wait,
                        struct call_socket *socket)
{
    if (told->handle < 0 || told->type <= 0) {
        return -EIO;
    }
    if (told->handle > 0) {
        const long error = stack_bind(told->stack);
        if (error) {
            return error;
        }
    }
    *socket = (struct call_socket){told->handle, told->type, told->domain, may_wait, 0, 0};
    __call_socket_put(fd, socket);
    return 0;
}

long __call_socket_get(int fd, struct call_socket *socket)
{
    const struct call_socket *known = __call_socket_entry(fd);
    if (known) {
        *socket = *known;
        return 0;
    }
    struct vfs_socket told;
    const long error = __call_zero(vfs_socket_handle(fd, &told, CALL_SELF));
    return error ? error : told_socket(fd, &told, 1, socket);
}

long __call_socket(int domain, int type, int protocol)
{
    struct vfs_socket told;
    struct call_socket socket;
    const long fd =
        __call_new(__call_fd(vfs_socket(domain, type, protocol, &told, CALL_SELF)));
    if (fd < 0) {
        return fd;
    }
    const long error = told_socket(fd, &told, !(type & SOCK_NONBLOCK), &socket);
    if (error) {
        __call_close(fd);
        return error;
    }
    return fd;
}

long __call_accept(int fd, void *address, unsigned *len, int flags)
{
    struct call_socket listening;
    struct vfs_accepted accepted;
    long r = __call_socket_get(fd, &listening);
    if (r < 0) {
        return r;
    }
    do {
        r = vfs_accept4(fd, flags, &accepted, CALL_SELF);
        r = r > 0 ? __call_fd(r) : r;
    } while (__call_again(&r));
    if (__call_new(r) < 0) {
        return r;
    }
    if (accepted.handle > 0) {
        listening.handle = accepted.handle;
        listening.may_wait = !(flags & SOCK_NONBLOCK);
        listening.corked = listening.more = 0;
        __call_socket_put(r, &listening);
    }
    struct socket_address peer = {.len = accepted.len < sizeof peer.bytes ? accepted.len
                                                                          : sizeof peer.bytes};
    memcpy(peer.bytes, accepted.bytes, sizeof peer.bytes);
    __call_address_out(&peer, address, len);
    return r;
}

long __call_socketpair(int domain, int type, int protocol, int *fds)
{
    int made[2];
    const long r = __call_zero(vfs_socketpair(domain, type, protocol, made, CALL_SELF));
    for (int i = 0; r == 0 && i < 2; i++) {
        if (__call_fd(made[i]) < 0) {
            return -EIO;
        }
        fds[i] = __call_new(made[i]);
        const struct call_socket socket = {0, type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), domain, 1, 0, 0};
        __call_socket_put(fds[i], &socket);
    }
    return r;
}
