/* The invariants of toolchain/rewrite/program.h that layout() keeps, by number. */
#include "layout.h"
#include "stretch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct program program;

static int setup(void **state)
{
    (void)state;
    program_init(&program, "test");
    program.sections = calloc(1, sizeof(*program.sections));
    program.sections_capacity = 1;
    program.nsections = 1;
    program.sections[0] = (struct section){.code = true, .alignment = BUNDLE};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    program_free(&program);
    arena_free();
    return 0;
}

static const struct place nowhere = {"test", 1};

static size_t unit(enum unit_kind kind, unsigned size)
{
    struct item *item = program_add(&program, ITEM_UNIT, nowhere, "");

    item->unit = kind;
    item->size = size;
    return program.sections[0].nitems - 1;
}

static unsigned label(const char *name, bool entry)
{
    unsigned symbol = program_symbol(&program, name, strlen(name));

    program_add(&program, ITEM_LABEL, nowhere, name)->symbol = symbol;
    program.symbols[symbol].section = 0;
    program.symbols[symbol].entry = entry;
    return symbol;
}

static size_t branch(const char *name, unsigned size)
{
    unsigned symbol = program_symbol(&program, name, strlen(name));
    size_t index = unit(UNIT_BRANCH, size);

    program.sections[0].items[index].symbol = symbol;
    return index;
}

static void align(unsigned boundary, unsigned limit)
{
    struct item *item = program_add(&program, ITEM_ALIGN, nowhere, NULL);

    item->size = boundary;
    item->limit = limit;
}

static const struct item *item(size_t index)
{
    return &program.sections[0].items[index];
}

/* 2. A unit never crosses a bundle. */
static void test_no_crossing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        unit(UNIT_PLAIN, 1 + (i * 7) % BUNDLE);
    }
    layout(&program);
    unsigned end = 0;

    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(item(i)->offset / BUNDLE,
                         (item(i)->offset + item(i)->size - 1) / BUNDLE);
        assert_int_equal(item(i)->offset, end + item(i)->pad);
        assert_int_equal(item(i)->gap, 0);
        assert_true(item(i)->pad < BUNDLE);
        end = item(i)->offset + item(i)->size;
    }
    assert_int_equal(program.sections[0].size, end);
}

/* A unit as long as a bundle, and one that just fits. */
static void test_exact_fit(void **state)
{
    (void)state;
    size_t first = unit(UNIT_PLAIN, 20);
    size_t fits = unit(UNIT_PLAIN, 12);
    size_t full = unit(UNIT_PLAIN, 32);

    layout(&program);
    assert_int_equal(item(first)->offset, 0);
    assert_int_equal(item(fits)->offset, 20);
    assert_int_equal(item(full)->offset, 32);
}

/* 3. A call ends a bundle. */
static void test_calls(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        unit(UNIT_PLAIN, i % BUNDLE + 1);
        size_t call = unit(UNIT_CALL, 5 + i % 3);

        layout(&program);
        assert_int_equal((item(call)->offset + item(call)->size) % BUNDLE, 0);
    }
}

/* Padding stands before a label, so that a jump there does not run through it. */
static void test_label_behind_padding(void **state)
{
    (void)state;
    unit(UNIT_PLAIN, 10);
    unsigned target = label("target", false);
    size_t call = unit(UNIT_CALL, 5);

    layout(&program);
    assert_int_equal(program.symbols[target].offset, 27);
    assert_int_equal(item(call)->pad, 17);
    assert_int_equal(item(call)->gap, 0);
}

/* A comparison and its branch stay together. */
static void test_fused(void **state)
{
    (void)state;
    unit(UNIT_PLAIN, 28);
    size_t compare = unit(UNIT_PLAIN, 3);

    program.sections[0].items[compare].fuses = true;
    size_t jump = branch("elsewhere", 6);

    unit(UNIT_PLAIN, 20);
    size_t plain = unit(UNIT_PLAIN, 3);

    program.sections[0].items[plain].fuses = true;
    unit(UNIT_PLAIN, 6);
    layout(&program);
    assert_int_equal(item(compare)->offset, 32);
    assert_int_equal(item(jump)->offset, 35);
    assert_int_equal(item(plain)->offset, 61);
}

/* 4. An entry starts a bundle, also where the unit behind it cannot. */
static void test_entries(void **state)
{
    (void)state;
    unit(UNIT_PLAIN, 10);
    unsigned entry = label("entry", true);
    size_t call = unit(UNIT_CALL, 5);
    unsigned end = label("end", false);

    layout(&program);
    assert_int_equal(program.symbols[entry].offset, 32);
    assert_int_equal(item(call)->pad, 22);
    assert_int_equal(item(call)->gap, 27);
    assert_int_equal(item(call)->offset, 59);
    assert_int_equal(program.symbols[end].offset, 64);
}

static void test_alignment(void **state)
{
    (void)state;
    unit(UNIT_PLAIN, 3);
    align(16, 12); /* 13 bytes are too many */
    align(8, 7);
    size_t first = unit(UNIT_PLAIN, 3);

    align(32, 31);
    size_t second = unit(UNIT_PLAIN, 3);

    layout(&program);
    assert_int_equal(item(first)->offset, 8);
    assert_int_equal(item(second)->offset, 32);
}

/* Branches are short exactly where the target is in reach. */
static void test_branch_sizes(void **state)
{
    (void)state;
    label("start", false);
    size_t forward = branch("end", 6);

    for (unsigned i = 0; i < 15; i++) {
        unit(UNIT_PLAIN, 8);
    }
    size_t back = branch("start", 6);
    size_t unknown = branch("elsewhere", 5);

    label("end", false);
    size_t near = branch("end", 5);

    unit(UNIT_PLAIN, 1);
    layout(&program);
    /* 2 + 15 * 8 and the padding: backward -126 and more, forward more than 127. */
    assert_false(item(near)->wide);
    assert_true(item(unknown)->wide);
    assert_true(item(forward)->wide);
    assert_true(item(back)->wide);
    assert_int_equal(program.symbols[item(back)->symbol].offset, 0);
}

/* One branch that grows pushes the next one out of reach. */
static void test_branches_grow_together(void **state)
{
    enum { NBRANCHES = 30 };
    size_t branches[NBRANCHES];

    (void)state;
    for (unsigned i = 0; i < NBRANCHES; i++) {
        branches[i] = branch("end", 6);
        unit(UNIT_PLAIN, 4);
    }
    unsigned end = label("end", false);

    unit(UNIT_PLAIN, 1);
    layout(&program);
    for (unsigned i = 0; i < NBRANCHES; i++) {
        const struct item *at = item(branches[i]);
        unsigned size = at->wide ? 6 : 2;
        unsigned distance = program.symbols[end].offset - (at->offset + size);

        assert_true(at->wide || distance <= 127);
        if (at->wide && i + 1 < NBRANCHES) {
            assert_true(distance > 100);
        }
    }
}

/* A symbol that the linker may bind elsewhere gets a branch that reaches everything. */
static void test_global_target(void **state)
{
    (void)state;
    unsigned target = label("f", true);
    size_t back = branch("f", 5);

    program.symbols[target].global = true;
    layout(&program);
    assert_true(item(back)->wide);
}

/* A unit that can grow by 1 and by @disp bytes. */
static size_t elastic(unsigned size, unsigned disp)
{
    const size_t index = unit(UNIT_PLAIN, size);

    program.sections[0].items[index].longer[STRETCH_REX] = 1;
    program.sections[0].items[index].longer[STRETCH_DISP32] = (uint8_t)disp;
    return index;
}

/* Padding goes into the units before it, as far as they can grow. */
static void test_stretch(void **state)
{
    (void)state;
    size_t first = elastic(8, 4);
    size_t second = elastic(8, 3);
    size_t third = unit(UNIT_PLAIN, 7);
    size_t next = unit(UNIT_PLAIN, 20);
    size_t call = unit(UNIT_CALL, 5);

    layout(&program);
    assert_int_equal(item(next)->pad, 9);
    stretch(&program);
    assert_int_equal(item(first)->stretch, 1 << STRETCH_DISP32 | 1 << STRETCH_REX);
    assert_int_equal(item(second)->offset, 13);
    assert_int_equal(item(second)->stretch, 1 << STRETCH_DISP32 | 1 << STRETCH_REX);
    assert_int_equal(item(third)->offset, 25);
    assert_int_equal(item(third)->offset + item(third)->size + item(next)->pad, 32);
    assert_int_equal(item(next)->pad, 0);
    assert_int_equal(item(next)->offset, 32);
    assert_int_equal(item(call)->pad, 7); /* nothing before it can grow */
    assert_int_equal(item(call)->offset + 5, 64);
}

/* Labels stay: only what follows the last one grows, and nothing behind a jump. */
static void test_stretch_labels(void **state)
{
    (void)state;
    size_t before = elastic(10, 4);
    unsigned inside = label("inside", false);
    size_t behind = elastic(10, 4);
    size_t next = unit(UNIT_PLAIN, 24);
    size_t last = elastic(4, 0);

    program.sections[0].items[last].stop = true;
    size_t call = unit(UNIT_CALL, 5);

    layout(&program);
    stretch(&program);
    assert_int_equal(item(before)->stretch, 0);
    assert_int_equal(program.symbols[inside].offset, 10);
    assert_int_equal(item(behind)->stretch, 1 << STRETCH_DISP32 | 1 << STRETCH_REX);
    assert_int_equal(item(next)->pad, 7);
    assert_int_equal(item(last)->stretch, 0);
    assert_int_equal(item(call)->pad, 31);
}

/* What has grown for an alignment inside the bundle does not grow again for its end. */
static void test_stretch_once(void **state)
{
    (void)state;
    size_t first = elastic(6, 4);
    size_t second = elastic(5, 0);

    align(16, 15);
    size_t third = elastic(4, 3);
    size_t fourth = unit(UNIT_PLAIN, 4);
    size_t next = unit(UNIT_PLAIN, 20);

    layout(&program);
    assert_int_equal(item(third)->pad, 5);
    assert_int_equal(item(next)->pad, 8);
    stretch(&program);
    assert_int_equal(item(first)->stretch, 1 << STRETCH_DISP32 | 1 << STRETCH_REX);
    assert_int_equal(item(second)->offset, 11);
    assert_int_equal(item(third)->offset, 16);
    assert_int_equal(item(third)->pad, 0);
    assert_int_equal(item(fourth)->offset, 24);
    assert_int_equal(item(next)->pad, 4);
    assert_int_equal(item(next)->offset, 32);
}

/* A backward branch moves only while it surely reaches. */
static void test_stretch_loop(void **state)
{
    (void)state;
    unit(UNIT_PLAIN, 16);
    label("start", false);
    unit(UNIT_PLAIN, 16);
    for (unsigned i = 0; i < 3; i++) {
        unit(UNIT_PLAIN, BUNDLE);
    }
    size_t grows = elastic(10, 4);
    size_t back = branch("start", 6);

    unit(UNIT_PLAIN, BUNDLE);
    layout(&program);
    assert_false(item(back)->wide);
    stretch(&program);
    assert_int_equal(item(grows)->stretch, 0);
    assert_int_equal(item(back)->offset, 4 * BUNDLE + 10);
}

static void test_stretch_short_loop(void **state)
{
    (void)state;
    unit(UNIT_PLAIN, BUNDLE);
    label("start", false);
    size_t grows = elastic(10, 4);
    size_t back = branch("start", 6);

    unit(UNIT_PLAIN, BUNDLE);
    layout(&program);
    stretch(&program);
    assert_int_equal(item(grows)->stretch, 1 << STRETCH_DISP32 | 1 << STRETCH_REX);
    assert_int_equal(item(back)->offset, BUNDLE + 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_crossing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exact_fit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_calls, setup, teardown),
        cmocka_unit_test_setup_teardown(test_label_behind_padding, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_entries, setup, teardown),
        cmocka_unit_test_setup_teardown(test_alignment, setup, teardown),
        cmocka_unit_test_setup_teardown(test_branch_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_branches_grow_together, setup, teardown),
        cmocka_unit_test_setup_teardown(test_global_target, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stretch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stretch_labels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stretch_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stretch_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stretch_short_loop, setup, teardown),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
