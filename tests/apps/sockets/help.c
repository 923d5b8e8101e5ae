/* What several tests need. */
#include "net.h"

#include <stdio.h>
#include <unistd.h>

int check_failed;
uint32_t net_host = INADDR_LOOPBACK, net_own_host = INADDR_LOOPBACK;

void check_report(bool ok, const char *file, int line, const char *what, long long have,
                  long long want)
{
    if (!ok) {
        check_failed++;
        fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", file, line, what, have, want);
    }
}

struct sockaddr_in loopback4(int port)
{
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port)};

    name.sin_addr.s_addr = htonl(net_host);
    return name;
}

struct sockaddr_in6 loopback6(int port)
{
    struct sockaddr_in6 name = {.sin6_family = AF_INET6,
                                .sin6_port = htons((uint16_t)port)};

    name.sin6_addr.s6_addr[15] = 1;
    return name;
}

int port_of(int fd)
{
    struct sockaddr_storage name;

    if (net_name(fd, false, &name) < 0) {
        return -1;
    }
    return ntohs(name.ss_family == AF_INET
                     ? ((const struct sockaddr_in *)(const void *)&name)->sin_port
                     : ((const struct sockaddr_in6 *)(const void *)&name)->sin6_port);
}

int listener4(int backlog)
{
    struct sockaddr_in name = loopback4(0);
    name.sin_addr.s_addr = htonl(net_own_host);
    const int fd = net_socket(AF_INET, SOCK_STREAM, 0);

    CHECK(fd >= 0);
    CHECK_INT(net_bind(fd, &name, sizeof(name)), 0);
    CHECK_INT(net_listen(fd, backlog), 0);
    return fd;
}

void connection(int *client, int *server)
{
    const int listener = listener4(8);
    const struct sockaddr_in name = loopback4(port_of(listener));

    *client = net_socket(AF_INET, SOCK_STREAM, 0);
    CHECK_INT(net_connect(*client, &name, sizeof(name)), 0);
    *server = net_accept(listener, 0, NULL);
    CHECK(*server >= 0);
    net_close(listener);
}

void set_int(int fd, int level, int option, int value)
{
    CHECK_INT(net_set_option(fd, level, option, &value, sizeof(value)), 0);
}

int get_int(int fd, int level, int option)
{
    int value = -1;

    CHECK_INT(net_get_option(fd, level, option, &value, sizeof(value)), sizeof(value));
    return value;
}

int wait_for(int fd, int events)
{
    for (int i = 0; i < 2000; i++) {
        const int ready = net_poll(fd, events);
        if (ready != 0) {
            return ready;
        }
        usleep(1000);
    }
    return 0;
}

void fill(uint8_t *bytes, size_t count, uint64_t at)
{
    for (size_t i = 0; i < count; i++, at++) {
        bytes[i] = (uint8_t)(at ^ at >> 8 ^ at >> 16);
    }
}

bool is_filled(const uint8_t *bytes, size_t count, uint64_t at)
{
    for (size_t i = 0; i < count; i++, at++) {
        if (bytes[i] != (uint8_t)(at ^ at >> 8 ^ at >> 16)) {
            return false;
        }
    }
    return true;
}
