/* UDP. */
#include "net.h"

#include <netinet/udp.h>

static int bound(int *port)
{
    struct sockaddr_in name = loopback4(0);
    const int fd = net_socket(AF_INET, SOCK_DGRAM, 0);

    name.sin_addr.s_addr = htonl(net_own_host);
    CHECK(fd >= 0);
    CHECK_INT(net_bind(fd, &name, sizeof(name)), 0);
    *port = port_of(fd);
    return fd;
}

void test_datagrams(void)
{
    static uint8_t big[65507], got[65507];
    struct sockaddr_storage from;
    int port_a, port_b, flags = 0;
    const int a = bound(&port_a), b = bound(&port_b);
    const struct sockaddr_in to_a = loopback4(port_a), to_b = loopback4(port_b);

    CHECK_INT(net_poll(a, EPOLLIN | EPOLLOUT), EPOLLOUT);
    CHECK_INT(net_send(a, "x", 1, 0), -EDESTADDRREQ);
    CHECK_INT(net_receive(a, got, 8, MSG_DONTWAIT), -EAGAIN);
    CHECK_INT(net_send_to(a, "hello", 5, 0, &to_b, sizeof(to_b)), 5);
    CHECK_INT(net_send_to(a, "", 0, 0, &to_b, sizeof(to_b)), 0);
    CHECK_INT(net_send_to(a, "third", 5, 0, &to_b, sizeof(to_b)), 5);
    CHECK_INT(wait_for(b, EPOLLIN), EPOLLIN);
    CHECK_INT(net_readable(b), 5);
    CHECK_INT(net_receive_from(b, got, 2, MSG_PEEK, &from, &flags), 2);
    CHECK_INT(flags, MSG_TRUNC);
    CHECK_INT(memcmp(&from, &to_a, sizeof(to_a)), 0);
    CHECK_INT(net_receive_from(b, got, 2, MSG_TRUNC, &from, &flags), 5);
    CHECK_INT(net_receive_from(b, got, 8, 0, &from, &flags), 0);
    CHECK_INT(flags, 0);
    CHECK_INT(net_receive(b, got, 8, 0), 5);
    CHECK_INT(memcmp(got, "third", 5), 0);
    /* The largest, which goes in pieces. */
    fill(big, sizeof(big), 3);
    CHECK_INT(net_send_to(b, big, sizeof(big), 0, &to_a, sizeof(to_a)), sizeof(big));
    CHECK_INT(wait_for(a, EPOLLIN), EPOLLIN);
    CHECK_INT(net_receive(a, got, sizeof(got), 0), sizeof(got));
    CHECK(is_filled(got, sizeof(got), 3));
    CHECK_INT(net_send_to(b, big, 65508, 0, &to_a, sizeof(to_a)), -EMSGSIZE);
    net_close(a);
    net_close(b);
}

void test_connected_datagrams(void)
{
    char got[8];
    int port_a, port_b, port_c;
    const int a = bound(&port_a), b = bound(&port_b), c = bound(&port_c);
    const struct sockaddr_in to_a = loopback4(port_a), to_b = loopback4(port_b);
    struct sockaddr_storage peer;

    CHECK_INT(net_name(a, true, &peer), -ENOTCONN);
    CHECK_INT(net_connect(a, &to_b, sizeof(to_b)), 0);
    CHECK_INT(net_name(a, true, &peer), 0);
    CHECK_INT(memcmp(&peer, &to_b, sizeof(to_b)), 0);
    CHECK_INT(net_send(a, "one", 3, 0), 3);
    CHECK_INT(net_receive(b, got, sizeof(got), 0), 3);
    CHECK_INT(net_send_to(c, "not you", 7, 0, &to_a, sizeof(to_a)), 7);
    CHECK_INT(net_send_to(b, "you", 3, 0, &to_a, sizeof(to_a)), 3);
    CHECK_INT(net_receive(a, got, sizeof(got), 0), 3);
    CHECK_INT(net_receive(a, got, sizeof(got), MSG_DONTWAIT), -EAGAIN);
    /* Nobody there: the next call hears of it. */
    net_close(b);
    CHECK_INT(net_send(a, "two", 3, 0), 3);
    CHECK_INT(wait_for(a, 0), EPOLLERR);
    CHECK_INT(net_receive(a, got, sizeof(got), 0), -ECONNREFUSED);
    CHECK_INT(net_receive(a, got, sizeof(got), MSG_DONTWAIT), -EAGAIN);
    const struct sockaddr none = {.sa_family = AF_UNSPEC};
    CHECK_INT(net_connect(a, &none, sizeof(none)), 0);
    CHECK_INT(net_name(a, true, &peer), -ENOTCONN);
    net_close(a);
    net_close(c);
}

/* However often: to oneself no error is one too many. */
void test_refusals(void)
{
    char got[8];
    int port_a, port_b;
    const int a = bound(&port_a), b = bound(&port_b);
    const struct sockaddr_in to_b = loopback4(port_b);

    net_close(b);
    CHECK_INT(net_connect(a, &to_b, sizeof(to_b)), 0);
    for (int i = 0; i < 200 && check_failed == 0; i++) {
        CHECK_INT(net_send(a, "one", 3, 0), 3);
        CHECK_INT(wait_for(a, 0), EPOLLERR);
        CHECK_INT(net_receive(a, got, sizeof(got), MSG_DONTWAIT), -ECONNREFUSED);
    }
    net_close(a);
}

/* Who does not read loses datagrams, and only those. */
void test_datagram_queue(void)
{
    static uint8_t bytes[1000];
    int port_a, port_b, n = 0;
    const int a = bound(&port_a), b = bound(&port_b);
    const struct sockaddr_in to_b = loopback4(port_b);

    set_int(b, SOL_SOCKET, SO_RCVBUF, 16384);
    for (int i = 0; i < 1000; i++) {
        CHECK_INT(net_send_to(a, bytes, sizeof(bytes), 0, &to_b, sizeof(to_b)),
                  sizeof(bytes));
    }
    (void)wait_for(b, EPOLLIN);
    while (net_receive(b, bytes, sizeof(bytes), MSG_DONTWAIT) ==
           (ssize_t)sizeof(bytes)) {
        n++;
    }
    CHECK(n > 4 && n < 100);
    CHECK_INT(net_send_to(a, bytes, 10, 0, &to_b, sizeof(to_b)), 10);
    CHECK_INT(wait_for(b, EPOLLIN), EPOLLIN);
    CHECK_INT(net_receive(b, bytes, sizeof(bytes), 0), 10);
    net_close(a);
    net_close(b);
}

/* Whoever knows one port that was chosen does not know the next: RFC 6056. */
static void ports_of(int type)
{
    enum { COUNT = 24 };
    const struct sockaddr_in any = loopback4(0);
    int fds[COUNT], last = 0, near = 0;

    for (int i = 0; i < COUNT; i++) {
        struct sockaddr_storage name;
        fds[i] = net_socket(AF_INET, type, 0);
        CHECK_INT(net_bind(fds[i], &any, sizeof(any)), 0);
        CHECK_INT(net_name(fds[i], false, &name), 0);
        const int port = ntohs(((struct sockaddr_in *)&name)->sin_port);
        CHECK(port >= 1024);
        near += port - last >= -8 && port - last <= 8;
        last = port;
    }
    CHECK(near < COUNT / 4);
    for (int i = 0; i < COUNT; i++) {
        net_close(fds[i]);
    }
}

void test_ports(void)
{
    ports_of(SOCK_DGRAM);
    ports_of(SOCK_STREAM);
}
