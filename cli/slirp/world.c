/* libslirp's surroundings: its configuration, its callbacks, its loop. */
#include "helper.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* Of a published port; Linux has a limit of its own, net.core.somaxconn. */
#define BACKLOG 4096
#define FULL_MS 20u /* until what waits for room is looked at again */

/* ---- timers: few, in a list ---- */

struct timer {
    SlirpTimerCb call;
    void *opaque;
    int64_t due_ms; /* -1: not set */
    struct timer *next;
};
static struct timer *timers;
static bool gone; /* the system is */

/* libslirp has milliseconds of 32 bits, and takes a socket of UDP whose time is up behind the point where they go round for one
 * whose time is up already. So its clock begins with this process, not with the host. */
static int64_t start_ns;

static int64_t world_now_ns(void *opaque)
{
    struct timespec now;

    (void)opaque;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - start_ns;
}

int64_t world_now_ms(void)
{
    return world_now_ns(NULL) / 1000000;
}

static void *world_timer_new(SlirpTimerCb call, void *call_opaque, void *opaque)
{
    struct timer *timer = calloc(1, sizeof(*timer));

    (void)opaque;
    if (timer == NULL) {
        abort();
    }
    *timer = (struct timer){call, call_opaque, -1, timers};
    timers = timer;
    return timer;
}

static void world_timer_free(void *opaque_timer, void *opaque)
{
    struct timer **at = &timers;

    (void)opaque;
    while (*at != NULL && *at != opaque_timer) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = (*at)->next;
    }
    free(opaque_timer);
}

static void world_timer_mod(void *opaque_timer, int64_t due_ms, void *opaque)
{
    struct timer *timer = opaque_timer;

    (void)opaque;
    timer->due_ms = due_ms;
}

/* Calls what is due. Milliseconds until the next is, at most @timeout_ms. */
static uint32_t world_run_timers(uint32_t timeout_ms)
{
    const int64_t now_ms = world_now_ms();

    for (struct timer *timer = timers, *next; timer != NULL; timer = next) {
        next = timer->next;
        if (timer->due_ms >= 0 && timer->due_ms <= now_ms) {
            timer->due_ms = -1;
            timer->call(timer->opaque);
        } else if (timer->due_ms >= 0 && timer->due_ms - now_ms < (int64_t)timeout_ms) {
            timeout_ms = (uint32_t)(timer->due_ms - now_ms);
        }
    }
    return timeout_ms;
}

/* ---- other callbacks ---- */

static ssize_t world_send(const void *frame, size_t size, void *opaque)
{
    (void)opaque;
    gone = gone || !stream_send(frame, size);
    return (ssize_t)size;
}

static void world_guest_error(const char *message, void *opaque)
{
    (void)opaque;
    fprintf(stderr, "cubicle-slirp: %s\n", message);
}

static void world_ignore(void *opaque)
{
    (void)opaque;
}

static bool listens(int fd)
{
    int answer = 0;
    socklen_t size = sizeof(answer);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &answer, &size) == 0 &&
           answer != 0;
}

/* libslirp has a backlog of one: of clients that come at once most would wait for a second, until they ask again. */
static int world_lengthen_backlog(int fd, int events, void *opaque)
{
    (void)events;
    (void)opaque;
    if (listens(fd)) {
        (void)listen(fd, BACKLOG);
    }
    return -1;
}

/* Has a port of the host lead to the system. 0, or -1 with errno. */
static int world_publish(Slirp *slirp, const struct helper_options *options,
                         const struct publish *publish)
{
    union publish_name name;
    const socklen_t size = publish_name(publish, &name);
    const union publish_name four = {.ipv4 = {.sin_family = AF_INET,
                                              .sin_addr = options->address,
                                              .sin_port = htons(publish->port)}};
    const union publish_name six = {.ipv6 = {.sin6_family = AF_INET6,
                                             .sin6_addr = options->address6,
                                             .sin6_port = htons(publish->port)}};
    int flags = publish->udp ? SLIRP_HOSTFWD_UDP : 0;

    if (!publish->ipv6) {
        return slirp_add_hostxfwd(slirp, &name.any, size, &four.any, sizeof(four.ipv4),
                                  flags);
    }
    if (!options->ipv6) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    flags |= SLIRP_HOSTFWD_V6ONLY;
    return slirp_add_hostxfwd(slirp, &name.any, size, &six.any, sizeof(six.ipv6),
                              flags);
}

Slirp *world_create(const struct helper_options *options)
{
    static const SlirpCb callbacks = {
        .send_packet = world_send,
        .guest_error = world_guest_error,
        .clock_get_ns = world_now_ns,
        .timer_new = world_timer_new,
        .timer_free = world_timer_free,
        .timer_mod = world_timer_mod,
        .register_poll_fd = bounds_opened,
        .unregister_poll_fd = bounds_closed,
        .notify = world_ignore,
    };
    const uint32_t network = options->address.s_addr & options->netmask.s_addr;
    const bool has_dns = options->dns.s_addr != 0;
    struct in6_addr network6 = options->address6;
    memset(network6.s6_addr + 8, 0, 8);
    start_ns = world_now_ns(NULL);
    const SlirpConfig config = {
        .version = 4, /* timers as above */
        .in_enabled = true,
        .vnetwork.s_addr = network,
        .vnetmask = options->netmask,
        .vhost = options->gateway,
        .vdhcp_start = options->address,
        .vnameserver = has_dns ? options->dns : (struct in_addr){network},
        .if_mtu = options->mtu,
        .if_mru = options->mtu,
        .disable_host_loopback =
            true, /* the host's own services are not the system's */
        .disable_dns = !has_dns,
        .in6_enabled = options->ipv6,
        .vprefix_addr6 = network6,
        .vprefix_len = 64,
        .vhost6 = options->gateway6,
        .vnameserver6 = network6, /* its questions go where those to `vnameserver` go */
    };
    Slirp *slirp = slirp_new(&config, &callbacks, NULL);
    if (slirp == NULL) {
        fprintf(stderr, "cubicle-slirp: libslirp refuses this network\n");
        return NULL;
    }
    for (unsigned i = 0; i < options->npublish; i++) {
        const struct publish *p = &options->publish[i];
        if (world_publish(slirp, options, p) != 0) {
            fprintf(stderr, "cubicle-slirp: cannot publish %s: %s\n", p->text,
                    strerror(errno));
            return NULL;
        }
    }
    uint32_t timeout_ms = 0;
    slirp_pollfds_fill(slirp, &timeout_ms, world_lengthen_backlog, NULL);
    return slirp;
}

/* ---- the loop ---- */

static struct pollfd *fds; /* the first is the stream */
static size_t nfds, room;

/* Whether a socket of libslirp's is not to be read or accepted from now. What it has to write goes on, and it hears
   of an end that we have made. */
static bool world_must_wait(int fd, int events)
{
    return (events & SLIRP_POLL_IN) != 0 && !still_ended(fd) &&
           (!bounds_may_send() || (!bounds_may_begin() && listens(fd)));
}

static int world_add(int fd, int events, void *opaque)
{
    (void)opaque;
    if (nfds == room) {
        room = room != 0 ? 2 * room : 64;
        fds = realloc(fds, room * sizeof(*fds));
        if (fds == NULL) {
            abort();
        }
    }
    const short wanted = (short)(((events & SLIRP_POLL_IN) != 0 ? POLLIN : 0) |
                                 ((events & SLIRP_POLL_OUT) != 0 ? POLLOUT : 0) |
                                 ((events & SLIRP_POLL_PRI) != 0 ? POLLPRI : 0));
    fds[nfds] = (struct pollfd){.fd = fd, .events = wanted};
    if (nfds > 0 && world_must_wait(fd, events)) {
        fds[nfds].events &= POLLOUT;
        fds[nfds].fd = fds[nfds].events != 0 ? fd : -1; /* hears of no end, either */
    }
    return (int)nfds++;
}

static int world_revents(int index, void *opaque)
{
    const short have = fds[index].revents;

    (void)opaque;
    return ((have & POLLIN) != 0 ? SLIRP_POLL_IN : 0) |
           ((have & POLLOUT) != 0 ? SLIRP_POLL_OUT : 0) |
           ((have & POLLPRI) != 0 ? SLIRP_POLL_PRI : 0) |
           ((have & POLLERR) != 0 ? SLIRP_POLL_ERR : 0) |
           ((have & POLLHUP) != 0 ? SLIRP_POLL_HUP : 0);
}

void world_run(Slirp *slirp, int fd)
{
    while (!gone) {
        uint32_t timeout_ms = INT32_MAX;
        nfds = 0;
        bounds_look();
        (void)world_add(fd, SLIRP_POLL_IN, NULL);
        slirp_pollfds_fill(slirp, &timeout_ms, world_add, NULL);
        timeout_ms = world_run_timers(timeout_ms);
        if (timeout_ms > FULL_MS && !(bounds_may_begin() && bounds_may_send())) {
            timeout_ms = FULL_MS;
        }
        const int n = poll(fds, nfds, timeout_ms >= INT32_MAX ? -1 : (int)timeout_ms);
        if (n > 0 && fds[0].revents != 0 && !stream_receive(slirp)) {
            return;
        }
        slirp_pollfds_poll(slirp, n < 0, world_revents, NULL);
    }
}
