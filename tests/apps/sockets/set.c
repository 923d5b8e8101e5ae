/* Sets: what epoll(7) says. */
#include "net.h"

static int wait_now(int set, struct epoll_event *event)
{
    *event = (struct epoll_event){.events = 0};
    return net_set_wait(set, event, 1, 0);
}

void test_level(void)
{
    struct epoll_event event;
    char got[8];
    int client, server;

    connection(&client, &server);
    const int set = net_set_create();
    CHECK_INT(net_set_change(set, EPOLL_CTL_ADD, server, EPOLLIN, 42), 0);
    CHECK_INT(net_set_change(set, EPOLL_CTL_ADD, server, EPOLLIN, 42), -EEXIST);
    CHECK_INT(net_set_change(set, EPOLL_CTL_MOD, client, EPOLLIN, 42), -ENOENT);
    CHECK_INT(net_set_change(set, EPOLL_CTL_DEL, client, 0, 0), -ENOENT);
    CHECK_INT(net_set_change(set, 9, server, 0, 0), -EINVAL);
    CHECK_INT(net_set_change(set, EPOLL_CTL_ADD, 1 << 30, EPOLLIN, 0), -EBADF);
    CHECK_INT(wait_now(set, &event), 0);
    CHECK_INT(net_send(client, "ab", 2, 0), 2);
    CHECK_INT(net_set_wait(set, &event, 1, SECOND), 1);
    CHECK_INT(event.events, EPOLLIN);
    CHECK_INT(event.data.u64, 42);
    CHECK_INT(wait_now(set, &event), 1); /* still */
    CHECK_INT(net_receive(server, got, 1, 0), 1);
    CHECK_INT(wait_now(set, &event), 1);
    CHECK_INT(net_receive(server, got, 8, 0), 1);
    CHECK_INT(wait_now(set, &event), 0);
    CHECK_INT(net_set_change(set, EPOLL_CTL_MOD, server, EPOLLIN | EPOLLOUT, 43), 0);
    CHECK_INT(wait_now(set, &event), 1);
    CHECK_INT(event.events, EPOLLOUT);
    CHECK_INT(event.data.u64, 43);
    CHECK_INT(net_set_change(set, EPOLL_CTL_MOD, server, EPOLLRDHUP, 44), 0);
    CHECK_INT(wait_now(set, &event), 0);
    net_shutdown(client, SHUT_WR);
    CHECK_INT(net_set_wait(set, &event, 1, SECOND), 1);
    CHECK_INT(event.events, EPOLLRDHUP);
    CHECK_INT(net_set_change(set, EPOLL_CTL_DEL, server, 0, 0), 0);
    CHECK_INT(wait_now(set, &event), 0);
    CHECK_INT(net_set_wait(set, &event, 0, 0), -EINVAL);
    net_close(client);
    net_close(server);
    net_close(set);
}

void test_edge(void)
{
    struct epoll_event event;
    char got[8];
    int client, server;

    connection(&client, &server);
    const int set = net_set_create();
    CHECK_INT(net_set_change(set, EPOLL_CTL_ADD, server,
                             EPOLLIN | EPOLLOUT | EPOLLRDHUP | (uint32_t)EPOLLET, 1),
              0);
    CHECK_INT(wait_now(set, &event), 1);
    CHECK_INT(event.events, EPOLLOUT);
    CHECK_INT(wait_now(set, &event), 0); /* told once */
    CHECK_INT(net_send(client, "ab", 2, 0), 2);
    CHECK_INT(net_set_wait(set, &event, 1, SECOND), 1);
    CHECK_INT(event.events, EPOLLIN | EPOLLOUT);
    CHECK_INT(wait_now(set, &event), 0);
    CHECK_INT(net_receive(server, got, 1, 0), 1);
    CHECK_INT(wait_now(set, &event), 0);
    CHECK_INT(net_send(client, "c", 1, 0), 1); /* more has come: told again */
    CHECK_INT(net_set_wait(set, &event, 1, SECOND), 1);
    CHECK_INT(event.events, EPOLLIN | EPOLLOUT);
    CHECK_INT(
        net_set_change(set, EPOLL_CTL_MOD, server, EPOLLIN | (uint32_t)EPOLLET, 2), 0);
    CHECK_INT(wait_now(set, &event), 1); /* armed anew */
    CHECK_INT(event.events, EPOLLIN);
    CHECK_INT(event.data.u64, 2);
    net_close(client);
    CHECK_INT(net_set_wait(set, &event, 1, SECOND), 1);
    CHECK_INT(event.events, EPOLLIN);
    CHECK_INT(net_receive(server, got, 8, 0), 2);
    CHECK_INT(net_receive(server, got, 8, 0), 0);
    net_close(server); /* leaves its sets */
    CHECK_INT(wait_now(set, &event), 0);
    CHECK_INT(net_set_change(set, EPOLL_CTL_DEL, server, 0, 0), -EBADF);
    net_close(set);
    CHECK_INT(net_set_wait(set, &event, 1, 0), -EBADF);
}

void test_oneshot(void)
{
    struct epoll_event event;
    int client, server;

    connection(&client, &server);
    const int set = net_set_create();
    CHECK_INT(net_set_change(set, EPOLL_CTL_ADD, server, EPOLLIN | EPOLLONESHOT, 1), 0);
    CHECK_INT(net_send(client, "a", 1, 0), 1);
    CHECK_INT(net_set_wait(set, &event, 1, SECOND), 1);
    CHECK_INT(wait_now(set, &event), 0);
    CHECK_INT(net_send(client, "b", 1, 0), 1);
    CHECK_INT(wait_for(server, EPOLLIN), EPOLLIN);
    CHECK_INT(wait_now(set, &event), 0);
    CHECK_INT(net_set_change(set, EPOLL_CTL_MOD, server, EPOLLIN | EPOLLONESHOT, 5), 0);
    CHECK_INT(wait_now(set, &event), 1);
    CHECK_INT(event.data.u64, 5);
    net_close(client);
    net_close(server);
    net_close(set);
}

/* A writer hears of room, and only when it wanted some. */
void test_room(void)
{
    static uint8_t bytes[65536];
    struct epoll_event event;
    int client, server;
    size_t sent = 0, received = 0;
    ssize_t n;

    connection(&client, &server);
    net_nonblock(client, true);
    net_nonblock(server, true);
    const int set = net_set_create();
    CHECK_INT(
        net_set_change(set, EPOLL_CTL_ADD, client, EPOLLOUT | (uint32_t)EPOLLET, 1), 0);
    CHECK_INT(wait_now(set, &event), 1);
    CHECK_INT(net_send(client, bytes, 1000, 0), 1000);
    CHECK_INT(wait_for(server, EPOLLIN), EPOLLIN);
    CHECK_INT(net_receive(server, bytes, sizeof(bytes), 0), 1000);
    CHECK_INT(wait_now(set, &event), 0);
    do {
        n = net_send(client, bytes, sizeof(bytes), 0);
        sent += n > 0 ? (size_t)n : 0;
    } while (n > 0 || net_set_wait(set, &event, 1, SECOND / 5) == 1);
    CHECK_INT(wait_now(set, &event), 0);
    while (received < sent && check_failed == 0) {
        CHECK_INT(wait_for(server, EPOLLIN), EPOLLIN);
        while ((n = net_receive(server, bytes, sizeof(bytes), 0)) > 0) {
            received += (size_t)n;
        }
    }
    CHECK_INT(net_set_wait(set, &event, 1, SECOND), 1);
    CHECK_INT(event.events, EPOLLOUT);
    net_close(client);
    net_close(server);
    net_close(set);
}

/* Many members; few of them ready, in turn. */
void test_many(void)
{
    enum { N = 1500 };
    static int clients[N], servers[N];
    const int listener = listener4(N);
    const struct sockaddr_in name = loopback4(port_of(listener));
    const int set = net_set_create();
    struct epoll_event events[64];
    char got[8];

    for (int i = 0; i < N && check_failed == 0; i++) {
        clients[i] = net_socket(AF_INET, SOCK_STREAM, 0);
        CHECK_INT(net_connect(clients[i], &name, sizeof(name)), 0);
        servers[i] = net_accept(listener, 0, NULL);
        CHECK(servers[i] >= 0);
        CHECK_INT(net_set_change(set, EPOLL_CTL_ADD, servers[i], EPOLLIN, (uint64_t)i),
                  0);
    }
    for (int round = 0; round < 20 && check_failed == 0; round++) {
        for (int i = round; i < N; i += 25) {
            CHECK_INT(net_send(clients[i], "q", 1, 0), 1);
        }
        int left = (N - round + 24) / 25;
        while (left > 0 && check_failed == 0) {
            const int n = net_set_wait(set, events, 64, SECOND);
            CHECK(n > 0);
            for (int e = 0; e < n; e++) {
                const int i = (int)events[e].data.u64;
                CHECK_INT(i % 25, round);
                CHECK_INT(net_receive(servers[i], got, sizeof(got), 0), 1);
                left--;
            }
        }
    }
    for (int i = 0; i < N; i++) {
        net_close(clients[i]);
        net_close(servers[i]);
    }
    net_close(set);
    net_close(listener);
}
