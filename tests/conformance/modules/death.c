/*
 * Policy `fail-call`: the peer dies, its caller's call returns -EOWNERDEAD, the peer
 * stays dead, everybody else goes on.
 */
#include "check.h"

#include <cubicle.h>
#include <peer.h>
#include <third.h>

void test_death(const char *how)
{
    static const struct {
        const char *name;
        int how;
    } ways[] = {
        {"null", DIE_NULL},   {"illegal", DIE_ILLEGAL}, {"divide", DIE_DIVIDE},
        {"stack", DIE_STACK}, {"abort", DIE_ABORT},     {"third", DIE_THIRD},
    };
    if (strcmp(how, "exit") == 0) {
        uint8_t byte = 1;
        CHECK_EQUAL(peer_die(DIE_EXIT), 7);
        CHECK_EQUAL(peer_null(), -EOWNERDEAD);
        CHECK_EQUAL(peer_sum(&byte, 1), -EOWNERDEAD);
        return;
    }
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (strcmp(how, ways[i].name) != 0) {
            continue;
        }
        uint8_t *page = pages(1);
        uint64_t theirs = peer_keep(4096);
        int id = cubicle_window_init(), peer = cubicle_find("peer");
        volatile double kept = 1.25;
        if (id != -ENOSYS) {
            CHECK_EQUAL(cubicle_window_add(id, page, 4096, CUBICLE_READ), 0);
            CHECK_EQUAL(cubicle_window_open(id, peer), 0);
        }
        CHECK_EQUAL(peer_die(ways[i].how), -EOWNERDEAD);
        CHECK(kept == 1.25);
        if (ways[i].how == DIE_THIRD) {
            /* The peer has told its caller of the third's death, and lives. */
            CHECK_EQUAL(peer_null(), 0);
            CHECK_EQUAL(third_read(offset_of(page)), -EOWNERDEAD);
            return;
        }
        CHECK_EQUAL(peer_null(), -EOWNERDEAD);
        CHECK_EQUAL(peer_fill(page, 16, 1), -EOWNERDEAD);
        CHECK_EQUAL(page[0], 0);
        CHECK_EQUAL(third_fresh(4096), 0);
        if (id == -ENOSYS) {
            return;
        }
        CHECK_EQUAL(cubicle_window_open(id, peer), -ESRCH);
        CHECK_EQUAL(cubicle_window_destroy(id), 0);
        /* Its memory did not become ours. */
        id = cubicle_window_init();
        CHECK_EQUAL(cubicle_window_add(id, (void *)theirs, 1, CUBICLE_READ), -EPERM);
    }
}
