#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * How long to look for a message before sleeping, where its sender runs on another processor, in looks of 20 to 40 ns: a few
 * times as long as it takes to sleep and be woken; longer where a process has its processor for itself, for the answer may take some processes.
 * On the same processor looking would keep the sender from running: there the processor is given away, which costs half of
 * what sleeping and being woken does, and then soon to whoever sends the message.
 */
#define LOOKS 1000u
#define LOOKS_ALONE 3000u
#define YIELDS 2u

/* After how many messages a process that never sleeps looks at what else there is. */
#define LOOK_UP_EVERY 256u

/* Nobody is waited for longer without another look, whatever has become of the bell. */
#define LOOK_AGAIN_NS 200000000

static uint8_t *memory; /* news, notices, bells, then channels */
static int readable =
    -1; /* the same file, open for reading only; the parent alone has it open */
static uint64_t memory_size;
static size_t ncubicles;
static uint16_t (*numbers)[CUBICLE_MAX + 1]; /* of the channel between two, from 1 */
static unsigned nchannels;

static unsigned self;
static struct channel_peer peers[CUBICLE_MAX + 1]; /* by id */
static struct channel_peer *known[CUBICLE_MAX + 1];
static unsigned nknown;
static uint64_t seen[CUBICLE_MAX + 1]
                    [2]; /* by the other end: what channel_prepare() found */
static unsigned looks = LOOKS;
static bool (*on_wake)(void);

void channel_on_wake(bool (*woken)(void))
{
    on_wake = woken;
}

static unsigned channel_number(unsigned a, unsigned b)
{
    return a < b ? numbers[a][b] : numbers[b][a];
}

void channel_want(unsigned a, unsigned b)
{
    if (numbers == NULL) {
        numbers = calloc(CUBICLE_MAX + 1, sizeof(*numbers));
    }
    if (numbers != NULL && a != b && channel_number(a, b) == 0) {
        *(a < b ? &numbers[a][b] : &numbers[b][a]) = (uint16_t)++nchannels;
    }
}

static uint64_t channel_bells_at(void)
{
    return (1 + ncubicles) * PAGE_SIZE; /* behind the news and the notices */
}

static uint64_t channel_channels_at(void)
{
    return channel_bells_at() + (1 + ncubicles) * PAGE_SIZE;
}

static struct channel_bell *channel_bell(unsigned id)
{
    return (struct channel_bell *)(memory + channel_bells_at() + id * PAGE_SIZE);
}

static struct channel *channel_at(unsigned number)
{
    return (struct channel *)(memory + channel_channels_at() +
                              (number - 1) * CHANNEL_SIZE);
}

struct channel_news *channel_news(void)
{
    return (struct channel_news *)memory;
}

struct channel_notice *channel_notice(unsigned id)
{
    return (struct channel_notice *)(memory + id * PAGE_SIZE);
}

void channel_prepare(unsigned id)
{
    for (unsigned other = 0; other <= ncubicles; other++) {
        const unsigned number = other != id ? channel_number(id, other) : 0;
        for (unsigned way = 0; number != 0 && way < 2; way++) {
            seen[other][way] = channel_at(number)->line[way].sequence;
        }
    }
}

/* Who is at the other ends of this process's channels. */
static void channel_meet(void)
{
    nknown = 0;
    memset(peers, 0, sizeof(peers)); /* the parent had others */
    for (unsigned id = 0; id <= ncubicles; id++) {
        const unsigned number = id != self ? channel_number(self, id) : 0;
        if (number == 0) {
            continue;
        }
        struct channel *channel = channel_at(number);
        const unsigned mine = self < id ? 0 : 1;
        peers[id] = (struct channel_peer){
            .id = id,
            .channel = channel,
            .out = &channel->line[mine],
            .in = &channel->line[1 - mine],
            .bell = channel_bell(id),
            .in_sequence = seen[id][1 - mine],
            .out_sequence = seen[id][mine],
        };
        known[nknown++] = &peers[id];
    }
}

int channel_map(size_t n)
{
    ncubicles = n;
    memory_size = channel_channels_at() + nchannels * CHANNEL_SIZE;
    const int fd = numbers == NULL ? -1 : memfd_create("channels", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)memory_size) != 0) {
        return numbers == NULL ? -ENOMEM : -errno;
    }
    memory = mmap(NULL, memory_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                  fd, 0);
    char path[32];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    readable = open(path, O_RDONLY | O_CLOEXEC);
    const int error = readable >= 0 ? 0 : -errno;
    close(fd); /* so that what is unmapped stays so (CH1) */
    if (memory == MAP_FAILED || error != 0) {
        return memory == MAP_FAILED ? -ENOMEM : error;
    }
    cpu_set_t processors;
    looks = sched_getaffinity(0, sizeof(processors), &processors) == 0 &&
                    CPU_COUNT(&processors) > 1
                ? LOOKS
                : 0;
    channel_meet();
    return 0;
}

/* Has pages @first to @end, of the news and notices, only to be read from now on (CH4). False: it
 * failed. */
static bool channel_only_read(unsigned first, unsigned end)
{
    const off_t at = (off_t)first * PAGE_SIZE;
    const size_t size = (size_t)(end - first) * PAGE_SIZE;
    return size == 0 || mmap(memory + at, size, PROT_READ, MAP_SHARED | MAP_FIXED,
                             readable, at) != MAP_FAILED;
}

int channel_keep(unsigned id, bool alone)
{
    on_wake = NULL;
    self = id;
    bool failed = !channel_only_read(0, id) ||
                  !channel_only_read(id + 1, (unsigned)ncubicles + 1);
    for (unsigned other = 1; other <= ncubicles; other++) {
        failed |= other != id && channel_number(id, other) == 0 &&
                  munmap(channel_bell(other), PAGE_SIZE) != 0;
    }
    for (unsigned a = 0; a <= ncubicles; a++) {
        for (unsigned b = a + 1; b <= ncubicles; b++) {
            const unsigned number = channel_number(a, b);
            failed |= number != 0 && a != id && b != id &&
                      munmap(channel_at(number), CHANNEL_SIZE) != 0;
        }
    }
    channel_meet();
    looks = looks != 0 && alone ? LOOKS_ALONE : looks;
    return failed ? -errno : 0;
}

struct channel_peer *channel_peer(unsigned id)
{
    return id <= ncubicles && peers[id].channel != NULL ? &peers[id] : NULL;
}

struct channel_line *channel_begin(struct channel_peer *peer)
{
    return peer->out;
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

bool channel_send(struct channel_peer *peer)
{
    /* Ordered before the look at `sleeping`: either this sees the sleeper, or the sleeper the message. */
    __atomic_exchange_n(&peer->out->sequence, ++peer->out_sequence, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&peer->bell->sleeping, __ATOMIC_SEQ_CST) == 0) {
        return false;
    }
    channel_ring(peer->id);
    return true;
}

/* CH2. Values that are not used are not fetched from the other processor. */
static void channel_copy(struct channel_line *to, const struct channel_line *from)
{
    const volatile uint64_t *words = (const volatile uint64_t *)from;
    const size_t head = offsetof(struct channel_line, values) / sizeof(uint64_t);
    for (size_t k = 0; k < head; k++) {
        ((uint64_t *)to)[k] = words[k];
    }
    for (size_t k = 0; k < CALL_ARGS_MAX; k++) {
        to->values[k] = k < to->nvalues ? words[head + k] : 0;
    }
}

/* Takes a message that has come from anybody. Whoever sent the one before comes last (CH5). */
static struct channel_peer *channel_look(struct channel_line *line)
{
    static unsigned first;
    for (unsigned i = 0; i < nknown; i++) {
        const unsigned at = (first + i) % nknown;
        struct channel_peer *peer = known[at];
        const uint64_t sequence =
            __atomic_load_n(&peer->in->sequence, __ATOMIC_ACQUIRE);
        if (sequence != peer->in_sequence) {
            peer->in_sequence = sequence;
            channel_copy(line, peer->in);
            first = at + 1;
            return peer;
        }
    }
    return NULL;
}

uint32_t channel_life(unsigned id)
{
    return __atomic_load_n(&channel_news()->lives[id], __ATOMIC_ACQUIRE);
}

bool channel_is_gone(const struct channel_peer *peer)
{
    return peer != NULL &&
           (__atomic_load_n(&channel_news()->gone[peer->id], __ATOMIC_ACQUIRE) != 0 ||
            channel_life(peer->id) != peer->life);
}

/* Nobody is to be waited for any longer: also while so many messages come that this process never
 * sleeps (CH5). */
static bool channel_is_over(const struct channel_peer *expected)
{
    static unsigned messages;
    if (++messages % LOOK_UP_EVERY != 0) {
        return false;
    }
    const bool answered = expected != NULL &&
                          __atomic_load_n(&expected->in->sequence, __ATOMIC_ACQUIRE) !=
                              expected->in_sequence;
    return (!answered && channel_is_gone(expected)) || (on_wake != NULL && on_wake());
}

/* Until the bell is rung, unless a message is there. False: nobody is to be waited for. */
static bool channel_sleep(const struct channel_peer *expected,
                          struct channel_line *line, struct channel_peer **from)
{
    struct channel_bell *bell = channel_bell(self);
    const struct timespec timeout = {.tv_nsec = LOOK_AGAIN_NS};
    const uint32_t rung = __atomic_load_n(&bell->rung, __ATOMIC_SEQ_CST);
    __atomic_store_n(&bell->sleeping, 1, __ATOMIC_SEQ_CST);
    *from = channel_look(line);
    const bool gone = *from == NULL && channel_is_gone(expected);
    if (*from == NULL && !gone) {
        (void)channel_futex(&bell->rung, FUTEX_WAIT, rung, &timeout);
    }
    __atomic_store_n(&bell->sleeping, 0, __ATOMIC_RELAXED);
    return !gone && (*from != NULL || on_wake == NULL || !on_wake());
}

/* Looks without sleeping. @processor: where this process runs. */
static struct channel_peer *channel_spin(const struct channel_peer *partner,
                                         struct channel_line *line, uint32_t processor,
                                         bool handed_over)
{
    struct channel_peer *from = channel_look(line);
    for (unsigned n = 0;
         from == NULL && n < looks && partner->bell->processor != processor; n++) {
        __builtin_ia32_pause();
        from = channel_look(line);
    }
    for (unsigned n = 0; from == NULL && n < YIELDS && !handed_over; n++) {
        (void)sched_yield();
        from = channel_look(line);
    }
    return from;
}

/* Others look at it while they wait: it is written only when it is another. */
static uint32_t channel_note_processor(void)
{
    struct channel_bell *bell = channel_bell(self);
    const uint32_t processor = (uint32_t)sched_getcpu();
    if (bell->processor != processor) {
        bell->processor = processor;
    }
    return processor;
}

struct channel_peer *channel_wait(const struct channel_peer *expected,
                                  struct channel_line *line, bool handed_over)
{
    static const struct channel_peer *last; /* whom the last message was from */
    const struct channel_peer *partner = expected != NULL ? expected : last;
    struct channel_peer *from = NULL;
    const uint32_t processor = channel_note_processor();
    if (channel_is_over(expected)) {
        return NULL;
    }
    if (partner != NULL) {
        from = channel_spin(partner, line, processor, handed_over);
    }
    const bool sleeps = from == NULL;
    while (from == NULL && channel_sleep(expected, line, &from)) {
        if (from == NULL) {
            from = channel_look(line);
        }
    }
    if (sleeps) {
        (void)channel_note_processor(); /* it may be another now */
    }
    last = from != NULL ? from : last;
    return from;
}
