/* Listeners that share a port (SO_REUSEPORT): only those that vfscore has made for the same program. */
#include "groups.h"

#include <netinet/in.h>

#if __has_include(<socket_ops.h>)
#include <cubicle.h>
#include <socket_ops.h>

/* A cubicle that may use the stack can make a socket in anybody's name. It must not get that one's connections. */
static void steal(const struct sockaddr_in *at, int type)
{
    const int on = 1;
    struct socket_ops stack;
    if (cubicle_find("lwip") <= 0) {
        return; /* plain calls: nothing is isolated */
    }
    CHECK_INT(socket_bind(&stack, "lwip"), 0);
    const int thief = stack.socket_create(AF_INET, type, 0, cubicle_self(), 0);
    CHECK(thief > 0);
    CHECK_INT(
        stack.socket_set_option(thief, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on), 0),
        0);
    CHECK_INT(stack.socket_bind_name(thief, at, sizeof(*at), 0), -EADDRINUSE);
    stack.socket_close(thief, 0);
}
#else
static void steal(const struct sockaddr_in *at, int type)
{
    (void)type;
    (void)at; /* Linux asks for the same user */
}
#endif

static int bound(in_addr_t host, in_port_t port, struct sockaddr_in *at)
{
    socklen_t len = sizeof(*at);
    const int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    *at = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = host};
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    CHECK_INT(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
    CHECK_INT(getsockname(fd, (struct sockaddr *)at, &len), 0);
    return fd;
}

/* Both have the port before either listens: one of them gets it, however exact the other's address is. */
static void test_overlap(void)
{
    struct sockaddr_in at, all;
    const int exact = bound(htonl(INADDR_LOOPBACK), 0, &at);
    const int any = bound(htonl(INADDR_ANY), at.sin_port, &all);
    CHECK_INT(listen(any, 16), 0);
    CHECK_ERROR(listen(exact, 16), EADDRINUSE);
    close(any);
    CHECK_INT(listen(exact, 16), 0);
    close(exact);
}

/* Listeners of one program share a port, and so may its datagram sockets. */
static void test_shared(int type)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    const int on = 1;
    const int first = socket(AF_INET, type, 0);
    const int second = socket(AF_INET, type, 0);
    CHECK_INT(setsockopt(first, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
    CHECK_INT(setsockopt(second, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
    CHECK_INT(bind(first, (struct sockaddr *)&at, sizeof(at)), 0);
    if (type == SOCK_STREAM) {
        CHECK_INT(listen(first, 16), 0);
    }
    CHECK_INT(getsockname(first, (struct sockaddr *)&at, &len), 0);
    CHECK_INT(bind(second, (struct sockaddr *)&at, sizeof(at)), 0);
    if (type == SOCK_STREAM) {
        CHECK_INT(listen(second, 16), 0);
    }
    steal(&at, type);
    close(first);
    close(second);
}

void test_shared_port(void)
{
    test_shared(SOCK_STREAM);
    test_shared(SOCK_DGRAM);
    test_overlap();
}
