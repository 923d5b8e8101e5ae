/*
 * Conformance of what waits: arguments name groups; none means all but those on request. `catch HOW` waits for signals, and
 * `end HOW` ends by one.
 */
#include "groups.h"

static const struct check_group groups[] = {
    {"eventfd", test_eventfd, false},
    {"timerfd", test_timerfd, false},
    {"pair", test_pair, false},
    {"datagrams", test_datagrams, false},
    {"epoll", test_epoll, false},
    {"select", test_select, false},
    {"sendfile", test_sendfile, false},
    {"handlers", test_handlers, false},
    {"masks", test_masks, false},
    {"timers", test_timers, false},
    {"broken", test_pipe_signal, false},
    {"tcp", test_tcp, false},
    {"tcp_epoll", test_tcp_epoll, false},
    {"tcp_whole", test_tcp_whole, false},
    {"udp", test_udp, false},
    {"names", test_names, false},
    {"interfaces", test_interfaces, false},
    {"nested", test_nested, false},
    {"shared_port", test_shared_port, false},
    {"cork", test_cork, false},
    {"watches", test_watches, false},
    {"watches_again", test_watches_again, false},
    {"many", test_many, true},
    {"lonely", test_no_network, true},
};

int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

int ready_for(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI};
    return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

static int end_by(const char *how)
{
    int fds[2];
    if (strcmp(how, "pipe") == 0 && pipe(fds) == 0) {
        close(fds[0]);
        (void)!write(fds[1], "x", 1);
    } else if (strcmp(how, "socket") == 0 &&
               socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0) {
        close(fds[0]);
        send(fds[1], "x", 1, MSG_NOSIGNAL);
        send(fds[1], "x", 1, 0);
    } else if (strcmp(how, "alarm") == 0) {
        alarm(1);
        for (volatile unsigned i = 0;; i++) {
        }
    } else {
        raise(SIGUSR1);
    }
    return 3;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 3 && strcmp(argv[1], "catch") == 0) {
        return catch_signals(argv[2]);
    }
    if (argc == 3 && strcmp(argv[1], "end") == 0) {
        return end_by(argv[2]);
    }
    return check_groups(groups, sizeof(groups) / sizeof(groups[0]), argc, argv,
                        check_run);
}
