/*
 * Cubicles that begin anew: A1 to A4 of restart.h, and who is let in meanwhile (entry.h), with
 * frames made by hand. The trampolines' bodies are functions of the test.
 */
#include "backend/backend.h"
#include "call/entry.h"
#include "call/trampoline.h"
#include "fault/restart.h"
#include "fault/signal_pending.h"
#include "fault/unwind.h"
#include "load/link.h"
#include "memory/memory.h"
#include "memory/window.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct backend one_process = {.name = "one process"};
const struct backend *backend = &one_process;

#define POISON 0xee
#define ENTER ((uint64_t)(uintptr_t)restart_enter)
#define STACK_START 0x4000u
#define DATA 0x9000u
#define RUNS 2 /* of heap that the peer has */

enum { BOOT = 1, APP, PEER };
/* Trampolines: their ids. */
enum { TO_PEER = 1, FROM_PEER, BETWEEN, INIT, ENDED, RESTARTED, NTRAMPOLINES };

void restart_run(void);

static struct trampoline trampolines[NTRAMPOLINES];
static struct call_frame frames[16];
static struct module peer_module, app_module;
static struct module *peer_modules[] = {&peer_module}, *app_modules[] = {&app_module};
static struct cubicle *boot, *app, *peer;
static uint8_t data[64]; /* the peer's variables */

/* What happened, a letter each: E ended, R heap, S stack, D data, I init, B restarted, X stopped,
 * W windows. */
static char happened[256];
static unsigned reclaims, forgotten_signals;
static int init_result;
static bool ends_itself;
static jmp_buf end;

static void note(char letter)
{
    const size_t n = strlen(happened);
    assert_in_range(n, 0, sizeof(happened) - 2);
    happened[n] = letter;
}

/* ---- what restart.c asks of others ---- */

struct trampoline *trampoline_get(uint32_t id)
{
    return id >= 1 && id < NTRAMPOLINES ? &trampolines[id] : NULL;
}

size_t link_segment_contents(const struct module *module, enum image_segment segment)
{
    assert_ptr_equal(module, &peer_module);
    assert_int_equal(segment, IMAGE_DATA);
    return sizeof(data) / 2;
}

uint32_t module_segment_pages(const struct module *module, enum image_segment segment)
{
    assert_ptr_equal(module, &peer_module);
    return segment == IMAGE_DATA ? 1 : 0;
}

int64_t memory_reclaim(struct cubicle *cubicle, uint32_t *page)
{
    assert_ptr_equal(cubicle, peer);
    assert_int_equal(cubicle->reclaimed, 0);
    *page = 0;
    note('R');
    return reclaims++ % (RUNS + 1) < RUNS ? 1 : 0;
}

int memory_clear(struct cubicle *cubicle, uint32_t page, uint32_t npages,
                 enum page_kind kind)
{
    assert_ptr_equal(cubicle, peer);
    note(kind == PAGE_STACK ? 'S' : 'D');
    assert_int_equal(page, page_of(kind == PAGE_STACK ? STACK_START : DATA));
    assert_int_equal(npages, kind == PAGE_STACK ? 4 : 1);
    if (kind == PAGE_DATA) {
        memset(data, 0, sizeof(data));
    }
    return 0;
}

void signal_forget(const struct cubicle *cubicle)
{
    assert_ptr_equal(cubicle, peer);
    forgotten_signals++;
}

void window_forget_cubicle(unsigned cubicle)
{
    assert_int_equal(cubicle, PEER);
    note('W');
}

void unwind_stop(struct cubicle *cubicle, enum cubicle_state state, int status)
{
    assert_ptr_equal(cubicle, peer);
    assert_int_equal(status, 0);
    cubicle->state = state;
    note('X');
}

bool unwind_ending(void)
{
    return false;
}

int unwind_end_status(void)
{
    return 0;
}

void unwind_all(int status)
{
    fail_msg("the system ends: %d", status);
    longjmp(end, 2);
}

void unwind_resume(const struct unwind_target *target)
{
    assert_int_equal(target->leave, 0x9001);
    longjmp(end, 1);
}

void restart_enter(void)
{
    abort();
}

/* ---- what the trampolines call ---- */

static int body_ended(int id)
{
    assert_int_equal(id, PEER);
    note('E');
    return 0;
}

static int body_restarted(int id)
{
    assert_int_equal(id, PEER);
    assert_int_equal(peer->state, CUBICLE_LIVE);
    note('B');
    return 0;
}

static int body_init(int nothing)
{
    const struct thread_cubicle *self = &thread_self.cubicle[PEER];
    (void)nothing;
    note('I');
    assert_int_equal(peer->state, CUBICLE_STARTING);
    assert_int_equal(self->entry_mask, 0);
    assert_int_equal(self->tp, 0);
    assert_int_equal(self->stack, peer->view + STACK_START + 4 * PAGE_SIZE);
    assert_int_equal(thread_self.running, CUBICLE_MONITOR);
    assert_false(peer->may_restart);
    assert_int_equal(data[0], 7); /* as when it was linked */
    assert_int_equal(data[sizeof(data) - 1], 0);
    /* A4 */
    assert_null(thread_top_frame());
    if (ends_itself) {
        peer->state = CUBICLE_DEAD;
    }
    return init_result;
}

/* ---- */

static void trampoline(unsigned id, unsigned caller, unsigned callee, int (*body)(int))
{
    trampolines[id] = (struct trampoline){.id = id,
                                          .caller = (uint16_t)caller,
                                          .callee = (uint16_t)callee,
                                          .body = (uint64_t)(uintptr_t)body,
                                          .to = cubicle_get(callee)};
}

/* The frames of these trampolines, the outermost first. */
static void in_progress(unsigned n, const unsigned ids[])
{
    memset(frames, POISON, sizeof(frames));
    memset(frames, 0, sizeof(frames[0]));
    for (unsigned i = 0; i < n; i++) {
        frames[1 + i].trampoline = ids[i];
    }
    thread_self.control_start = frames;
    thread_self.control = &frames[1 + n];
    thread_self.control_end = &frames[sizeof(frames) / sizeof(frames[0])];
}

static int setup(void **state)
{
    (void)state;
    if (cubicle_count() == 0) {
        boot = cubicle_create("boot");
        app = cubicle_create("app");
        peer = cubicle_create("peer");
        app->modules = app_modules;
        peer->modules = peer_modules;
        app->nmodules = peer->nmodules = 1;
    }
    trampoline(TO_PEER, APP, PEER, NULL);
    trampoline(FROM_PEER, PEER, APP, NULL);
    trampoline(BETWEEN, BOOT, APP, NULL);
    trampoline(INIT, CUBICLE_MONITOR, PEER, body_init);
    trampoline(ENDED, CUBICLE_MONITOR, APP, body_ended);
    trampoline(RESTARTED, CUBICLE_MONITOR, APP, body_restarted);
    boot->state = app->state = CUBICLE_LIVE;
    peer->state = CUBICLE_DEAD;
    peer->on_fault = MONITOR_ON_FAULT_RESTART;
    peer->may_restart = true;
    peer->stack_size = 4 * PAGE_SIZE;
    peer->view = (uint64_t)(uintptr_t)data - DATA;
    cubicle_place_stack(peer, STACK_START);
    peer->epoch = 5;
    peer->reclaimed = 9;
    peer->restarts = 0;
    app_module.ended = &trampolines[ENDED];
    app_module.restarted = &trampolines[RESTARTED];
    peer_module.cubicle = peer;
    peer_module.init = &trampolines[INIT];
    peer_module.base[IMAGE_DATA] = DATA;
    thread_self.cubicle[PEER].tp = 77;
    init_result = 0;
    ends_itself = false;
    reclaims = 0;
    memset(happened, 0, sizeof(happened));
    memset(data, 0, sizeof(data));
    data[0] = 7;
    if (peer_module.fresh_data == NULL) {
        assert_int_equal(restart_keep(&peer_module), 0);
    }
    memset(data, POISON, sizeof(data));
    return 0;
}

/* Would the peer begin anew when its innermost call, the top frame, ends? */
static bool begins(unsigned n, const unsigned ids[])
{
    in_progress(n, ids);
    struct unwind_target target = {.frame = thread_self.control - 1, .leave = 0x9001};
    restart_on_the_way(peer, &target);
    assert_true(target.leave == ENTER || target.leave == 0x9001);
    return target.leave == ENTER;
}

#define BEGINS(...)                                              \
    begins(sizeof((unsigned[]){__VA_ARGS__}) / sizeof(unsigned), \
           (const unsigned[]){__VA_ARGS__})

/* A1: nothing of it is in progress, neither above nor below a frame of nobody. */
static void test_a1_when(void **state)
{
    (void)state;
    assert_true(BEGINS(BETWEEN, TO_PEER));
    assert_true(BEGINS(BETWEEN, 0, TO_PEER));
    assert_false(BEGINS(BETWEEN, FROM_PEER, TO_PEER));
    assert_false(BEGINS(BETWEEN, TO_PEER, TO_PEER));
    assert_false(BEGINS(TO_PEER, FROM_PEER, BETWEEN, TO_PEER));
    assert_false(BEGINS(FROM_PEER, 0, TO_PEER));
    assert_false(BEGINS(TO_PEER, 0, TO_PEER));
}

/* Only one that was set up, whose policy that is, and that did not end itself. */
static void test_who(void **state)
{
    (void)state;
    peer->state = CUBICLE_EXITED;
    assert_false(BEGINS(BETWEEN, TO_PEER));
    peer->state = CUBICLE_DEAD;
    peer->may_restart = false;
    assert_false(BEGINS(BETWEEN, TO_PEER));
    restart_allow(peer); /* dead */
    assert_false(peer->may_restart);
    peer->state = CUBICLE_LIVE;
    restart_allow(peer);
    assert_true(peer->may_restart);
    peer->on_fault = MONITOR_ON_FAULT_FAIL_CALL;
    restart_allow(peer);
    assert_false(peer->may_restart);
}

/* Where there is no room for the calls that it takes, it stays dead. */
static void test_no_room(void **state)
{
    (void)state;
    in_progress(2, (const unsigned[]){BETWEEN, TO_PEER});
    struct unwind_target target = {.frame = thread_self.control - 1, .leave = 0x9001};
    thread_self.control_end = thread_self.control + 8;
    restart_on_the_way(peer, &target);
    assert_int_equal(target.leave, 0x9001);
    thread_self.control_end++;
    restart_on_the_way(peer, &target);
    assert_int_equal(target.leave, ENTER);
}

static void begin_anew(void)
{
    assert_true(BEGINS(BETWEEN, TO_PEER));
    struct call_frame *const control = thread_self.control;
    thread_self.running = PEER;
    thread_self.monitor_stack = 0x100000;
    if (setjmp(end) == 0) {
        restart_run();
        fail_msg("it came back");
    }
    assert_ptr_equal(thread_self.control, control);
    assert_int_equal(thread_self.monitor_stack, 0x100000);
}

/* A2, A3: what it had goes first, then its modules are set up, then it is open. */
static void test_begins_anew(void **state)
{
    (void)state;
    forgotten_signals = 0;
    begin_anew();
    assert_string_equal(happened, "WERRRSDIB");
    assert_int_equal(forgotten_signals, 1);
    assert_int_equal(peer->state, CUBICLE_LIVE);
    assert_int_equal(thread_self.cubicle[PEER].entry_mask, STACK_MASK);
    assert_true(peer->may_restart);
    assert_int_equal(peer->epoch, 6);
    assert_int_equal(peer->restarts, 1);
}

static void test_without_an_epoch(void **state)
{
    (void)state;
    peer->epoch = 0;
    begin_anew();
    assert_int_equal(peer->epoch, 0);
}

/* A3: three attempts, and nobody is ever let in. */
static void test_init_fails(void **state)
{
    (void)state;
    init_result = -EIO;
    begin_anew();
    assert_string_equal(happened, "WERRRSDIXWERRRSDIXWERRRSDIXW");
    assert_int_equal(peer->state, CUBICLE_DEAD);
    assert_int_equal(thread_self.cubicle[PEER].entry_mask, 0);
    assert_false(peer->may_restart);
    assert_int_equal(peer->restarts, 0);
}

static void test_init_dies(void **state)
{
    (void)state;
    ends_itself = true;
    begin_anew();
    assert_string_equal(happened, "WERRRSDIWERRRSDIWERRRSDIW");
    assert_int_equal(peer->state, CUBICLE_DEAD);
}

/* R7: while it is being set up a trap is its own fault, unless somebody has called it. */
static void test_refused(void **state)
{
    (void)state;
    peer->state = CUBICLE_STARTING;
    in_progress(2, (const unsigned[]){BETWEEN, INIT});
    assert_false(entry_refused(peer));
    in_progress(3, (const unsigned[]){INIT, FROM_PEER, TO_PEER});
    assert_true(entry_refused(peer));
    in_progress(3, (const unsigned[]){INIT, FROM_PEER, BETWEEN});
    assert_false(entry_refused(peer));
    peer->state = CUBICLE_LIVE;
    assert_false(entry_refused(peer));
    peer->state = CUBICLE_EXITED;
    assert_true(entry_refused(peer));
    peer->state = CUBICLE_DEAD;
    assert_true(entry_refused(peer));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a1_when),     TEST(test_who),        TEST(test_no_room),
        TEST(test_begins_anew), TEST(test_init_fails), TEST(test_without_an_epoch),
        TEST(test_init_dies),   TEST(test_refused),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("restarts", tests, NULL, NULL);
}
