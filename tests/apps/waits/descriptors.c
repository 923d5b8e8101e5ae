/* eventfd, timerfd, socketpair, epoll, select, sendfile, splice. */
#include "groups.h"

#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

void test_eventfd(void)
{
    uint64_t value = 5;
    const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_INT(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR | O_NONBLOCK);
    CHECK_ERROR(read(fd, &value, sizeof(value)), EAGAIN);
    CHECK_INT(ready_for(fd), POLLOUT);
    CHECK_INT(write(fd, &value, sizeof(value)), 8);
    CHECK_INT(write(fd, &value, sizeof(value)), 8);
    CHECK_ERROR(write(fd, &value, 4), EINVAL);
    CHECK_INT(ready_for(fd), POLLIN | POLLOUT);
    CHECK_INT(read(fd, &value, sizeof(value)), 8);
    CHECK_INT(value, 10);
    CHECK_INT(close(fd), 0);
    const int semaphore = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    CHECK_INT(read(semaphore, &value, sizeof(value)), 8);
    CHECK_INT(value, 1);
    CHECK_INT(read(semaphore, &value, sizeof(value)), 8);
    CHECK_ERROR(read(semaphore, &value, sizeof(value)), EAGAIN);
    eventfd_t number;
    CHECK_INT(eventfd_write(semaphore, 1), 0);
    CHECK_INT(eventfd_read(semaphore, &number), 0);
    CHECK_INT(close(semaphore), 0);
    CHECK_ERROR(eventfd(0, 0x10), EINVAL);
}

void test_timerfd(void)
{
    uint64_t count;
    struct itimerspec set = {.it_value = {0, 30000000}}, was;
    const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    CHECK(fd >= 0);
    CHECK_ERROR(read(fd, &count, sizeof(count)), EAGAIN);
    int64_t start = now_ms();
    CHECK_INT(timerfd_settime(fd, 0, &set, NULL), 0);
    CHECK_INT(ready_for(fd), 0);
    CHECK_INT(timerfd_gettime(fd, &was), 0);
    CHECK(was.it_value.tv_nsec > 0 && was.it_value.tv_nsec <= 30000000);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    CHECK_INT(poll(&p, 1, -1), 1);
    CHECK(now_ms() - start >= 29);
    CHECK_INT(read(fd, &count, sizeof(count)), 8);
    CHECK_INT(count, 1);
    CHECK_ERROR(read(fd, &count, sizeof(count)), EAGAIN);
    /* one that goes on, read by a call that waits */
    set.it_interval.tv_nsec = set.it_value.tv_nsec = 10000000;
    start = now_ms();
    CHECK_INT(timerfd_settime(fd, 0, &set, &was), 0);
    CHECK_INT(was.it_value.tv_nsec, 0);
    CHECK_INT(fcntl(fd, F_SETFL, 0), 0);
    for (uint64_t sum = 0; sum < 3; sum += count) {
        CHECK_INT(read(fd, &count, sizeof(count)), 8);
        CHECK(count >= 1);
    }
    CHECK(now_ms() - start >= 29);
    /* a time of the clock that has gone by */
    set = (struct itimerspec){.it_value = {1, 0}};
    CHECK_INT(timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL), 0);
    CHECK_INT(read(fd, &count, sizeof(count)), 8);
    CHECK_ERROR(write(fd, &count, sizeof(count)), EINVAL);
    set.it_value.tv_nsec = 1000000000;
    CHECK_ERROR(timerfd_settime(fd, 0, &set, NULL), EINVAL);
    CHECK_ERROR(timerfd_create(77, 0), EINVAL);
    CHECK_INT(close(fd), 0);
}

void test_pair(void)
{
    int fds[2], number;
    char buf[64];
    socklen_t len = sizeof(number);
    struct iovec out[] = {{"ab", 2}, {"", 0}, {"cde", 3}};
    struct iovec in[] = {{buf, 1}, {buf + 10, 20}};
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    CHECK_ERROR(read(fds[0], buf, 1), EAGAIN);
    CHECK_INT(writev(fds[0], out, 3), 5);
    CHECK_INT(ioctl(fds[1], FIONREAD, &number), 0);
    CHECK_INT(number, 5);
    CHECK_INT(recv(fds[1], buf, 3, MSG_PEEK), 3);
    CHECK_INT(readv(fds[1], in, 2), 5);
    CHECK(buf[0] == 'a' && memcmp(buf + 10, "bcde", 4) == 0);
    CHECK_INT(send(fds[1], "xyz", 3, 0), 3);
    CHECK_INT(read(fds[0], buf, 64), 3);
    CHECK_INT(getsockopt(fds[0], SOL_SOCKET, SO_TYPE, &number, &len), 0);
    CHECK_INT(number, SOCK_STREAM);
    CHECK_INT(getsockopt(fds[0], SOL_SOCKET, SO_ERROR, &number, &len), 0);
    CHECK_INT(number, 0);
    struct sockaddr name;
    len = sizeof(name);
    CHECK_INT(getsockname(fds[0], &name, &len), 0);
    CHECK_INT(name.sa_family, AF_UNIX);
    CHECK_INT(len, sizeof(sa_family_t));
    CHECK_INT(ready_for(fds[0]), POLLOUT);
    CHECK_INT(shutdown(fds[1], SHUT_WR), 0);
    CHECK_INT(ready_for(fds[0]), POLLIN | POLLOUT | POLLRDHUP);
    CHECK_INT(read(fds[0], buf, 1), 0);
    CHECK_ERROR(send(fds[1], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_INT(write(fds[0], "x", 1), 1);
    CHECK_INT(close(fds[0]), 0);
    CHECK_INT(read(fds[1], buf, 2), 1);
    CHECK_INT(ready_for(fds[1]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
    CHECK_INT(close(fds[1]), 0);
    CHECK_ERROR(recv(fds[1], buf, 1, 0), EBADF);
    CHECK_ERROR(recv(0, buf, 1, 0), ENOTSOCK);
    CHECK_ERROR(socketpair(AF_INET, SOCK_STREAM, 0, fds), EOPNOTSUPP);
}

void test_datagrams(void)
{
    int fds[2];
    char buf[8];
    struct iovec out[] = {{"one", 3}, {"two", 3}};
    struct iovec in = {buf, 4};
    struct msghdr message = {.msg_iov = out, .msg_iovlen = 2};
    CHECK_INT(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
    CHECK_INT(sendmsg(fds[0], &message, 0), 6);
    CHECK_INT(send(fds[0], "", 0, 0), 0);
    CHECK_INT(write(fds[0], "last", 4), 4);
    message = (struct msghdr){.msg_iov = &in, .msg_iovlen = 1};
    CHECK_INT(recvmsg(fds[1], &message, 0), 4);
    CHECK(memcmp(buf, "onet", 4) == 0);
    CHECK_INT(message.msg_flags & MSG_TRUNC, MSG_TRUNC);
    CHECK_INT(read(fds[1], buf, 8), 0);
    CHECK_INT(recv(fds[1], buf, 2, MSG_TRUNC), 4);
    CHECK_ERROR(recv(fds[1], buf, 2, 0), EAGAIN);
    CHECK_INT(close(fds[0]), 0);
    CHECK_ERROR(send(fds[1], "x", 1, MSG_NOSIGNAL), ECONNREFUSED);
    CHECK_INT(close(fds[1]), 0);
    CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    CHECK_INT(send(fds[0], "abc", 3, 0), 3);
    CHECK_INT(send(fds[0], "d", 1, 0), 1);
    CHECK_INT(recv(fds[1], buf, 8, 0), 3);
    CHECK_INT(close(fds[0]), 0);
    CHECK_INT(recv(fds[1], buf, 8, 0), 1);
    CHECK_INT(recv(fds[1], buf, 8, 0), 0);
    CHECK_INT(close(fds[1]), 0);
}

static int add(int set, int fd, uint32_t events, uint64_t data, int operation)
{
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(set, operation, fd, &event);
}

void test_epoll(void)
{
    int fds[2], pair[2];
    char buf[8];
    struct epoll_event events[4];
    const int set = epoll_create1(EPOLL_CLOEXEC);
    CHECK_INT(pipe2(fds, O_NONBLOCK), 0);
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    CHECK_INT(add(set, fds[0], EPOLLIN | EPOLLET, 1, EPOLL_CTL_ADD), 0);
    CHECK_ERROR(add(set, fds[0], EPOLLIN, 1, EPOLL_CTL_ADD), EEXIST);
    CHECK_ERROR(add(set, fds[1], EPOLLIN, 1, EPOLL_CTL_MOD), ENOENT);
    CHECK_ERROR(add(set, set, EPOLLIN, 1, EPOLL_CTL_ADD), EINVAL);
    CHECK_INT(add(set, pair[0], EPOLLIN | EPOLLRDHUP, 2, EPOLL_CTL_ADD), 0);
    CHECK_INT(epoll_wait(set, events, 4, 0), 0);
    int64_t start = now_ms();
    CHECK_INT(epoll_wait(set, events, 4, 20), 0);
    CHECK(now_ms() - start >= 20);
    CHECK_INT(write(fds[1], "a", 1), 1);
    CHECK_INT(epoll_wait(set, events, 4, -1), 1);
    CHECK(events[0].data.u64 == 1 && events[0].events == EPOLLIN);
    CHECK_INT(epoll_wait(set, events, 4, 0), 0); /* told already */
    CHECK_INT(write(fds[1], "b", 1), 1);
    CHECK_INT(epoll_wait(set, events, 4, 0), 1);
    CHECK_INT(read(fds[0], buf, 8), 2);
    CHECK_INT(write(pair[1], "xy", 2), 2);
    CHECK_INT(epoll_wait(set, events, 4, -1), 1);
    CHECK_INT(epoll_wait(set, events, 4, -1), 1); /* level */
    CHECK(events[0].data.u64 == 2 && events[0].events == EPOLLIN);
    CHECK_INT(add(set, pair[0], EPOLLIN | EPOLLONESHOT, 3, EPOLL_CTL_MOD), 0);
    CHECK_INT(epoll_wait(set, events, 4, -1), 1);
    CHECK_INT(events[0].data.u64, 3);
    CHECK_INT(epoll_wait(set, events, 4, 0), 0);
    CHECK_INT(add(set, pair[0], EPOLLOUT | EPOLLRDHUP, 4, EPOLL_CTL_MOD), 0);
    CHECK_INT(epoll_wait(set, events, 4, -1), 1);
    CHECK_INT(events[0].events, EPOLLOUT);
    CHECK_INT(close(pair[1]), 0);
    CHECK_INT(epoll_wait(set, events, 4, -1), 1);
    CHECK_INT(events[0].events, EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
    /* a copy keeps it in the set */
    const int copy = dup(pair[0]);
    CHECK_INT(close(pair[0]), 0);
    CHECK_INT(epoll_wait(set, events, 4, 0), 1);
    CHECK_INT(close(copy), 0);
    CHECK_INT(epoll_wait(set, events, 4, 0), 0);
    CHECK_INT(epoll_ctl(set, EPOLL_CTL_DEL, fds[0], NULL), 0);
    CHECK_ERROR(epoll_ctl(set, EPOLL_CTL_DEL, fds[0], NULL), ENOENT);
    CHECK_ERROR(epoll_wait(set, events, 0, 0), EINVAL);
    CHECK_ERROR(epoll_wait(fds[0], events, 1, 0), EINVAL);
    CHECK_INT(close(set), 0);
    CHECK_INT(close(fds[0]), 0);
    CHECK_INT(close(fds[1]), 0);
}

/* A set in poll, and in another set. */
/* What an event of @set has for data, when one is there; else 0. */
static uint64_t told_data(int set)
{
    struct epoll_event events[4];
    const int count = epoll_wait(set, events, 4, 0);
    CHECK(count == 0 || count == 1);
    return count == 1 ? events[0].data.u64 : 0;
}

/* A watch belongs to what a descriptor and its duplicates have in common. */
void test_watches(void)
{
    uint64_t one = 1;
    const int set = epoll_create1(0), same = dup(set);
    int first = eventfd(1, EFD_NONBLOCK);
    const int second = dup(first);
    CHECK_INT(add(set, first, EPOLLIN, 11, EPOLL_CTL_ADD), 0);
    CHECK_INT(told_data(set), 11);
    CHECK_INT(told_data(same), 11); /* a set has duplicates, too */
    CHECK_INT(add(same, first, EPOLLIN, 12, EPOLL_CTL_MOD), 0);
    CHECK_INT(told_data(set), 12);
    CHECK_ERROR(add(set, second, EPOLLIN, 13, EPOLL_CTL_MOD), ENOENT);
    /* It lives on without the descriptor that it was made with, but cannot be named. */
    CHECK_INT(close(first), 0);
    CHECK_INT(told_data(set), 12);
    CHECK_ERROR(add(set, second, EPOLLIN, 13, EPOLL_CTL_DEL), ENOENT);
    CHECK_INT(dup2(second, first), first);
    CHECK_INT(add(set, first, EPOLLIN, 14, EPOLL_CTL_MOD), 0);
    CHECK_INT(told_data(set), 14);
    /* The same number for another file: both are watched. */
    CHECK_INT(close(first), 0);
    CHECK_INT(eventfd(0, EFD_NONBLOCK), first);
    CHECK_INT(add(set, first, EPOLLIN, 15, EPOLL_CTL_ADD), 0);
    CHECK_INT(told_data(set), 14);
    CHECK_INT(read(second, &one, 8), 8);
    CHECK_INT(told_data(set), 0);
    CHECK_INT(write(first, &one, 8), 8);
    CHECK_INT(told_data(set), 15);
    /* It ends with the last descriptor, and with what dup2() and F_DUPFD have made of it. */
    CHECK_INT(write(second, &one, 8), 8);
    CHECK_INT(dup2(first, second), second);
    CHECK_INT(told_data(set), 15);
    CHECK_INT(close(first), 0);
    CHECK_INT(told_data(set), 15);
    first = fcntl(second, F_DUPFD, 100);
    CHECK_INT(close(second), 0);
    CHECK_INT(told_data(set), 15);
    CHECK_INT(close(first), 0);
    CHECK_INT(told_data(set), 0);
    /* A set that is gone watches nothing. */
    first = eventfd(1, EFD_NONBLOCK);
    CHECK_INT(add(set, first, EPOLLIN, 16, EPOLL_CTL_ADD), 0);
    CHECK_INT(close(set), 0);
    CHECK_INT(told_data(same), 16);
    CHECK_INT(close(same), 0);
    CHECK_INT(epoll_create1(0), set);
    CHECK_INT(told_data(set), 0);
    CHECK_INT(add(set, first, EPOLLIN, 17, EPOLL_CTL_ADD), 0);
    CHECK_INT(told_data(set), 17);
    close(first);
    close(set);
}

/* More than there may be at a time (131,071 in a cubicle) come and go. */
void test_watches_again(void)
{
    const int number = eventfd(1, 0);
    for (uint64_t i = 1; i <= 66000; i++) {
        const int set = epoll_create1(0), other = dup(number);
        CHECK_INT(add(set, other, EPOLLIN, i, EPOLL_CTL_ADD), 0);
        CHECK_INT(add(set, number, 0, 1, EPOLL_CTL_ADD), 0);
        CHECK_INT(told_data(set), i);
        close(other);
        close(set);
    }
    close(number);
}

void test_nested(void)
{
    struct epoll_event events[4];
    int fds[2];
    CHECK_INT(pipe(fds), 0);
    const int inner = epoll_create1(0), outer = epoll_create1(0);
    CHECK_INT(ready_for(inner), 0);
    CHECK_INT(add(inner, fds[0], EPOLLIN | (uint32_t)EPOLLET, 1, EPOLL_CTL_ADD), 0);
    CHECK_INT(add(outer, inner, EPOLLIN, 2, EPOLL_CTL_ADD), 0);
    CHECK_INT(epoll_wait(outer, events, 4, 10), 0);
    CHECK_INT(write(fds[1], "x", 1), 1);
    CHECK_INT(ready_for(inner), POLLIN);
    CHECK_INT(ready_for(outer), POLLIN);
    CHECK_INT(epoll_wait(outer, events, 4, -1), 1);
    CHECK(events[0].data.u64 == 2 && events[0].events == EPOLLIN);
    CHECK_INT(epoll_wait(outer, events, 4, 0), 1);
    CHECK_INT(epoll_wait(inner, events, 4, 0), 1);
    CHECK_INT(events[0].data.u64, 1);
    CHECK_INT(ready_for(inner), 0); /* told already */
    CHECK_INT(epoll_wait(outer, events, 4, 0), 0);
    /* what is in it is waited for */
    const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    const struct itimerspec soon = {.it_value.tv_nsec = 20000000};
    CHECK_INT(add(inner, timer, EPOLLIN, 3, EPOLL_CTL_ADD), 0);
    CHECK_INT(timerfd_settime(timer, 0, &soon, NULL), 0);
    CHECK_INT(epoll_wait(outer, events, 4, -1), 1);
    CHECK_INT(events[0].data.u64, 2);
    struct pollfd p = {.fd = inner, .events = POLLIN};
    CHECK_INT(poll(&p, 1, -1), 1);
    CHECK_ERROR(add(inner, outer, EPOLLIN, 0, EPOLL_CTL_ADD), ELOOP);
    CHECK_ERROR(add(inner, inner, EPOLLIN, 0, EPOLL_CTL_ADD), EINVAL);
    CHECK_INT(close(inner), 0);
    CHECK_INT(epoll_wait(outer, events, 4, 0), 0);
    CHECK_INT(close(outer), 0);
    CHECK_INT(close(timer), 0);
    CHECK_INT(close(fds[0]), 0);
    CHECK_INT(close(fds[1]), 0);
}

void test_select(void)
{
    int fds[2];
    fd_set in, out;
    struct timeval time = {.tv_usec = 20000};
    CHECK_INT(pipe(fds), 0);
    const int event = eventfd(1, 0);
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(fds[0], &in);
    int64_t start = now_ms();
    CHECK_INT(select(fds[0] + 1, &in, NULL, NULL, &time), 0);
    CHECK(now_ms() - start >= 20);
    CHECK(!FD_ISSET(fds[0], &in));
    FD_SET(fds[0], &in);
    FD_SET(event, &in);
    FD_SET(fds[1], &out);
    CHECK_INT(select(event + 1, &in, &out, NULL, NULL), 2);
    CHECK(!FD_ISSET(fds[0], &in) && FD_ISSET(event, &in) && FD_ISSET(fds[1], &out));
    struct pollfd p[] = {{.fd = -1, .events = POLLIN}, {.fd = 999, .events = POLLIN}};
    CHECK_INT(poll(p, 2, 0), 1);
    CHECK(p[0].revents == 0 && p[1].revents == POLLNVAL);
    start = now_ms();
    CHECK_INT(poll(NULL, 0, 20), 0);
    CHECK(now_ms() - start >= 20);
    close(fds[0]);
    close(fds[1]);
    close(event);
}

void test_sendfile(void)
{
    static char data[100000], copy[100000];
    int fds[2], pair[2];
    char name[] = "/tmp/waits-XXXXXX", other[] = "/tmp/waits-XXXXXX";
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (char)(i * 13 + i / 251);
    }
    const int in = mkstemp(name), out = mkstemp(other);
    CHECK_INT(write(in, data, sizeof(data)), sizeof(data));
    off_t offset = 100;
    CHECK_INT(sendfile(out, in, &offset, 50000), 50000);
    CHECK_INT(offset, 50100);
    CHECK_INT(sendfile(out, in, &offset, 1000000), sizeof(data) - 50100);
    CHECK_INT(offset, sizeof(data));
    CHECK_INT(pread(out, copy, sizeof(copy), 0), sizeof(data) - 100);
    CHECK(memcmp(copy, data + 100, sizeof(data) - 100) == 0);
    CHECK_INT(lseek(in, 10, SEEK_SET), 10);
    CHECK_INT(sendfile(out, in, NULL, 5), 5);
    CHECK_INT(lseek(in, 0, SEEK_CUR), 15);
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    offset = 0;
    CHECK_INT(sendfile(pair[0], in, &offset, 4096), 4096);
    CHECK_INT(read(pair[1], copy, 8192), 4096);
    CHECK(memcmp(copy, data, 4096) == 0);
    CHECK_ERROR(sendfile(in, pair[0], NULL, 1), EINVAL);
    CHECK_INT(pipe2(fds, O_NONBLOCK), 0);
    loff_t at = 7;
    CHECK_INT(splice(in, &at, fds[1], NULL, 3000, 0), 3000);
    CHECK_INT(at, 3007);
    CHECK_INT(splice(fds[0], NULL, pair[0], NULL, 1000, 0), 1000);
    CHECK_INT(read(pair[1], copy, 8192), 1000);
    CHECK(memcmp(copy, data + 7, 1000) == 0);
    CHECK_INT(read(fds[0], copy, 8192), 2000);
    CHECK_ERROR(splice(fds[0], NULL, pair[0], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
    CHECK_ERROR(splice(in, NULL, out, NULL, 1, 0), EINVAL);
    for (int i = 0; i < 2; i++) {
        close(fds[i]);
        close(pair[i]);
    }
    close(in);
    close(out);
    unlink(name);
    unlink(other);
}

#define MANY 65536

/* As many descriptors as there can be, in one set. */
void test_many(void)
{
    struct rlimit limit;
    struct epoll_event events[8];
    uint64_t one = 1;
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = MANY;
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    const int set = epoll_create1(0);
    const int first = eventfd(0, 0);
    CHECK_INT(add(set, first, EPOLLIN, (uint64_t)first, EPOLL_CTL_ADD), 0);
    int fd = first;
    while (fd < MANY - 1) {
        const int next = fd % 1024 == 0 ? eventfd(0, 0) : dup(first);
        if (next != fd + 1) {
            CHECK_INT(next, fd + 1);
            break;
        }
        fd = next;
    }
    CHECK_ERROR(dup(first), EMFILE);
    CHECK_INT(add(set, MANY - 1, EPOLLIN, MANY - 1, EPOLL_CTL_ADD), 0);
    CHECK_INT(write(first, &one, 8), 8);
    CHECK_INT(epoll_wait(set, events, 8, -1), 2);
    static struct pollfd fds[MANY];
    for (int i = 0; i < MANY; i++) {
        fds[i] = (struct pollfd){.fd = i, .events = POLLIN};
    }
    CHECK(poll(fds, MANY, 0) > 60000);
    CHECK(fds[MANY - 1].revents == POLLIN);
    for (fd = first + 1; fd < MANY; fd++) {
        close(fd);
    }
    CHECK_INT(dup(first), first + 1);
    CHECK_INT(epoll_wait(set, events, 8, 0),
              2); /* it is still open: so are its entries */
    close(first + 1);
    close(first);
    close(set);
}
