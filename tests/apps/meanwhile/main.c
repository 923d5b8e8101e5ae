/*
 * A server for one client: it answers before it is asked, and then never again, for it is busy with something else, or
 * has ended. `test-meanwhile WAY PORT`.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define LARGE (2u << 20)

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int accept_one(int port)
{
    const struct sockaddr_in name = {.sin_family = AF_INET,
                                     .sin_port = htons((uint16_t)port)};
    const int one = 1;
    const int listening = socket(AF_INET, SOCK_STREAM, 0);

    if (listening < 0 ||
        setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(listening, (const struct sockaddr *)&name, sizeof(name)) != 0 ||
        listen(listening, 1) != 0) {
        fail("listen");
    }
    const int client = accept(listening, NULL, NULL);
    if (client < 0) {
        fail("accept");
    }
    return client;
}

static void send_all(int client, size_t size)
{
    char *bytes = malloc(size);

    if (bytes == NULL) {
        fail("malloc");
    }
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)("0123456789\n"[i % 11]);
    }
    for (size_t done = 0; done < size;) {
        const ssize_t n = send(client, bytes + done, size - done, 0);
        if (n < 0) {
            fail("send");
        }
        done += (size_t)n;
    }
    free(bytes);
}

/* ---- what it does meanwhile ---- */

static void do_sleep(int client)
{
    (void)client;
    for (;;) {
        sleep(1000);
    }
}

static void do_sleep_nonblocking(int client)
{
    if (fcntl(client, F_SETFL, O_NONBLOCK) != 0) {
        fail("fcntl");
    }
    send_all(client, 12);
    do_sleep(client);
}

static void do_compute(int client)
{
    volatile unsigned n = 0;

    (void)client;
    for (;;) {
        n++;
    }
}

static void do_console(int client)
{
    char byte;

    if (fcntl(client, F_SETFL, O_NONBLOCK) != 0) {
        fail("fcntl");
    }
    send_all(client, 12);
    if (read(STDIN_FILENO, &byte, 1) < 0) {
        fail("read");
    }
    exit(3); /* nothing is written there */
}

static void do_poll_console(int client)
{
    struct pollfd console = {.fd = STDIN_FILENO, .events = POLLIN};

    if (fcntl(client, F_SETFL, O_NONBLOCK) != 0) {
        fail("fcntl");
    }
    send_all(client, 12);
    if (poll(&console, 1, -1) < 0) {
        fail("poll");
    }
    exit(3);
}

static void do_timer(int client)
{
    const struct itimerspec never = {.it_value.tv_sec = 1000000};
    const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    char count[8];

    if (fcntl(client, F_SETFL, O_NONBLOCK) != 0 || timer < 0 ||
        timerfd_settime(timer, 0, &never, NULL) != 0) {
        fail("timerfd");
    }
    send_all(client, 12);
    if (read(timer, count, sizeof(count)) < 0) {
        fail("read");
    }
    exit(3);
}

static void do_nothing(int client)
{
    (void)client;
}

static void do_shut(int client)
{
    if (shutdown(client, SHUT_WR) != 0) {
        fail("shutdown");
    }
    do_compute(client);
}

static void do_close(int client)
{
    if (close(client) != 0) {
        fail("close");
    }
    do_compute(client);
}

static const struct {
    const char *name;
    size_t size; /* what is sent before */
    void (*then)(int client);
} ways[] = {
    {"sleep", 12, do_sleep},
    {"sleep-nonblocking", 0, do_sleep_nonblocking},
    {"compute", 12, do_compute},
    {"console", 0, do_console},
    {"poll-console", 0, do_poll_console},
    {"timer", 0, do_timer},
    {"end", LARGE, do_nothing},
    {"shut", 12, do_shut},
    {"close", 12, do_close},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 3 && i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (strcmp(argv[1], ways[i].name) == 0) {
            const int client = accept_one(atoi(argv[2]));
            if (ways[i].size != 0) {
                send_all(client, ways[i].size);
            }
            ways[i].then(client);
            return 0;
        }
    }
    fprintf(stderr, "usage: test-meanwhile WAY PORT\n");
    return 2;
}
