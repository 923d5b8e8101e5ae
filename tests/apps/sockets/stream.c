/* TCP connections: how they begin, carry bytes and end. */
#include "net.h"

#include <stdlib.h>
#include <unistd.h>

void test_connect(void)
{
    const int listener = listener4(8);
    struct sockaddr_in name = loopback4(port_of(listener));
    struct sockaddr_storage peer, own;
    const int client = net_socket(AF_INET, SOCK_STREAM, 0);

    CHECK_INT(net_connect(client, &name, sizeof(name)), 0);
    const int server = net_accept(listener, 0, &peer);
    CHECK(server >= 0);
    CHECK_INT(net_name(client, false, &own), 0);
    CHECK_INT(memcmp(&own, &peer, sizeof(name)), 0);
    CHECK_INT(net_name(server, true, &own), 0);
    CHECK_INT(memcmp(&own, &peer, sizeof(name)), 0);
    CHECK_INT(net_name(client, true, &peer), 0);
    CHECK_INT(memcmp(&name, &peer, sizeof(name)), 0);
    CHECK_INT(net_name(server, false, &peer), 0);
    CHECK_INT(memcmp(&name, &peer, sizeof(name)), 0);
    CHECK_INT(net_connect(client, &name, sizeof(name)), -EISCONN);
    CHECK_INT(net_connect(listener, &name, sizeof(name)), -EISCONN);
    CHECK_INT(net_name(listener, true, &peer), -ENOTCONN);
    CHECK_INT(get_int(client, SOL_SOCKET, SO_ERROR), 0);
    CHECK_INT(net_close(client), 0);
    CHECK_INT(net_close(client), -EBADF);
    net_close(server);
    net_close(listener);
}

void test_bytes(void)
{
    uint8_t bytes[300], got[300];
    int client, server;

    connection(&client, &server);
    net_nonblock(server, true);
    CHECK_INT(net_receive(server, got, sizeof(got), 0), -EAGAIN);
    fill(bytes, sizeof(bytes), 7);
    CHECK_INT(net_send(client, bytes, sizeof(bytes), 0), sizeof(bytes));
    CHECK_INT(wait_for(server, EPOLLIN), EPOLLIN);
    CHECK_INT(net_readable(server), sizeof(bytes));
    CHECK_INT(net_receive(server, got, 100, MSG_PEEK), 100);
    CHECK(is_filled(got, 100, 7));
    CHECK_INT(net_receive(server, got, 100, 0), 100);
    CHECK(is_filled(got, 100, 7));
    CHECK_INT(net_receive(server, NULL, 50, MSG_TRUNC), 50);
    CHECK_INT(net_receive(server, got, sizeof(got), 0), 150);
    CHECK(is_filled(got, 150, 157));
    CHECK_INT(net_receive(server, got, sizeof(got), 0), -EAGAIN);
    CHECK_INT(net_receive(client, got, sizeof(got), MSG_DONTWAIT), -EAGAIN);
    CHECK_INT(net_send(server, bytes, 0, 0), 0);
    /* In pieces, and awaited as a whole. */
    for (int i = 0; i < 3; i++) {
        CHECK_INT(net_send(server, bytes + i * 100, 100, 0), 100);
    }
    CHECK_INT(net_receive(client, got, sizeof(got), MSG_WAITALL), sizeof(got));
    CHECK(is_filled(got, sizeof(got), 7));
    net_close(client);
    net_close(server);
}

void test_half_close(void)
{
    char got[8];
    int client, server;

    connection(&client, &server);
    CHECK_INT(net_send(client, "abc", 3, 0), 3);
    CHECK_INT(net_shutdown(client, SHUT_WR), 0);
    CHECK_INT(net_send(client, "d", 1, 0), -EPIPE);
    CHECK_INT(net_receive(server, got, sizeof(got), 0), 3);
    CHECK_INT(net_receive(server, got, sizeof(got), 0), 0);
    CHECK_INT(net_poll(server, EPOLLIN | EPOLLOUT | EPOLLRDHUP),
              EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    CHECK_INT(net_send(server, "xyz", 3, 0), 3);
    CHECK_INT(net_receive(client, got, sizeof(got), 0), 3);
    CHECK_INT(net_shutdown(server, SHUT_WR), 0);
    CHECK_INT(net_receive(client, got, sizeof(got), 0), 0);
    CHECK_INT(net_poll(client, EPOLLIN | EPOLLOUT | EPOLLRDHUP),
              EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
    CHECK_INT(net_receive(client, got, sizeof(got), 0), 0);
    net_close(client);
    net_close(server);

    connection(&client, &server);
    CHECK_INT(net_shutdown(client, SHUT_RD), 0);
    CHECK_INT(net_receive(client, got, sizeof(got), 0), 0);
    CHECK_INT(net_shutdown(client, 3), -EINVAL);
    net_close(client);
    net_close(server);
}

void test_reset(void)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    char got[8];
    int client, server;

    connection(&client, &server);
    CHECK_INT(net_set_option(client, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
    net_close(client);
    CHECK_INT(wait_for(server, EPOLLIN), EPOLLIN | EPOLLERR | EPOLLHUP);
    CHECK_INT(net_receive(server, got, sizeof(got), 0), -ECONNRESET);
    CHECK_INT(net_receive(server, got, sizeof(got), 0), 0);
    CHECK_INT(net_send(server, "a", 1, 0), -EPIPE);
    net_close(server);

    /* What is not read when the end is closed resets the other one. */
    connection(&client, &server);
    CHECK_INT(net_send(client, "abc", 3, 0), 3);
    CHECK_INT(wait_for(server, EPOLLIN), EPOLLIN);
    net_close(server);
    CHECK_INT(wait_for(client, EPOLLIN), EPOLLIN | EPOLLERR | EPOLLHUP);
    CHECK_INT(get_int(client, SOL_SOCKET, SO_ERROR), ECONNRESET);
    CHECK_INT(get_int(client, SOL_SOCKET, SO_ERROR), 0);
    net_close(client);

    /* To send to an end that is closed brings a reset. */
    connection(&client, &server);
    net_close(server);
    CHECK_INT(wait_for(client, EPOLLIN), EPOLLIN);
    CHECK_INT(net_send(client, "abc", 3, 0), 3);
    CHECK_INT(wait_for(client, 0) & EPOLLHUP, EPOLLHUP);
    CHECK_INT(net_send(client, "abc", 3, 0), -EPIPE);
    net_close(client);
}

void test_refused(void)
{
    const int listener = listener4(8);
    const struct sockaddr_in name = loopback4(port_of(listener));
    char got[8];

    net_close(listener);
    int client = net_socket(AF_INET, SOCK_STREAM, 0);
    CHECK_INT(net_poll(client, EPOLLIN | EPOLLOUT), EPOLLOUT | EPOLLHUP);
    CHECK_INT(net_receive(client, got, sizeof(got), 0), -ENOTCONN);
    CHECK_INT(net_send(client, got, 1, 0), -EPIPE);
    CHECK_INT(net_shutdown(client, SHUT_WR), -ENOTCONN);
    CHECK_INT(net_connect(client, &name, sizeof(name)), -ECONNREFUSED);
    CHECK_INT(net_connect(client, &name, sizeof(name)), -ECONNREFUSED);
    net_close(client);

    client = net_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int result = net_connect(client, &name, sizeof(name));
    CHECK(result == -EINPROGRESS || result == -ECONNREFUSED);
    if (result == -EINPROGRESS) {
        CHECK_INT(wait_for(client, EPOLLOUT | EPOLLIN),
                  EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP);
        CHECK_INT(get_int(client, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
        CHECK_INT(get_int(client, SOL_SOCKET, SO_ERROR), 0);
    }
    net_close(client);
}

void test_nonblocking_connect(void)
{
    const int listener = listener4(8);
    const struct sockaddr_in name = loopback4(port_of(listener));
    const int client = net_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    net_nonblock(listener, true);
    CHECK_INT(net_accept(listener, 0, NULL), -EAGAIN);
    const int result = net_connect(client, &name, sizeof(name));
    CHECK(result == -EINPROGRESS || result == 0);
    CHECK_INT(wait_for(client, EPOLLOUT), EPOLLOUT);
    CHECK_INT(get_int(client, SOL_SOCKET, SO_ERROR), 0);
    CHECK_INT(wait_for(listener, EPOLLIN), EPOLLIN);
    const int server = net_accept(listener, SOCK_NONBLOCK, NULL);
    CHECK(server >= 0);
    char got[8];
    CHECK_INT(net_receive(server, got, sizeof(got), 0), -EAGAIN);
    net_close(server);
    net_close(client);
    net_close(listener);
}

void test_bind(void)
{
    const int first = listener4(8);
    struct sockaddr_in name = loopback4(port_of(first));
    int second = net_socket(AF_INET, SOCK_STREAM, 0);

    CHECK_INT(net_bind(second, &name, sizeof(name)), -EADDRINUSE);
    set_int(second, SOL_SOCKET, SO_REUSEADDR, 1);
    CHECK_INT(net_bind(second, &name, sizeof(name)), -EADDRINUSE);
    CHECK_INT(net_bind(second, &name, 4), -EINVAL);
    name.sin_family = AF_UNIX;
    CHECK_INT(net_bind(second, &name, sizeof(name)), -EAFNOSUPPORT);
    name.sin_family = AF_INET;
    name.sin_port = 0;
    name.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
    CHECK_INT(net_bind(second, &name, sizeof(name)), -EADDRNOTAVAIL);
    name.sin_addr.s_addr = 0;
    CHECK_INT(net_bind(second, &name, sizeof(name)), 0);
    CHECK(port_of(second) > 0);
    CHECK_INT(net_bind(second, &name, sizeof(name)), -EINVAL);
    CHECK_INT(net_accept(second, 0, NULL), -EINVAL);
    net_close(second);
    net_close(first);
    CHECK_INT(net_socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), -EPROTONOSUPPORT);
    CHECK_INT(net_socket(AF_INET, 77, 0), -EINVAL);
}

/* The port of a listener that has gone while its connections are in TIME_WAIT. */
void test_restart(void)
{
    int listener = net_socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in name = loopback4(0);

    set_int(listener, SOL_SOCKET, SO_REUSEADDR, 1);
    CHECK_INT(net_bind(listener, &name, sizeof(name)), 0);
    name = loopback4(port_of(listener));
    for (int i = 0; i < 5; i++) {
        CHECK_INT(net_listen(listener, 8), 0);
        const int client = net_socket(AF_INET, SOCK_STREAM, 0);
        CHECK_INT(net_connect(client, &name, sizeof(name)), 0);
        const int server = net_accept(listener, 0, NULL);
        net_close(server); /* the side that keeps the port */
        char got[8];
        CHECK_INT(net_receive(client, got, sizeof(got), 0), 0);
        net_close(client);
        net_close(listener);
        listener = net_socket(AF_INET, SOCK_STREAM, 0);
        CHECK_INT(net_bind(listener, &name, sizeof(name)), -EADDRINUSE);
        set_int(listener, SOL_SOCKET, SO_REUSEADDR, 1);
        CHECK_INT(net_bind(listener, &name, sizeof(name)), 0);
    }
    net_close(listener);
}

/* As many bytes as do not fit anywhere, both ways at once, each end taking and giving in odd pieces. */
void test_bulk(void)
{
    enum { TOTAL = 8 * 1024 * 1024, PIECE = 150001 };
    static uint8_t bytes[PIECE];
    uint64_t sent[2] = {0, 0}, received[2] = {0, 0};
    int ends[2];

    connection(&ends[0], &ends[1]);
    net_nonblock(ends[0], true);
    net_nonblock(ends[1], true);
    const int set = net_set_create();
    for (int i = 0; i < 2; i++) {
        CHECK_INT(net_set_change(set, EPOLL_CTL_ADD, ends[i],
                                 EPOLLIN | EPOLLOUT | (uint32_t)EPOLLET, (uint64_t)i),
                  0);
    }
    int rounds = 0;
    while ((received[0] < TOTAL || received[1] < TOTAL) && check_failed == 0) {
        struct epoll_event events[4];
        const int n = net_set_wait(set, events, 4, 10 * SECOND);
        CHECK(n > 0);
        for (int e = 0; e < n; e++) {
            const int i = (int)events[e].data.u64;
            ssize_t got;
            do {
                const size_t most = 1 + (size_t)(rounds++ * 7919) % PIECE;
                got = net_receive(ends[i], bytes, most, 0);
                if (got > 0) {
                    CHECK(is_filled(bytes, (size_t)got, received[i]));
                    received[i] += (uint64_t)got;
                }
            } while (got > 0);
            CHECK_INT(got, -EAGAIN);
            do {
                size_t most = 1 + (size_t)(rounds++ * 104729) % PIECE;
                most = most < TOTAL - sent[i] ? most : TOTAL - sent[i];
                fill(bytes, most, sent[i]);
                got = most > 0 ? net_send(ends[i], bytes, most, 0) : -EAGAIN;
                sent[i] += got > 0 ? (uint64_t)got : 0;
            } while (got > 0);
            CHECK_INT(got, -EAGAIN);
        }
    }
    CHECK_INT(received[0], TOTAL);
    CHECK_INT(received[1], TOTAL);
    net_close(set);
    net_close(ends[0]);
    net_close(ends[1]);
}

/* Who does not read holds the writer up, and is not lost. */
void test_slow_reader(void)
{
    static uint8_t bytes[65536];
    uint64_t sent = 0, received = 0;
    int client, server;

    connection(&client, &server);
    net_nonblock(client, true);
    ssize_t n;
    do {
        fill(bytes, sizeof(bytes), sent);
        n = net_send(client, bytes, sizeof(bytes), 0);
        sent += n > 0 ? (uint64_t)n : 0;
        CHECK(sent < 64 * 1024 * 1024);
    } while ((n > 0 || wait_for(client, EPOLLOUT) != 0) && check_failed == 0);
    CHECK_INT(n, -EAGAIN);
    CHECK(sent > 100000);
    net_shutdown(client, SHUT_WR);
    while ((n = net_receive(server, bytes, sizeof(bytes), 0)) > 0) {
        CHECK(is_filled(bytes, (size_t)n, received));
        received += (uint64_t)n;
    }
    CHECK_INT(n, 0);
    CHECK_INT(received, sent);
    net_close(client);
    net_close(server);
}

/* Within 0.2 s, which is longer than what is on its way within a machine. */
static bool writable_soon(int fd)
{
    for (int i = 0; i < 200; i++) {
        if (net_poll(fd, EPOLLOUT) != 0) {
            return true;
        }
        usleep(1000);
    }
    return false;
}

/* SO_RCVBUF, which a connection has of its listener, bounds what a peer can have waiting. */
void test_receive_buffer(void)
{
    static uint8_t bytes[65536];
    const int listener = listener4(8);
    const struct sockaddr_in name = loopback4(port_of(listener));
    uint64_t sent = 0, received = 0;

    set_int(listener, SOL_SOCKET, SO_RCVBUF, 150000);
    const int client = net_socket(AF_INET, SOCK_STREAM, 0);
    CHECK_INT(net_connect(client, &name, sizeof(name)), 0);
    const int server = net_accept(listener, 0, NULL);
    net_close(listener);
    CHECK_INT(get_int(server, SOL_SOCKET, SO_RCVBUF), 300000);
    net_nonblock(client, true);
    /* Twice: a window that has been closed opens again, and no wider. */
    for (int round = 0; round < 2; round++) {
        ssize_t n;
        do {
            fill(bytes, sizeof(bytes), sent);
            n = net_send(client, bytes, sizeof(bytes), 0);
            sent += n > 0 ? (uint64_t)n : 0;
        } while ((n > 0 || writable_soon(client)) && sent < 64 * 1024 * 1024);
        CHECK_INT(n, -EAGAIN);
        CHECK(net_readable(server) > 50000);
        CHECK(net_readable(server) <= 300000);
        for (uint64_t end = received + 400000; received < end && received < sent;) {
            n = net_receive(server, bytes, 30000, 0);
            CHECK(n > 0 && is_filled(bytes, (size_t)n, received));
            received += n > 0 ? (uint64_t)n : end;
        }
    }
    net_shutdown(client, SHUT_WR);
    ssize_t n;
    while ((n = net_receive(server, bytes, sizeof(bytes), 0)) > 0) {
        CHECK(is_filled(bytes, (size_t)n, received));
        received += (uint64_t)n;
    }
    CHECK_INT(n, 0);
    CHECK_INT(received, sent);
    net_close(client);
    net_close(server);
}

/* Accepts what has come to @listener. */
static int accept_all(int listener, int *servers)
{
    int count = 0, fd;

    while ((fd = net_accept(listener, 0, NULL)) >= 0) {
        servers[count++] = fd;
    }
    CHECK_INT(fd, -EAGAIN);
    return count;
}

/* Several listeners at one address have a part of the connections each. */
void test_reuse_port(void)
{
    enum { LISTENERS = 3, CLIENTS = 60 };
    struct sockaddr_in name = loopback4(0);
    int listeners[LISTENERS], clients[CLIENTS], servers[CLIENTS];

    name.sin_addr.s_addr = htonl(net_own_host);
    for (int i = 0; i < LISTENERS; i++) {
        listeners[i] = net_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (i == 1) { /* both must say it */
            CHECK_INT(net_bind(listeners[i], &name, sizeof(name)), -EADDRINUSE);
        }
        set_int(listeners[i], SOL_SOCKET, SO_REUSEPORT, 1);
        CHECK_INT(net_bind(listeners[i], &name, sizeof(name)), 0);
        CHECK_INT(net_listen(listeners[i], 128), 0);
        name.sin_port = htons((uint16_t)port_of(listeners[i]));
    }
    /* then with two of them */
    for (int left = LISTENERS; left > 1; left--) {
        int all = 0;
        for (int i = 0; i < CLIENTS; i++) {
            clients[i] = net_socket(AF_INET, SOCK_STREAM, 0);
            CHECK_INT(net_connect(clients[i], &name, sizeof(name)), 0);
        }
        for (int i = LISTENERS - left; i < LISTENERS; i++) {
            CHECK_INT(net_poll(listeners[i], EPOLLIN), EPOLLIN);
            const int count = accept_all(listeners[i], servers + all);
            CHECK(count > 0 && count < CLIENTS);
            all += count;
        }
        CHECK_INT(all, CLIENTS);
        for (int i = 0; i < CLIENTS; i++) {
            net_close(clients[i]);
            net_close(servers[i]);
        }
        net_close(listeners[LISTENERS - left]);
    }
    net_close(listeners[LISTENERS - 1]);
    const int client = net_socket(AF_INET, SOCK_STREAM, 0);
    CHECK_INT(net_connect(client, &name, sizeof(name)), -ECONNREFUSED);
    net_close(client);
}

/*
 * A client whose server has closed first connects again from the same port, at once: the server's side is in TIME_WAIT.
 * At last so many bytes have come before that the new connection's numbers are not newer.
 */
void test_same_port(void)
{
    enum { ROUNDS = 5, PIECES = 256 };
    static uint8_t bytes[16384];
    struct sockaddr_in own = loopback4(0);
    const int listener = listener4(8);
    const struct sockaddr_in name = loopback4(port_of(listener));

    own.sin_addr.s_addr = htonl(net_own_host);
    net_nonblock(listener, true);
    for (int round = 0; round < ROUNDS && check_failed == 0; round++) {
        const int client = net_socket(AF_INET, SOCK_STREAM, 0);
        set_int(client, SOL_SOCKET, SO_REUSEADDR, 1);
        CHECK_INT(net_bind(client, &own, sizeof(own)), 0);
        own.sin_port = htons((uint16_t)port_of(client));
        CHECK_INT(net_connect(client, &name, sizeof(name)), 0);
        const int server = net_accept(listener, 0, NULL);
        CHECK(server >= 0);
        for (int i = 0; round == ROUNDS - 2 && i < PIECES && check_failed == 0; i++) {
            CHECK_INT(net_send(client, bytes, sizeof(bytes), 0), sizeof(bytes));
            CHECK_INT(wait_for(server, EPOLLIN), EPOLLIN);
            CHECK_INT(net_receive(server, bytes, sizeof(bytes), 0), sizeof(bytes));
        }
        net_close(server);
        CHECK_INT(wait_for(client, EPOLLIN), EPOLLIN);
        CHECK_INT(net_receive(client, bytes, 1, 0), 0);
        net_close(client);
    }
    net_close(listener);
}
