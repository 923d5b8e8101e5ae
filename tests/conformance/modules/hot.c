/*
 * Windows that are opened and closed again and again, with both sides using the pages each
 * time. A backend may find a cheaper way for them; what holds is the same.
 */
#include "check.h"

#include <cubicle.h>
#include <peer.h>

enum { CYCLES = 100 };

int hot_window(uint8_t *memory, size_t npages, int rights)
{
    const int id = cubicle_window_init();
    const int peer = cubicle_find("peer");
    int good = cubicle_window_add(id, memory, npages * 4096, rights) == 0;
    for (int i = 0; i < CYCLES; i++) {
        good &= cubicle_window_open(id, peer) == 0;
        for (size_t page = 0; page < npages; page++) {
            uint8_t *byte = memory + page * 4096;
            const uint64_t theirs = offset_of(byte);
            byte[1] = (uint8_t)i;
            if (rights == CUBICLE_WRITE) {
                good &= peer_write(theirs, i ^ 0x55) == 0 && byte[0] == (i ^ 0x55);
            }
            good &= peer_read(theirs + 1) == (uint8_t)i;
            byte[1]++;
            good &= peer_read(theirs + 1) == (uint8_t)(i + 1);
        }
        good &= cubicle_window_close(id, peer) == 0;
    }
    CHECK(good);
    return id;
}

void test_hot(void)
{
    uint8_t *memory = pages(8);
    const int one = hot_window(memory, 1, CUBICLE_WRITE);
    const int two = hot_window(memory + 4096, 2, CUBICLE_READ);
    const int four = hot_window(memory + 3 * 4096, 4, CUBICLE_WRITE);
    CHECK_EQUAL(cubicle_window_destroy(one), 0);
    CHECK_EQUAL(cubicle_window_destroy(two), 0);
    CHECK_EQUAL(cubicle_window_destroy(four), 0);
    /* The memory is as good as any other afterwards. */
    CHECK_EQUAL(peer_fill(memory, 8 * 4096, 9), 0);
    CHECK(memory[0] == 9 && memory[8 * 4096 - 1] == 9);
    CHECK(hot_window(memory, 3, CUBICLE_READ) > 0);
    pages_free(memory, 8);
}
