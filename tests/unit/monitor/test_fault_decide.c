/*
 * The fault decision: the table of docs/fault-path.md, row by row, under the numbers it
 * has there. A row says what must be decided although every later row would apply too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault/decide.h"

#define RUNNING 2
#define OTHER 3

#define READ PAGE_READ
#define WRITE PAGE_WRITE
#define BOTH (PAGE_READ | PAGE_WRITE)

/* What the world answers; what it was asked. */
static struct page_info world_page;
static unsigned world_rights;
static unsigned asked_peer;
static uint32_t asked_page;
static unsigned npages_asked, nrights_asked;

static struct page_info get_page(uint32_t page)
{
    npages_asked++;
    asked_page = page;
    return world_page;
}

static unsigned get_rights(unsigned peer, uint32_t page)
{
    nrights_asked++;
    asked_peer = peer;
    asked_page = page;
    return world_rights;
}

static const struct fault_world world = {.page = get_page, .window_rights = get_rights};

#define HEAP_AT INT64_C(0x80001000)
#define LAST INT64_C(0xfffeffff)

static const struct {
    unsigned row; /* of the table in docs/fault-path.md */
    enum fault_verdict verdict;
    unsigned running, view;
    int64_t offset;
    unsigned access;
    unsigned owner;
    enum page_kind kind;
    unsigned own_rights, window_rights;
} rows[] = {
    /* 1. The monitor's own fault, wherever it is. */
    {1, FAULT_PANIC, 0, 0, HEAP_AT, READ, OTHER, PAGE_HEAP, BOTH, BOTH},
    {1, FAULT_PANIC, 0, 0, 0, FAULT_EXECUTE, 0, PAGE_FREE, 0, 0},
    {1, FAULT_PANIC, 0, RUNNING, HEAP_AT, WRITE, OTHER, PAGE_HEAP, BOTH, BOTH},
    /* 2. Execution, even of own memory, even through a window. */
    {2, FAULT_NOT_CODE, RUNNING, RUNNING, HEAP_AT, FAULT_EXECUTE, RUNNING, PAGE_HEAP,
     BOTH, 0},
    {2, FAULT_NOT_CODE, RUNNING, RUNNING, HEAP_AT, FAULT_EXECUTE, OTHER, PAGE_HEAP,
     BOTH, BOTH},
    {2, FAULT_NOT_CODE, RUNNING, OTHER, HEAP_AT, FAULT_EXECUTE, OTHER, PAGE_CODE, READ,
     0},
    {2, FAULT_NOT_CODE, RUNNING, 0, -1, FAULT_EXECUTE, 0, PAGE_FREE, 0, 0},
    /* 3. Not the running cubicle's view: another's, or none. */
    {3, FAULT_OUTSIDE, RUNNING, OTHER, HEAP_AT, READ, OTHER, PAGE_HEAP, BOTH, BOTH},
    {3, FAULT_OUTSIDE, RUNNING, 0, HEAP_AT, READ, RUNNING, PAGE_HEAP, BOTH, BOTH},
    /* 4. The ends of the space and beyond. */
    {4, FAULT_GUARD, RUNNING, RUNNING, 0, READ, RUNNING, PAGE_HEAP, BOTH, BOTH},
    {4, FAULT_GUARD, RUNNING, RUNNING, 0xffff, READ, OTHER, PAGE_HEAP, BOTH, BOTH},
    {4, FAULT_GUARD, RUNNING, RUNNING, -1, WRITE, OTHER, PAGE_HEAP, BOTH, BOTH},
    {4, FAULT_GUARD, RUNNING, RUNNING, INT64_MIN, READ, OTHER, PAGE_HEAP, BOTH, BOTH},
    {4, FAULT_GUARD, RUNNING, RUNNING, LAST + 1, READ, OTHER, PAGE_HEAP, BOTH, BOTH},
    {4, FAULT_GUARD, RUNNING, RUNNING, INT64_C(1) << 32, READ, OTHER, PAGE_HEAP, BOTH,
     BOTH},
    {4, FAULT_GUARD, RUNNING, RUNNING, INT64_MAX, READ, OTHER, PAGE_HEAP, BOTH, BOTH},
    /* 5. A free page, even where a window says otherwise. */
    {5, FAULT_WILD, RUNNING, RUNNING, HEAP_AT, READ, 0, PAGE_FREE, 0, BOTH},
    {5, FAULT_WILD, RUNNING, RUNNING, 0x10000, WRITE, 0, PAGE_FREE, 0, 0},
    {5, FAULT_WILD, RUNNING, RUNNING, LAST, READ, 0, PAGE_FREE, 0, 0},
    /* 6. Guards below stacks: the running cubicle's, and others'. */
    {6, FAULT_STACK_OVERFLOW, RUNNING, RUNNING, HEAP_AT, WRITE, RUNNING, PAGE_GUARD, 0,
     0},
    {6, FAULT_WILD, RUNNING, RUNNING, HEAP_AT, WRITE, OTHER, PAGE_GUARD, 0, BOTH},
    /* 7. Code and stubs as data: its own, another's, lent by mistake. */
    {7, FAULT_CODE, RUNNING, RUNNING, 0x100000, READ, RUNNING, PAGE_CODE, READ, 0},
    {7, FAULT_CODE, RUNNING, RUNNING, 0x100000, WRITE, OTHER, PAGE_CODE, READ, BOTH},
    {7, FAULT_CODE, RUNNING, RUNNING, 0x7f000000, READ, 0, PAGE_STUB, 0, BOTH},
    /* 8. Own memory without the right; a window from somebody else adds none. */
    {8, FAULT_RIGHTS, RUNNING, RUNNING, HEAP_AT, WRITE, RUNNING, PAGE_RODATA, READ, 0},
    {8, FAULT_RIGHTS, RUNNING, RUNNING, HEAP_AT, READ, RUNNING, PAGE_HEAP, 0, BOTH},
    {8, FAULT_RIGHTS, RUNNING, RUNNING, HEAP_AT, WRITE, RUNNING, PAGE_DATA, READ, BOTH},
    /* 8. Own memory with the right: somebody it was lent to has it (mpk). */
    {8, FAULT_RECLAIM, RUNNING, RUNNING, HEAP_AT, WRITE, RUNNING, PAGE_HEAP, BOTH, 0},
    {8, FAULT_RECLAIM, RUNNING, RUNNING, HEAP_AT, READ, RUNNING, PAGE_RODATA, READ, 0},
    {8, FAULT_RECLAIM, RUNNING, RUNNING, HEAP_AT, READ, RUNNING, PAGE_STACK, BOTH,
     BOTH},
    /* 9. Another's memory: the window decides. */
    {9, FAULT_MAP, RUNNING, RUNNING, HEAP_AT, READ, OTHER, PAGE_HEAP, BOTH, READ},
    {9, FAULT_MAP, RUNNING, RUNNING, HEAP_AT, READ, OTHER, PAGE_STACK, BOTH, BOTH},
    {9, FAULT_MAP, RUNNING, RUNNING, HEAP_AT, WRITE, OTHER, PAGE_DATA, BOTH, BOTH},
    {9, FAULT_MAP, RUNNING, RUNNING, 0x10000, READ, OTHER, PAGE_RODATA, READ, READ},
    {9, FAULT_MAP, RUNNING, RUNNING, LAST, READ, OTHER, PAGE_HEAP, BOTH, READ},
    {9, FAULT_READ_ONLY, RUNNING, RUNNING, HEAP_AT, WRITE, OTHER, PAGE_HEAP, BOTH,
     READ},
    /* 10. No window. */
    {10, FAULT_DENY, RUNNING, RUNNING, HEAP_AT, READ, OTHER, PAGE_HEAP, BOTH, 0},
    {10, FAULT_DENY, RUNNING, RUNNING, HEAP_AT, WRITE, OTHER, PAGE_DATA, BOTH, 0},
    {10, FAULT_DENY, RUNNING, RUNNING, HEAP_AT, READ, OTHER, PAGE_RODATA, READ, 0},
    {10, FAULT_DENY, RUNNING, RUNNING, HEAP_AT, READ, OTHER, PAGE_STACK, BOTH, 0},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct fault_event event = {.running = rows[i].running,
                                          .view = rows[i].view,
                                          .offset = rows[i].offset,
                                          .access = rows[i].access};
        world_page = (struct page_info){.owner = (uint16_t)rows[i].owner,
                                        .kind = (uint8_t)rows[i].kind,
                                        .rights = (uint8_t)rows[i].own_rights};
        world_rights = rows[i].window_rights;
        npages_asked = nrights_asked = 0;
        const enum fault_verdict verdict = fault_decide(&world, &event);
        if (verdict != rows[i].verdict) {
            print_error("row %zu (%u): verdict %d\n", i, rows[i].row, verdict);
        }
        assert_int_equal(verdict, rows[i].verdict);
        /* Nothing is looked up before the rows that need no looking up have passed. */
        assert_int_equal(npages_asked, rows[i].row >= 5);
        assert_int_equal(nrights_asked, rows[i].row >= 9);
        if (nrights_asked != 0) {
            assert_int_equal(asked_peer, RUNNING);
        }
        if (npages_asked != 0) {
            assert_int_equal(asked_page, (uint64_t)rows[i].offset >> PAGE_SHIFT);
        }
    }
}

/* Whatever the page and the window, only an allowed access to another's memory maps. */
static void test_only_windows_map(void **state)
{
    static const unsigned accesses[] = {READ, WRITE, FAULT_EXECUTE};

    (void)state;
    for (unsigned kind = PAGE_FREE; kind <= PAGE_STUB; kind++) {
        for (unsigned i = 0; i < 3 * 3 * 4 * 4; i++) {
            const unsigned access = accesses[i % 3], owner = i / 3 % 3 + 1;
            const unsigned rights = i / 9 % 4;
            const struct fault_event event = {.running = RUNNING,
                                              .view = RUNNING,
                                              .offset = HEAP_AT,
                                              .access = access};

            world_page = (struct page_info){
                .owner = (uint16_t)owner, .kind = (uint8_t)kind, .rights = i / 36 & 3};
            world_rights = rights;
            const bool data = kind == PAGE_RODATA || kind == PAGE_DATA ||
                              kind == PAGE_HEAP || kind == PAGE_STACK;
            const bool may = data && owner != RUNNING && access != FAULT_EXECUTE &&
                             (rights & access) == access;
            assert_int_equal(fault_decide(&world, &event) == FAULT_MAP, may);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_only_windows_map),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("fault_decide", tests, NULL, NULL);
}
