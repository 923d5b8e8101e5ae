/*
 * What a process does for others: it calls functions of its own cubicle. While it waits for an
 * answer it does so too, so that A may call B and B call A again.
 *
 *   V1  A message is carried out only where its sender has a trampoline for it, to this cubicle.
 *   V2  An answer is taken only from the process that is asked, for the innermost call to it.
 *   V3  Pages are changed for an allocator only while this cubicle waits for an answer of it, or where they have been given back.
 */
#include "../../entry.h"
#include "../../fault.h"
#include "../../gate.h"
#include "../../marshal.h"
#include "../../module.h"
#include "../../page.h"
#include "ipc.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static uint32_t
    *served; /* by the id of somebody's trampoline: that of this process, or 0 */
static uint64_t calls; /* how many questions this process has asked */

int ipc_complete(void)
{
    const uint32_t count = trampoline_count();
    served = calloc(count + 1, sizeof(*served));
    if (served == NULL) {
        return -ENOMEM;
    }
    for (uint32_t id = 1; id <= count; id++) {
        const struct trampoline *t = trampoline_get(id);
        if (t->callee == CUBICLE_MONITOR) {
            continue;
        }
        channel_want(t->caller, t->callee);
        const struct trampoline *own =
            t->caller == CUBICLE_MONITOR
                ? t
                : trampoline_create(CUBICLE_MONITOR, t->callee, t->interface,
                                    t->function, t->target, true);
        if (own == NULL) {
            return -ENOSPC;
        }
        served[id] = own->id;
    }
    return 0;
}

const struct trampoline *ipc_served(const struct trampoline *t)
{
    return trampoline_get(served[t->id]);
}

int ipc_ask(struct channel_peer *peer, struct channel_line *answer)
{
    const uint64_t call = ++calls;
    channel_begin(peer)->call = call;
    bool handed_over = channel_send(peer);
    for (;;) {
        struct channel_peer *from = channel_wait(peer, answer, handed_over);
        if (from == NULL) {
            return -EOWNERDEAD;
        }
        if (answer->kind != CHANNEL_RESULT) {
            ipc_serve(from, answer);
        } else if (from == peer && answer->call == call) { /* V2 */
            return 0;
        }
        handed_over = false;
    }
}

static void serve_answer(struct channel_peer *to, uint64_t call, uint64_t result,
                         uint64_t vector_result)
{
    struct channel_line *line = channel_begin(to);
    line->kind = CHANNEL_RESULT;
    line->call = call;
    line->result = result;
    line->vector_result = vector_result;
    (void)channel_send(to);
}

/* Runs @own's function; below this function's frame, where it is one of the monitor's stack. */
static uint64_t serve_enter(const struct trampoline *own)
{
    const uint64_t stack = thread_self.monitor_stack;
    const uint64_t running = thread_self.running;
    const uint64_t tp = thread_self.tp;
    const uint64_t here = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    if (ipc_incoming->before != NULL || thread_top_frame() != NULL) {
        thread_self.monitor_stack = (here - 1024) & ~UINT64_C(63);
    }
    thread_self.running = CUBICLE_MONITOR;
    const uint64_t result = ((uint64_t(*)(void))(uintptr_t)own->body)();
    thread_self.running = running;
    thread_self.tp = tp;
    thread_self.monitor_stack = stack;
    return result;
}

/* The last module of a cubicle has been set up: others may call it. */
static void serve_started(const struct trampoline *t, int error)
{
    struct cubicle *cubicle = cubicle_get(ipc_self);
    if (error == 0 && cubicle->state == CUBICLE_STARTING &&
        t == cubicle->modules[cubicle->nmodules - 1]->init) {
        entry_open(cubicle);
    }
}

static void serve_call(struct channel_peer *from, const struct channel_line *line)
{
    struct ipc_incoming in = {.line = *line, .from = from, .before = ipc_incoming};
    const struct trampoline *t = trampoline_get(line->what);
    if (t == NULL || t->callee != ipc_self || t->caller != from->id) { /* V1 */
        serve_answer(from, line->call, (uint64_t)-EPERM, 0);
        return;
    }
    const uint32_t top = from->top;
    if (line->offset <= sizeof(from->channel->area) &&
        line->size <= sizeof(from->channel->area) - line->offset) {
        from->top = line->offset + line->size;
    }
    ipc_incoming = &in;
    const uint64_t result = serve_enter(ipc_served(t));
    ipc_incoming = in.before;
    from->top = top;
    if (fault_ending()) {
        ipc_end(fault_end_status());
    }
    serve_started(t, (int)result);
    if (in.done) {
        serve_answer(from, line->call, in.result, in.vector_result);
    } else { /* not a number, where that is what the caller expects */
        serve_answer(from, line->call, result, UINT64_C(0x7ff8000000000000));
    }
}

bool ipc_has_right(const struct cubicle *cubicle, unsigned right)
{
    bool has = false;
    for (size_t i = 0; i < cubicle->nmodules; i++) {
        has |= (cubicle->modules[i]->rights & right) != 0;
    }
    return has;
}

/* V3 */
static bool serve_may_change(const struct channel_peer *from,
                             const struct channel_line *line)
{
    const struct cubicle *allocator = cubicle_get(from->id);
    const struct call_frame *frame = thread_top_frame();
    const struct trampoline *t =
        frame != NULL ? trampoline_get(frame->trampoline) : NULL;
    if (allocator == NULL || !ipc_has_right(allocator, MONITOR_RIGHT_ALLOCATOR)) {
        return false;
    }
    if (t != NULL && t->caller == ipc_self && t->callee == from->id) {
        return true;
    }
    return line->what == GATE_PAGES_RELEASE && line->values[1] <= PAGE_COUNT &&
           page_all_kept(page_of((uint32_t)line->values[0]), (uint32_t)line->values[1]);
}

static void serve_pages(struct channel_peer *from, const struct channel_line *line)
{
    const int result =
        serve_may_change(from, line)
            ? gate_change_pages((enum gate_pages)line->what, cubicle_get(ipc_self),
                                line->values[0], line->values[1])
            : -EPERM;
    serve_answer(from, line->call, (uint64_t)(int64_t)result, 0);
}

int ipc_change_pages(int change, unsigned owner, uint64_t base, uint64_t npages)
{
    struct channel_peer *peer = channel_peer(owner);
    struct channel_line answer;
    if (peer == NULL || owner == 0) {
        return -EPERM;
    }
    struct channel_line *line = channel_begin(peer);
    line->kind = CHANNEL_PAGES;
    line->what = (uint32_t)change;
    line->values[0] = base;
    line->values[1] = npages;
    const int error = ipc_ask(peer, &answer);
    return error == 0 ? (int)answer.result : error;
}

void ipc_serve(struct channel_peer *from, const struct channel_line *line)
{
    if (ipc_self == 0) {
        ipc_hear(from, line);
    } else if (line->kind == CHANNEL_CALL) {
        serve_call(from, line);
    } else if (line->kind == CHANNEL_PAGES) {
        serve_pages(from, line);
    }
}

void ipc_serve_all(void)
{
    struct channel_line line;
    for (;;) {
        ipc_serve(channel_wait(NULL, &line, false), &line);
    }
}

void ipc_end(int status)
{
    struct channel_peer *parent = channel_peer(0);
    struct channel_line *line = channel_begin(parent);
    line->kind = CHANNEL_END;
    line->what = (uint32_t)status;
    (void)channel_send(parent);
    for (;;) {
        (void)pause(); /* the parent ends this process */
    }
}
