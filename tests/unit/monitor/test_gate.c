/*
 * The functions of the monitor itself, called as trampolines call them: what they refuse, and
 * for whom they act. Memory, windows and the end of calls are played here.
 */
#include "backend/backend.h"
#include "base/page.h"
#include "base/panic.h"
#include "call/demand.h"
#include "call/trampoline.h"
#include "cubicle_gates.h"
#include "fault/signal_pending.h"
#include "fault/stop.h"
#include "gate/gate.h"
#include "load/link.h"
#include "memory/memory.h"
#include "memory/window.h"

#include <cubicle.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define BOTH (PAGE_READ | PAGE_WRITE)

/* Interface and monitor say the same of rights. */
_Static_assert(CUBICLE_READ == PAGE_READ && CUBICLE_WRITE == BOTH, "rights");

static const struct backend one_process = {.name = "one process"};
const struct backend *backend = &one_process;

#define HEAP UINT64_C(0x80100000)     /* a page of the allocator's client */
#define FENV UINT64_C(0x037f00001f80) /* the default control words */

enum { ALLOC = 1, CLIENT, OTHER };

static struct trampoline trampolines[3];
static struct call_frame frames[4];

/* The last thing that was asked of another file. */
static struct {
    const char *what;
    unsigned who, rights, kind;
    uint64_t at, n;
} asked;

static unsigned forgotten; /* whose windows */

/* ---- what gate.c asks of others ---- */

static int ask(const char *what, unsigned who, uint64_t at, uint64_t n)
{
    asked.what = what;
    asked.who = who;
    asked.at = at;
    asked.n = n;
    return 0;
}

int memory_protect(struct cubicle *cubicle, uint32_t page, uint32_t npages,
                   enum page_kind kind, unsigned rights)
{
    asked.kind = kind;
    asked.rights = rights;
    return ask("protect", cubicle->id, page, npages);
}

int memory_give(struct cubicle *cubicle, uint32_t page, uint32_t npages,
                enum page_kind kind)
{
    asked.kind = kind;
    return ask("give", cubicle->id, page, npages);
}

int memory_renew(struct cubicle *cubicle, uint32_t page, uint32_t npages)
{
    return ask("renew", cubicle->id, page, npages);
}

int memory_recall(struct cubicle *cubicle, uint32_t page, uint32_t npages)
{
    return ask("recall", cubicle->id, page, npages);
}

int memory_resume(struct cubicle *cubicle, uint32_t page, uint32_t npages)
{
    return ask("resume", cubicle->id, page, npages);
}

int memory_discard(struct cubicle *cubicle, uint32_t page, uint32_t npages)
{
    return ask("discard", cubicle->id, page, npages);
}

int memory_rights(const struct cubicle *cubicle, uint32_t page, uint32_t npages)
{
    return ask("rights", cubicle->id, page, npages);
}

int memory_take(struct cubicle *cubicle, uint32_t page, uint32_t npages)
{
    return ask("take", cubicle->id, page, npages);
}

int64_t memory_reclaim(struct cubicle *cubicle, uint32_t *page)
{
    *page = 5;
    (void)ask("reclaim", cubicle->id, 0, 0);
    return 3;
}

void window_forget_cubicle(unsigned cubicle)
{
    forgotten = cubicle;
}

uint32_t memory_heap_end(void)
{
    return HEAP_END - 0x100000;
}

/* Tested on their own. */
int64_t gate_cubicle_signal_set(uint64_t catches, uint64_t holds, uint64_t ignores)
{
    return (int64_t)(catches + holds + ignores);
}

int64_t gate_cubicle_signal_take(uint64_t which)
{
    return (int64_t)which;
}

int gate_cubicle_signal_wait(uint64_t which, int64_t timeout_ns)
{
    return (int)(which + (uint64_t)timeout_ns);
}

int gate_cubicle_signal_timer(uint64_t first_ns, uint64_t interval_ns, uint64_t *left)
{
    *left = first_ns + interval_ns;
    return 0;
}

int window_create(unsigned owner)
{
    return ask("init", owner, 0, 0);
}

int window_add(unsigned owner, int id, uint32_t base, uint64_t len, unsigned rights)
{
    (void)id;
    asked.rights = rights;
    return ask("add", owner, base, len);
}

int window_lender(unsigned peer, uint32_t base, uint64_t len, unsigned rights)
{
    asked.rights = rights;
    return ask("lender", peer, base, len);
}

int window_remove(unsigned owner, int id, uint32_t base)
{
    (void)id;
    return ask("remove", owner, base, 0);
}

int window_open(unsigned owner, int id, unsigned peer)
{
    return ask("open", owner, (unsigned)id, peer);
}

int window_close(unsigned owner, int id, unsigned peer)
{
    return ask("close", owner, (unsigned)id, peer);
}

int window_close_all(unsigned owner, int id)
{
    return ask("close all", owner, (unsigned)id, 0);
}

int window_destroy(unsigned owner, int id)
{
    return ask("destroy", owner, (unsigned)id, 0);
}

int demand_fetch(uint32_t to, uint64_t at, uint64_t size)
{
    return ask("fetch", to, at, size);
}

int link_bound_table(unsigned caller, const char *interface, uint64_t fingerprint,
                     const char *provider, uint64_t *table, size_t size)
{
    (void)interface;
    (void)fingerprint;
    (void)provider;
    (void)table;
    return ask("bind", caller, 0, size);
}

struct trampoline *trampoline_get(uint32_t id)
{
    return id >= 1 && id <= 2 ? &trampolines[id] : NULL;
}

static jmp_buf end;

void unwind_stop(struct cubicle *cubicle, enum cubicle_state state, int status)
{
    asked.n = (uint64_t)status;
    asked.who = cubicle->id;
    cubicle->state = state;
}

bool unwind_to_caller(struct cubicle *cubicle, struct unwind_target *target)
{
    (void)target;
    return cubicle->state != CUBICLE_LIVE;
}

void unwind_resume(const struct unwind_target *target)
{
    (void)target;
    longjmp(end, 1);
}

void panic(const char *what)
{
    fail_msg("panic: %s", what);
    longjmp(end, 1);
}

void fault_stop_running(const char *reason)
{
    asked.what = reason;
    longjmp(end, 1);
}

static const struct gate outside = {"outside", NULL, MONITOR_RIGHT_HOST};
const struct gate_interface host_interface = {"host", 1, &outside, 1};
static const struct gate_interface files_interface = {"hostfiles", 2, &outside, 1};
static const struct gate_interface net_interface = {"hostnet", 3, &outside, 1};

/* What was called of the two, a letter for each: Setup, Enter, Allow. */
static char called_net[8], called_files[8];
static int net_error;
#define WHOSE 5

static void note(char *called, char letter)
{
    const size_t len = strlen(called);
    assert_true(len < 7);
    called[len] = letter;
    called[len + 1] = '\0';
}

static int files_setup(const struct monitor_config *config)
{
    (void)config;
    note(called_files, 'S');
    return 0;
}

static int files_enter(unsigned id)
{
    assert_int_equal(id, WHOSE);
    note(called_files, 'E');
    return 0;
}

static void files_allow(unsigned id, struct filter *filter)
{
    assert_int_equal(id, WHOSE);
    (void)filter;
    note(called_files, 'A');
}

static int net_setup(const struct monitor_config *config)
{
    (void)config;
    note(called_net, 'S');
    return net_error;
}

static int net_enter(unsigned id)
{
    assert_int_equal(id, WHOSE);
    note(called_net, 'E');
    return net_error;
}

static void net_allow(unsigned id, struct filter *filter)
{
    assert_int_equal(id, WHOSE);
    (void)filter;
    note(called_net, 'A');
}

static const struct gate_host files = {&files_interface, MONITOR_RIGHT_HOSTFILES,
                                       files_setup, files_enter, files_allow};
static const struct gate_host net = {&net_interface, MONITOR_RIGHT_HOSTNET, net_setup,
                                     net_enter, net_allow};
static const struct gate_host *const both[GATE_HOSTS] = {&net, &files};
static const struct gate_host *const neither[GATE_HOSTS];

void host_setup(const struct monitor_config *config)
{
    (void)config;
}

/* ---- */

/* As a trampoline finds it, with the type that the interface gives it. */
#define GATE(name) \
    ((__typeof__(gate_cubicle_##name) *)(uintptr_t)gate("cubicle_" #name)->function)

static const struct gate *gate(const char *name)
{
    return gate_find(gate_interface("cubicle"), name);
}

static int setup(void **state)
{
    (void)state;
    while (cubicle_count() < 3) {
        (void)cubicle_create("c");
    }
    for (unsigned id = ALLOC; id <= OTHER; id++) {
        cubicle_get(id)->state = CUBICLE_LIVE;
        cubicle_get(id)->epoch = 10 + id;
        thread_self.cubicle[id].tp = 0;
    }
    memset(page_table, 0, sizeof(page_table));
    memset(&asked, 0, sizeof(asked));
    asked.what = "nothing";
    /* The client has called the allocator, which calls the monitor. */
    trampolines[1] = (struct trampoline){.caller = CLIENT, .callee = ALLOC};
    trampolines[2] = (struct trampoline){.caller = ALLOC, .callee = CUBICLE_MONITOR};
    frames[0] = (struct call_frame){.trampoline = 0};
    frames[1] = (struct call_frame){.trampoline = 1};
    frames[2] = (struct call_frame){.trampoline = 2};
    thread_self.control = &frames[3];
    thread_self.running = ALLOC;
    return 0;
}

static void expect(const char *what, unsigned who, uint64_t at, uint64_t n)
{
    assert_string_equal(asked.what, what);
    assert_int_equal(asked.who, who);
    assert_int_equal(asked.at, at);
    assert_int_equal(asked.n, n);
    asked.what = "nothing";
}

static void expect_nothing(void)
{
    assert_string_equal(asked.what, "nothing");
}

static void test_protect(void **state)
{
    int (*const protect)(uint64_t, uint64_t, int) = GATE(page_protect);
    (void)state;
    page_table[page_of(HEAP)].kind = PAGE_CODE;
    assert_int_equal(protect(HEAP, 2 * PAGE_SIZE, PAGE_READ), 0);
    assert_int_equal(asked.kind, PAGE_HEAP);
    assert_int_equal(asked.rights, PAGE_READ);
    expect("protect", ALLOC, page_of(HEAP), 2);
    /* Upper halves of pointers mean nothing. */
    assert_int_equal(protect(HEAP | UINT64_C(7) << 40, PAGE_SIZE, BOTH), 0);
    expect("protect", ALLOC, page_of(HEAP), 1);
    assert_int_equal(protect(HEAP + 1, PAGE_SIZE, 0), -EINVAL);
    assert_int_equal(protect(HEAP, 1, 0), -EINVAL);
    assert_int_equal(protect(HEAP, 0, 0), -EINVAL);
    assert_int_equal(protect(HEAP, SPACE_SIZE + PAGE_SIZE, 0), -EINVAL);
    assert_int_equal(protect(HEAP, UINT64_MAX - PAGE_SIZE + 1, 0), -EINVAL);
    assert_int_equal(protect(HEAP, SPACE_SIZE - HEAP + PAGE_SIZE, 0), -EINVAL);
    assert_int_equal(protect(HEAP, PAGE_SIZE, PAGE_WRITE), -EINVAL);
    assert_int_equal(protect(HEAP, PAGE_SIZE, 4), -EINVAL);
    assert_int_equal(protect(HEAP, PAGE_SIZE, BOTH | 8), -EINVAL);
    assert_int_equal(protect(HEAP, PAGE_SIZE, -1), -EINVAL);
    expect_nothing();
}

/* Of one's own memory, like the rights. */
static void test_own_pages(void **state)
{
    int (*const gates[])(uint64_t, uint64_t) = {GATE(page_discard), GATE(page_rights)};
    static const char *const names[] = {"discard", "rights"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(gates[i](HEAP | UINT64_C(7) << 40, 2 * PAGE_SIZE), 0);
        expect(names[i], ALLOC, page_of(HEAP), 2);
        assert_int_equal(gates[i](HEAP + 1, PAGE_SIZE), -EINVAL);
        assert_int_equal(gates[i](HEAP, 1), -EINVAL);
        assert_int_equal(gates[i](HEAP, 0), -EINVAL);
        assert_int_equal(gates[i](HEAP, SPACE_SIZE + PAGE_SIZE), -EINVAL);
        assert_int_equal(gates[i](HEAP, UINT64_MAX - PAGE_SIZE + 1), -EINVAL);
        assert_int_equal(gates[i](HEAP, SPACE_SIZE - HEAP + PAGE_SIZE), -EINVAL);
        expect_nothing();
    }
}

typedef int owner_gate(int owner, uint64_t base, uint64_t npages);

/* Whom the allocator may act for: itself, and who has just called it. */
static void test_owner(void **state)
{
    owner_gate *const assign = GATE(page_assign);
    owner_gate *const gates[] = {assign, GATE(page_recall), GATE(page_resume),
                                 GATE(page_release)};
    static const char *const names[] = {"give", "recall", "resume", "take"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(gates[i](CLIENT, HEAP, 3), 0);
        expect(names[i], CLIENT, page_of(HEAP), 3);
        assert_int_equal(gates[i](0, HEAP, 1), 0);
        expect(names[i], ALLOC, page_of(HEAP), 1);
        assert_int_equal(gates[i](ALLOC, HEAP, 1), 0);
        expect(names[i], ALLOC, page_of(HEAP), 1);
        assert_int_equal(gates[i](OTHER, HEAP, 1), -EPERM);
        assert_int_equal(gates[i](-1, HEAP, 1), -EPERM);
        assert_int_equal(gates[i](CUBICLE_MAX + 1, HEAP, 1), -EPERM);
        expect_nothing();
    }
    /* The call below is one of the client's, but not to the allocator. */
    trampolines[1].callee = OTHER;
    assert_int_equal(assign(CLIENT, HEAP, 1), -EPERM);
    /* Nobody has called. */
    frames[1].trampoline = 0;
    assert_int_equal(assign(CLIENT, HEAP, 1), -EPERM);
    expect_nothing();
}

/* What any cubicle has given back can be released when another needs it, and nothing else. */
static void test_release_kept(void **state)
{
    owner_gate *const release = GATE(page_release);
    (void)state;
    page_set_kept(page_of(HEAP), 2, true);
    assert_int_equal(release(OTHER, HEAP, 2), 0);
    expect("take", OTHER, page_of(HEAP), 2);
    assert_int_equal(release(OTHER, HEAP, 3), -EPERM);
    assert_int_equal(release(OTHER, HEAP + PAGE_SIZE, 2), -EPERM);
    assert_int_equal(release(OTHER, HEAP, 0), -EPERM);
    assert_int_equal(release(0, HEAP + 2 * PAGE_SIZE, 1), 0); /* its own */
    asked.what = "nothing";
    assert_int_equal(release(-1, HEAP, 2), -EPERM);
    assert_int_equal(release(CUBICLE_MAX + 1, HEAP, 2), -EPERM);
    assert_int_equal(release(OTHER, HEAP + 1, 1), -EPERM);
    /* To assign or resume them for another is something else. */
    assert_int_equal(((owner_gate *)GATE(page_assign))(OTHER, HEAP, 2), -EPERM);
    assert_int_equal(((owner_gate *)GATE(page_resume))(OTHER, HEAP, 2), -EPERM);
    expect_nothing();
    page_set_kept(page_of(HEAP), 2, false);
}

static void test_heap(void **state)
{
    owner_gate *const gates[] = {GATE(page_assign), GATE(page_recall),
                                 GATE(page_resume), GATE(page_release)};
    const uint64_t last = memory_heap_end() - PAGE_SIZE;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(gates[i](CLIENT, last, 1), 0);
        assert_int_equal(gates[i](CLIENT, HEAP_START, 1), 0);
        asked.what = "nothing";
        assert_int_equal(gates[i](CLIENT, HEAP + 1, 1), -EINVAL);
        assert_int_equal(gates[i](CLIENT, HEAP, 0), -EINVAL);
        assert_int_equal(gates[i](CLIENT, HEAP_START - PAGE_SIZE, 1), -EINVAL);
        assert_int_equal(gates[i](CLIENT, last, 2), -EINVAL);
        assert_int_equal(gates[i](CLIENT, last + PAGE_SIZE, 1), -EINVAL);
        assert_int_equal(gates[i](CLIENT, HEAP, UINT64_C(1) << 52), -EINVAL);
        expect_nothing();
    }
}

/* Pages that the owner is given again are as new (P3). */
static void test_assign_again(void **state)
{
    owner_gate *const assign = GATE(page_assign);
    (void)state;
    page_table[page_of(HEAP)].owner = CLIENT;
    assert_int_equal(assign(CLIENT, HEAP, 1), 0);
    expect("renew", CLIENT, page_of(HEAP), 1);
    page_table[page_of(HEAP)].owner = OTHER;
    assert_int_equal(assign(CLIENT, HEAP, 1), 0);
    expect("give", CLIENT, page_of(HEAP), 1);
    assert_int_equal(asked.kind, PAGE_HEAP);
}

/* Windows are those of who runs, whoever owns the memory. */
/* Only of one who has ended. */
static void test_reclaim(void **state)
{
    int64_t (*const reclaim)(int, uint64_t *) = GATE(page_reclaim);
    uint64_t base = 7;
    (void)state;
    assert_int_equal(reclaim(CLIENT, &base), -EPERM);
    cubicle_get(CLIENT)->state = CUBICLE_STARTING;
    assert_int_equal(reclaim(CLIENT, &base), -EPERM);
    assert_int_equal(reclaim(0, &base), -EPERM);
    assert_int_equal(reclaim(-1, &base), -EPERM);
    assert_int_equal(reclaim(CUBICLE_MAX + 1, &base), -EPERM);
    expect_nothing();
    cubicle_get(CLIENT)->state = CUBICLE_DEAD;
    assert_int_equal(reclaim(CLIENT, &base), 3);
    assert_int_equal(base, 5 * PAGE_SIZE);
    expect("reclaim", CLIENT, 0, 0);
}

static void test_windows(void **state)
{
    int (*const add)(int, uint64_t, uint64_t, int) = GATE(window_add);
    int (*const open)(int, int) = GATE(window_open);
    int (*const close)(int, int) = GATE(window_close);
    (void)state;
    page_table[page_of(HEAP)].owner = OTHER;
    assert_int_equal(add(1, HEAP | UINT64_C(1) << 32, 77, PAGE_READ), 0);
    expect("add", ALLOC, HEAP, 77);
    assert_int_equal(open(5, CLIENT), 0);
    expect("open", ALLOC, 5, CLIENT);
    assert_int_equal(close(5, CLIENT), 0);
    expect("close", ALLOC, 5, CLIENT);
    assert_int_equal(open(5, 0), -ESRCH);
    assert_int_equal(open(5, -1), -ESRCH);
    assert_int_equal(close(5, -1), -ESRCH);
    expect_nothing();
}

static void test_lender(void **state)
{
    int (*const lender)(uint64_t, uint64_t, int) = GATE(window_lender);
    (void)state;
    assert_int_equal(lender(HEAP | UINT64_C(1) << 32, 77, PAGE_READ), 0);
    assert_int_equal(asked.rights, PAGE_READ);
    expect("lender", ALLOC, HEAP, 77);
    assert_int_equal(lender(HEAP, SPACE_SIZE - HEAP, BOTH), 0);
    expect("lender", ALLOC, HEAP, SPACE_SIZE - HEAP);
    assert_int_equal(lender(HEAP, 0, PAGE_READ), -EINVAL);
    assert_int_equal(lender(HEAP, SPACE_SIZE - HEAP + 1, PAGE_READ), -EINVAL);
    assert_int_equal(lender(HEAP, UINT64_MAX - HEAP + 2, PAGE_READ), -EINVAL);
    assert_int_equal(lender(HEAP, 1, 0), -EINVAL);
    assert_int_equal(lender(HEAP, 1, PAGE_WRITE), -EINVAL);
    assert_int_equal(lender(HEAP, 1, BOTH | 4), -EINVAL);
    expect_nothing();
}

static void test_thread_pointer(void **state)
{
    int (*const set)(uint64_t) = GATE(thread_pointer_set);
    (void)state;
    assert_int_equal(set(UINT64_C(0x700080123456)), 0);
    assert_int_equal(thread_self.tp, 0x80123456);
    assert_int_equal(thread_self.cubicle[ALLOC].tp, 0x80123456);
    assert_int_equal(set(0x1000), -EBUSY);
    assert_int_equal(thread_self.tp, 0x80123456);
}

static void test_fenv(void **state)
{
    uint64_t (*const get)(void) = GATE(fenv_get);
    int (*const set)(uint64_t) = GATE(fenv_set);
    const uint64_t up = UINT64_C(0x0b7f00005f80); /* rounds upwards */
    (void)state;
    assert_int_equal(set(up), 0);
    assert_int_equal(get() & UINT64_C(0xffff0000ffc0), up & ~UINT64_C(0x3f));
    for (unsigned bit = 7; bit <= 12; bit++) {
        assert_int_equal(set(FENV & ~(UINT64_C(1) << bit)), -EINVAL);
    }
    assert_int_equal(set(FENV | UINT64_C(1) << 16), -EINVAL);
    assert_int_equal(set(FENV | UINT64_C(1) << 31), -EINVAL);
    for (unsigned bit = 32; bit < 38; bit++) {
        assert_int_equal(set(FENV & ~(UINT64_C(1) << bit)), -EINVAL);
    }
    assert_int_equal(set(FENV | UINT64_C(1) << 47), -EINVAL);
    assert_int_equal(get() & UINT64_C(0xffff0000ffc0), up & ~UINT64_C(0x3f));
    assert_int_equal(set(FENV), 0);
}

static unsigned clock_calls;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    clock_calls++;
    return (int)syscall(SYS_clock_gettime, clock, now);
}

static void test_clock(void **state)
{
    (void)state;
    int64_t (*const get)(int) = GATE(clock);
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
    for (int i = 0; i < 2; i++) {
        struct timespec before, after;
        assert_int_equal(clock_gettime(clocks[i], &before), 0);
        const int64_t now = get(i);
        assert_int_equal(clock_gettime(clocks[i], &after), 0);
        assert_true(now >= before.tv_sec * INT64_C(1000000000) + before.tv_nsec);
        assert_true(now <= after.tv_sec * INT64_C(1000000000) + after.tv_nsec);
    }
    /* Not how long this process computes, nor what is no clock. */
    static const int bad[] = {2, 3, 4, -1, INT32_MIN, INT32_MAX};
    clock_calls = 0;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(get(bad[i]), -EINVAL);
    }
    assert_int_equal(clock_calls, 0); /* the host is not asked */
}

static void test_epoch(void **state)
{
    uint64_t (*const get)(int) = GATE(epoch);
    void (*const set)(uint64_t) = GATE(epoch_set);
    (void)state;
    set(99);
    assert_int_equal(get(ALLOC), 99);
    assert_int_equal(get(OTHER), 10 + OTHER);
    cubicle_get(OTHER)->state = CUBICLE_DEAD;
    assert_int_equal(get(OTHER), 0);
    assert_int_equal(get(0), 0);
    assert_int_equal(get(-1), 0);
}

/* The gate's own frame is given up first: the caller's is the top then. */
static void test_exit(void **state)
{
    void (*const quit)(int) = GATE(exit);
    (void)state;
    if (setjmp(end) == 0) {
        quit(5);
    }
    assert_int_equal(cubicle_get(ALLOC)->state, CUBICLE_EXITED);
    assert_int_equal(asked.who, ALLOC);
    assert_int_equal(asked.n, 5);
    assert_int_equal(forgotten, ALLOC);
    assert_ptr_equal(thread_self.control, &frames[2]);
}

static void test_abort(void **state)
{
    void (*const stop)(const char *) = GATE(abort);
    (void)state;
    if (setjmp(end) == 0) {
        stop("why");
    }
    assert_string_equal(asked.what, "why");
    assert_ptr_equal(thread_self.control, &frames[2]);
}

/* Who may import what. */
static void test_rights(void **state)
{
    static const char *const allocators[] = {
        "cubicle_page_assign",  "cubicle_page_recall",  "cubicle_page_resume",
        "cubicle_page_release", "cubicle_page_reclaim", "cubicle_page_space"};
    (void)state;
    for (size_t i = 0; i < sizeof(allocators) / sizeof(allocators[0]); i++) {
        assert_int_equal(gate(allocators[i])->needs, MONITOR_RIGHT_ALLOCATOR);
    }
    unsigned open = 0;
    for (size_t i = 0; i < gate_interface("cubicle")->ngates; i++) {
        open += gate_interface("cubicle")->gates[i].needs == 0;
    }
    assert_int_equal(open, 27);
}

/* Every function is there under its name, and under no other. */
static void test_names(void **state)
{
    static const char *const others[] = {"host", "hostnet", "hostfiles"};
    const struct gate_interface *own = gate_interface("cubicle");
    (void)state;
#define NAMED(name) assert_ptr_equal(gate(#name)->function, gate_##name);
    CUBICLE_GATES(NAMED)
    assert_null(gate("cubicle_page"));
    assert_null(gate(""));
    assert_null(gate("outside"));
    for (size_t i = 0; i < own->ngates; i++) {
        assert_ptr_equal(gate(own->gates[i].name), &own->gates[i]);
    }
    assert_int_equal(own->fingerprint, CUBICLE_FINGERPRINT);
    assert_int_equal(gate_setup(NULL, both), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_ptr_equal(gate_find(gate_interface(others[i]), "outside"), &outside);
        assert_null(gate_find(gate_interface(others[i]), "cubicle_self"));
    }
    assert_null(gate_interface("cubicl"));
    assert_null(gate_interface("vfs"));
}

/* What the build leaves out is not there; of the rest each does what its right is for. */
static void test_hosts(void **state)
{
    static const struct gate_host *const files_only[GATE_HOSTS] = {NULL, &files};
    (void)state;
    assert_int_equal(gate_setup(NULL, neither), 0);
    assert_null(gate_interface("hostnet"));
    assert_null(gate_interface("hostfiles"));
    assert_ptr_equal(gate_interface("host"), &host_interface);
    assert_int_equal(gate_enter(WHOSE, UINT_MAX), 0);
    gate_allow(WHOSE, UINT_MAX, NULL);

    called_net[0] = called_files[0] = '\0';
    assert_int_equal(gate_setup(NULL, files_only), 0);
    assert_null(gate_interface("hostnet"));
    assert_ptr_equal(gate_interface("hostfiles"), &files_interface);
    assert_int_equal(gate_enter(WHOSE, MONITOR_RIGHT_HOSTNET | MONITOR_RIGHT_HOST), 0);
    gate_allow(WHOSE, MONITOR_RIGHT_HOSTNET, NULL);
    assert_string_equal(called_net, "");
    assert_string_equal(called_files, "S");

    assert_int_equal(gate_setup(NULL, both), 0);
    assert_int_equal(gate_enter(WHOSE, MONITOR_RIGHT_HOSTFILES), 0);
    gate_allow(WHOSE, MONITOR_RIGHT_HOSTFILES | MONITOR_RIGHT_ALLOCATOR, NULL);
    assert_string_equal(called_net, "S");
    assert_string_equal(called_files, "SSEA");

    /* An error ends it. */
    net_error = -ENOTTY;
    assert_int_equal(gate_enter(WHOSE, UINT_MAX), -ENOTTY);
    assert_int_equal(gate_setup(NULL, both), -ENOTTY);
    assert_string_equal(called_net, "SES");
    assert_string_equal(called_files, "SSEA");
    net_error = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_protect, setup),
        cmocka_unit_test_setup(test_own_pages, setup),
        cmocka_unit_test_setup(test_release_kept, setup),
        cmocka_unit_test_setup(test_owner, setup),
        cmocka_unit_test_setup(test_heap, setup),
        cmocka_unit_test_setup(test_assign_again, setup),
        cmocka_unit_test_setup(test_reclaim, setup),
        cmocka_unit_test_setup(test_windows, setup),
        cmocka_unit_test_setup(test_lender, setup),
        cmocka_unit_test_setup(test_thread_pointer, setup),
        cmocka_unit_test_setup(test_fenv, setup),
        cmocka_unit_test_setup(test_epoch, setup),
        cmocka_unit_test_setup(test_clock, setup),
        cmocka_unit_test_setup(test_exit, setup),
        cmocka_unit_test_setup(test_abort, setup),
        cmocka_unit_test_setup(test_rights, setup),
        cmocka_unit_test_setup(test_names, setup),
        cmocka_unit_test_setup(test_hosts, setup),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
