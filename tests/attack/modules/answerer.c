/* A provider whose process has been taken over. Its answers are not those of the monitor's code in it: it writes them into
 * the channel of its caller itself, before that code does. */
#include "taken.h"

#include <answer.h>
#include <random.h>
#include <stdlib.h>
#include <unistd.h>

enum { ANSWER_FLOOD = 9, ANSWER_SECRETS = 1000 }; /* as in asker.c */

static struct channel_peer *asker;

int answer_begin(const char *offsets)
{
    char *end;
    const uint64_t enter = strtoull(offsets, &end, 16);
    const uint64_t known = strtoull(end, &end, 16);
    find((uintptr_t)random_bytes, enter, known, strtoull(end, NULL, 16));
    /* The caller is the one whose message was the last. */
    for (unsigned id = 1; id <= CUBICLE_MAX; id++) {
        const struct channel_peer *peer = &peers[id];
        if (peer->mine != NULL && peer->theirs->question[0].kind == CHANNEL_CALL) {
            asker = &peers[id];
        }
    }
    return asker != NULL ? 0 : -1;
}

static void ring(void)
{
    asker->bell->rung++;
    (void)host(202, &asker->bell->rung, 1 /* FUTEX_WAKE */, 1, 0);
}

static void send_answer(uint64_t call, uint64_t result)
{
    struct channel_line *line = &asker->theirs->answer[0];
    line->kind = (uint16_t)any();
    line->nvalues = (uint16_t)any();
    line->result = result;
    line->vector_result = any();
    __atomic_exchange_n(&line->call, call, __ATOMIC_SEQ_CST);
    ring();
}

static void send_question(uint16_t kind, uint64_t call)
{
    struct channel_line *line = &asker->mine->question[0];
    line->kind = kind;
    line->nvalues = (uint16_t)any();
    line->to_life = 0;
    line->what = (uint32_t)any();
    line->offset = (uint32_t)any();
    __atomic_store_n(&line->call, call, __ATOMIC_SEQ_CST);
    __atomic_exchange_n(&line->latest, call, __ATOMIC_SEQ_CST);
    ring();
}

/* The area of the channel, and the line, change while the caller takes its answer. */
static void scribble(void)
{
    struct channel_side *side = asker->theirs;
    for (int i = 0; i < 100000; i++) {
        side->area[any() % 70000] = (uint8_t)any();
        side->answer[0].result = any();
        side->answer[0].vector_result = any();
    }
}

/* The answer, and then messages of no kind for ever. */
static void flood(uint64_t call)
{
    struct channel_line *line = &asker->mine->question[0];
    uint64_t number = line->call;
    send_answer(call, 42);
    usleep(2000); /* it is taken */
    send_question(99, ++number);
    for (;;) {
        __atomic_store_n(&line->call, ++number, __ATOMIC_SEQ_CST);
        __atomic_store_n(&line->latest, number, __ATOMIC_SEQ_CST);
    }
}

static void answer(int how)
{
    const uint64_t call = asker->theirs->question[0].call;
    static const uint64_t results[] = {4097,       8192,      UINT32_MAX,
                                       INT64_MAX,  INT64_MIN, UINT64_C(1) << 32,
                                       UINT64_MAX, 1 << 20};
    if (how == ANSWER_FLOOD) {
        flood(call);
    }
    switch (how) {
    case 0: /* more than there was room for */
        send_answer(call, results[any() % 8]);
        break;
    case 1: /* of other calls, which are not there */
        for (int i = 0; i < 50; i++) {
            send_answer(call + any() % 5 + 1, any());
            send_answer(call - any() % 5 - 1, any());
        }
        break;
    case 2: /* messages of any kind, and none */
        for (int i = 0; i < 200; i++) {
            send_question((uint16_t)(any() % 9), any() & 0xffffff);
        }
        break;
    case 3: /* twice, the second one while the first is used */
        send_answer(call, 16);
        scribble();
        break;
    default: /* the bell rings for nothing */
        for (int i = 0; i < 1000; i++) {
            asker->bell->rung += 3;
            asker->bell->sleeping = (uint32_t)any();
            asker->bell->processor = (uint32_t)any();
            (void)host(202, &asker->bell->rung, 1, 1, 0);
        }
        break;
    }
    /* Its own monitor's answer comes late, for a question that is not asked any more. Not so late that it takes the place of
     * that to the next one: then this process might as well not have answered, which is not what is tested here. So nothing
     * is asked meanwhile. */
    for (int i = 0; (how == 0 || how == 3) && i < 1000000 &&
                    asker->theirs->question[0].call == call;
         i++) {
        __builtin_ia32_pause();
    }
}

/* How often "secret-", in capitals, is in what the kernel gave the command: arguments and environment. @at: where the command has
 * the address of the latter. */
static int64_t secrets(uint64_t at)
{
    static const char small[] = "secret-";
    int64_t found = 0;
    char **environment;
    memcpy(&environment, (const void *)(uintptr_t)(base + at), sizeof(environment));
    const char *p = environment[0] - 4096; /* arguments lie before it */
    const char *end = p;
    for (; *environment != NULL; environment++) {
        end = *environment + strlen(*environment);
    }
    for (; p < end; p++) {
        unsigned same = 0;
        while (same < sizeof(small) - 1 && (p[same] | 0x20) == (small[same] | 0x20) &&
               (p[same] & 0x20) == (same == 6 ? 0x20 : 0)) {
            same++;
        }
        found += same == sizeof(small) - 1;
    }
    return found;
}

ssize_t answer_read(uint8_t *buf, size_t size, int how)
{
    memset(buf, 7, size);
    answer(how);
    return 16;
}

int answer_change(uint8_t *buf, size_t size, int how)
{
    memset(buf, 9, size);
    answer(how);
    return 0;
}

int64_t answer_number(int how)
{
    if (how > ANSWER_SECRETS) {
        return secrets((uint64_t)how - ANSWER_SECRETS);
    }
    answer(how);
    return 42;
}
