/*
 * What epoll(7) knows of sockets. A member is in its set's list of ready ones when something may have happened to its
 * socket since it was last looked at; so a wait costs what is ready, however many are idle.
 *
 * Invariants:
 *   1. A member whose socket has an event that is asked for is in the list, unless it is edge-triggered and the event was
 *      told already, or it is disabled (EPOLLONESHOT).
 *   2. `queued` says whether a member is in the list.
 */
#include "stack.h"

#include <errno.h>
#include <sys/epoll.h>

#define ALWAYS (EPOLLERR | EPOLLHUP)
#define KNOWN                                                                          \
    (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | ALWAYS | EPOLLRDNORM | EPOLLRDBAND | \
     EPOLLWRNORM | EPOLLWRBAND | EPOLLMSG)

struct member {
    struct sock *sock;
    struct set *set;
    struct member *of_sock;              /* next in the socket's list */
    struct member *after, *in_front;     /* in the set's list of all */
    struct member *ready, *ready_before; /* in its list of ready ones */
    uint64_t data;
    uint32_t events; /* 0: disabled */
    uint32_t flags;  /* EPOLLET, EPOLLONESHOT */
    bool queued;
};

struct set {
    struct object object;
    struct member *members;
    struct member *first, *last; /* ready */
};

static void member_queue(struct member *member)
{
    struct set *set = member->set;

    if (member->queued) {
        return;
    }
    member->queued = true;
    member->ready = NULL;
    member->ready_before = set->last;
    if (set->last != NULL) {
        set->last->ready = member;
    } else {
        set->first = member;
    }
    set->last = member;
}

static void member_unqueue(struct member *member)
{
    struct set *set = member->set;

    if (!member->queued) {
        return;
    }
    member->queued = false;
    if (member->ready_before != NULL) {
        member->ready_before->ready = member->ready;
    } else {
        set->first = member->ready;
    }
    if (member->ready != NULL) {
        member->ready->ready_before = member->ready_before;
    } else {
        set->last = member->ready_before;
    }
}

static void member_free(struct member *member)
{
    struct member **at = &member->sock->members;

    member_unqueue(member);
    while (*at != member) {
        at = &(*at)->of_sock;
    }
    *at = member->of_sock;
    if (member->in_front != NULL) {
        member->in_front->after = member->after;
    } else {
        member->set->members = member->after;
    }
    if (member->after != NULL) {
        member->after->in_front = member->in_front;
    }
    arena_free(&stack.private, member);
}

int set_new(int creator, int owner)
{
    struct set *set = arena_alloc(&stack.private, sizeof(*set));

    if (set == NULL) {
        return -ENOMEM;
    }
    *set = (struct set){.members = NULL};
    const int handle = object_add(&set->object, OBJECT_SET, creator, owner);
    if (handle < 0) {
        arena_free(&stack.private, set);
    }
    return handle;
}

void set_free(struct set *set)
{
    while (set->members != NULL) {
        member_free(set->members);
    }
    object_remove(&set->object);
    arena_free(&stack.private, set);
}

static struct member *member_find(const struct set *set, const struct sock *sock)
{
    struct member *member = sock->members;

    while (member != NULL && member->set != set) {
        member = member->of_sock;
    }
    return member;
}

/* What is asked for, new; what is ready already is told. */
static void member_arm(struct member *member, uint32_t events, uint64_t data)
{
    member->events = (events & KNOWN) | ALWAYS;
    member->flags = events & ((uint32_t)EPOLLET | EPOLLONESHOT);
    member->data = data;
    member_unqueue(member);
    if ((sock_events(member->sock) & member->events) != 0) {
        member_queue(member);
    }
}

static int set_add(struct set *set, struct sock *sock, uint32_t events, uint64_t data)
{
    struct member *member = arena_alloc(&stack.private, sizeof(*member));

    if (member == NULL) {
        return -ENOMEM;
    }
    *member = (struct member){.sock = sock, .set = set};
    member->of_sock = sock->members;
    sock->members = member;
    member->after = set->members;
    if (set->members != NULL) {
        set->members->in_front = member;
    }
    set->members = member;
    member_arm(member, events, data);
    return 0;
}

int set_change(struct set *set, int operation, struct sock *sock, uint32_t events,
               uint64_t data)
{
    struct member *member = member_find(set, sock);

    switch (operation) {
    case EPOLL_CTL_ADD:
        return member != NULL ? -EEXIST : set_add(set, sock, events, data);
    case EPOLL_CTL_MOD:
        if (member != NULL) {
            member_arm(member, events, data);
        }
        return member != NULL ? 0 : -ENOENT;
    case EPOLL_CTL_DEL:
        if (member != NULL) {
            member_free(member);
        }
        return member != NULL ? 0 : -ENOENT;
    default:
        return -EINVAL;
    }
}

/* Tells what is ready of the members in the list. One that is not edge-triggered goes to the list's end, so that all get
 * their turn. */
size_t set_collect(struct set *set, struct socket_event *events, size_t nevents)
{
    struct member *const last = set->last;
    size_t n = 0;

    for (struct member *member = set->first; member != NULL && n < nevents;) {
        struct member *next = member == last ? NULL : member->ready;
        const uint32_t ready = sock_events(member->sock) & member->events;
        member_unqueue(member);
        if (ready != 0) {
            events[n++] = (struct socket_event){.events = ready, .data = member->data};
            if ((member->flags & EPOLLONESHOT) != 0) {
                member->events = 0;
            } else if ((member->flags & (uint32_t)EPOLLET) == 0) {
                member_queue(member);
            }
        }
        member = next;
    }
    return n;
}

bool set_has_ready(void *arg)
{
    struct set *set = arg;

    /* Members whose event is over leave the list here. */
    while (set->first != NULL &&
           (sock_events(set->first->sock) & set->first->events) == 0) {
        member_unqueue(set->first);
    }
    return set->first != NULL;
}

void set_sock_changed(struct sock *sock, uint32_t events)
{
    for (struct member *member = sock->members; member != NULL;
         member = member->of_sock) {
        if ((member->events & events) != 0) {
            member_queue(member);
        }
    }
}

void set_sock_gone(struct sock *sock)
{
    while (sock->members != NULL) {
        member_free(sock->members);
    }
}
