/* The end of a program: what it has sent goes on its way. */
#include "stack.h"

#include <errno.h>
#include <lwip/priv/tcp_priv.h>

/* Bytes of all connections that their peers have not acknowledged, sent or not, ends counted as one each. */
static uint64_t drain_left(void)
{
    uint64_t left = 0;

    for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next) {
        const bool queued = pcb->unsent != NULL || pcb->unacked != NULL;
        if (queued && pcb->state != SYN_SENT && pcb->state != SYN_RCVD) {
            left += (u32_t)(pcb->snd_lbb - pcb->lastack);
        }
    }
    return left;
}

static bool drain_is_less(void *arg)
{
    return drain_left() < *(const uint64_t *)arg;
}

int drain(int64_t quiet_ns, int64_t limit_ns)
{
    uint64_t left = drain_left();

    loop_poll();
    const int64_t start_ns = stack.now_ns;
    while (left > 0) {
        const int64_t left_ns = limit_ns - (stack.now_ns - start_ns);
        const int error = left_ns <= 0
                              ? -EAGAIN
                              : loop_until(drain_is_less, &left,
                                           quiet_ns < left_ns ? quiet_ns : left_ns);
        if (error != 0) {
            return error == -EAGAIN ? -ETIMEDOUT : error;
        }
        left = drain_left();
    }
    loop_poll();
    return 0;
}
