/* Statistics: each process counts its own calls, and tells the parent at the end. */
#include "ipc.h"

#include <string.h>

struct count {
    uint64_t id, calls, bytes_in, bytes_out; /* of a trampoline */
};

struct counts {
    uint64_t npages, peak_pages, traps, state;
    uint64_t n;
    struct count of[];
};

#define COUNTS_MAX                                                         \
    ((sizeof(((struct channel *)0)->area) - offsetof(struct counts, of)) / \
     sizeof(struct count))

void ipc_report(struct channel_peer *from, const struct channel_line *line)
{
    const struct cubicle *self = cubicle_get(ipc_self);
    struct counts *counts = (struct counts *)(void *)from->channel->area;
    uint64_t n = 0;
    for (uint32_t id = 1; id <= trampoline_count() && n < COUNTS_MAX; id++) {
        const struct trampoline *t = trampoline_get(id);
        if (t->caller == ipc_self && t->count->calls > 0) {
            counts->of[n++] = (struct count){.id = id,
                                             .calls = t->count->calls,
                                             .bytes_in = t->count->bytes_in,
                                             .bytes_out = t->count->bytes_out};
        }
    }
    counts->npages = self->npages;
    counts->peak_pages = self->peak_pages;
    counts->traps = self->traps;
    counts->state = self->state;
    counts->n = n;
    ipc_answer(from, line->call, 0, 0);
}

/* What @cubicle says of itself: numbers, which may be wrong. */
static void counts_take(struct cubicle *cubicle, const volatile struct counts *counts)
{
    const uint64_t n = counts->n;
    const uint64_t state = counts->state;
    cubicle->npages = counts->npages;
    cubicle->peak_pages = counts->peak_pages;
    cubicle->traps = counts->traps;
    cubicle->state = state <= CUBICLE_DEAD ? (enum cubicle_state)state : CUBICLE_DEAD;
    for (uint64_t i = 0; i < n && i < COUNTS_MAX; i++) {
        const uint64_t id = counts->of[i].id;
        struct trampoline *t = id <= UINT32_MAX ? trampoline_get((uint32_t)id) : NULL;
        if (t != NULL && t->caller == cubicle->id) {
            t->count->calls = counts->of[i].calls;
            t->count->bytes_in = counts->of[i].bytes_in;
            t->count->bytes_out = counts->of[i].bytes_out;
        }
    }
}

void ipc_collect(unsigned id)
{
    struct channel_peer *peer = channel_peer(id);
    struct channel_line answer;
    struct channel_line *line = channel_begin(peer);
    line->kind = CHANNEL_REPORT;
    if (ipc_ask(peer, &answer) == 0) {
        counts_take(cubicle_get(id),
                    (const volatile struct counts *)(void *)peer->channel->area);
    }
}
