/*
 * TCP_CORK, put off. Servers cork a connection before an answer and uncork it behind the answer.
 * The data that they send on a socket which does not wait leaves when the server waits
 * (interfaces/socket.h). A cork that is removed before that has no effect, so the network stack is
 * not told of it.
 *
 * 1. At most one cork is pending. Its descriptor was made by socket() or accept4() with
 *    SOCK_NONBLOCK, is the only one of its socket, and the stack holds back no data of it.
 * 2. The stack is told of it before a wait in epoll, poll or sleep, and when a send was cut short
 *    or said that more follows. In other waits, which a server of many connections does not do,
 *    data may leave in a segment that is not full.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "call_socket.h"

#define NONE (-1)

static int pending = NONE; /* the descriptor */

void __call_cork_tell(void)
{
    const int fd = pending, on = 1;
    if (fd == NONE) {
        return;
    }
    pending = NONE;
    struct call_socket *s = __call_socket_entry(fd);
    s->corked = 1;
    __call_stack.socket_set_option(s->handle, IPPROTO_TCP, TCP_CORK, &on, sizeof on, CALL_SELF);
}

void __call_cork_sent(int fd, int more)
{
    struct call_socket *s = __call_socket_entry(fd);
    __call_cork_tell();
    if (s) {
        s->more = more;
    }
}

void __call_cork_forget(int fd)
{
    pending = pending == fd ? NONE : pending;
}

int __call_cork(int fd, int on)
{
    struct call_socket *s = __call_socket_entry(fd);
    if (!s || s->may_wait || s->type != SOCK_STREAM) {
        return 0;
    }
    if (pending == fd) {
        pending = on ? fd : NONE;
        return 1;
    }
    if (!on || s->corked || s->more) {
        s->corked = on;
        return 0;
    }
    __call_cork_tell();
    pending = fd;
    return 1;
}
