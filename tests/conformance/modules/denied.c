/*
 * Accesses that must be stopped, one per run: the peer or the third tries, dies of it
 * (policy `fail-call`) and the driver sees -EOWNERDEAD. The line "target ADDRESS" lets
 * the runner compare the address in the fault report.
 */
#include "check.h"

#include <cubicle.h>
#include <home.h>
#include <peer.h>
#include <third.h>

static uint8_t data[4096] __attribute__((aligned(4096))) = {1};
static const uint8_t rodata[4096] __attribute__((aligned(4096))) = {2};
static _Thread_local uint8_t tls = 3;

static uint64_t target(const volatile void *p)
{
    printf("target 0x%08x\n", (uint32_t)offset_of(p));
    return offset_of(p);
}

static void expect_dead(int result)
{
    CHECK_EQUAL(result, -EOWNERDEAD);
}

/* An open window of the first two of four pages; event_memory is the first. */
static int lent_window(int rights)
{
    event_memory = pages(4);
    event_window = cubicle_window_init();
    CHECK_EQUAL(cubicle_window_add(event_window, event_memory + 4096, 4096, rights), 0);
    CHECK_EQUAL(cubicle_window_open(event_window, cubicle_find("peer")), 0);
    CHECK_EQUAL(peer_read(offset_of(event_memory + 4096)), 0);
    return event_window;
}

static void read_heap(void)
{
    expect_dead(peer_read(target(pages(1))));
}
/* Mapped, and not even its owner has touched it. */
static void read_fresh(void)
{
    expect_dead(peer_read(target(pages(64) + 63 * 4096)));
}
static void write_heap(void)
{
    expect_dead(peer_write(target(pages(1)), 1));
}
static void read_data(void)
{
    expect_dead(peer_read(target(data)));
}
static void write_data(void)
{
    expect_dead(peer_write(target(data), 1));
}
static void read_rodata(void)
{
    expect_dead(peer_read(target(rodata)));
}
static void read_tls(void)
{
    expect_dead(peer_read(target(&tls)));
}

static void read_stack(void)
{
    volatile uint8_t local = 4;
    expect_dead(peer_read(target(&local)));
}

static void write_stack(void)
{
    volatile uint8_t local = 4;
    expect_dead(peer_write(target(&local), 1));
    CHECK_EQUAL(local, 4);
}

static void after_close(void)
{
    int id = lent_window(CUBICLE_WRITE);
    CHECK_EQUAL(cubicle_window_close(id, cubicle_find("peer")), 0);
    expect_dead(peer_read(target(event_memory + 4096)));
}

static void after_close_all(void)
{
    CHECK_EQUAL(cubicle_window_close_all(lent_window(CUBICLE_WRITE)), 0);
    expect_dead(peer_write(target(event_memory + 4096), 1));
}

static void after_remove(void)
{
    int id = lent_window(CUBICLE_READ);
    CHECK_EQUAL(cubicle_window_remove(id, event_memory + 4096), 0);
    expect_dead(peer_read(target(event_memory + 4096)));
}

static void after_destroy(void)
{
    CHECK_EQUAL(cubicle_window_destroy(lent_window(CUBICLE_READ)), 0);
    expect_dead(peer_read(target(event_memory + 4096)));
}

static void after_unmap(void)
{
    lent_window(CUBICLE_READ);
    uint8_t *page = event_memory;
    pages_free(page, 4);
    expect_dead(peer_read(target(page + 4096)));
}

/* Freed and mapped again by the same owner: the old window does not cover the new
 * memory. */
static void after_reuse(void)
{
    lent_window(CUBICLE_READ);
    pages_free(event_memory, 4);
    uint8_t *page = pages(4);
    CHECK(page == event_memory);
    expect_dead(peer_read(target(page + 4096)));
}

/* A range that is cut more often than the window has ranges loses its end at once: no
 * trace of it may stay behind, whatever is closed later. */
static void after_many_cuts(void)
{
    enum { PAGES = 64, CUTS = 20 };
    uint8_t *page = pages(PAGES);
    const int peer = cubicle_find("peer");
    const int window = cubicle_window_init();
    CHECK(cubicle_window_add(window, page, PAGES * 4096, CUBICLE_WRITE) == 0);
    CHECK(cubicle_window_open(window, peer) == 0);
    for (size_t i = 0; i < PAGES; i++) {
        CHECK(peer_write(offset_of(page + i * 4096), 1) == 0);
    }
    for (size_t i = 0; i < CUTS; i++) {
        pages_free(page + (2 * i + 1) * 4096, 1);
    }
    CHECK(cubicle_window_destroy(window) == 0);
    expect_dead(peer_write(target(page + (PAGES - 1) * 4096), 1));
}

static void read_only(void)
{
    lent_window(CUBICLE_READ);
    expect_dead(peer_write(target(event_memory + 4096 + 8), 1));
    CHECK_EQUAL(event_memory[4096 + 8], 0);
}

static void before_window(void)
{
    lent_window(CUBICLE_WRITE);
    expect_dead(peer_read(target(event_memory + 4095)));
}

static void behind_window(void)
{
    lent_window(CUBICLE_WRITE);
    expect_dead(peer_read(target(event_memory + 2 * 4096)));
}

static void other_peer(void)
{
    lent_window(CUBICLE_WRITE);
    expect_dead(third_read(target(event_memory + 4096)));
}

static void close_during_call(void)
{
    lent_window(CUBICLE_WRITE);
    expect_dead(peer_event_then_read(EVENT_CLOSE, target(event_memory + 4096)));
}

static void unmap_during_call(void)
{
    lent_window(CUBICLE_WRITE);
    event_memory += 4096;
    expect_dead(peer_event_then_read(EVENT_UNMAP, target(event_memory)));
}

/* Delegated to the third; then one of the two links ends. */
static int delegate(void)
{
    lent_window(CUBICLE_READ);
    uint64_t page = offset_of(event_memory + 4096);
    int lent = peer_lend(page, 4096, CUBICLE_READ, cubicle_find("third"));
    CHECK(lent > 0);
    CHECK_EQUAL(third_read(page), 0);
    return lent;
}

static void delegation_root_closed(void)
{
    delegate();
    CHECK_EQUAL(cubicle_window_close(event_window, cubicle_find("peer")), 0);
    expect_dead(third_read(target(event_memory + 4096)));
}

static void delegation_closed(void)
{
    int lent = delegate();
    CHECK_EQUAL(peer_unlend(lent), 0);
    expect_dead(third_read(target(event_memory + 4096)));
}

static void delegation_write(void)
{
    delegate();
    expect_dead(third_write(target(event_memory + 4096), 1));
}

/* The peer's copies of annotated ranges are its own memory, never the driver's. */
static void code_as_data(void)
{
    expect_dead(peer_read(target((void *)(uintptr_t)test_denied)));
}

static void null_pointer(void)
{
    expect_dead(peer_read(target(NULL)));
}
static void last_byte(void)
{
    expect_dead(peer_read(target((void *)0xffffffff)));
}
static void unmapped(void)
{
    expect_dead(peer_write(target((void *)0xf0000000), 1));
}

/* Windows that both sides used again and again before. */
static void after_close_hot(void)
{
    event_memory = pages(1);
    (void)hot_window(event_memory, 1, CUBICLE_WRITE);
    expect_dead(peer_read(target(event_memory)));
}

static void read_only_hot(void)
{
    event_memory = pages(1);
    const int id = hot_window(event_memory, 1, CUBICLE_READ);
    CHECK_EQUAL(cubicle_window_open(id, cubicle_find("peer")), 0);
    CHECK_EQUAL(peer_read(offset_of(event_memory)), 0);
    expect_dead(peer_write(target(event_memory), 1));
    CHECK_EQUAL(event_memory[0], 0);
}

/* Two windows of one group: closing one of them closes that one. */
static void one_of_two_hot(void)
{
    event_memory = pages(2);
    const int peer = cubicle_find("peer");
    const int both = hot_window(event_memory, 2, CUBICLE_WRITE);
    CHECK_EQUAL(cubicle_window_destroy(both), 0);
    int ids[2];
    for (int i = 0; i < 2; i++) {
        ids[i] = cubicle_window_init();
        CHECK_EQUAL(
            cubicle_window_add(ids[i], event_memory + i * 4096, 4096, CUBICLE_WRITE),
            0);
        CHECK_EQUAL(cubicle_window_open(ids[i], peer), 0);
        CHECK_EQUAL(peer_write(offset_of(event_memory + i * 4096), 1), 0);
    }
    CHECK_EQUAL(cubicle_window_close(ids[0], peer), 0);
    CHECK_EQUAL(peer_write(offset_of(event_memory + 4096), 2), 0);
    CHECK_EQUAL(event_memory[4096], 2);
    expect_dead(peer_write(target(event_memory), 2));
    CHECK_EQUAL(event_memory[0], 1);
}

/* Opened for one page of a group, the other one stays closed. */
static void half_open_hot(void)
{
    event_memory = pages(2);
    const int both = hot_window(event_memory, 2, CUBICLE_WRITE);
    CHECK_EQUAL(cubicle_window_destroy(both), 0);
    const int id = cubicle_window_init();
    CHECK_EQUAL(cubicle_window_add(id, event_memory, 4096, CUBICLE_WRITE), 0);
    CHECK_EQUAL(cubicle_window_open(id, cubicle_find("peer")), 0);
    CHECK_EQUAL(peer_write(offset_of(event_memory), 1), 0);
    expect_dead(peer_read(target(event_memory + 4096)));
}

/* Freed and used again by the same cubicle. */
static void after_reuse_hot(void)
{
    event_memory = pages(1);
    (void)hot_window(event_memory, 1, CUBICLE_WRITE);
    pages_free(event_memory, 1);
    uint8_t *again = pages(1);
    again[0] = 5;
    expect_dead(peer_read(target(again)));
}

static void other_peer_hot(void)
{
    event_memory = pages(1);
    const int id = hot_window(event_memory, 1, CUBICLE_WRITE);
    CHECK_EQUAL(cubicle_window_open(id, cubicle_find("peer")), 0);
    expect_dead(third_read(target(event_memory)));
}

/* An argument on demand is not there to be looked at. */
static void on_demand(void)
{
    static uint8_t buffer[4096];
    target((void *)0xfffe0000);
    expect_dead(peer_peek(buffer, sizeof(buffer)));
}

void test_denied(const char *name)
{
#define ROW(x) \
    {          \
#x, x  \
    }
    static const struct {
        const char *name;
        void (*run)(void);
    } rows[] = {
        ROW(read_heap),         ROW(write_heap),
        ROW(read_data),         ROW(write_data),
        ROW(read_rodata),       ROW(read_tls),
        ROW(read_stack),        ROW(write_stack),
        ROW(after_close),       ROW(after_close_all),
        ROW(after_remove),      ROW(after_destroy),
        ROW(after_unmap),       ROW(after_reuse),
        ROW(after_many_cuts),   ROW(read_only),
        ROW(before_window),     ROW(behind_window),
        ROW(other_peer),        ROW(close_during_call),
        ROW(unmap_during_call), ROW(delegation_root_closed),
        ROW(delegation_closed), ROW(delegation_write),
        ROW(code_as_data),      ROW(null_pointer),
        ROW(last_byte),         ROW(unmapped),
        ROW(on_demand),         ROW(after_close_hot),
        ROW(read_only_hot),     ROW(one_of_two_hot),
        ROW(half_open_hot),     ROW(after_reuse_hot),
        ROW(other_peer_hot),    ROW(read_fresh),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(name, rows[i].name) == 0) {
            rows[i].run();
        }
    }
}
