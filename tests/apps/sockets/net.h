/*
 * Sockets, for the same tests in a cubicle and on Linux: net_cubicle.c calls interface `socket`, net_linux.c the kernel.
 * All return a negative errno when they fail.
 */
#ifndef TEST_SOCKETS_NET_H
#define TEST_SOCKETS_NET_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

#define SECOND INT64_C(1000000000)

/** Where connections go, and where they are listened for: 127.0.0.1, or what the device of the test makes of it. */
extern uint32_t net_host, net_own_host;

/** @stack: "lwip", or "lwip DEVICE OPTIONS". 0. */
int net_start(const char *stack);
int net_socket(int domain, int type, int protocol);
int net_close(int fd);
int net_nonblock(int fd, bool on);
int net_bind(int fd, const void *address, size_t len);
int net_listen(int fd, int backlog);
int net_accept(int fd, int flags, struct sockaddr_storage *peer);
int net_connect(int fd, const void *address, size_t len);
int net_shutdown(int fd, int how);
ssize_t net_send(int fd, const void *buf, size_t count, int flags);
ssize_t net_send_to(int fd, const void *buf, size_t count, int flags,
                    const void *address, size_t len);
ssize_t net_receive(int fd, void *buf, size_t count, int flags);
/** @flags_out: MSG_TRUNC. */
ssize_t net_receive_from(int fd, void *buf, size_t count, int flags,
                         struct sockaddr_storage *from, int *flags_out);
int net_name(int fd, bool peer, struct sockaddr_storage *name);
int net_set_option(int fd, int level, int option, const void *value, size_t len);
ssize_t net_get_option(int fd, int level, int option, void *value, size_t size);
int64_t net_readable(int fd);
/** What is ready now, of these events. */
int net_poll(int fd, int events);
int net_set_create(void);
int net_set_change(int set, int operation, int fd, uint32_t events, uint64_t data);
/** How many events. */
int net_set_wait(int set, struct epoll_event *events, int nevents, int64_t timeout_ns);

/* ---- checks ---- */

extern int check_failed;
void check_report(bool ok, const char *file, int line, const char *what, long long have,
                  long long want);
#define CHECK(condition) check_report((condition), __FILE__, __LINE__, #condition, 0, 0)
#define CHECK_INT(have, want)                                                  \
    do {                                                                       \
        const long long have_ = (long long)(have), want_ = (long long)(want);  \
        check_report(have_ == want_, __FILE__, __LINE__, #have, have_, want_); \
    } while (0)

/* ---- help (help.c) ---- */

struct sockaddr_in loopback4(int port);
struct sockaddr_in6 loopback6(int port);
int port_of(int fd);
/** A listener on 127.0.0.1 at a free port. */
int listener4(int backlog);
/** Two ends of a connection over 127.0.0.1: what connected, and what was accepted. */
void connection(int *client, int *server);
void set_int(int fd, int level, int option, int value);
int get_int(int fd, int level, int option);
/** Waits until one of @events is ready; what is. */
int wait_for(int fd, int events);
void fill(uint8_t *bytes, size_t count, uint64_t at);
bool is_filled(const uint8_t *bytes, size_t count, uint64_t at);

#endif
