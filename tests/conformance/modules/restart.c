/*
 * Policy `restart`: the peer dies, its caller's call returns -ECONNRESET, and the next call finds a
 * peer that knows nothing of before.
 */
#include "check.h"

#include <cubicle.h>
#include <home.h>
#include <peer.h>

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
    CHECK_EQUAL(cubicle_window_add(id, page, 4096, CUBICLE_WRITE), 0);
    CHECK_EQUAL(cubicle_window_open(id, peer), 0);
    CHECK_EQUAL(peer_read(offset_of(page)), 5);
    CHECK_EQUAL(peer_die(DIE_NULL), -ECONNRESET);
    CHECK_EQUAL(peer_read(offset_of(page)), -ECONNRESET); /* it dies of that */
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

void test_restart(const char *times)
{
    check_fresh();
    CHECK_EQUAL(peer_die(DIE_NULL), -ECONNRESET);
    test_ways();
    test_windows_end();
    test_called_back();
    test_again_and_again(atoi(times));
    CHECK_EQUAL(peer_die(DIE_EXIT), 7); /* its own wish */
    CHECK_EQUAL(peer_null(), -EOWNERDEAD);
}
