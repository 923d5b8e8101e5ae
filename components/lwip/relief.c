/*
 * What is given up where memory is short, so that the connections that go on have some.
 *
 *   1. Half of it is used, or three quarters are: queues and windows get shorter (relief_room()).
 *   2. Three quarters are: what has come out of order goes, and windows are taken back. Its senders have it still (RFC 2018, 8).
 *   3. They still are: connections that hold memory and have stood still for a while are reset, those that have stood longest
 *      first. As long as there is memory for all of them, nobody is hurt by waiting.
 *
 * A connection stands still while its peer takes nothing of what is queued, and its program nothing of what has come
 * (`progress`, patches/25-progress.patch). Whose fault that is does not matter: a peer that keeps a program from reading does
 * so by taking no answers.
 */
#include "stack.h"

#include <lwip/priv/tcp_priv.h>

#define ROOM_SHORT 65536u
#define ROOM_LEAST 16384u
#define RELIEF_NS INT64_C(100000000) /* to look at all connections costs something */

#define STILL_S 10u          /* a peer that is out of reach for a moment is none */
#define STILL_EXHAUSTED_S 5u /* where those that go on have nothing left */
#define TOGETHER_TICKS TICKS_PER_S

uint32_t relief_room(const struct arena *arena)
{
    return arena_scarce(arena)      ? ROOM_LEAST
           : arena_half_used(arena) ? ROOM_SHORT
                                    : UINT32_MAX;
}

static bool relief_scarce(void)
{
    return arena_scarce(&stack.packets) || arena_scarce(&stack.incoming) ||
           arena_scarce(&stack.private);
}

static bool relief_exhausted(void)
{
    return arena_exhausted(&stack.packets) || arena_exhausted(&stack.incoming) ||
           arena_exhausted(&stack.private);
}

/* The socket of a connection; NULL: its program has closed it, or has not been told of it yet. */
static struct sock *relief_sock(const struct tcp_pcb *pcb)
{
    struct sock *sock = pcb->callback_arg;

    return sock != NULL && sock->tcp == pcb ? sock : NULL;
}

/* Ticks for which @pcb has held memory and stood still. A connection within the stack waits for another program, not for a peer. */
static uint32_t relief_still(const struct tcp_pcb *pcb)
{
    const struct sock *sock = relief_sock(pcb);

    if (pcb->state < ESTABLISHED || ip_addr_cmp(&pcb->local_ip, &pcb->remote_ip) ||
        ip_addr_isloopback(&pcb->remote_ip) ||
        (!tcp_has_data(pcb) && (sock == NULL || sock->received == NULL))) {
        return 0;
    }
    return tcp_ticks - pcb->progress;
}

/* 2. Returns for how many ticks the connection has stood still that has longest. */
static uint32_t relief_take_back(void)
{
    uint32_t longest = 0;

    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next) {
        struct sock *sock = relief_sock(pcb);
        const uint32_t still = relief_still(pcb);
        tcp_free_ooseq(pcb);
        if (pcb->state >= ESTABLISHED && sock != NULL) {
            stream_relieve(sock);
        }
        longest = still > longest ? still : longest;
    }
    return longest;
}

/* 3. Ends connections that have stood still for @least ticks, as long as there must be some. */
static void relief_end(uint32_t least)
{
    struct tcp_pcb *next;

    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL && relief_scarce();
         pcb = next) {
        struct sock *sock = relief_sock(pcb);
        next = pcb->next;
        if (relief_still(pcb) >= least) {
            tcp_abort(pcb); /* a program gets ETIMEDOUT */
            if (sock != NULL) {
                stream_drop(sock);
            }
        }
    }
}

void relief(void)
{
    static int64_t next_ns;

    if (stack.now_ns < next_ns || !relief_scarce()) {
        return;
    }
    next_ns = stack.now_ns + RELIEF_NS;
    const uint32_t longest = relief_take_back();
    const uint32_t least =
        (relief_exhausted() ? STILL_EXHAUSTED_S : STILL_S) * TICKS_PER_S;
    if (longest >= least) {
        relief_end(longest > least + TOGETHER_TICKS ? longest - TOGETHER_TICKS : least);
    }
}
