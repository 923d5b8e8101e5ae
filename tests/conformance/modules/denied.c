/*
 * Accesses that must be stopped, one per run: the peer or the third tries, dies of it
 * (policy `fail-call`) and the driver sees -EOWNERDEAD. The line "target ADDRESS" lets
 * the runner compare the address in the fault report.
 */
#define _GNU_SOURCE
#include "check.h"

#include <cubicle.h>
#include <home.h>
#include <peer.h>
#include <sys/mman.h>
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

/* A window over memory that was given back and stays its owner's ends when it is
 * given out again. */
static void kept_window(void)
{
    event_memory = pages(1);
    pages_free(event_memory, 1);
    const int id = cubicle_window_init();
    if (cubicle_window_add(id, event_memory, 4096, CUBICLE_WRITE) == 0 &&
        cubicle_window_open(id, cubicle_find("peer")) == 0) {
        CHECK_EQUAL(peer_read(offset_of(event_memory)), 0);
    }
    uint8_t *again = pages(1);
    CHECK(again == event_memory);
    expect_dead(peer_write(target(again), 1));
    CHECK_EQUAL(again[0], 0);
}

/* Memory that has moved: the window does not cover the old place, nor the new one. */
static uint8_t *remapped(void)
{
    lent_window(CUBICLE_WRITE);
    uint8_t *behind = pages(1); /* in the way */
    CHECK(behind == event_memory + 4 * 4096);
    CHECK_EQUAL(peer_write(offset_of(event_memory + 4096), 7), 0);
    uint8_t *moved = mremap(event_memory, 4 * 4096, 64 * 4096, MREMAP_MAYMOVE);
    CHECK(moved != MAP_FAILED && moved != event_memory && moved[4096] == 7);
    pages_free(behind, 1);
    return moved;
}

static void after_remap(void)
{
    (void)remapped();
    expect_dead(peer_write(target(event_memory + 4096), 1));
}

static void remap_target(void)
{
    uint8_t *moved = remapped();
    expect_dead(peer_write(target(moved + 4096), 1));
    CHECK_EQUAL(moved[4096], 7);
}

/* Replaced in place: what is there now is not lent. */
static void after_replace(void)
{
    lent_window(CUBICLE_WRITE);
    CHECK_EQUAL(peer_write(offset_of(event_memory + 4096), 7), 0);
    CHECK(mmap(event_memory, 4 * 4096, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == event_memory);
    CHECK_EQUAL(event_memory[4096], 0);
    expect_dead(peer_write(target(event_memory + 4096), 1));
    CHECK_EQUAL(event_memory[4096], 0);
}

/* Space that is reserved is nobody's memory. */
static void reserved(void)
{
    uint8_t *space = mmap(NULL, 1 << 22, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(space != MAP_FAILED);
    expect_dead(peer_read(target(space + 4096)));
}

/* Nobody but its owner reaches what was given back, mapped before or not. */
static void kept_unlent(void)
{
    lent_window(CUBICLE_WRITE);
    pages_free(event_memory + 4096, 1);
    expect_dead(peer_write(target(event_memory + 4096), 1));
    uint8_t *again = pages(1);
    CHECK(again == event_memory + 4096);
    CHECK_EQUAL(again[0], 0);
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

/* A window of which the peer has touched one page, so that its neighbours may be mapped too;
 * event_memory is the first of AROUND pages, of which the window covers [@first, @end). */
enum { AROUND = 128 };

static int around_window(size_t first, size_t end, size_t touched, int rights)
{
    event_memory = pages(AROUND);
    memset(event_memory, 7, AROUND * 4096);
    event_window = cubicle_window_init();
    CHECK_EQUAL(cubicle_window_add(event_window, event_memory + first * 4096,
                                   (end - first) * 4096, rights),
                0);
    CHECK_EQUAL(cubicle_window_open(event_window, cubicle_find("peer")), 0);
    CHECK_EQUAL(peer_read(offset_of(event_memory + touched * 4096)), 7);
    return event_window;
}

static void around_ends(void)
{
    around_window(3, 9, 4, CUBICLE_WRITE);
    expect_dead(peer_read(target(event_memory + 9 * 4096)));
}
static void around_begins(void)
{
    around_window(3, 9, 4, CUBICLE_WRITE);
    expect_dead(peer_read(target(event_memory + 3 * 4096 - 1)));
}

static void around_read_only(void)
{
    around_window(0, AROUND, 4, CUBICLE_READ);
    expect_dead(peer_write(target(event_memory + 5 * 4096), 1));
    CHECK_EQUAL(event_memory[5 * 4096], 7);
}

static void around_close(void)
{
    const int id = around_window(0, AROUND, 4, CUBICLE_WRITE);
    CHECK_EQUAL(cubicle_window_close(id, cubicle_find("peer")), 0);
    expect_dead(peer_read(target(event_memory + 5 * 4096)));
}

/* The pages before and behind the one that was touched, whatever the block is. */
static void around_close_before(void)
{
    const int id = around_window(0, AROUND, 4, CUBICLE_WRITE);
    CHECK_EQUAL(cubicle_window_destroy(id), 0);
    expect_dead(peer_write(target(event_memory + 3 * 4096), 1));
    CHECK_EQUAL(event_memory[3 * 4096], 7);
}

/* In order through all of it: every page had been mapped. */
static void around_close_all(void)
{
    const int id = around_window(0, AROUND, 0, CUBICLE_WRITE);
    for (size_t i = 0; i < AROUND; i++) {
        CHECK_EQUAL(peer_write(offset_of(event_memory + i * 4096), 1), 0);
    }
    CHECK_EQUAL(cubicle_window_close_all(id), 0);
    expect_dead(peer_read(target(event_memory + (AROUND - 1) * 4096)));
}

/* Two ranges next to each other, of which one goes. */
static void around_remove(void)
{
    const int id = around_window(0, 5, 0, CUBICLE_READ);
    uint8_t *const rest = event_memory + 5 * 4096;
    CHECK_EQUAL(cubicle_window_add(id, rest, 5 * 4096, CUBICLE_READ), 0);
    CHECK_EQUAL(peer_read(offset_of(rest)), 7);
    CHECK_EQUAL(cubicle_window_remove(id, event_memory), 0);
    CHECK_EQUAL(peer_read(offset_of(rest + 4 * 4096)), 7);
    expect_dead(peer_read(target(event_memory + 4 * 4096)));
}

/* The owner frees some of what is lent, in the middle; nobody has touched these pages. */
static void around_unmap(void)
{
    around_window(0, AROUND, 0, CUBICLE_WRITE);
    pages_free(event_memory + 4 * 4096, 3);
    CHECK_EQUAL(peer_read(offset_of(event_memory + 3 * 4096)), 7);
    CHECK_EQUAL(peer_read(offset_of(event_memory + 7 * 4096)), 7);
    expect_dead(peer_read(target(event_memory + 5 * 4096)));
}

/* All of it, and then more, so that it does not stay its owner's. */
static void around_unmap_all(void)
{
    around_window(0, AROUND, 0, CUBICLE_WRITE);
    pages_free(event_memory, AROUND);
    pages_free(pages(PAGES_GONE - 110), PAGES_GONE - 110);
    expect_dead(peer_read(target(event_memory + 5 * 4096)));
}

/* It gets them again. */
static void around_reuse(void)
{
    around_window(0, AROUND, 0, CUBICLE_WRITE);
    pages_free(event_memory + 4 * 4096, 3);
    uint8_t *const again = pages(3);
    CHECK(again == event_memory + 4 * 4096);
    again[4096] = 1;
    CHECK_EQUAL(peer_read(offset_of(event_memory + 3 * 4096)), 7);
    expect_dead(peer_read(target(again + 4096)));
}

/* The owner makes some read-only. */
static void around_protect(void)
{
    around_window(0, AROUND, 0, CUBICLE_WRITE);
    CHECK_EQUAL(cubicle_page_protect(event_memory + 4096, 4096, CUBICLE_READ), 0);
    CHECK_EQUAL(peer_write(offset_of(event_memory + 2 * 4096), 1), 0);
    CHECK_EQUAL(peer_read(offset_of(event_memory + 4096)), 7);
    expect_dead(peer_write(target(event_memory + 4096), 1));
    CHECK_EQUAL(event_memory[4096], 7);
}

static void around_other_peer(void)
{
    around_window(0, AROUND, 0, CUBICLE_WRITE);
    expect_dead(third_read(target(event_memory + 4096)));
}

/* Passed on: what the third touched around goes with the peer's grant. */
static void around_delegated(void)
{
    const int id = around_window(0, 8, 0, CUBICLE_READ);
    const int lent = peer_lend(offset_of(event_memory + 2 * 4096), 4 * 4096,
                               CUBICLE_READ, cubicle_find("third"));
    CHECK(lent > 0);
    CHECK_EQUAL(third_read(offset_of(event_memory + 2 * 4096)), 7);
    CHECK_EQUAL(cubicle_window_close(id, cubicle_find("peer")), 0);
    expect_dead(third_read(target(event_memory + 3 * 4096)));
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
        ROW(read_heap),
        ROW(write_heap),
        ROW(read_data),
        ROW(write_data),
        ROW(read_rodata),
        ROW(read_tls),
        ROW(read_stack),
        ROW(write_stack),
        ROW(after_close),
        ROW(after_close_all),
        ROW(after_remove),
        ROW(after_destroy),
        ROW(after_unmap),
        ROW(after_reuse),
        ROW(after_many_cuts),
        ROW(read_only),
        ROW(before_window),
        ROW(behind_window),
        ROW(other_peer),
        ROW(close_during_call),
        ROW(unmap_during_call),
        ROW(delegation_root_closed),
        ROW(delegation_closed),
        ROW(delegation_write),
        ROW(code_as_data),
        ROW(null_pointer),
        ROW(last_byte),
        ROW(unmapped),
        ROW(on_demand),
        ROW(after_close_hot),
        ROW(read_only_hot),
        ROW(one_of_two_hot),
        ROW(half_open_hot),
        ROW(after_reuse_hot),
        ROW(other_peer_hot),
        ROW(read_fresh),
        ROW(around_ends),
        ROW(around_begins),
        ROW(around_read_only),
        ROW(around_close),
        ROW(around_close_before),
        ROW(around_close_all),
        ROW(around_remove),
        ROW(around_unmap),
        ROW(around_unmap_all),
        ROW(kept_window),
        ROW(kept_unlent),
        ROW(around_reuse),
        ROW(around_protect),
        ROW(around_other_peer),
        ROW(around_delegated),
        ROW(after_remap),
        ROW(remap_target),
        ROW(after_replace),
        ROW(reserved),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(name, rows[i].name) == 0) {
            rows[i].run();
        }
    }
}
