/*
 * Every kind of switch: between cubicles, with each kind of range and result, and to the
 * monitor. interrupt.c has a signal arrive at each instruction between the lines that this
 * prints; between the last two it may end a call to the dead.
 */
#include "check.h"

#include <cubicle.h>
#include <home.h>
#include <peer.h>
#include <third.h>

enum { SIZE = 24 };

static int plain_calls(void)
{
    return peer_null() == 0 && peer_scale(1.5, -3, 0.25) == -4.25 &&
           peer_weigh12(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) == 650 &&
           peer_clobber() == 42 && peer_step(3) == 4;
}

static int range_calls(void)
{
    uint8_t from[SIZE];
    uint8_t to[SIZE];
    uint64_t len = SIZE;
    memset(from, 3, SIZE);
    return peer_sum(from, SIZE) == 3 * SIZE && peer_fill_ret(to, SIZE, 6, 1) == 1 &&
           to[0] == 6 && peer_fill_deref(to, &len, 7) == 0 && len == SIZE / 2 &&
           to[1] == 7 && peer_copy(from, to, SIZE) == 0 && to[1] == 3 &&
           peer_length("four") == 4 &&
           peer_take(from, SIZE, 1, SIZE - 1) == 3 * (SIZE - 1) &&
           peer_sum(NULL, 1) == (uint64_t)-EFAULT;
}

static int monitor_calls(uint8_t *page)
{
    const int peer = cubicle_find("peer");
    const int id = cubicle_window_init();
    const uint64_t theirs = offset_of(page);
    page[0] = 1;
    cubicle_epoch_set(2);
    return cubicle_window_add(id, page, 4096, CUBICLE_WRITE) == 0 &&
           cubicle_window_open(id, peer) == 0 && peer_write(theirs, 2) == 0 &&
           page[0] == 2 && cubicle_window_close(id, peer) == 0;
}

/* Calls of those that die meanwhile, or are dead. The peer's policy is `abort`, but an exit
 * is no fault. */
static int last_calls(void)
{
    uint8_t byte = 1;
    return peer_die(DIE_THIRD) == -EOWNERDEAD && peer_die(DIE_THIRD) == -EOWNERDEAD &&
           peer_event_then_read(EVENT_EXIT, 0) == 7 && peer_null() == -EOWNERDEAD &&
           peer_sum(&byte, 1) == (uint64_t)-EOWNERDEAD;
}

void test_switches(void)
{
    uint8_t *page = pages(1);
    printf("# switches\n");
    CHECK(plain_calls() && range_calls() && monitor_calls(page));
    CHECK(last_calls());
}
