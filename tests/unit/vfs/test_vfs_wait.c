/* What is no file: eventfd, timerfd, socketpair, epoll. test_vfs_sockets.c has sockets of a network stack. */
#include <errno.h>
#include <fcntl.h>
#include <lifecycle.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <vfs.h>

#include <cmocka.h>

#include "clients.h"
#include "stubs.h"

#define MS INT64_C(1000000)

static int setup(void **state)
{
    (void)state;
    stub_boot();
    return 0;
}

static void test_eventfd(void **state)
{
    uint64_t value = 0;
    (void)state;
    assert_int_equal(vfs_eventfd(0, 5, A), -EINVAL);
    const int fd = vfs_eventfd(3, EFD_NONBLOCK, A);
    assert_int_equal(vfs_read(fd, &value, 7, A), -EINVAL);
    assert_int_equal(vfs_read(fd, &value, 8, A), 8);
    assert_int_equal(value, 3);
    assert_int_equal(vfs_read(fd, &value, 8, A), -EAGAIN);
    assert_int_equal(vfs_fcntl(fd, F_SETFL, 0, A), 0);
    assert_int_equal(vfs_read(fd, &value, 8, A), -EDEADLK);
    value = UINT64_MAX;
    assert_int_equal(vfs_write(fd, &value, 8, A), -EINVAL);
    value = UINT64_MAX - 1;
    assert_int_equal(vfs_write(fd, &value, 8, A), 8);
    value = 1;
    assert_int_equal(vfs_write(fd, &value, 8, A), -EDEADLK);
    struct pollfd poll = {.fd = fd, .events = POLLIN | POLLOUT};
    assert_int_equal(vfs_poll(&poll, sizeof(poll), 0, A), 1);
    assert_int_equal(poll.revents, POLLIN);
    assert_int_equal(vfs_pread(fd, &value, 8, 0, A), -ESPIPE);
    assert_int_equal(vfs_lseek(fd, 0, SEEK_CUR, A), -ESPIPE);
    assert_int_equal(vfs_close(fd, A), 0);
    const int semaphore = vfs_eventfd(2, EFD_SEMAPHORE | EFD_CLOEXEC, A);
    assert_int_equal(vfs_fcntl(semaphore, F_GETFD, 0, A), FD_CLOEXEC);
    assert_int_equal(vfs_read(semaphore, &value, 8, A), 8);
    assert_int_equal(value, 1);
    assert_int_equal(vfs_read(semaphore, &value, 8, A), 8);
    assert_int_equal(vfs_read(semaphore, &value, 8, A), -EDEADLK);
    assert_int_equal(vfs_close(semaphore, A), 0);
}

/* All of a kind share a node: what one client does to it others do not see. */
static void test_shared_node(void **state)
{
    struct stat st;
    (void)state;
    for (uint32_t mode = 0; mode < 8; mode++) {
        const int fd = vfs_eventfd(0, 0, B);
        assert_true(fd >= 0);
        assert_int_equal(vfs_fchmod(fd, mode, B), 0);
        assert_int_equal(vfs_fstat(fd, &st, B), 0);
        assert_int_equal(st.st_mode, 0600);
        assert_int_equal(vfs_close(fd, B), 0);
    }
}

static struct itimerspec times(int64_t value_ms, int64_t interval_ms)
{
    return (struct itimerspec){
        .it_value = {value_ms / 1000, value_ms % 1000 * 1000000},
        .it_interval = {interval_ms / 1000, interval_ms % 1000 * 1000000},
    };
}

static void test_timerfd(void **state)
{
    uint64_t count;
    struct itimerspec set = times(30, 10), shown;
    (void)state;
    assert_int_equal(vfs_timerfd_create(12, 0, A), -EINVAL);
    const int fd = vfs_timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK, A);
    assert_int_equal(vfs_read(fd, &count, 8, A), -EAGAIN);
    assert_int_equal(vfs_write(fd, &count, 8, A), -EINVAL);
    assert_int_equal(vfs_timerfd_settime(fd, 0, &set, &shown, A), 0);
    assert_int_equal(shown.it_value.tv_sec | shown.it_value.tv_nsec, 0);
    assert_int_equal(vfs_read(fd, &count, 8, A), -EAGAIN);
    struct pollfd poll = {.fd = fd, .events = POLLIN};
    stub.slept_ns = 0;
    assert_int_equal(vfs_poll(&poll, sizeof(poll), 20, A), 0);
    assert_in_range(stub.slept_ns, 19 * MS, 20 * MS);
    assert_int_equal(vfs_poll(&poll, sizeof(poll), -1, A), 1);
    assert_in_range(stub.slept_ns, 29 * MS, 30 * MS);
    stub.clock_ns += 25 * MS;
    assert_int_equal(vfs_timerfd_gettime(fd, &shown, A), 0);
    assert_int_equal(shown.it_interval.tv_nsec, 10 * MS);
    assert_in_range(shown.it_value.tv_nsec, 4 * MS, 5 * MS);
    assert_int_equal(vfs_read(fd, &count, 8, A), 8);
    assert_int_equal(count, 3);
    /* one that waits */
    assert_int_equal(vfs_fcntl(fd, F_SETFL, 0, A), 0);
    assert_int_equal(vfs_read(fd, &count, 8, A), 8);
    assert_int_equal(count, 1);
    stub.interrupted = true;
    assert_int_equal(vfs_read(fd, &count, 8, A), -EINTR);
    assert_int_equal(vfs_poll(&poll, sizeof(poll), 0, A), 1);
    assert_int_equal(vfs_read(fd, &count, 8, A), 8);
    assert_int_equal(vfs_poll(&poll, sizeof(poll), -1, A), -EINTR);
    stub.interrupted = false;
    /* once, at a time of the clock */
    set = times(0, 0);
    set.it_value.tv_nsec = 1;
    assert_int_equal(vfs_timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, &shown, A), 0);
    assert_int_equal(vfs_read(fd, &count, 8, A), 8);
    assert_int_equal(count, 1);
    assert_int_equal(vfs_read(fd, &count, 8, A), -EDEADLK);
    set.it_value.tv_nsec = 1000 * MS;
    assert_int_equal(vfs_timerfd_settime(fd, 0, &set, &shown, A), -EINVAL);
    assert_int_equal(vfs_timerfd_settime(1, 0, &set, &shown, A), -EINVAL);
    assert_int_equal(vfs_close(fd, A), 0);
}

static void test_pair_stream(void **state)
{
    int fds[2];
    char buf[8] = "";
    uint64_t size;
    static char big[200000];
    (void)state;
    assert_int_equal(vfs_socketpair(AF_INET, SOCK_STREAM, 0, fds, A), -EOPNOTSUPP);
    assert_int_equal(vfs_socketpair(AF_UNIX, SOCK_STREAM, 0, fds, A), 0);
    assert_int_equal(vfs_read(fds[0], buf, 8, A), -EDEADLK);
    assert_int_equal(vfs_write(fds[0], "hello", 5, A), 5);
    assert_int_equal(vfs_readable(fds[1], A), 5);
    assert_int_equal(vfs_receive(fds[1], buf, 2, MSG_PEEK, &size, A), 2);
    assert_int_equal(vfs_receive(fds[1], buf, 2, 0, &size, A), 2);
    assert_memory_equal(buf, "he", 2);
    assert_int_equal(vfs_read(fds[1], buf, 8, A), 3);
    assert_memory_equal(buf, "llo", 3);
    assert_int_equal(vfs_receive(fds[1], buf, 8, MSG_DONTWAIT, &size, A), -EAGAIN);
    struct pollfd poll = {.fd = fds[0], .events = POLLIN | POLLOUT | POLLRDHUP};
    assert_int_equal(vfs_poll(&poll, sizeof(poll), 0, A), 1);
    assert_int_equal(poll.revents, POLLOUT);
    assert_int_equal(vfs_write(fds[1], big, sizeof(big), A), 131072);
    assert_int_equal(vfs_write(fds[1], big, 1, A), -EDEADLK);
    assert_int_equal(vfs_read(fds[0], big, 100000, A), 100000);
    assert_int_equal(vfs_write(fds[1], big, 100001, A), 100000);
    for (size_t left = 131072; left > 0;) {
        left -= (size_t)vfs_read(fds[0], big, 50000, A);
    }
    assert_int_equal(vfs_shutdown(fds[1], SHUT_WR, A), 0);
    assert_int_equal(vfs_read(fds[0], buf, 8, A), 0);
    assert_int_equal(vfs_write(fds[1], "x", 1, A), -EPIPE);
    assert_int_equal(vfs_poll(&poll, sizeof(poll), 0, A), 1);
    assert_int_equal(poll.revents, POLLIN | POLLOUT | POLLRDHUP);
    assert_int_equal(vfs_close(fds[1], A), 0);
    assert_int_equal(vfs_write(fds[0], "x", 1, A), -EPIPE);
    assert_int_equal(vfs_poll(&poll, sizeof(poll), 0, A), 1);
    assert_int_equal(poll.revents, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
    assert_int_equal(vfs_shutdown(1, SHUT_WR, A), -ENOTSOCK);
    struct stat st;
    assert_int_equal(vfs_fstat(fds[0], &st, A), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(vfs_close(fds[0], A), 0);
}

static void test_pair_datagrams(void **state)
{
    int fds[2];
    char buf[8];
    uint64_t size;
    static char big[131072];
    (void)state;
    assert_int_equal(vfs_socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds, A), 0);
    assert_int_equal(vfs_send(fds[0], "one", 3, 0, A), 3);
    assert_int_equal(vfs_send(fds[0], "", 0, 0, A), 0);
    assert_int_equal(vfs_send(fds[0], "three", 5, 0, A), 5);
    assert_int_equal(vfs_receive(fds[1], buf, 2, 0, &size, A), 2);
    assert_int_equal(size, 3);
    assert_int_equal(vfs_receive(fds[1], buf, 8, 0, &size, A), 0);
    assert_int_equal(vfs_readable(fds[1], A), 5);
    assert_int_equal(vfs_receive(fds[1], buf, 8, 0, &size, A), 5);
    assert_memory_equal(buf, "three", 5);
    assert_int_equal(vfs_read(fds[1], buf, 8, A), -EAGAIN);
    assert_int_equal(vfs_send(fds[1], big, sizeof(big), 0, A), -EMSGSIZE);
    assert_int_equal(vfs_send(fds[1], big, sizeof(big) - 4, 0, A), sizeof(big) - 4);
    assert_int_equal(vfs_send(fds[1], "", 0, 0, A), -EAGAIN);
    assert_int_equal(vfs_send(fds[1], "", 0, MSG_OOB, A), -EOPNOTSUPP);
    assert_int_equal(vfs_close(fds[0], A), 0);
    assert_int_equal(vfs_send(fds[1], "x", 1, 0, A), -ECONNREFUSED);
    assert_int_equal(vfs_close(fds[1], A), 0);
}

static void test_epoll_own(void **state)
{
    int fds[2];
    uint64_t value = 1;
    struct epoll_event events[4];
    (void)state;
    assert_int_equal(vfs_epoll_create(1, A), -EINVAL);
    const int set = vfs_epoll_create(0, A);
    const int other = vfs_epoll_create(EPOLL_CLOEXEC, A);
    const int event = vfs_eventfd(0, 0, A);
    const int file = open_file("/file", O_CREAT | O_RDWR, A);
    assert_int_equal(vfs_pipe2(fds, 0, A), 0);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, file, EPOLLIN, 0, A), -EPERM);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, set, EPOLLIN, 0, A), -EINVAL);
    /* A set may be in a set, which then is in none. */
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, other, EPOLLIN, 0, A), 0);
    assert_int_equal(vfs_epoll_ctl(other, EPOLL_CTL_ADD, set, EPOLLIN, 0, A), -ELOOP);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_DEL, other, 0, 0, A), 0);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, 99, EPOLLIN, 0, A), -EBADF);
    assert_int_equal(vfs_epoll_ctl(event, EPOLL_CTL_ADD, event, EPOLLIN, 0, A),
                     -EINVAL);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_MOD, event, EPOLLIN, 0, A), -ENOENT);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_DEL, event, 0, 0, A), -ENOENT);
    assert_int_equal(vfs_epoll_ctl(set, 9, event, 0, 0, A), -EINVAL);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, event, EPOLLIN, 7, A), 0);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, event, EPOLLIN, 7, A), -EEXIST);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, fds[0], EPOLLIN | EPOLLET, 8, A),
                     0);
    assert_int_equal(vfs_epoll_wait(set, events, 3, 0, A), -EINVAL);
    assert_int_equal(wait_events(set, events, 4, 0), 0);
    assert_int_equal(wait_events(set, events, 4, -1), -EDEADLK);
    stub.slept_ns = 0;
    assert_int_equal(wait_events(set, events, 4, 5 * MS), 0);
    assert_int_equal(stub.slept_ns, 5 * MS);
    /* level: again and again; edge: once for each write */
    assert_int_equal(vfs_write(event, &value, 8, A), 8);
    assert_int_equal(vfs_write(fds[1], "x", 1, A), 1);
    assert_int_equal(wait_events(set, events, 4, -1), 2);
    assert_int_equal(events[0].events, EPOLLIN);
    assert_int_equal(events[0].data.u64 + events[1].data.u64, 15);
    assert_int_equal(wait_events(set, events, 4, -1), 1);
    assert_int_equal(events[0].data.u64, 7);
    assert_int_equal(vfs_write(fds[1], "x", 1, A), 1);
    assert_int_equal(wait_events(set, events, 4, 0), 2);
    /* in turn where there is no room */
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_MOD, fds[0], EPOLLIN, 8, A), 0);
    uint64_t seen = 0;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wait_events(set, events, 1, 0), 1);
        seen += events[0].data.u64;
    }
    assert_int_equal(seen, 15);
    /* oneshot: until it is changed */
    assert_int_equal(
        vfs_epoll_ctl(set, EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLONESHOT, 9, A), 0);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_DEL, event, 0, 0, A), 0);
    assert_int_equal(wait_events(set, events, 4, -1), 1);
    assert_int_equal(events[0].data.u64, 9);
    assert_int_equal(wait_events(set, events, 4, 0), 0);
    assert_int_equal(
        vfs_epoll_ctl(set, EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLONESHOT, 10, A), 0);
    assert_int_equal(wait_events(set, events, 4, 0), 1);
    /* the last descriptor of a file takes it out, not the first */
    const int copy = vfs_dup(fds[0], A);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_MOD, fds[0], EPOLLIN, 11, A), 0);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, copy, EPOLLIN, 12, A), 0);
    assert_int_equal(wait_events(set, events, 4, 0), 2);
    assert_int_equal(vfs_close(fds[0], A), 0);
    assert_int_equal(wait_events(set, events, 4, 0), 2);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_DEL, fds[0], 0, 0, A), -EBADF);
    assert_int_equal(vfs_close(copy, A), 0);
    assert_int_equal(wait_events(set, events, 4, 0), 0);
    /* what hangs up is told unasked */
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, fds[1], 0, 13, A), 0);
    assert_int_equal(wait_events(set, events, 4, 0), 1);
    assert_int_equal(events[0].events, EPOLLERR);
    /* a set that is closed takes its watches along */
    assert_int_equal(vfs_close(set, A), 0);
    assert_int_equal(vfs_close(fds[1], A), 0);
    assert_int_equal(vfs_close(other, A), 0);
    assert_int_equal(vfs_close(event, A), 0);
    assert_int_equal(vfs_close(file, A), 0);
}

static void test_epoll_timer(void **state)
{
    struct epoll_event events[2];
    struct itimerspec set_to = times(30, 0), before;
    (void)state;
    const int set = vfs_epoll_create(0, A);
    const int timer = vfs_timerfd_create(CLOCK_MONOTONIC, 0, A);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, timer, EPOLLIN | EPOLLET, 1, A),
                     0);
    assert_int_equal(vfs_timerfd_settime(timer, 0, &set_to, &before, A), 0);
    stub.slept_ns = 0;
    assert_int_equal(wait_events(set, events, 2, -1), 1);
    assert_in_range(stub.slept_ns, 29 * MS, 30 * MS);
    assert_int_equal(wait_events(set, events, 2, 10 * MS), 0); /* told already */
    assert_int_equal(wait_events(set, events, 2, -1), -EDEADLK);
    assert_int_equal(vfs_close(set, A), 0);
    assert_int_equal(vfs_close(timer, A), 0);
}

#define MANY 65536

static void test_many(void **state)
{
    (void)state;
    assert_int_equal(vfs_limit(MANY + 1, A), -EINVAL);
    assert_int_equal(vfs_limit(MANY, A), 0);
    const int first = vfs_eventfd(0, 0, A);
    for (int fd = first + 1; fd < MANY; fd++) {
        assert_int_equal(
            fd % 2 == 0 ? vfs_dup(first, A) : vfs_eventfd(0, EFD_CLOEXEC, A), fd);
    }
    assert_int_equal(vfs_dup(first, A), -EMFILE);
    assert_int_equal(vfs_close(40000, A), 0);
    assert_int_equal(vfs_close(777, A), 0);
    assert_int_equal(vfs_dup(first, A), 777);
    assert_int_equal(vfs_dup(first, A), 40000);
    assert_int_equal(vfs_fcntl(40001, F_GETFD, 0, A), FD_CLOEXEC);
    assert_int_equal(vfs_fcntl(40000, F_GETFD, 0, A), 0);
    assert_int_equal(lifecycle_ended(A), 0);
    assert_int_equal(vfs_eventfd(0, 0, A), 3);
    assert_int_equal(vfs_close(40001, A), -EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared_node),    cmocka_unit_test(test_eventfd),
        cmocka_unit_test(test_timerfd),        cmocka_unit_test(test_pair_stream),
        cmocka_unit_test(test_pair_datagrams), cmocka_unit_test(test_epoll_own),
        cmocka_unit_test(test_epoll_timer),    cmocka_unit_test(test_many),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("vfs_wait", tests, setup, NULL);
}
