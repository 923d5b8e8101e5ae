#include "marshal_world.h"
#include "backend/backend.h"
#include "base/copy.h"
#include "base/page.h"
#include "memory/window.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmocka.h>

struct cubicle caller = {.id = 1, .name = "caller", .state = CUBICLE_LIVE};
struct cubicle callee = {.id = 2, .name = "callee", .state = CUBICLE_LIVE};
struct call_frame frames[5]; /* [0] is the bottom */
struct call_frame *const frame = &frames[1];
struct descriptor_function function;
struct trampoline trampoline;

struct cubicle third = {.id = 3, .name = "third", .state = CUBICLE_LIVE};
struct trampoline inner_trampoline;
struct call_frame *const inner = &frames[2];
static struct descriptor_function inner_function;

uint32_t callee_used;

static const struct backend world_backend = {.name = "world"};
static const struct backend checking_backend = {.name = "world", .checks_copies = true};
const struct backend *backend = &world_backend;

static struct {
    unsigned peer;
    uint32_t page;
} denied;

void check_copies(bool check)
{
    backend = check ? &checking_backend : &world_backend;
    deny(0, 0);
}

void deny(unsigned peer, uint32_t offset)
{
    denied.peer = peer;
    denied.page = page_of(offset);
}

_Thread_local struct thread thread_self;

const char *cubicle_name(unsigned id)
{
    return cubicle_get(id)->name;
}

struct call_frame *thread_top_frame(void)
{
    return NULL;
}

struct trampoline *trampoline_get(uint32_t id)
{
    return id == 1 ? &trampoline : id == 2 ? &inner_trampoline : NULL;
}

struct cubicle *cubicle_get(unsigned id)
{
    struct cubicle *const cubicles[] = {NULL, &caller, &callee, &third};
    return id < sizeof(cubicles) / sizeof(cubicles[0]) ? cubicles[id] : NULL;
}

/* No page has an owner here; what a cubicle may do is as its view is mapped, and a page
 * above the stack, for buffers at its top that are said to be longer than they are. */
struct page_info page_table[PAGE_COUNT];

static unsigned rights_of(unsigned peer, uint32_t page)
{
    static const struct {
        uint32_t start, size;
    } mapped[] = {{HEAP, HEAP_SIZE},
                  {STACK, STACK_SIZE + PAGE_SIZE},
                  {LAST_PAGE, PAGE_SIZE},
                  {BIG, BIG_SIZE}};
    if (peer == caller.id && page == page_of(LOCKED)) {
        return PAGE_READ;
    }
    if (peer == denied.peer && page == denied.page) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(mapped) / sizeof(mapped[0]); i++) {
        if (page - page_of(mapped[i].start) < mapped[i].size / PAGE_SIZE) {
            return PAGE_READ | PAGE_WRITE;
        }
    }
    return 0;
}

bool window_may_all(unsigned id, uint64_t base, uint64_t size, unsigned right)
{
    for (uint32_t page = page_of(base); page <= page_of(base + size - 1); page++) {
        if ((rights_of(id, page) & right) == 0) {
            return false;
        }
    }
    return true;
}

static void handle_fault(int signal, siginfo_t *info, void *opaque)
{
    static const char text[] = "a copy trapped that nothing guards\n";
    ucontext_t *context = opaque;

    (void)info;
    if (!copy_in_progress((uint64_t)context->uc_mcontext.gregs[REG_RIP])) {
        (void)!write(2, text, sizeof(text) - 1);
        _exit(signal);
    }
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)copy_fault;
}

static void map(uint64_t view, uint32_t offset, size_t size, int prot)
{
    void *at = (void *)(uintptr_t)(view + offset);

    assert_ptr_equal(mmap(at, size, prot,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
                          0),
                     at);
}

static void make_view(struct cubicle *cubicle)
{
    void *view = mmap(NULL, 2 * SPACE_SIZE, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    assert_true(view != MAP_FAILED);
    cubicle->view = (uint64_t)(uintptr_t)view;
    map(cubicle->view, HEAP, HEAP_SIZE, PROT_READ | PROT_WRITE);
    map(cubicle->view, STACK, STACK_SIZE, PROT_READ | PROT_WRITE);
    map(cubicle->view, LAST_PAGE, PAGE_SIZE, PROT_READ | PROT_WRITE);
    cubicle->stack_size = STACK_SIZE;
    cubicle_place_stack(cubicle, STACK);
}

int world_setup(void **state)
{
    (void)state;
    make_view(&caller);
    make_view(&callee);
    make_view(&third);
    map(caller.view, BIG, BIG_SIZE, PROT_READ | PROT_WRITE);
    copy_init();
    return marshal_init();
}

uint8_t *at(const struct cubicle *cubicle, uint64_t offset)
{
    return cubicle_address(cubicle, offset);
}

void begin(enum descriptor_type returns)
{
    struct sigaction action = {.sa_sigaction = handle_fault, .sa_flags = SA_SIGINFO};

    sigaction(SIGSEGV, &action, NULL); /* cmocka has its own for each test */
    memset(&function, 0, sizeof(function));
    memset(&trampoline, 0, sizeof(trampoline));
    memset(frames, 0, sizeof(frames));
    callee_used = 0;
    check_copies(false);
    function.name = "f";
    function.returns = returns;
    callee.state = CUBICLE_LIVE;
    cubicle_place_stack(&callee, STACK);
    mprotect(at(&caller, LOCKED), PAGE_SIZE, PROT_READ | PROT_WRITE);
    memset(at(&caller, HEAP), 'a', HEAP_SIZE);
    memset(at(&callee, HEAP), 'b', HEAP_SIZE);
    memset(at(&callee, STACK), 's', STACK_SIZE);
    mprotect(at(&caller, LOCKED), PAGE_SIZE, PROT_READ);
}

void value(enum descriptor_type type, uint64_t argument)
{
    function.args[function.nargs] = (struct descriptor_arg){.name = "v", .type = type};
    if (function.nargs < 6) {
        frame->args[function.nargs] = argument;
    }
    function.nargs++;
}

struct descriptor_arg *pointer(enum descriptor_kind kind, uint64_t argument,
                               enum descriptor_size size_kind, uint32_t size_value)
{
    value(DESCRIPTOR_PTR, argument);
    struct descriptor_arg *arg = &function.args[function.nargs - 1];
    arg->kind = kind;
    arg->size_kind = size_kind;
    arg->size_value = size_value;
    return arg;
}

int enter_to(struct cubicle *to)
{
    static struct counters_edge count;
    count = (struct counters_edge){0};
    trampoline.id = 1;
    trampoline.count = &count;
    trampoline.caller = (uint16_t)caller.id;
    trampoline.callee = (uint16_t)(to != NULL ? to->id : CUBICLE_MONITOR);
    trampoline.from = &caller;
    trampoline.to = to;
    trampoline.function = &function;
    marshal_plan(&trampoline);
    frame->trampoline = 1;
    thread_self.cubicle[callee.id].stack =
        callee.view + STACK + STACK_SIZE - callee_used;
    return marshal_enter(frame, &trampoline);
}

int enter_inner(const struct descriptor_arg *arg, uint64_t argument)
{
    inner_function = (struct descriptor_function){
        .name = "g", .returns = DESCRIPTOR_I64, .nargs = 1, .args = {*arg}};
    static struct counters_edge count;
    inner_trampoline = (struct trampoline){.id = 2,
                                           .count = &count,
                                           .caller = (uint16_t)callee.id,
                                           .callee = (uint16_t)third.id,
                                           .from = &callee,
                                           .to = &third,
                                           .function = &inner_function};
    marshal_plan(&inner_trampoline);
    memset(inner, 0, sizeof(*inner));
    inner->trampoline = 2;
    inner->args[0] = argument;
    thread_self.cubicle[third.id].stack = third.view + STACK + STACK_SIZE;
    return marshal_enter(inner, &inner_trampoline);
}

int enter(void)
{
    return enter_to(&callee);
}

void refused(int error)
{
    assert_int_not_equal(enter(), 0);
    assert_int_equal((int64_t)frame->result, error);
    assert_int_equal(frame->nbuffers, 0);
}

void leave(int64_t result)
{
    frame->result = (uint64_t)result;
    marshal_leave(frame, &trampoline);
    assert_int_equal(frame->nbuffers, 0);
}

uint8_t *received(unsigned i)
{
    assert_true(frame->args[i] >= STACK && frame->args[i] < STACK + STACK_SIZE);
    assert_int_equal(frame->args[i] % 16, 0);
    assert_true(frame->callee_rsp - callee.view <= frame->args[i]);
    assert_int_equal(frame->callee_rsp % 16, 0);
    return at(&callee, frame->args[i]);
}

void assert_bytes(const uint8_t *bytes, int byte, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(bytes[i], byte);
    }
}
