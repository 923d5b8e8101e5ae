/*
 * What a process does for others: it calls functions of its own cubicle. While it waits for an
 * answer it does so too, so that A may call B and B call A again.
 *
 *   SV1  A message is carried out only where its sender has a trampoline for it, to this cubicle.
 *   SV2  An answer is taken only from the process that is asked, for the call that waits for it.
 *   SV3  Pages are changed for an allocator only while this cubicle waits for an answer of it, or where they have been given back.
 */
#include "base/page.h"
#include "call/entry.h"
#include "call/marshal.h"
#include "fault/restart.h"
#include "fault/unwind.h"
#include "gate/gate.h"
#include "ipc.h"
#include "load/module.h"

#include <errno.h>
#include <stdlib.h>

static uint32_t
    *served; /* by the id of somebody's trampoline: that of this process, or 0 */
static const struct trampoline *volatile carried_out;

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

const struct trampoline *ipc_carried_out(void)
{
    return carried_out;
}

static void serve(struct channel_peer *from, const struct channel_line *line);

int ipc_ask(struct channel_peer *peer, bool at_once, struct channel_line *answer)
{
    struct channel_question question;
    bool handed_over;
    const int error = channel_ask(peer, at_once, &question, &handed_over);
    if (error != 0) {
        return error;
    }
    struct channel_peer *from;
    while ((from = channel_wait(&question, answer, handed_over)) != NULL &&
           answer->kind != CHANNEL_RESULT) { /* SV2 */
        serve(from, answer);
        handed_over = false;
    }
    channel_end(&question);
    return from != NULL ? 0 : channel_error(peer);
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
        restart_allow(cubicle);
    }
}

/* What begins anew does so in another process. */
static bool serve_is_to_restart(void)
{
    const struct cubicle *cubicle = cubicle_get(ipc_self);
    return cubicle->state == CUBICLE_DEAD && cubicle->may_restart;
}

/* The parent says that another cubicle has ended, or has begun anew. */
static void serve_learn(const struct trampoline *t, const struct channel_line *line)
{
    const struct cubicle *self = cubicle_get(ipc_self);
    struct cubicle *other = cubicle_get((unsigned)line->values[0]);
    for (size_t i = 0; i < self->nmodules && other != NULL && other != self; i++) {
        if (t == self->modules[i]->ended) {
            other->state = CUBICLE_DEAD;
            other->reclaimed = 0;
        } else if (t == self->modules[i]->restarted) {
            other->state = CUBICLE_LIVE;
        }
    }
}

/* Tells the parent that the system ends with @status, and waits for the end. */
static void __attribute__((noreturn)) serve_end(int status)
{
    struct channel_peer *parent = channel_peer(0);
    struct channel_line *line = channel_begin(parent);
    struct channel_question end;
    bool woken;
    line->kind = CHANNEL_END;
    line->nvalues = 0;
    line->what = (uint32_t)status;
    (void)!channel_ask(parent, true, &end, &woken);
    for (;;) { /* until the parent ends this process */
        struct channel_line heard;
        (void)channel_wait(NULL, &heard, true);
    }
}

static void serve_call(struct channel_peer *from, const struct channel_line *line)
{
    struct ipc_incoming in = {.line = *line, .from = from, .before = ipc_incoming};
    const struct trampoline *t = trampoline_get(line->what);
    if (t == NULL || t->callee != ipc_self || t->caller != from->id) { /* SV1 */
        channel_answer(from, line->place, line->call, (uint64_t)-EPERM, 0);
        return;
    }
    ipc_incoming = &in;
    carried_out = t;
    if (from->id == CUBICLE_MONITOR) {
        serve_learn(t, line);
    }
    const uint64_t result = serve_enter(trampoline_get(served[t->id]));
    ipc_incoming = in.before;
    if (in.before != NULL) {
        carried_out = trampoline_get(in.before->line.what);
    }
    if (unwind_ending() || serve_is_to_restart()) {
        serve_end(unwind_end_status());
    }
    serve_started(t, (int)result);
    if (in.done) {
        channel_answer(from, line->place, line->call, in.result, in.vector_result);
    } else { /* not a number, where that is what the caller expects */
        channel_answer(from, line->place, line->call, result, MARSHAL_NOT_A_NUMBER);
    }
}

unsigned ipc_rights(const struct cubicle *cubicle)
{
    unsigned rights = 0;
    for (size_t i = 0; i < cubicle->nmodules; i++) {
        rights |= cubicle->modules[i]->rights;
    }
    return rights;
}

/* SV3 */
static bool serve_may_change(const struct channel_peer *from,
                             const struct channel_line *line)
{
    const struct cubicle *allocator = cubicle_get(from->id);
    const struct trampoline *t = trampoline_innermost();
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
    channel_answer(from, line->place, line->call, (uint64_t)(int64_t)result, 0);
}

/* Books what @owner has, for when it is dead: cubicle_page_reclaim(). */
static void serve_note_pages(enum gate_pages change, struct cubicle *owner,
                             uint32_t page, uint32_t npages)
{
    if (change == GATE_PAGES_ASSIGN && page_get(page).owner != owner->id &&
        page_claim(page, npages, owner->id, PAGE_HEAP, 0) == 0) {
        cubicle_book(owner, npages);
    }
    if (change == GATE_PAGES_RELEASE && page_all(page, npages, owner->id, PAGE_HEAP)) {
        page_free(page, npages);
        owner->npages -= npages;
    }
}

int ipc_change_pages(int change, unsigned owner, uint64_t base, uint64_t npages)
{
    struct channel_peer *peer = channel_peer(owner);
    struct channel_line answer;
    if (peer == NULL || owner == 0) {
        return -EPERM;
    }
    struct channel_line *line = channel_begin(peer);
    if (line == NULL) {
        return -ENOBUFS;
    }
    line->kind = CHANNEL_PAGES;
    line->nvalues = 2;
    line->what = (uint32_t)change;
    line->values[0] = base;
    line->values[1] = npages;
    int result = ipc_ask(peer, true, &answer);
    if (result == 0) {
        result = (int)answer.result;
    }
    if (result == 0) {
        serve_note_pages((enum gate_pages)change, cubicle_get(owner),
                         page_of((uint32_t)base), (uint32_t)npages);
    }
    return result;
}

/* Does what message @line of @from asks for, and answers it. */
static void serve(struct channel_peer *from, const struct channel_line *line)
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
        serve(channel_wait(NULL, &line, false), &line);
    }
}
