/*
 * Questions, answers, and the wait for them. Why no honest process waits for ever for another, whichever processes are
 * killed, and when (one that is alive and does not look at its messages keeps its callers waiting, as a function that does
 * not return does):
 *
 *   CH6  Nothing is written over before it is used. A question has a place of its own, by how many of its sender to the same
 *        receiver are without an answer; so has its answer, and only the receiver writes that. The answer to an outer question
 *        stays there while an inner one is asked. Ranges lie in an area of the asking side, as on a stack.
 *   CH7  Messages are of one life. A process's life is counted when it is no more and before there is another: by its number a
 *        question names the life that asks it, and besides the one that is asked. It is taken only where both are the present
 *        ones, seen after the copy: so no copy of half a message of one life and half of the next is used. It is answered only
 *        where the asking life still is the present one; the number of an answer is the question's.
 *   CH8  Whoever is asked answers, or is counted. The parent learns of every end (SIGCHLD, or the bell's timeout), counts the
 *        life, and rings; it begins one cubicle anew at a time, and meanwhile waits for nobody who waits for that: questions to
 *        a cubicle without a process fail at once, and calls of a former life end when the cubicle is there, or is not going to
 *        be soon (CHANNEL_LATER). Each wait looks at that before it sleeps and before it takes a question, and at least five
 *        times a second, whoever was killed before ringing.
 *   CH9  The area of a former life's question may be another's by now. What was read from it is used, and what was written to
 *        it counts, only where the asking life is still present afterwards; a process that has written to it too late refuses
 *        what had been asked by then.
 */
#include "channel_memory.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * How long to look for a message before sleeping, where its sender runs on another processor, in looks of 20 to 40 ns: a few
 * times as long as it takes to sleep and be woken; longer where a process has its processor for itself, for the answer may
 * take some processes.
 * On the same processor looking would keep the sender from running: there the processor is given away, which costs half of
 * what sleeping and being woken does, and then soon to whoever sends the message.
 */
#define LOOKS 1000u
#define LOOKS_ALONE 3000u
#define YIELDS 2u

/* After how many messages a process that never sleeps looks at what else there is. */
#define LOOK_UP_EVERY 256u

/* A question's number: the life that asks in the high bits, and which of its questions. It lasts for days of nothing but calls. */
#define NUMBER_BITS 40
#define LIFE_MASK 0xffffffu

/* Nobody is waited for longer without another look, whatever has become of the bell. */
#define LOOK_AGAIN_NS 200000000

static uint64_t calls; /* how many questions this process has asked */
static unsigned looks;
static bool (*on_wake)(void);
static unsigned first;                  /* whose messages are looked at first */
static const struct channel_peer *last; /* whom the last one was from */

void channel_start(bool alone)
{
    cpu_set_t processors;
    const bool several = sched_getaffinity(0, sizeof(processors), &processors) == 0 &&
                         CPU_COUNT(&processors) > 1;
    looks = !several ? 0 : alone ? LOOKS_ALONE : LOOKS;
    on_wake = NULL;
    first = 0;
    last = NULL;
}

void channel_on_wake(bool (*woken)(void))
{
    on_wake = woken;
}

static long channel_futex(uint32_t *word, int operation, uint32_t value,
                          const struct timespec *timeout)
{
    return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

void channel_ring(unsigned id)
{
    struct channel_bell *bell = channel_bell(id);
    __atomic_fetch_add(&bell->rung, 1, __ATOMIC_SEQ_CST);
    (void)channel_futex(&bell->rung, FUTEX_WAKE, INT_MAX, NULL);
}

/* How many processes @id has lost. */
static uint32_t channel_life(unsigned id)
{
    return __atomic_load_n(&channel_news()->lives[id], __ATOMIC_ACQUIRE);
}

static enum channel_state channel_state(unsigned id)
{
    return __atomic_load_n(&channel_news()->state[id], __ATOMIC_ACQUIRE);
}

void channel_become(unsigned id, enum channel_state state)
{
    __atomic_store_n(&channel_news()->state[id], (uint8_t)state, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < channel_nknown; i++) { /* the parent's: all cubicles */
        channel_ring(channel_known[i]->id);
    }
}

void channel_lose(unsigned id, enum channel_state state)
{
    __atomic_store_n(&channel_news()->state[id], (uint8_t)state, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&channel_news()->lives[id], 1, __ATOMIC_SEQ_CST);
    channel_become(id, state);
}

bool channel_is_current(const struct channel_peer *peer, uint64_t call)
{
    return call >> NUMBER_BITS == (channel_life(peer->id) & LIFE_MASK);
}

int channel_error(const struct channel_peer *peer)
{
    return channel_state(peer->id) == CHANNEL_GONE ? -EOWNERDEAD : -ECONNRESET;
}

/* CH8 */
static bool channel_is_over(const struct channel_question *question)
{
    const enum channel_state state = channel_state(question->peer->id);
    return state >= CHANNEL_LATER ||
           (channel_life(question->peer->id) != question->life &&
            (state == CHANNEL_THERE || question->at_once));
}

struct channel_line *channel_begin(struct channel_peer *peer)
{
    return peer->asked < CHANNEL_DEPTH ? &peer->mine->question[peer->asked] : NULL;
}

/* Ordered behind what was written: either this sees the sleeper, or the sleeper that. */
static bool channel_wake(const struct channel_peer *peer)
{
    if (__atomic_load_n(&peer->bell->sleeping, __ATOMIC_SEQ_CST) == 0) {
        return false;
    }
    channel_ring(peer->id);
    return true;
}

int channel_ask(struct channel_peer *peer, bool at_once,
                struct channel_question *question, bool *woken)
{
    struct channel_line *line = &peer->mine->question[peer->asked];
    const uint32_t present = channel_life(peer->id);
    if (peer->asked == 0 || channel_self == 0) {
        peer->life = present;
    }
    if (channel_state(peer->id) > CHANNEL_BEGINS || peer->life != present) {
        return channel_error(peer);
    }
    *question = (struct channel_question){
        .peer = peer,
        .call =
            (uint64_t)(channel_life(channel_self) & LIFE_MASK) << NUMBER_BITS | ++calls,
        .life = present,
        .place = peer->asked++,
        .at_once = channel_self == 0 || at_once,
    };
    line->to_life = present;
    __atomic_store_n(&line->call, question->call, __ATOMIC_RELEASE);
    __atomic_exchange_n(&peer->mine->question[0].latest, question->call,
                        __ATOMIC_SEQ_CST);
    *woken = channel_wake(peer);
    return 0;
}

void channel_end(struct channel_question *question)
{
    question->peer->asked--;
}

void channel_answer(struct channel_peer *peer, uint64_t place, uint64_t call,
                    uint64_t result, uint64_t vector_result)
{
    struct channel_line *line = &peer->theirs->answer[place];
    if (!channel_is_current(peer, call)) { /* its answer's place is another's */
        return;
    }
    line->result = result;
    line->vector_result = vector_result;
    __atomic_exchange_n(&line->call, call, __ATOMIC_SEQ_CST);
    (void)channel_wake(peer);
}

/* CH2. Values that are not used are not fetched from the other processor. */
static void channel_copy(struct channel_line *to, const struct channel_line *from)
{
    const volatile uint64_t *words = (const volatile uint64_t *)from;
    const size_t head = offsetof(struct channel_line, values) / sizeof(uint64_t);
    for (size_t k = offsetof(struct channel_line, to_life) / sizeof(uint64_t); k < head;
         k++) {
        ((uint64_t *)to)[k] = words[k];
    }
    for (size_t k = 0; k < CALL_ARGS_MAX; k++) {
        to->values[k] = k < to->nvalues ? words[head + k] : 0;
    }
}

/* The oldest of @peer's questions that has not been taken, for this process (CH7). Each is in a place behind that of the one
 * before it, or that one is not asked any more. */
static bool channel_take(struct channel_peer *peer, uint64_t latest,
                         struct channel_line *line)
{
    for (unsigned place = 0; place < CHANNEL_DEPTH; place++) {
        const struct channel_line *from = &peer->theirs->question[place];
        const uint64_t call = __atomic_load_n(&from->call, __ATOMIC_ACQUIRE);
        if (call == 0) {
            break; /* nor has any behind it been used */
        }
        if ((int64_t)(call - peer->taken) <= 0) {
            continue;
        }
        channel_copy(line, from);
        __atomic_thread_fence(
            __ATOMIC_ACQUIRE); /* the copy is before the look at lives */
        if (line->to_life != channel_life(channel_self) ||
            !channel_is_current(peer, call)) {
            continue;
        }
        line->call = call;
        line->place = place;
        line->kind = line->kind != CHANNEL_RESULT ? line->kind : 0;
        peer->taken = call;
        if (call == latest) {
            peer->latest = latest;
        }
        return true;
    }
    peer->latest = latest;
    return false;
}

void channel_refuse(struct channel_peer *peer, int error)
{
    struct channel_line line;
    const uint64_t latest =
        __atomic_load_n(&peer->theirs->question[0].latest, __ATOMIC_ACQUIRE);
    while (latest != peer->latest && channel_take(peer, latest, &line)) {
        channel_answer(peer, line.place, line.call, (uint64_t)(int64_t)error, 0);
    }
}

static bool channel_is_answered(const struct channel_question *question,
                                struct channel_line *line)
{
    const struct channel_line *from = &question->peer->mine->answer[question->place];
    if (__atomic_load_n(&from->call, __ATOMIC_ACQUIRE) != question->call) {
        return false;
    }
    line->kind = CHANNEL_RESULT;
    line->call = question->call;
    line->result = *(const volatile uint64_t *)&from->result;
    line->vector_result = *(const volatile uint64_t *)&from->vector_result;
    return true;
}

enum look { LOOK_NOTHING, LOOK_FOUND, LOOK_OVER };

/* Is there a message? Whoever sent the one before comes last (CH5). */
static enum look channel_look(const struct channel_question *question,
                              struct channel_line *line, struct channel_peer **from)
{
    if (question != NULL && channel_is_answered(question, line)) {
        *from = question->peer;
        return LOOK_FOUND;
    }
    for (unsigned i = 0; i < channel_nknown; i++) {
        const unsigned at =
            first + i < channel_nknown ? first + i : first + i - channel_nknown;
        struct channel_peer *peer = channel_known[at];
        const uint64_t latest =
            __atomic_load_n(&peer->theirs->question[0].latest, __ATOMIC_ACQUIRE);
        if (latest == peer->latest) {
            continue;
        }
        /* What the parent does because of an end comes after that is told. */
        if (question != NULL && channel_is_over(question)) {
            return LOOK_OVER;
        }
        if (channel_take(peer, latest, line)) {
            first = at + 1 < channel_nknown ? at + 1 : 0;
            *from = peer;
            return LOOK_FOUND;
        }
    }
    return LOOK_NOTHING;
}

/* Until the bell is rung, unless there is something. */
static enum look channel_sleep(const struct channel_question *question,
                               struct channel_line *line, struct channel_peer **from)
{
    struct channel_bell *bell = channel_bell(channel_self);
    const struct timespec timeout = {.tv_nsec = LOOK_AGAIN_NS};
    const uint32_t rung = __atomic_load_n(&bell->rung, __ATOMIC_SEQ_CST);
    if (on_wake != NULL && on_wake()) { /* what it does not see yet rings afterwards */
        return LOOK_OVER;
    }
    __atomic_store_n(&bell->sleeping, 1, __ATOMIC_SEQ_CST);
    enum look found = channel_look(question, line, from);
    if (found == LOOK_NOTHING && question != NULL && channel_is_over(question)) {
        found = LOOK_OVER;
    }
    if (found == LOOK_NOTHING) {
        (void)channel_futex(&bell->rung, FUTEX_WAIT, rung, &timeout);
    }
    __atomic_store_n(&bell->sleeping, 0, __ATOMIC_RELAXED);
    return found;
}

/* Looks without sleeping. @processor: where this process runs. */
static enum look channel_spin(const struct channel_question *question,
                              const struct channel_peer *partner, uint32_t processor,
                              bool handed_over, struct channel_line *line,
                              struct channel_peer **from)
{
    enum look found = channel_look(question, line, from);
    for (unsigned n = 0;
         found == LOOK_NOTHING && n < looks && partner->bell->processor != processor;
         n++) {
        __builtin_ia32_pause();
        found = channel_look(question, line, from);
    }
    for (unsigned n = 0; found == LOOK_NOTHING && n < YIELDS && !handed_over; n++) {
        (void)sched_yield();
        found = channel_look(question, line, from);
    }
    return found;
}

/* Others look at it while they wait: it is written only when it is another. */
static uint32_t channel_note_processor(void)
{
    struct channel_bell *bell = channel_bell(channel_self);
    const uint32_t processor = (uint32_t)sched_getcpu();
    if (bell->processor != processor) {
        bell->processor = processor;
    }
    return processor;
}

struct channel_peer *channel_wait(const struct channel_question *question,
                                  struct channel_line *line, bool handed_over)
{
    static unsigned messages;
    struct channel_peer *from = NULL;
    const uint32_t processor = channel_note_processor();
    if (on_wake != NULL && ++messages % LOOK_UP_EVERY == 0 && on_wake()) { /* CH5 */
        return NULL;
    }
    enum look found = LOOK_NOTHING;
    if (question != NULL || last != NULL) {
        const struct channel_peer *partner = question != NULL ? question->peer : last;
        found = channel_spin(question, partner, processor, handed_over, line, &from);
    }
    if (found == LOOK_NOTHING) {
        while (found == LOOK_NOTHING) {
            found = channel_sleep(question, line, &from);
        }
        (void)channel_note_processor(); /* it may be another now */
    }
    if (found == LOOK_OVER) {
        return NULL;
    }
    last = from;
    return from;
}
