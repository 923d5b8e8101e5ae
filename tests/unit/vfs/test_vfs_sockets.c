/* Sockets of a network stack that the test plays, and what is sent to them from files. */
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
#include <sys/socket.h>
#include <vfs.h>

#include <cmocka.h>

#include "clients.h"
#include "stub_stack.h"
#include "stubs.h"

#define MS INT64_C(1000000)

static int setup(void **state)
{
    (void)state;
    stub_boot();
    struct vfs_socket told;
    assert_int_equal(vfs_socket(AF_INET, SOCK_STREAM, 0, &told, A), -EAFNOSUPPORT);
    assert_int_equal(vfs_network("nothing", "", "", STUB_BOOT), -ENODEV);
    assert_int_equal(vfs_network("stack", "device", "bad", STUB_BOOT), -ENODEV);
    assert_int_equal(vfs_network("stack", "device", "options", STUB_BOOT), 0);
    assert_int_equal(vfs_network("other", "", "", STUB_BOOT), -EBUSY);
    return 0;
}

static int make_socket(int *handle)
{
    struct vfs_socket told;
    const int fd =
        vfs_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 6, &told, A);
    assert_true(fd >= 0);
    assert_string_equal(told.stack, "stack");
    assert_int_equal(told.domain, AF_INET);
    assert_int_equal(told.type, SOCK_STREAM);
    assert_int_equal(told.protocol, 6);
    *handle = told.handle;
    return fd;
}

static void test_sockets(void **state)
{
    int handle;
    char buf[16];
    struct vfs_socket told;
    struct vfs_accepted accepted;
    (void)state;
    assert_int_equal(vfs_socket(AF_INET6, SOCK_STREAM, 0, &told, A), -EAFNOSUPPORT);
    assert_int_equal(vfs_socket(AF_INET, 0x1ff, 0, &told, A), -EINVAL);
    const int fd = make_socket(&handle);
    struct stub_socket *socket = &stub_stack.sockets[handle];
    assert_int_equal(socket->owner, A);
    assert_int_equal(socket->flags, SOCK_STREAM | SOCK_NONBLOCK | 6 << 16);
    assert_int_equal(vfs_fcntl(fd, F_GETFL, 0, A), O_RDWR | O_NONBLOCK);
    assert_int_equal(vfs_fcntl(fd, F_GETFD, 0, A), FD_CLOEXEC);
    assert_int_equal(vfs_socket_handle(fd, &told, A), 0);
    assert_int_equal(told.handle, handle);
    assert_int_equal(vfs_socket_handle(fd, &told, B), -EBADF);
    assert_int_equal(vfs_socket_handle(1, &told, A), -ENOTSOCK);
    assert_int_equal(vfs_fcntl(fd, F_SETFL, 0, A), 0);
    assert_int_equal(socket->flags, 0);
    assert_int_equal(vfs_write(fd, "hello", 5, A), 5);
    assert_memory_equal(socket->sent, "hello", 5);
    memcpy(socket->received, "answer", 6);
    socket->received_size = 6;
    assert_int_equal(vfs_readable(fd, A), 6);
    assert_int_equal(vfs_read(fd, buf, sizeof(buf), A), 6);
    assert_memory_equal(buf, "answer", 6);
    const int taken = vfs_accept4(fd, SOCK_NONBLOCK, &accepted, A);
    assert_true(taken > fd);
    assert_int_equal(accepted.len, 16);
    assert_int_equal(stub_stack.sockets[accepted.handle].flags, SOCK_NONBLOCK);
    assert_int_equal(vfs_fcntl(taken, F_GETFL, 0, A), O_RDWR | O_NONBLOCK);
    assert_int_equal(vfs_accept4(1, 0, &accepted, A), -ENOTSOCK);
    assert_int_equal(vfs_accept4(fd, 1, &accepted, A), -EINVAL);
    assert_int_equal(vfs_close(taken, A), 0);
    const int copy = vfs_dup(fd, A);
    assert_int_equal(vfs_close(fd, A), 0);
    assert_true(socket->open);
    assert_int_equal(vfs_close(copy, A), 0);
    assert_false(socket->open);
}

static void test_poll_sockets(void **state)
{
    int handle;
    (void)state;
    const int fd = make_socket(&handle);
    struct pollfd poll[2] = {{.fd = fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    stub_stack.waits = 0;
    stub_stack.wakes = handle;
    assert_int_equal(vfs_poll(poll, sizeof(poll[0]), -1, A), 1);
    assert_int_equal(stub_stack.waits, 1);
    assert_int_equal(stub_stack.waited_ns, -1);
    assert_int_equal(poll[0].revents, POLLIN);
    /* with a console: in turns */
    stub_stack.sockets[handle].ready = 0;
    assert_int_equal(vfs_poll(poll, sizeof(poll), 5, A), 0);
    assert_in_range(stub_stack.waited_ns, 0, 5 * MS);
    stub_stack.wakes = handle;
    assert_int_equal(vfs_poll(poll, sizeof(poll), -1, A), 1);
    assert_int_equal(stub_stack.waited_ns, 10 * MS);
    assert_int_equal(vfs_close(fd, A), 0);
}

static void test_epoll_sockets(void **state)
{
    int handles[3], fds[3], pipe[2];
    struct epoll_event events[4];
    (void)state;
    const int set = vfs_epoll_create(0, A);
    for (int i = 0; i < 3; i++) {
        fds[i] = make_socket(&handles[i]);
        assert_int_equal(
            vfs_epoll_ctl(set, EPOLL_CTL_ADD, fds[i], EPOLLIN, (uint64_t)i, A), 0);
    }
    const uint64_t asked = stub.clock_calls;
    stub_stack.waits = 0;
    assert_int_equal(wait_events(set, events, 4, 7 * MS), 0);
    assert_int_equal(stub_stack.waited_ns, 7 * MS);
    stub_stack.wakes = handles[1];
    assert_int_equal(wait_events(set, events, 4, -1), 1);
    assert_int_equal(events[0].data.u64, 1);
    assert_int_equal(stub_stack.waits, 2);     /* one call of the stack each, */
    assert_int_equal(stub.clock_calls, asked); /* and none of the clock */
    /* with something of our own: the stack is looked at, too */
    assert_int_equal(vfs_pipe2(pipe, 0, A), 0);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, pipe[0], EPOLLIN, 10, A), 0);
    assert_int_equal(vfs_write(pipe[1], "x", 1, A), 1);
    assert_int_equal(wait_events(set, events, 4, -1), 2);
    assert_int_equal(stub_stack.waited_ns, 0);
    assert_int_equal(wait_events(set, events, 1, -1), 1);
    /* one that is closed is not in it any more; another descriptor of one is looked at */
    assert_int_equal(vfs_close(pipe[0], A), 0);
    const int copy = vfs_dup(fds[1], A);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, copy, EPOLLIN, 20, A), 0);
    assert_int_equal(wait_events(set, events, 4, -1), 2);
    assert_int_equal(events[0].data.u64 + events[1].data.u64, 21);
    assert_int_equal(vfs_close(copy, A), 0);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_DEL, fds[1], 0, 0, A), 0);
    assert_int_equal(wait_events(set, events, 4, 0), 1); /* the copy's, as on Linux */
    assert_int_equal(vfs_close(fds[1], A), 0);
    assert_int_equal(wait_events(set, events, 4, 0), 0);
    assert_int_equal(vfs_close(fds[0], A), 0);
    assert_int_equal(vfs_close(set, A), 0);
    assert_int_equal(vfs_close(fds[2], A), 0);
    assert_int_equal(vfs_close(pipe[1], A), 0);
}

/* ---- a stack that lies ---- */

static struct socket_event lie;
static ssize_t lie_size;

static ssize_t lie_set_wait(int set, struct socket_event *events, size_t size,
                            int64_t timeout_ns, int caller)
{
    (void)set, (void)size, (void)timeout_ns, (void)caller;
    events[0] = lie;
    return lie_size;
}

static int lie_number(int domain, int type, int protocol, int owner, int caller)
{
    (void)domain, (void)type, (void)protocol, (void)owner, (void)caller;
    return (int)lie_size;
}

static ssize_t lie_receive(int handle, void *buf, size_t count, int flags, int caller)
{
    (void)handle, (void)buf, (void)count, (void)flags, (void)caller;
    return lie_size;
}

static void test_lies(void **state)
{
    int handle;
    char buf[4];
    struct epoll_event events[4];
    struct vfs_socket told;
    (void)state;
    const int set = vfs_epoll_create(0, A);
    const int fd = make_socket(&handle);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, fd, EPOLLIN, 77, A), 0);
    stub_stack.ops.socket_set_wait = lie_set_wait;
    stub_stack.ops.socket_create = lie_number;
    stub_stack.ops.socket_receive = lie_receive;
    assert_int_equal(vfs_network("stack", "device", "options", STUB_BOOT), 0);
    const uint64_t key = stub_stack.sockets[handle].data;
    /* members that are none, and things that were not asked for */
    const uint64_t keys[] = {key + 1, key + (UINT64_C(1) << 32), UINT64_MAX,
                             key | 1u << 31};
    lie_size = sizeof(lie);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        lie = (struct socket_event){.events = EPOLLIN, .data = keys[i]};
        assert_int_equal(wait_events(set, events, 4, 0), 0);
    }
    lie = (struct socket_event){.events = UINT32_MAX, .data = key};
    assert_int_equal(wait_events(set, events, 4, 0), 1);
    assert_int_equal(events[0].events, EPOLLIN | EPOLLERR | EPOLLHUP);
    assert_int_equal(events[0].data.u64, 77);
    lie_size = 0; /* the end of a wait that has none */
    assert_int_equal(wait_events(set, events, 4, -1), -EIO);
    lie_size = 5 * sizeof(lie);
    assert_int_equal(wait_events(set, events, 4, 0), -EIO);
    lie_size = -5000;
    assert_int_equal(wait_events(set, events, 4, 0), -EIO);
    assert_int_equal(vfs_socket(AF_INET, 1, 0, &told, A), -EIO);
    lie_size = 0;
    assert_int_equal(vfs_socket(AF_INET, 1, 0, &told, A), -EIO);
    lie_size = 5;
    assert_int_equal(vfs_read(fd, buf, sizeof(buf), A), -EIO);
    stub_stack.ops.socket_start = NULL; /* the honest ones again */
    assert_int_equal(vfs_network("stack", "device", "options", STUB_BOOT), 0);
    assert_int_equal(vfs_close(set, A), 0);
    assert_int_equal(vfs_close(fd, A), 0);
}

/* A stack that is begun anew knows none of its sockets any more. */
static void test_lost(void **state)
{
    int handle;
    char buf[4];
    struct epoll_event events[4];
    (void)state;
    const int set = vfs_epoll_create(0, A);
    const int fd = make_socket(&handle);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, fd, EPOLLIN, 5, A), 0);
    const int starts = stub_stack.starts;
    stub_stack.lost = true;
    assert_int_equal(lifecycle_ended(60), 0);
    assert_int_equal(vfs_read(fd, buf, sizeof(buf), A), -ECONNRESET);
    assert_int_equal(stub_stack.starts, starts + 1); /* it got its device again */
    assert_int_equal(wait_events(set, events, 4, -1), 1);
    assert_int_equal(events[0].data.u64, 5);
    assert_int_equal(events[0].events, EPOLLIN | EPOLLERR | EPOLLHUP);
    struct pollfd poll = {.fd = fd, .events = POLLIN};
    assert_int_equal(vfs_poll(&poll, sizeof(poll), -1, A), 1);
    assert_int_equal(poll.revents, POLLIN | POLLERR | POLLHUP);
    stub_stack.lost = false;
    memset(stub_stack.sockets, 0, sizeof(stub_stack.sockets));
    const int again = make_socket(&handle);
    assert_int_equal(vfs_epoll_ctl(set, EPOLL_CTL_ADD, again, EPOLLIN, 6, A), 0);
    assert_int_equal(vfs_close(fd, A), 0);
    assert_int_equal(vfs_close(again, A), 0);
    assert_int_equal(vfs_close(set, A), 0);
}

/* What is sent of a small file is what is in it, whatever has come between. */
static void test_sendfile_small(void **state)
{
    static char data[16384], large[17000];
    int handle, names[100];
    (void)state;
    memset(data, 'a', sizeof(data));
    const int in = open_file("/small", O_CREAT | O_RDWR | O_TRUNC, A);
    const int fd = make_socket(&handle);
    const char *sent = stub_stack.sockets[handle].sent;
    assert_int_equal(vfs_sendfile(fd, in, 0, 100, A), 0);
    assert_int_equal(vfs_write(in, data, 10, A), 10);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(vfs_sendfile(fd, in, 0, 100, A), 10);
        assert_int_equal(vfs_sendfile(fd, in, 8, 100, A), 2);
        assert_int_equal(vfs_sendfile(fd, in, 10, 100, A), 0);
        assert_int_equal(vfs_sendfile(fd, in, 1 << 20, 100, A), 0);
        assert_int_equal(vfs_sendfile(fd, in, 0, 0, A), 0);
        assert_int_equal(stub_stack.sockets[handle].sent_flags, MSG_NOSIGNAL);
    }
    /* written, in the middle and at the end; cut and grown again */
    assert_int_equal(vfs_pwrite(in, "XY", 2, 4, A), 2);
    assert_int_equal(vfs_sendfile(fd, in, 0, 100, A), 10);
    assert_memory_equal(sent, "aaaaXYaaaa", 10);
    assert_int_equal(vfs_pwrite(in, "Z", 1, 10, A), 1);
    assert_int_equal(vfs_sendfile(fd, in, 0, 100, A), 11);
    assert_memory_equal(sent, "aaaaXYaaaaZ", 11);
    assert_int_equal(vfs_ftruncate(in, 3, A), 0);
    assert_int_equal(vfs_sendfile(fd, in, 0, 100, A), 3);
    assert_int_equal(vfs_ftruncate(in, 5, A), 0);
    assert_int_equal(vfs_sendfile(fd, in, 0, 100, A), 5);
    assert_memory_equal(sent, "aaa\0\0", 5);
    /* onto itself */
    assert_int_equal(vfs_lseek(in, 5, SEEK_SET, A), 5);
    assert_int_equal(vfs_sendfile(in, in, 0, 3, A), 3);
    assert_int_equal(vfs_sendfile(fd, in, 0, 100, A), 8);
    assert_memory_equal(sent, "aaa\0\0aaa", 8);
    /* more files than are kept; each has its own bytes */
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof(name), "/small%d", i);
        names[i] = open_file(name, O_CREAT | O_RDWR, A);
        assert_int_equal(vfs_write(names[i], name, strlen(name), A), strlen(name));
    }
    for (int i = 0; i < 300; i++) {
        char name[16];
        snprintf(name, sizeof(name), "/small%d", i * 7 % 100);
        assert_int_equal(vfs_sendfile(fd, names[i * 7 % 100], 0, 100, A), strlen(name));
        assert_memory_equal(sent, name, strlen(name));
    }
    for (int i = 0; i < 100; i++) {
        assert_int_equal(vfs_close(names[i], A), 0);
    }
    /* of many sizes, in places where others have been: the last bytes */
    for (size_t i = 0; i < 130; i++) {
        const size_t size = 1 + i * 7919 % sizeof(data), last = size < 99 ? size : 99;
        const int other = open_file("/other", O_CREAT | O_RDWR | O_TRUNC, A);
        for (size_t k = 0; k < size; k++) {
            data[k] = (char)(k * 31 + i);
        }
        assert_int_equal(vfs_write(other, data, size, A), size);
        for (int k = 0; k < 2; k++) {
            const int64_t at = (int64_t)(size - last);
            assert_int_equal(vfs_sendfile(fd, other, at, sizeof(data), A), last);
            assert_memory_equal(sent, data + at, last);
        }
        assert_int_equal(vfs_close(other, A), 0);
        assert_int_equal(vfs_unlinkat(CWD, "/other", 0, A), 0);
    }
    /* one that has become too large; one that is mapped */
    assert_int_equal(vfs_sendfile(fd, in, 0, 100, A), 8);
    assert_int_equal(vfs_pwrite(in, large, sizeof(large), 0, A), sizeof(large));
    assert_int_equal(vfs_sendfile(fd, in, 0, 100, A), 100);
    assert_memory_equal(sent, large, 100);
    const int mapped = open_file("/mapped", O_CREAT | O_RDWR, A);
    assert_int_equal(vfs_write(mapped, data, 100, A), 100);
    assert_int_equal(vfs_sendfile(fd, mapped, 0, 100, A), 100);
    const int64_t base = vfs_map(mapped, 0, 4096, CUBICLE_WRITE, A);
    assert_true(base > 0);
    *(char *)(uintptr_t)base = 'm';
    assert_int_equal(vfs_sendfile(fd, mapped, 0, 100, A), 100);
    assert_int_equal(sent[0], 'm');
    assert_int_equal(vfs_unmap((void *)(uintptr_t)base, 4096, A), 0);
    assert_int_equal(vfs_close(mapped, A), 0);
    assert_int_equal(vfs_close(in, A), 0);
    assert_int_equal(vfs_close(fd, A), 0);
}

static void test_sendfile(void **state)
{
    static char data[100000], copy[100000];
    int handle, fds[2];
    (void)state;
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (char)(i * 7 + i / 256);
    }
    const int in = open_file("/in", O_CREAT | O_RDWR, A);
    const int out = open_file("/out", O_CREAT | O_RDWR, A);
    assert_int_equal(vfs_write(in, data, sizeof(data), A), sizeof(data));
    assert_int_equal(vfs_sendfile(out, in, 10, sizeof(data), A), sizeof(data) - 10);
    assert_int_equal(vfs_pread(out, copy, sizeof(copy), 0, A), sizeof(data) - 10);
    assert_memory_equal(copy, data + 10, sizeof(data) - 10);
    assert_int_equal(vfs_sendfile(out, in, -1, 10, A), 0); /* at its end */
    assert_int_equal(vfs_lseek(in, 5, SEEK_SET, A), 5);
    assert_int_equal(vfs_sendfile(out, in, -1, 10, A), 10);
    assert_int_equal(vfs_lseek(in, 0, SEEK_CUR, A), 15);
    assert_int_equal(vfs_readable(in, A), sizeof(data) - 15);
    /* to a socket: up to what it takes */
    const int fd = make_socket(&handle);
    assert_int_equal(vfs_sendfile(fd, in, 3, 100, A), 100);
    assert_memory_equal(stub_stack.sockets[handle].sent, data + 3, 100);
    assert_int_equal(stub_stack.sockets[handle].sent_flags, MSG_NOSIGNAL);
    assert_int_equal(vfs_sendfile(fd, in, 3, 90000, A), 256);
    assert_int_equal(stub_stack.sockets[handle].sent_flags, MSG_NOSIGNAL | MSG_MORE);
    assert_int_equal(vfs_sendfile(in, fd, 0, 100, A), -EINVAL);
    assert_int_equal(vfs_sendfile(fd, in, -2, 100, A), -EINVAL);
    /* pipes: nothing is lost */
    assert_int_equal(vfs_pipe2(fds, 0, A), 0);
    assert_int_equal(vfs_sendfile(fds[0], in, 0, 100, A), -EBADF);
    assert_int_equal(vfs_splice(in, 0, out, 0, 100, 0, A), -EINVAL);
    assert_int_equal(vfs_splice(fds[0], -1, fd, -1, 100, 0, A), -EDEADLK);
    assert_int_equal(vfs_splice(in, 0, fds[1], -1, sizeof(data), 0, A), 65536);
    assert_int_equal(vfs_readable(fds[0], A), 65536);
    assert_int_equal(vfs_splice(in, 0, fds[1], -1, 1, 0, A), -EDEADLK);
    assert_int_equal(vfs_splice(fds[0], 0, fd, -1, 1, 0, A), -ESPIPE);
    assert_int_equal(vfs_splice(fds[0], -1, fd, -1, 1000, 0, A), 256);
    assert_memory_equal(stub_stack.sockets[handle].sent, data, 256);
    assert_int_equal(vfs_read(fds[0], copy, 10, A), 10);
    assert_memory_equal(copy, data + 256, 10);
    assert_int_equal(vfs_splice(fds[0], -1, out, 50, 65536, 0, A), 65536 - 266);
    assert_int_equal(vfs_pread(out, copy, 65536 - 266, 50, A), 65536 - 266);
    assert_memory_equal(copy, data + 266, 65536 - 266);
    assert_int_equal(vfs_close(fds[1], A), 0);
    assert_int_equal(vfs_splice(fds[0], -1, out, 0, 10, 0, A), 0);
    assert_int_equal(vfs_close(fds[0], A), 0);
    assert_int_equal(vfs_close(fd, A), 0);
    assert_int_equal(vfs_close(in, A), 0);
    assert_int_equal(vfs_close(out, A), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sockets),        cmocka_unit_test(test_poll_sockets),
        cmocka_unit_test(test_epoll_sockets),  cmocka_unit_test(test_lies),
        cmocka_unit_test(test_lost),           cmocka_unit_test(test_sendfile),
        cmocka_unit_test(test_sendfile_small),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("vfs_sockets", tests, setup, NULL);
}
