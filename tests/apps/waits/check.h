/*
 * Checks: silent when they hold, one line with the place when they do not. The same program runs in a cubicle and
 * natively on Linux.
 */
#ifndef TEST_WAITS_CHECK_H
#define TEST_WAITS_CHECK_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

extern int check_count, check_failed;

void check_report(int ok, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define CHECK(condition) \
    check_report((condition) != 0, __FILE__, __LINE__, "%s", #condition)

#define CHECK_INT(have, want)                                                         \
    do {                                                                              \
        errno = 0;                                                                    \
        const long long have_ = (long long)(have), want_ = (long long)(want);         \
        check_report(have_ == want_, __FILE__, __LINE__, "%s is %lld, not %lld (%s)", \
                     #have, have_, want_, strerror(errno));                           \
    } while (0)

/** The call fails with @error. */
#define CHECK_ERROR(call, error)                                                     \
    do {                                                                             \
        errno = 0;                                                                   \
        const long result_ = (long)(call);                                           \
        check_report(result_ == -1 && errno == (error), __FILE__, __LINE__,          \
                     "%s is %ld with errno %d (%s), not -1 with %d", #call, result_, \
                     errno, strerror(errno), error);                                 \
    } while (0)

/** Milliseconds of CLOCK_MONOTONIC. */
int64_t now_ms(void);

/** What @fd is ready for at once, of POLLIN | POLLOUT | POLLRDHUP | POLLPRI, and hang-ups. */
int ready_for(int fd);

void test_eventfd(void);
void test_timerfd(void);
void test_pair(void);
void test_datagrams(void);
void test_epoll(void);
void test_cork(void);
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
void test_names(void);
void test_many(void);
void test_no_network(void);

/** Waits for signals from outside in way @how, and says what came. */
int catch_signals(const char *how);

#endif
