/* TCP_CORK of sockets that do not block: what is held back until it is let go, in whatever way a program goes about it. */
#include "groups.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#define HELD_MS 60 /* Linux lets it go after 200 */

static int listener(struct sockaddr_in *name)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t len = sizeof(*name);

    *name = (struct sockaddr_in){.sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK_INT(bind(fd, (struct sockaddr *)name, sizeof(*name)), 0);
    CHECK_INT(getsockname(fd, (struct sockaddr *)name, &len), 0);
    CHECK_INT(listen(fd, 8), 0);
    return fd;
}

/* Both ends do not block: *@ours was accepted. */
static void connection(int *ours, int *theirs)
{
    struct sockaddr_in name;
    const int fd = listener(&name);

    *theirs = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)connect(*theirs, (struct sockaddr *)&name, sizeof(name));
    CHECK_INT(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 5000), 1);
    *ours = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
    CHECK(*ours >= 0);
    close(fd);
}

static int cork(int fd, int on)
{
    return setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
}

static int corked(int fd)
{
    int on = -1;
    socklen_t len = sizeof(on);

    CHECK_INT(getsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, &len), 0);
    return on;
}

/* Bytes that come to @fd within @ms, in one go. */
static ssize_t come(int fd, int ms)
{
    char bytes[64];

    return poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, ms) == 1
               ? recv(fd, bytes, sizeof(bytes), 0)
               : 0;
}

static void test_held(int a, int b)
{
    CHECK_INT(cork(a, 1), 0);
    CHECK_INT(send(a, "abc", 3, 0), 3);
    CHECK_INT(come(b, HELD_MS), 0);
    CHECK_INT(cork(a, 0), 0);
    CHECK_INT(come(b, 5000), 3);
    CHECK_INT(cork(a, 1), 0);
    CHECK_INT(send(a, "abc", 3, 0), 3);
    CHECK_INT(send(a, "def", 3, 0), 3);
    CHECK_INT(cork(a, 0), 0);
    CHECK_INT(come(b, 5000), 6);
    CHECK_INT(cork(a, 1), 0);
    CHECK_INT(corked(a), 1);
    CHECK_INT(cork(a, 1), 0);
    CHECK_INT(cork(a, 0), 0);
    CHECK_INT(corked(a), 0);
    CHECK_INT(send(a, "abc", 3, 0), 3);
    CHECK_INT(come(b, 5000), 3);
}

/* What has been said that more follows is let go, too. */
static void test_more(int a, int b)
{
    CHECK_INT(cork(a, 1), 0);
    CHECK_INT(send(a, "abc", 3, MSG_MORE), 3);
    CHECK_INT(cork(a, 0), 0);
    CHECK_INT(come(b, HELD_MS), 3);
    CHECK_INT(send(a, "abc", 3, MSG_MORE), 3);
    CHECK_INT(cork(a, 1), 0);
    CHECK_INT(cork(a, 0), 0);
    CHECK_INT(come(b, HELD_MS), 3);
}

static void test_duplicate(int a, int b)
{
    CHECK_INT(cork(a, 1), 0);
    const int d = dup(a);
    CHECK_INT(cork(d, 0), 0);
    CHECK_INT(send(a, "abc", 3, 0), 3);
    CHECK_INT(come(b, HELD_MS), 3);
    CHECK_INT(cork(d, 1), 0);
    CHECK_INT(cork(a, 1), 0);
    CHECK_INT(send(d, "abc", 3, 0), 3);
    CHECK_INT(come(b, HELD_MS), 0);
    CHECK_INT(cork(a, 0), 0);
    CHECK_INT(come(b, 5000), 3);
    close(d);
}

static void test_flags(int a, int b)
{
    int off = 0;

    CHECK_INT(cork(a, 1), 0);
    CHECK_INT(fcntl(a, F_SETFL, 0), 0);
    CHECK_INT(send(a, "abc", 3, 0), 3);
    CHECK_INT(come(b, HELD_MS), 0);
    CHECK_INT(cork(a, 0), 0);
    CHECK_INT(come(b, 5000), 3);
    CHECK_INT(fcntl(a, F_SETFL, O_NONBLOCK), 0);
    CHECK_INT(ioctl(a, FIONBIO, &off), 0);
    CHECK_INT(cork(a, 1), 0);
    CHECK_INT(send(a, "abc", 3, 0), 3);
    CHECK_INT(come(b, HELD_MS), 0);
    CHECK_INT(cork(a, 0), 0);
    CHECK_INT(come(b, 5000), 3);
}

/* One of two, and both. */
static void test_two(int a, int b)
{
    int c, d;

    connection(&c, &d);
    CHECK_INT(cork(a, 1), 0);
    CHECK_INT(cork(c, 1), 0);
    CHECK_INT(send(a, "abc", 3, 0), 3);
    CHECK_INT(send(c, "abcd", 4, 0), 4);
    CHECK_INT(come(b, HELD_MS), 0);
    CHECK_INT(come(d, 0), 0);
    CHECK_INT(cork(c, 0), 0);
    CHECK_INT(come(d, 5000), 4);
    CHECK_INT(come(b, 0), 0);
    CHECK_INT(cork(a, 0), 0);
    CHECK_INT(come(b, 5000), 3);
    close(c);
    close(d);
}

/* A descriptor that is closed leaves its cork to none that has its number. */
static void test_closed(void)
{
    int a, b, c, d;

    connection(&a, &b);
    CHECK_INT(cork(a, 1), 0);
    CHECK_INT(send(a, "abc", 3, 0), 3);
    close(a);
    CHECK_INT(come(b, 5000), 3);
    close(b);
    connection(&c, &d);
    CHECK_INT(send(c, "abc", 3, 0), 3);
    CHECK_INT(come(d, HELD_MS), 3);
    CHECK_INT(corked(c), 0);
    close(c);
    close(d);
}

/* As servers answer: a head, and a file behind it. */
static void test_answer(int a, int b)
{
    const int file = open("/tmp/cork", O_RDWR | O_CREAT | O_TRUNC, 0600);
    off_t at = 0;

    CHECK_INT(write(file, "0123456789", 10), 10);
    for (int i = 0; i < 3; i++) {
        at = 0;
        CHECK_INT(cork(a, 1), 0);
        CHECK_INT(send(a, "head", 4, 0), 4);
        CHECK_INT(sendfile(a, file, &at, 10), 10);
        CHECK_INT(cork(a, 0), 0);
        CHECK_INT(come(b, 5000), 14);
    }
    CHECK_INT(cork(a, 1), 0);
    CHECK_INT(send(a, "head", 4, 0), 4);
    at = 0;
    CHECK_INT(sendfile(a, file, &at, 20), 10); /* less than was asked for */
    CHECK_INT(come(b, HELD_MS), 0);
    CHECK_INT(cork(a, 0), 0);
    CHECK_INT(come(b, 5000), 14);
    close(file);
    unlink("/tmp/cork");
}

/* A file that ends where a piece of it does, asked for beyond its end: nothing of it waits for more. */
static void test_whole(int a, int b)
{
    static char bytes[65536];
    const int file = open("/tmp/cork", O_RDWR | O_CREAT | O_TRUNC, 0600);
    off_t at = 0;
    ssize_t got = 0, n;

    CHECK_INT(write(file, bytes, sizeof(bytes)), sizeof(bytes));
    CHECK_INT(sendfile(a, file, &at, 2 * sizeof(bytes)), sizeof(bytes));
    while (got < (ssize_t)sizeof(bytes) && (n = come(b, 2000)) > 0) {
        got += n;
    }
    CHECK_INT(got, sizeof(bytes));
    close(file);
    unlink("/tmp/cork");
}

static void test_refused(void)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int on = 1;

    CHECK(cork(fd, 1) == -1);
    CHECK(setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, 1) == -1);
    close(fd);
}

void test_cork(void)
{
    int a, b;

    connection(&a, &b);
    test_held(a, b);
    test_answer(a, b);
    test_whole(a, b);
    test_more(a, b);
    test_two(a, b);
    test_flags(a, b);
    close(a);
    close(b);
    connection(&a, &b);
    test_duplicate(a, b);
    close(a);
    close(b);
    test_closed();
    test_refused();
}
