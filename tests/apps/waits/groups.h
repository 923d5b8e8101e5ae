/* The groups of the tests of what waits, and what they share. */
#ifndef TEST_WAITS_GROUPS_H
#define TEST_WAITS_GROUPS_H

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/** Milliseconds of CLOCK_MONOTONIC. */
int64_t now_ms(void);

/** What @fd is ready for at once, of POLLIN | POLLOUT | POLLRDHUP | POLLPRI, and hang-ups. */
int ready_for(int fd);

void test_eventfd(void);
void test_timerfd(void);
void test_pair(void);
void test_datagrams(void);
void test_epoll(void);
void test_watches(void);
void test_watches_again(void);
void test_nested(void);
void test_shared_port(void);
void test_select(void);
void test_sendfile(void);
void test_handlers(void);
void test_masks(void);
void test_timers(void);
void test_pipe_signal(void);
void test_tcp(void);
void test_tcp_epoll(void);
void test_tcp_whole(void);
void test_interfaces(void);
void test_udp(void);
void test_cork(void);
void test_names(void);
void test_many(void);
void test_no_network(void);

/** Waits for signals from outside in way @how, and says what came. */
int catch_signals(const char *how);

#endif
