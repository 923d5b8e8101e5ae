/*
 * Table and memory of trampolines; what is written there is in trampoline_body.c. Stubs
 * lie in the offset space where cubicle code can call them, bodies out of its reach.
 */
#include "trampoline.h"
#include "backend/backend.h"
#include "base/message.h"
#include "base/page.h"
#include "base/populate.h"
#include "plan.h"
#include "tracer.h"
#include "trampoline_body.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define BODIES_SIZE ((uint64_t)TRAMPOLINE_MAX * BODY_SIZE_MAX)
#define BODIES_GAP 64u
#define BODIES_FIRST (1u << 16) /* what most systems need */

_Static_assert(TRAMPOLINE_MAX <= COUNTERS_EDGES_MAX, "each has its counters");

const struct tracer *tracer;

static struct trampoline *table; /* [0] is not used: id 0 marks the bottom frame */
static uint32_t count;
static uint32_t buckets[1u << 12]; /* heads of chains of equal hashes, by id */
static uint32_t *next_in_bucket;

static struct trampoline_refusals refuse;
static uint8_t *bodies;
static struct emitter body_emitter;
static uint32_t stub_next;
static uint32_t stub_mapped;
static bool sealed;

int trampoline_init(const struct trampoline_refusals *refusals)
{
    refuse = *refusals;
    table = mmap(NULL, TRAMPOLINE_MAX * sizeof(*table), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    next_in_bucket =
        mmap(NULL, TRAMPOLINE_MAX * sizeof(*next_in_bucket), PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    /* Near the stubs: far jumps cost a nanosecond each. */
    bodies =
        mmap((void *)(uintptr_t)BODIES_START, BODIES_SIZE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (table == MAP_FAILED || next_in_bucket == MAP_FAILED || bodies == MAP_FAILED) {
        return -ENOMEM;
    }
    if (bodies != (uint8_t *)(uintptr_t)BODIES_START) { /* as in memory_init() */
        return -EEXIST;
    }
    /* The handler of signals may look at what stands before the instruction it interrupted:
     * even before the first there is something. */
    populate(bodies, BODIES_FIRST);
    memset(bodies, 0xcc, BODIES_GAP);
    body_emitter = (struct emitter){.at = bodies + BODIES_GAP,
                                    .end = bodies + BODIES_SIZE,
                                    .spells = backend->spells};
    stub_next = STUBS_START;
    stub_mapped = STUBS_START;
    return 0;
}

static uint32_t trampoline_bucket(unsigned caller, unsigned callee,
                                  const struct descriptor_function *function)
{
    uint64_t key =
        (uint64_t)(uintptr_t)function ^ (uint64_t)caller << 40 ^ (uint64_t)callee << 52;
    return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 52);
}

static struct trampoline *trampoline_find(unsigned caller, unsigned callee,
                                          const struct descriptor_function *function,
                                          uint64_t target)
{
    for (uint32_t id = buckets[trampoline_bucket(caller, callee, function)]; id != 0;
         id = next_in_bucket[id]) {
        struct trampoline *t = &table[id];
        if (t->caller == caller && t->callee == callee && t->function == function &&
            t->target == target) {
            return t;
        }
    }
    return NULL;
}

/* Makes sure that stub memory is mapped up to @end, writable until the seal. */
static int trampoline_map_stubs(uint32_t end)
{
    while (stub_mapped < end) {
        const uint32_t size = 16 * PAGE_SIZE;
        if (stub_mapped > STUBS_END - size) {
            return -ENOSPC;
        }
        void *at = mmap((void *)(uintptr_t)stub_mapped, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);
        if (at == MAP_FAILED) {
            return -errno;
        }
        memset(at, 0xcc, size);
        const int error =
            page_claim(page_of(stub_mapped), size / PAGE_SIZE, 0, PAGE_STUB, 0);
        if (error != 0) {
            return error;
        }
        stub_mapped += size;
    }
    return 0;
}

/* The next place, with a trampoline like @like; NULL after a message, or without one once the
 * system runs. */
static struct trampoline *trampoline_next(const struct trampoline *like)
{
    if (sealed) {
        return NULL;
    }
    if (count + 1 >= TRAMPOLINE_MAX ||
        trampoline_map_stubs(stub_next + STUB_SIZE) != 0) {
        (void)message_error(-ENOSPC, "more than %u trampolines", TRAMPOLINE_MAX);
        return NULL;
    }
    struct trampoline *t = &table[++count];
    *t = *like;
    t->id = count;
    t->count = counters_edge(count, t->caller, t->callee);
    t->entry = stub_next;
    stub_next += STUB_SIZE;
    return t;
}

/* Writes stub and body of @t. False: there is no room, or @t's numbers and addresses make
 * them hold what no code may; then nothing of it stays. */
static bool trampoline_write(struct trampoline *t, bool *full)
{
    uint8_t *stub = (uint8_t *)(uintptr_t)t->entry;
    uint8_t *body = body_emitter.at;
    uint64_t ret;
    backend->begin_trampoline();
    *full = !trampoline_write_body(&body_emitter, t, &refuse, &ret);
    if (!*full) {
        *full = !trampoline_write_stub(t, ret);
    }
    if (!*full && backend->accepts(stub, STUB_SIZE) &&
        backend->accepts(body, (size_t)(body_emitter.at - body))) {
        return true;
    }
    memset(stub, 0xcc, STUB_SIZE);
    memset(body, 0xcc, (size_t)(body_emitter.at - body));
    return false;
}

/* Writes a trampoline like @like, which has not its own id, entry and code. Where that may
 * not be, its place stays empty and the next is tried. */
static struct trampoline *trampoline_add(const struct trampoline *like)
{
    enum { TRIES = 8 };
    bool full = false;
    for (unsigned i = 0; i < TRIES && !full; i++) {
        struct trampoline *t = trampoline_next(like);
        if (t == NULL) {
            return NULL;
        }
        if (trampoline_write(t, &full)) {
            const uint32_t bucket =
                trampoline_bucket(t->caller, t->callee, t->function);
            next_in_bucket[t->id] = buckets[bucket];
            buckets[bucket] = t->id;
            return t;
        }
    }
    (void)message_error(-ENOSPC,
                        full ? "%s: no room for the code of its trampoline"
                             : "%s: every trampoline for it would hold what no code "
                               "may; use --isolation=sfi",
                        like->function->name);
    return NULL;
}

struct trampoline *trampoline_create(unsigned caller, unsigned callee,
                                     const char *interface,
                                     const struct descriptor_function *function,
                                     uint64_t target, bool fenv)
{
    struct trampoline *found = trampoline_find(caller, callee, function, target);
    if (found != NULL) {
        return found;
    }
    struct trampoline like = {
        .caller = (uint16_t)caller,
        .callee = (uint16_t)callee,
        .function = function,
        .interface = interface,
        .target = target,
        .fenv = backend->plain_fenv || (fenv && callee != CUBICLE_MONITOR),
        .from = cubicle_get(caller),
        .to = cubicle_get(callee),
    };
    marshal_plan(&like);
    like.message = backend->processes != NULL && callee != CUBICLE_MONITOR;
    if (caller == CUBICLE_MONITOR && like.marshal && !like.message) { /* R8 */
        (void)message_error(-EINVAL, "%s: the monitor calls no function with ranges",
                            function->name);
        return NULL;
    }
    like.marshal |= like.message || tracer != NULL;
    return trampoline_add(&like);
}

struct trampoline *trampoline_renew(uint32_t entry)
{
    const struct trampoline *old = trampoline_at(entry);
    return old != NULL ? trampoline_add(old) : NULL;
}

int trampoline_seal(void)
{
    const size_t bodies_size = page_round_up((size_t)(body_emitter.at - bodies) + 1);
    if (mprotect(bodies, bodies_size, PROT_READ | PROT_EXEC) != 0 ||
        (stub_mapped > STUBS_START &&
         mprotect((void *)(uintptr_t)STUBS_START, stub_mapped - STUBS_START,
                  PROT_READ | PROT_EXEC) != 0)) {
        return -errno;
    }
    sealed = true;
    return 0;
}

struct trampoline *trampoline_get(uint32_t id)
{
    return id >= 1 && id <= count ? &table[id] : NULL;
}

uint32_t trampoline_count(void)
{
    return count;
}

struct trampoline *trampoline_at(uint32_t address)
{
    if (address < STUBS_START || address >= stub_next ||
        (address - STUBS_START) % STUB_SIZE != 0) {
        return NULL;
    }
    return trampoline_get((address - STUBS_START) / STUB_SIZE + 1);
}

bool trampoline_in_body(uint64_t address)
{
    return address - (uint64_t)(uintptr_t)bodies < BODIES_SIZE;
}
