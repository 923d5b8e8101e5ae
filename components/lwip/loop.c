/*
 * The event loop: what is to be sent, what arrives, and the timers, for as long as an entry point waits. Nothing happens
 * between the calls.
 */
#include "stack.h"

#include <clock.h>
#include <cubicle.h>
#include <errno.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>
#include <time.h>

#define NS_PER_MS 1000000
#define GLANCE 16 /* questions in vain until the device is looked at */
#define HELD_MAX 4

struct stack stack = {.waiting_owner = -1};

static struct pbuf *held[HELD_MAX];
static unsigned nheld;

/* ---- time ---- */

void loop_look_at_clock(void)
{
    const int64_t now_ns = cubicle_clock(CLOCK_MONOTONIC);

    if (now_ns > stack.now_ns) {
        stack.now_ns = now_ns;
    }
}

u32_t sys_now(void)
{
    return (u32_t)(stack.now_ns / NS_PER_MS);
}

/* ---- memory that a result is carried from ---- */

void loop_hold(struct pbuf *p)
{
    if (nheld == HELD_MAX) {
        loop_release_held();
    }
    held[nheld++] = p;
}

void loop_release_held(void)
{
    while (nheld > 0) {
        pbuf_free(held[--nheld]);
    }
}

/* ---- what is to be sent ---- */

void loop_dirty(struct sock *sock)
{
    if (!sock->dirty) {
        sock->dirty = true;
        sock->dirty_next = stack.dirty[sock->local];
        stack.dirty[sock->local] = sock;
    }
}

void loop_forget(struct sock *sock)
{
    if (sock->dirty) {
        struct sock **at = &stack.dirty[sock->local];
        while (*at != sock) {
            at = &(*at)->dirty_next;
        }
        *at = sock->dirty_next;
        sock->dirty = false;
    }
}

static void loop_send(bool local)
{
    while (stack.dirty[local] != NULL) {
        struct sock *sock = stack.dirty[local];
        stack.dirty[local] = sock->dirty_next;
        sock->dirty = false;
        if (sock->tcp != NULL && tcp_output(sock->tcp) == ERR_MEM) {
            stack.send_failed = true;
        }
    }
}

static bool loop_something_local(void)
{
    struct netif *netif;

    NETIF_FOREACH(netif)
    {
        if (netif->loop_first != NULL) {
            return true;
        }
    }
    return stack.dirty[true] != NULL;
}

void loop_settle(void)
{
    while (loop_something_local()) {
        loop_send(true);
        netif_poll_all();
    }
}

/* ---- waiting ---- */

/* Sends, waits up to @timeout_ns, takes what has come, and sees to the timers. 0, -EINTR. */
static int loop_turn(int64_t timeout_ns)
{
    int result = 0;

    stack.impatience = 0;
    loop_settle();
    loop_send(false);
    const u32_t timer_ms = sys_timeouts_sleeptime();
    if (timer_ms != SYS_TIMEOUTS_SLEEPTIME_INFINITE &&
        (timeout_ns < 0 || timeout_ns > (int64_t)timer_ms * NS_PER_MS)) {
        timeout_ns = (int64_t)timer_ms * NS_PER_MS;
    }
    if (device_present()) {
        result = device_exchange(timeout_ns);
    } else if (timeout_ns != 0) {
        const uint64_t sleep_ns = timeout_ns < 0 ? INT64_MAX : (uint64_t)timeout_ns;
        result = clock_sleep_ns(sleep_ns) < 0 ? -EINTR : 0;
    }
    loop_look_at_clock();
    sys_check_timeouts();
    if (stack.send_failed) {
        stack.send_failed = false;
        tcp_txnow();
    }
    relief();
    tcp_feed_starved();
    loop_settle();
    return result;
}

void loop_poll(void)
{
    (void)loop_turn(0);
}

void loop_flush(void)
{
    loop_settle();
    loop_send(false);
    if (device_present()) {
        device_flush();
    }
}

void loop_glance(void)
{
    loop_settle();
    if (++stack.impatience >= GLANCE) {
        loop_poll();
    }
}

int loop_until(bool (*done)(void *arg), void *arg, int64_t timeout_ns)
{
    loop_settle();
    if (done(arg)) {
        return 0;
    }
    if (timeout_ns > 0) {
        loop_look_at_clock();
    }
    const int64_t start_ns = stack.now_ns;
    int64_t left_ns = timeout_ns;
    for (;;) {
        const int error = loop_turn(left_ns);
        if (done(arg)) {
            return 0;
        }
        if (error != 0) {
            return error;
        }
        if (timeout_ns >= 0) {
            left_ns = timeout_ns - (stack.now_ns - start_ns);
            if (left_ns <= 0) {
                return -EAGAIN;
            }
        }
    }
}
