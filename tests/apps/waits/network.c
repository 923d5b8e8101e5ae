/* Sockets of the network, between ends of the same program. */
#include "groups.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static struct sockaddr_in loopback(void)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* A listening socket, and the address at which it is. */
static int listen_somewhere(struct sockaddr_in *at, int flags)
{
    socklen_t len = sizeof(*at);
    const int fd = socket(AF_INET, SOCK_STREAM | flags, 0), on = 1;
    *at = loopback();
    CHECK(fd >= 0);
    CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    CHECK_INT(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
    CHECK_INT(listen(fd, 16), 0);
    CHECK_INT(getsockname(fd, (struct sockaddr *)at, &len), 0);
    CHECK_INT(len, sizeof(*at));
    CHECK(at->sin_port != 0 && at->sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    return fd;
}

/* Two connected sockets. */
static void connect_pair(int fds[2])
{
    struct sockaddr_in at, peer;
    socklen_t len = sizeof(peer);
    const int listening = listen_somewhere(&at, 0);
    fds[0] = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    CHECK_INT(connect(fds[0], (struct sockaddr *)&at, sizeof(at)), 0);
    fds[1] = accept4(listening, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
    CHECK(fds[1] >= 0);
    CHECK_INT(len, sizeof(peer));
    CHECK_INT(fcntl(fds[1], F_GETFD), FD_CLOEXEC);
    CHECK_INT(close(listening), 0);
    struct sockaddr_in name;
    len = sizeof(name);
    CHECK_INT(getsockname(fds[0], (struct sockaddr *)&name, &len), 0);
    CHECK(name.sin_port == peer.sin_port);
    CHECK_INT(getpeername(fds[0], (struct sockaddr *)&name, &len), 0);
    CHECK(name.sin_port == at.sin_port);
}

void test_tcp(void)
{
    int fds[2], number;
    static char big[300000], copy[300000];
    char buf[32];
    socklen_t len = sizeof(number);
    connect_pair(fds);
    const int on = 1;
    CHECK_INT(setsockopt(fds[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    CHECK_INT(getsockopt(fds[0], SOL_SOCKET, SO_TYPE, &number, &len), 0);
    CHECK_INT(number, SOCK_STREAM);
    CHECK_INT(getsockopt(fds[0], SOL_SOCKET, SO_ERROR, &number, &len), 0);
    CHECK_INT(number, 0);
    CHECK_INT(write(fds[0], "hello", 5), 5);
    CHECK_INT(read(fds[1], buf, sizeof(buf)), 5);
    CHECK(memcmp(buf, "hello", 5) == 0);
    const struct iovec out[] = {{"one", 3}, {"two", 3}, {"three", 5}};
    CHECK_INT(writev(fds[1], out, 3), 11);
    struct pollfd p = {.fd = fds[0], .events = POLLIN};
    CHECK_INT(poll(&p, 1, 2000), 1);
    CHECK_INT(recv(fds[0], buf, 4, MSG_PEEK), 4);
    const struct iovec in[] = {{buf, 3}, {buf + 16, 16}};
    CHECK_INT(readv(fds[0], in, 2), 11);
    CHECK(memcmp(buf, "one", 3) == 0 && memcmp(buf + 16, "twothree", 8) == 0);
    CHECK_ERROR(recv(fds[0], buf, 1, MSG_DONTWAIT), EAGAIN);
    /* much, as both ends come to it */
    for (size_t i = 0; i < sizeof(big); i++) {
        big[i] = (char)(i * 31 + i / 253);
    }
    for (int i = 0; i < 2; i++) {
        CHECK_INT(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
    }
    size_t sent = 0, got = 0;
    for (int round = 0; got < sizeof(big) && round < 100000; round++) {
        ssize_t n = send(fds[0], big + sent, sizeof(big) - sent, 0);
        sent += n > 0 ? (size_t)n : 0;
        n = recv(fds[1], copy + got, sizeof(copy) - got, 0);
        got += n > 0 ? (size_t)n : 0;
        if (n < 0) {
            p = (struct pollfd){.fd = fds[1], .events = POLLIN};
            poll(&p, 1, 100);
        }
    }
    CHECK_INT(got, sizeof(big));
    CHECK(memcmp(big, copy, sizeof(big)) == 0);
    CHECK_INT(fcntl(fds[0], F_SETFL, 0), 0);
    CHECK_INT(shutdown(fds[1], SHUT_WR), 0);
    CHECK_INT(read(fds[0], buf, sizeof(buf)), 0);
    CHECK_INT(write(fds[0], "last", 4), 4);
    CHECK_INT(close(fds[0]), 0);
    p = (struct pollfd){.fd = fds[1], .events = POLLIN};
    CHECK_INT(poll(&p, 1, 2000), 1);
    CHECK_INT(read(fds[1], buf, sizeof(buf)), 4);
    CHECK_INT(poll(&p, 1, 2000), 1);
    CHECK_INT(read(fds[1], buf, sizeof(buf)), 0);
    CHECK_INT(close(fds[1]), 0);
    /* nobody listens */
    struct sockaddr_in at = loopback();
    at.sin_port = htons(1);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERROR(connect(fd, (struct sockaddr *)&at, sizeof(at)), ECONNREFUSED);
    CHECK_INT(close(fd), 0);
    CHECK_ERROR(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
    CHECK_ERROR(socket(99, SOCK_STREAM, 0), EAFNOSUPPORT);
}

static int watch(int set, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

/* Waits until @fd has @count bytes to read. */
static void await_bytes(int fd, int count)
{
    int have = 0;
    for (int i = 0; i < 2000 && have < count; i++) {
        CHECK_INT(ioctl(fd, FIONREAD, &have), 0);
        poll(NULL, 0, have < count);
    }
    CHECK_INT(have, count);
}

/* A read takes all that is there as far as it has room: programs take less for the sign that nothing is left. */
void test_tcp_whole(void)
{
    enum { TOTAL = 150000 };
    static char out[TOTAL], in[TOTAL];
    const int room = 200000;
    int fds[2];
    connect_pair(fds);
    for (int i = 0; i < TOTAL; i++) {
        out[i] = (char)(i * 7 + i / 251);
    }
    CHECK_INT(setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)), 0);
    CHECK_INT(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
    CHECK_INT(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    /* one long buffer; several long ones; a short one and a long one */
    const struct iovec ways[3][5] = {
        {{in, TOTAL}},
        {{in, 40000},
         {in + 40000, 1},
         {in + 40001, 0},
         {in + 40001, 59999},
         {in + 100000, 50000}},
        {{in, 100}, {in + 100, 149900}},
    };
    for (int i = 0; i < 3; i++) {
        memset(in, 0, sizeof(in));
        CHECK_INT(send(fds[0], out, TOTAL, 0), TOTAL);
        await_bytes(fds[1], TOTAL);
        CHECK_INT(i == 0 ? read(fds[1], in, TOTAL) : readv(fds[1], ways[i], 5), TOTAL);
        CHECK(memcmp(in, out, TOTAL) == 0);
        CHECK_ERROR(read(fds[1], in, 1), EAGAIN);
    }
    /* What is not there is waited for only if all is wanted. */
    CHECK_INT(fcntl(fds[1], F_SETFL, 0), 0);
    CHECK_INT(send(fds[0], out, 65536, 0), 65536);
    await_bytes(fds[1], 65536);
    CHECK_INT(recv(fds[1], in, TOTAL, 0), 65536);
    /* An error behind the bytes is for the next call. */
    const struct linger at_once = {.l_onoff = 1};
    CHECK_INT(send(fds[0], out, 65536, 0), 65536);
    await_bytes(fds[1], 65536);
    CHECK_INT(setsockopt(fds[0], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    CHECK_INT(close(fds[0]), 0);
    CHECK((ready_for(fds[1]) & POLLHUP) != 0);
    CHECK_INT(recv(fds[1], in, TOTAL, 0), 65536);
    CHECK_ERROR(recv(fds[1], in, TOTAL, 0), ECONNRESET);
    CHECK_INT(recv(fds[1], in, TOTAL, 0), 0);
    CHECK_INT(close(fds[1]), 0);
}

/* A server by events, as such programs are: one set, sockets that do not wait. */
void test_tcp_epoll(void)
{
    struct sockaddr_in at;
    struct epoll_event events[8];
    char buf[16];
    const int set = epoll_create1(0);
    const int listening = listen_somewhere(&at, SOCK_NONBLOCK);
    CHECK_ERROR(accept(listening, NULL, NULL), EAGAIN);
    CHECK_INT(watch(set, listening, EPOLLIN), 0);
    CHECK_INT(epoll_wait(set, events, 8, 20), 0);
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const int result = connect(client, (struct sockaddr *)&at, sizeof(at));
    CHECK(result == 0 || errno == EINPROGRESS);
    CHECK_INT(epoll_wait(set, events, 8, 2000), 1);
    CHECK(events[0].data.fd == listening && events[0].events == EPOLLIN);
    const int server = accept4(listening, NULL, NULL, SOCK_NONBLOCK);
    CHECK(server >= 0);
    CHECK_INT(watch(set, server, EPOLLIN | EPOLLRDHUP | EPOLLET), 0);
    CHECK_INT(epoll_wait(set, events, 8, 0), 0);
    struct pollfd p = {.fd = client, .events = POLLOUT};
    CHECK_INT(poll(&p, 1, 2000), 1);
    CHECK_INT(write(client, "request", 7), 7);
    CHECK_INT(epoll_wait(set, events, 8, 2000), 1);
    CHECK(events[0].data.fd == server && events[0].events == EPOLLIN);
    CHECK_INT(epoll_wait(set, events, 8, 0), 0); /* told already */
    CHECK_INT(read(server, buf, sizeof(buf)), 7);
    CHECK_ERROR(read(server, buf, sizeof(buf)), EAGAIN);
    char name[] = "/tmp/waits-XXXXXX";
    const int file = mkstemp(name);
    CHECK_INT(write(file, "contents", 8), 8);
    off_t offset = 0;
    CHECK_INT(send(server, "head ", 5, MSG_MORE), 5);
    CHECK_INT(sendfile(server, file, &offset, 8), 8);
    CHECK_INT(offset, 8);
    /* a call that waits has the other end's bytes go out */
    CHECK_INT(fcntl(client, F_SETFL, 0), 0);
    CHECK_INT(recv(client, buf, 13, MSG_WAITALL), 13);
    CHECK(memcmp(buf, "head contents", 13) == 0);
    CHECK_INT(close(client), 0);
    p = (struct pollfd){.fd = set, .events = POLLIN};
    CHECK_INT(poll(&p, 1, 2000), 1);
    CHECK_INT(epoll_wait(set, events, 8, 2000), 1);
    CHECK(events[0].data.fd == server && events[0].events == (EPOLLIN | EPOLLRDHUP));
    CHECK_INT(read(server, buf, sizeof(buf)), 0);
    /* with something else in the set */
    int fds[2];
    CHECK_INT(pipe(fds), 0);
    CHECK_INT(watch(set, fds[0], EPOLLIN), 0);
    CHECK_INT(write(fds[1], "x", 1), 1);
    CHECK_INT(epoll_wait(set, events, 8, -1), 1);
    CHECK_INT(events[0].data.fd, fds[0]);
    close(fds[0]);
    close(fds[1]);
    CHECK_INT(close(server), 0);
    CHECK_INT(close(listening), 0);
    CHECK_INT(epoll_wait(set, events, 8, 0), 0);
    CHECK_INT(close(set), 0);
    close(file);
    unlink(name);
}

void test_udp(void)
{
    struct sockaddr_in at = loopback(), from;
    socklen_t len = sizeof(at);
    char buf[16];
    int number;
    const int a = socket(AF_INET, SOCK_DGRAM, 0);
    const int b = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_UDP);
    CHECK_INT(bind(a, (struct sockaddr *)&at, sizeof(at)), 0);
    CHECK_INT(getsockname(a, (struct sockaddr *)&at, &len), 0);
    CHECK_INT(sendto(b, "datagram", 8, 0, (struct sockaddr *)&at, sizeof(at)), 8);
    struct pollfd p = {.fd = a, .events = POLLIN};
    CHECK_INT(poll(&p, 1, 2000), 1);
    CHECK_INT(ioctl(a, FIONREAD, &number), 0);
    CHECK_INT(number, 8);
    len = sizeof(from);
    CHECK_INT(recvfrom(a, buf, 4, 0, (struct sockaddr *)&from, &len), 4);
    CHECK(len == sizeof(from) && from.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    CHECK_INT(connect(a, (struct sockaddr *)&from, sizeof(from)), 0);
    struct iovec out[] = {{"ans", 3}, {"wer", 3}};
    struct msghdr message = {.msg_iov = out, .msg_iovlen = 2};
    CHECK_INT(sendmsg(a, &message, 0), 6);
    p.fd = b;
    CHECK_INT(poll(&p, 1, 2000), 1);
    struct iovec in[] = {{buf, 2}, {buf + 8, 2}};
    message = (struct msghdr){
        .msg_iov = in, .msg_iovlen = 2, .msg_name = &from, .msg_namelen = sizeof(from)};
    CHECK_INT(recvmsg(b, &message, 0), 4);
    CHECK_INT(message.msg_flags & MSG_TRUNC, MSG_TRUNC);
    CHECK(memcmp(buf, "an", 2) == 0 && memcmp(buf + 8, "sw", 2) == 0);
    CHECK(from.sin_port == at.sin_port);
    CHECK_ERROR(recv(b, buf, 1, 0), EAGAIN);
    CHECK_INT(close(a), 0);
    CHECK_INT(close(b), 0);
}

/* Names of /etc/hosts and /etc/services: nobody is asked. */
/* The loopback interface, which is everywhere. */
void test_interfaces(void)
{
    char name[IF_NAMESIZE] = "";
    const unsigned index = if_nametoindex("lo");
    CHECK(index > 0);
    CHECK(if_indextoname(index, name) == name && strcmp(name, "lo") == 0);
    CHECK(if_nametoindex("nothing") == 0 && errno == ENODEV);
    CHECK(if_indextoname(77777, name) == NULL && errno == ENXIO);
    struct if_nameindex *all = if_nameindex();
    int found = 0;
    for (int i = 0; all != NULL && all[i].if_index != 0; i++) {
        found += all[i].if_index == index && strcmp(all[i].if_name, "lo") == 0;
    }
    CHECK_INT(found, 1);
    if_freenameindex(all);

    struct ifaddrs *addresses = NULL;
    int v4 = 0, v6 = 0, link = 0;
    CHECK_INT(getifaddrs(&addresses), 0);
    for (const struct ifaddrs *a = addresses; a != NULL; a = a->ifa_next) {
        if (strcmp(a->ifa_name, "lo") != 0 || a->ifa_addr == NULL) {
            continue;
        }
        CHECK((a->ifa_flags & IFF_LOOPBACK) != 0 && (a->ifa_flags & IFF_UP) != 0);
        if (a->ifa_addr->sa_family == AF_INET) {
            v4 += ((struct sockaddr_in *)a->ifa_addr)->sin_addr.s_addr ==
                  htonl(INADDR_LOOPBACK);
            CHECK_INT(((struct sockaddr_in *)a->ifa_netmask)->sin_addr.s_addr,
                      htonl(0xff000000));
        } else if (a->ifa_addr->sa_family == AF_INET6) {
            v6 +=
                IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)a->ifa_addr)->sin6_addr);
        } else if (a->ifa_addr->sa_family == AF_PACKET) {
            link++;
        }
    }
    CHECK_INT(v4, 1);
    CHECK(v6 <= 1); /* a host may be without */
    CHECK_INT(link, 1);
    freeifaddrs(addresses);
}

void test_names(void)
{
    struct addrinfo *found = NULL;
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    CHECK_INT(getaddrinfo("localhost", "http", &hints, &found), 0);
    if (found != NULL) {
        const struct sockaddr_in *at = (struct sockaddr_in *)found->ai_addr;
        CHECK(at->sin_addr.s_addr == htonl(INADDR_LOOPBACK) &&
              at->sin_port == htons(80));
        freeaddrinfo(found);
    }
    CHECK_INT(getaddrinfo("10.1.2.3", "8080", &hints, &found), 0);
    freeaddrinfo(found);
}

/* In a system without a stack. */
void test_no_network(void)
{
    struct addrinfo *found;
    CHECK_ERROR(socket(AF_INET, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK_ERROR(socket(AF_INET6, SOCK_DGRAM, 0), EAFNOSUPPORT);
    CHECK_ERROR(socket(AF_UNIX, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK(getaddrinfo("nowhere.example", "80", NULL, &found) != 0);
}
