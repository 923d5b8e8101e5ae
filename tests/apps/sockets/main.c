/* Runs the named groups of tests: `test-sockets STACK GROUP...`. */
#include "net.h"

#include <stdio.h>
#include <sys/time.h>

#define GROUPS(each)                                                                 \
    each(connect) each(bytes) each(half_close) each(reset) each(refused)             \
        each(nonblocking_connect) each(bind) each(restart) each(bulk)                \
            each(slow_reader) each(level) each(edge) each(oneshot) each(room)        \
                each(many) each(datagrams) each(connected_datagrams)                 \
                    each(datagram_queue) each(ipv6) each(dual_stack) each(options)   \
                        each(cork) each(receive_buffer) each(reuse_port) each(ports) \
                            each(same_port) each(refusals)

#define DECLARE(name) void test_##name(void);
GROUPS(DECLARE)

static const struct {
    const char *name;
    void (*run)(void);
} groups[] = {
#define ROW(name) {#name, test_##name},
    GROUPS(ROW)};

static long long now_us(void)
{
    struct timeval now;

    gettimeofday(&now, NULL);
    return now.tv_sec * 1000000LL + now.tv_usec;
}

int main(int argc, char **argv)
{
    bool any = false, failed = false;
    const int error = net_start(argc > 1 ? argv[1] : "lwip");

    if (error != 0) {
        fprintf(stderr, "no stack: error %d\n", -error);
        return 1;
    }
    for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
        bool wanted = argc < 3;
        for (int a = 2; a < argc; a++) {
            wanted |= strcmp(argv[a], groups[i].name) == 0;
        }
        if (!wanted) {
            continue;
        }
        check_failed = 0;
        const long long start_us = now_us();
        any = true;
        groups[i].run();
        printf("%s %s (%lld us)\n", check_failed == 0 ? "PASS" : "FAIL", groups[i].name,
               now_us() - start_us);
        fflush(stdout);
        failed |= check_failed != 0;
    }
    return !failed && any ? 0 : 1;
}
