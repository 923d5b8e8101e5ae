/*
 * Cubicles that end and begin anew. The monitor may say so in the middle of a call, so ids are noted, and what is to be
 * done is done where the next call starts. Sockets whose creator ended are gone; those whose owner ended are reset, and
 * the creator closes them.
 */
#include "stack.h"

#include <errno.h>
#include <lifecycle.h>
#include <sys/epoll.h>

#define CUBICLES_MAX 1024u

static uint64_t ended[CUBICLES_MAX / 64];
static bool any_ended;

int lifecycle_ended(int cubicle)
{
    if ((uint32_t)cubicle >= CUBICLES_MAX) {
        return -EINVAL;
    }
    ended[cubicle / 64] |= UINT64_C(1) << cubicle % 64;
    any_ended = true;
    return 0;
}

int lifecycle_restarted(int cubicle)
{
    (void)cubicle;
    return 0;
}

static bool has_ended(int cubicle)
{
    return (uint32_t)cubicle < CUBICLES_MAX &&
           (ended[cubicle / 64] >> cubicle % 64 & 1) != 0;
}

static void sock_reset(struct sock *sock)
{
    if (sock->object.kind == OBJECT_DATAGRAM) {
        datagram_end(sock);
        return;
    }
    if (sock->state == SOCK_LISTENING) {
        listen_end(sock);
    }
    tcp_end(sock, true);
    sock->state = SOCK_CLOSED;
    sock->error = ECONNRESET;
    sock->eof = true;
    sock_changed(sock, EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP);
}

static void object_mend(struct object *object)
{
    const bool gone = has_ended(object->creator);

    if (!gone && !has_ended(object->owner)) {
        return;
    }
    if (object->kind == OBJECT_SET) {
        if (gone) {
            set_free((struct set *)object);
        }
        return;
    }
    struct sock *sock = (struct sock *)object;
    if (sock->listener != NULL) {
        return; /* its listener's */
    }
    sock_reset(sock);
    if (gone) {
        sock_free(sock);
    }
}

void lifecycle_mend(void)
{
    if (!any_ended) {
        return;
    }
    any_ended = false;
    object_each(object_mend);
    for (unsigned i = 0; i < CUBICLES_MAX / 64; i++) {
        ended[i] = 0;
    }
}
