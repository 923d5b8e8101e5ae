/*
 * Policy `restart`: the peer dies, its caller's call returns -ECONNRESET, and the next call finds a
 * peer that knows nothing of before.
 */
#include "check.h"

#include <cubicle.h>
#include <home.h>
#include <peer.h>
#include <poll.h>

/* As it was when its modules had been set up. */
static void check_fresh(void)
{
    CHECK_EQUAL(peer_state(1), PEER_STATE_AT_FIRST);
    CHECK_EQUAL(peer_state(2), 1);
    uint8_t bytes[100] = {0};
    CHECK_EQUAL(peer_fill(bytes, sizeof bytes, 7), 0);
    CHECK_EQUAL(bytes[99], 7);
    CHECK_EQUAL(peer_sum(bytes, sizeof bytes), 700);
}

static void test_ways(void)
{
    static const int ways[] = {DIE_NULL, DIE_ILLEGAL, DIE_DIVIDE, DIE_STACK, DIE_ABORT};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        volatile double kept = 1.25;
        uint8_t byte = 9;
        CHECK(peer_keep(100000) != 0);
        CHECK_EQUAL(peer_die(ways[i]), -ECONNRESET);
        CHECK(kept == 1.25 && byte == 9);
        check_fresh();
    }
}

/* Windows end with the cubicle that they were opened to, or that opened them. */
static void test_windows_end(void)
{
    uint8_t *page = pages(1);
    const int peer = cubicle_find("peer");
    int id = cubicle_window_init();
    page[0] = 5;
    const int denied =
        peer_read(offset_of(page)); /* it dies of that; 5: nothing is isolated */
    CHECK(denied == 5 || denied == -ECONNRESET);
    CHECK_EQUAL(cubicle_window_add(id, page, 4096, CUBICLE_WRITE), 0);
    CHECK_EQUAL(cubicle_window_open(id, peer), 0);
    CHECK_EQUAL(peer_read(offset_of(page)), 5);
    CHECK_EQUAL(peer_die(DIE_NULL), -ECONNRESET);
    CHECK_EQUAL(peer_read(offset_of(page)), denied);
    check_fresh();
    CHECK_EQUAL(cubicle_window_open(id, peer), 0);
    CHECK_EQUAL(peer_write(offset_of(page), 6), 0);
    CHECK_EQUAL(page[0], 6);
    CHECK_EQUAL(cubicle_window_destroy(id), 0);
    pages_free(page, 1);
}

/* With a call of the peer's still in progress, it waits with beginning anew. */
static void test_called_back(void)
{
    static const uint8_t byte = 1;
    CHECK_EQUAL(peer_event_then_read(EVENT_KILL, offset_of(&byte)), -ECONNRESET);
    CHECK_EQUAL(event_results[0], -ECONNRESET);
    CHECK_EQUAL(event_results[1], -ECONNRESET); /* a call meanwhile: peer_null() */
    CHECK_EQUAL(event_results[2], -ECONNRESET); /* and with a range */
    check_fresh();
}

static void test_again_and_again(int times)
{
    int bad = peer_die(DIE_NULL) != -ECONNRESET;
    for (int i = 0; i < times; i++) {
        bad += peer_state(i) != PEER_STATE_AT_FIRST ||
               peer_keep(4096 * (1 + i % 100)) == 0;
        bad += peer_die(i % 2 != 0 ? DIE_NULL : DIE_ILLEGAL) != -ECONNRESET;
    }
    CHECK_EQUAL(bad, 0);
    check_fresh();
}

/* Calls the peer until standard input ends, and believes only that it begins anew now and then. */
void test_survive(void)
{
    static uint8_t bytes[5000];
    unsigned long calls = 0, errors = 0, bad = 0;
    struct pollfd input = {.fd = 0, .events = POLLIN};
    printf("# running\n");
    while (poll(&input, 1, 0) == 0) {
        const size_t n = calls % sizeof bytes;
        const int64_t results[] = {peer_sum6(1, 2, 3, 4, 5, 6), peer_fill(bytes, n, 3),
                                   (int64_t)peer_sum(bytes, n), peer_step(3)};
        const int64_t right[] = {21, 0, 3 * (int64_t)n, 4};
        for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
            const int reset = results[i] == -ECONNRESET;
            const int unfilled = i == 2 && results[1] != 0;
            errors += reset;
            if (!reset && !unfilled && results[i] != right[i]) {
                printf("# call %lu: %lld, not %lld\n", calls + i, (long long)results[i],
                       (long long)right[i]);
                bad++;
            }
        }
        calls += 4;
    }
    printf("# %lu calls, %lu errors\n", calls, errors);
    CHECK_EQUAL(bad, 0);
    CHECK(errors > 0);
    CHECK_EQUAL(peer_die(DIE_NULL), -ECONNRESET);
    check_fresh();
}

void test_restart(const char *times)
{
    check_fresh();
    CHECK_EQUAL(peer_die(DIE_NULL), -ECONNRESET);
    test_ways();
    if (windows_possible()) {
        test_windows_end();
    }
    test_called_back();
    test_again_and_again(atoi(times));
    CHECK_EQUAL(peer_die(DIE_EXIT), 7); /* its own wish */
    CHECK_EQUAL(peer_null(), -EOWNERDEAD);
}
