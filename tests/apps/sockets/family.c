/* IPv6, and IPv4 by way of it. */
#include "net.h"

static bool is_mapped(const struct sockaddr_storage *name)
{
    const struct sockaddr_in6 *in = (const void *)name;

    return name->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in->sin6_addr) &&
           in->sin6_addr.s6_addr[12] == 127;
}

void test_ipv6(void)
{
    struct sockaddr_in6 name = loopback6(0);
    struct sockaddr_storage peer;
    char got[8];
    const int listener = net_socket(AF_INET6, SOCK_STREAM, 0);

    CHECK_INT(net_bind(listener, &name, sizeof(name)), 0);
    CHECK_INT(net_listen(listener, 8), 0);
    name = loopback6(port_of(listener));
    const int client = net_socket(AF_INET6, SOCK_STREAM, 0);
    CHECK_INT(net_connect(client, &name, sizeof(name)), 0);
    const int server = net_accept(listener, 0, &peer);
    CHECK_INT(((struct sockaddr_in6 *)(void *)&peer)->sin6_addr.s6_addr[15], 1);
    CHECK_INT(net_send(server, "abc", 3, 0), 3);
    CHECK_INT(net_receive(client, got, sizeof(got), 0), 3);
    net_close(client);
    net_close(server);
    net_close(listener);
}

void test_dual_stack(void)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6};
    struct sockaddr_storage name;
    char got[8];
    int listener = net_socket(AF_INET6, SOCK_STREAM, 0);

    CHECK_INT(net_bind(listener, &any, sizeof(any)), 0);
    CHECK_INT(net_listen(listener, 8), 0);
    const int port = port_of(listener);
    const struct sockaddr_in to4 = loopback4(port);
    const struct sockaddr_in6 to6 = loopback6(port);
    int client = net_socket(AF_INET, SOCK_STREAM, 0);
    CHECK_INT(net_connect(client, &to4, sizeof(to4)), 0);
    int server = net_accept(listener, 0, &name);
    CHECK(is_mapped(&name));
    CHECK_INT(net_name(server, false, &name), 0);
    CHECK(is_mapped(&name));
    CHECK_INT(net_send(client, "abc", 3, 0), 3);
    CHECK_INT(net_receive(server, got, sizeof(got), 0), 3);
    net_close(client);
    net_close(server);
    client = net_socket(AF_INET6, SOCK_STREAM, 0);
    CHECK_INT(net_connect(client, &to6, sizeof(to6)), 0);
    server = net_accept(listener, 0, &name);
    CHECK(!is_mapped(&name));
    net_close(client);
    net_close(server);
    /* An IPv6 socket reaches IPv4 by a mapped address. */
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6,
                                  .sin6_port = htons((uint16_t)port)};
    mapped.sin6_addr.s6_addr[10] = mapped.sin6_addr.s6_addr[11] = 0xff;
    mapped.sin6_addr.s6_addr[12] = 127;
    mapped.sin6_addr.s6_addr[15] = 1;
    client = net_socket(AF_INET6, SOCK_STREAM, 0);
    CHECK_INT(net_connect(client, &mapped, sizeof(mapped)), 0);
    server = net_accept(listener, 0, &name);
    CHECK(is_mapped(&name));
    net_close(client);
    net_close(server);
    net_close(listener);

    listener = net_socket(AF_INET6, SOCK_STREAM, 0);
    set_int(listener, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    CHECK_INT(get_int(listener, IPPROTO_IPV6, IPV6_V6ONLY), 1);
    CHECK_INT(net_bind(listener, &any, sizeof(any)), 0);
    CHECK_INT(net_listen(listener, 8), 0);
    const struct sockaddr_in only = loopback4(port_of(listener));
    client = net_socket(AF_INET, SOCK_STREAM, 0);
    CHECK_INT(net_connect(client, &only, sizeof(only)), -ECONNREFUSED);
    /* The port is free for IPv4. */
    server = net_socket(AF_INET, SOCK_STREAM, 0);
    CHECK_INT(net_bind(server, &only, sizeof(only)), 0);
    net_close(server);
    net_close(client);
    net_close(listener);
}

void test_options(void)
{
    const struct timeval half = {.tv_usec = 50000};
    struct linger linger = {.l_onoff = 1, .l_linger = 3};
    int client, server;
    char got[8];

    connection(&client, &server);
    CHECK_INT(get_int(client, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    CHECK_INT(get_int(client, SOL_SOCKET, SO_DOMAIN), AF_INET);
    CHECK_INT(get_int(client, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
    CHECK_INT(get_int(client, SOL_SOCKET, SO_ACCEPTCONN), 0);
    CHECK_INT(get_int(client, IPPROTO_TCP, TCP_NODELAY), 0);
    set_int(client, IPPROTO_TCP, TCP_NODELAY, 5);
    CHECK_INT(get_int(client, IPPROTO_TCP, TCP_NODELAY), 1);
    set_int(client, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int(client, IPPROTO_TCP, TCP_KEEPIDLE, 100);
    CHECK_INT(get_int(client, IPPROTO_TCP, TCP_KEEPIDLE), 100);
    CHECK_INT(get_int(server, IPPROTO_TCP, TCP_KEEPIDLE), 7200);
    set_int(client, SOL_SOCKET, SO_SNDBUF, 20000);
    CHECK_INT(get_int(client, SOL_SOCKET, SO_SNDBUF), 40000);
    CHECK_INT(net_set_option(client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)),
              0);
    memset(&linger, 0, sizeof(linger));
    CHECK_INT(net_get_option(client, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)),
              sizeof(linger));
    CHECK_INT(linger.l_linger, 3);
    CHECK_INT(net_set_option(client, SOL_SOCKET, SO_KEEPALIVE, "", 1), -EINVAL);
    CHECK_INT(net_set_option(client, SOL_SOCKET, 9999, &linger, sizeof(linger)),
              -ENOPROTOOPT);
    CHECK_INT(net_set_option(client, SOL_SOCKET, SO_RCVTIMEO, &half, sizeof(half)), 0);
    CHECK_INT(net_receive(client, got, sizeof(got), 0), -EAGAIN);
    struct tcp_info info;
    CHECK(net_get_option(client, IPPROTO_TCP, TCP_INFO, &info, sizeof(info)) > 0);
    CHECK_INT(info.tcpi_state, 1);
    net_close(client);
    net_close(server);
}

/* What of small writes leaves at once, together, or not at all until it is let go. */
void test_cork(void)
{
    char got[16];
    int client, server;

    connection(&client, &server);
    set_int(client, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int(client, IPPROTO_TCP, TCP_CORK, 1);
    CHECK_INT(net_send(client, "abc", 3, 0), 3);
    CHECK_INT(net_send(client, "def", 3, 0), 3);
    CHECK_INT(net_poll(server, EPOLLIN), 0);
    set_int(client, IPPROTO_TCP, TCP_CORK, 0);
    CHECK_INT(wait_for(server, EPOLLIN), EPOLLIN);
    CHECK_INT(net_receive(server, got, sizeof(got), 0), 6);
    CHECK_INT(net_send(client, "abc", 3, MSG_MORE), 3);
    CHECK_INT(net_poll(server, EPOLLIN), 0);
    CHECK_INT(net_send(client, "def", 3, 0), 3);
    CHECK_INT(wait_for(server, EPOLLIN), EPOLLIN);
    CHECK_INT(net_receive(server, got, sizeof(got), 0), 6);
    /* The end of the stream lets it go, too. */
    CHECK_INT(net_send(client, "xyz", 3, MSG_MORE), 3);
    net_shutdown(client, SHUT_WR);
    CHECK_INT(net_receive(server, got, sizeof(got), MSG_WAITALL), 3);
    net_close(client);
    net_close(server);
}
