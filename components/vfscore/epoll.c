/*
 * epoll(7). A set has watches, one for each descriptor. Those of sockets are also in a set of the network stack's, which
 * knows what is ready of them and is where everything waits; the others, few, are looked at one by one.
 *
 * 1. A watch lives until its file is closed, its descriptor's entry is deleted, or the set is closed; it is in the list
 *    of its file, and in `own` or in the stack's set.
 * 2. The stack names a member by its place in the table and its generation. A member that is gone, or is not the
 *    stack's, is passed over; of others only events that were asked for are told.
 * 3. A set may be in a set, which then is in none: so there is no circle, and a look is bounded.
 */
#include "core.h"

#include <stdlib.h>

#define PLACES_FIRST 16
#define STACK_EVENTS 128 /* that one call of the stack tells at most */
#define ALWAYS ((uint32_t)(EPOLLERR | EPOLLHUP))
#define ASKED                                                               \
    ((uint32_t)(EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDNORM | EPOLLRDBAND | \
                EPOLLWRNORM | EPOLLWRBAND | EPOLLMSG | EPOLLRDHUP) |        \
     ALWAYS)
#define HOW ((uint32_t)EPOLLET | (uint32_t)EPOLLONESHOT)
#define IGNORED ((uint32_t)EPOLLEXCLUSIVE | (uint32_t)EPOLLWAKEUP)

struct epoll;

struct watch {
    struct epoll *epoll;
    struct file *file;
    struct watch *file_next;  /* of the same file */
    struct watch *next, **at; /* in `own`; at NULL: it is in the stack's set */
    uint64_t data;
    uint64_t seen;   /* changes of the file at the last report */
    uint32_t events; /* as asked for; without ASKED bits after EPOLLONESHOT */
    uint32_t place;  /* in the table */
    int32_t fd;
};

struct place {
    struct watch *watch; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
};

struct epoll {
    struct watch *own, **own_end;
    struct place *places;
    uint32_t nplaces, free; /* the first free one, nplaces: none is */
    uint32_t nstack;        /* watches in the stack's set */
    uint32_t nsets;         /* watches of other sets */
    int32_t set;            /* of the stack; 0: none yet */
};

#define SEEN_NEVER UINT64_MAX

static uint64_t file_changes(const struct file *file)
{
    if (file->special != NULL) {
        return file->special->changes(file);
    }
    return file->node->pipe != NULL ? pipe_changes(file) : stream_changes;
}

/* ---- the list of those that are looked at ---- */

static void own_append(struct watch *watch)
{
    struct epoll *epoll = watch->epoll;
    watch->next = NULL;
    watch->at = epoll->own_end;
    *epoll->own_end = watch;
    epoll->own_end = &watch->next;
}

static void own_remove(struct watch *watch)
{
    *watch->at = watch->next;
    if (watch->next != NULL) {
        watch->next->at = watch->at;
    } else {
        watch->epoll->own_end = watch->at;
    }
    watch->at = NULL;
}

/* ---- the table ---- */

static bool places_grow(struct epoll *epoll)
{
    const uint32_t count = epoll->nplaces == 0 ? PLACES_FIRST : epoll->nplaces * 2;
    struct place *places = realloc(epoll->places, count * sizeof(*places));
    if (places == NULL) {
        return false;
    }
    for (uint32_t i = epoll->nplaces; i < count; i++) {
        places[i] = (struct place){.next_free = i + 1};
    }
    epoll->places = places;
    epoll->nplaces = count;
    return true;
}

static bool place_take(struct watch *watch)
{
    struct epoll *epoll = watch->epoll;
    if (epoll->free == epoll->nplaces && !places_grow(epoll)) {
        return false;
    }
    struct place *place = &epoll->places[epoll->free];
    watch->place = epoll->free;
    epoll->free = place->next_free;
    place->watch = watch;
    return true;
}

static void place_give(const struct watch *watch)
{
    struct epoll *epoll = watch->epoll;
    struct place *place = &epoll->places[watch->place];
    place->watch = NULL;
    place->generation++;
    place->next_free = epoll->free;
    epoll->free = watch->place;
}

/** What the stack knows of a watch. */
static uint64_t watch_key(const struct watch *watch)
{
    return (uint64_t)watch->epoll->places[watch->place].generation << 32 | watch->place;
}

static struct watch *watch_of_key(const struct epoll *epoll, uint64_t key)
{
    const uint32_t i = (uint32_t)key;
    if (i >= epoll->nplaces || epoll->places[i].generation != key >> 32) {
        return NULL;
    }
    struct watch *watch = epoll->places[i].watch;
    return watch != NULL && watch->at == NULL ? watch : NULL;
}

/* ---- watches ---- */

static struct watch *watch_find(const struct epoll *epoll, const struct file *file,
                                int fd)
{
    struct watch *watch = file->watches;
    while (watch != NULL && (watch->epoll != epoll || watch->fd != fd)) {
        watch = watch->file_next;
    }
    return watch;
}

/** Frees @watch, which the stack knows no more. */
static void watch_free(struct watch *watch)
{
    struct watch **at = &watch->file->watches;
    while (*at != watch) {
        at = &(*at)->file_next;
    }
    *at = watch->file_next;
    watch->epoll->nsets -= watch->file->special == &special_epoll;
    if (watch->at != NULL) {
        own_remove(watch);
    } else {
        watch->epoll->nstack--;
    }
    place_give(watch);
    free(watch);
}

/** Tells the stack of @watch, or of its end. */
static int stack_change(const struct watch *watch, int operation)
{
    int result;
    PROVIDER(result, stack.ops.socket_set_change(
                         watch->epoll->set, operation, watch->file->socket.handle,
                         watch->events & (ASKED | HOW), watch_key(watch), 0));
    return (int)stack_checked(result, 0);
}

/** Puts a new watch of a socket in the stack's set. */
static int stack_add(struct watch *watch, const struct client *client)
{
    struct epoll *epoll = watch->epoll;
    if (epoll->set == 0) {
        int set;
        PROVIDER(set, stack.ops.socket_set_create(client_id(client), 0));
        if (set <= 0) {
            return set == 0 ? -EIO : (int)stack_checked(set, 0);
        }
        epoll->set = set;
    }
    const int error = stack_change(watch, EPOLL_CTL_ADD);
    if (error == 0) {
        epoll->nstack++;
    }
    return error;
}

/** The stack has lost its set: its watches are looked at from now on, and see that. */
static void stack_lose(struct epoll *epoll)
{
    for (uint32_t i = 0; i < epoll->nplaces; i++) {
        struct watch *watch = epoll->places[i].watch;
        if (watch != NULL && watch->at == NULL) {
            own_append(watch);
        }
    }
    epoll->nstack = 0;
    epoll->set = 0;
}

static bool file_may_be_watched(const struct file *file)
{
    if ((file->flags & O_PATH) != 0) {
        return false;
    }
    return file->special != NULL || file->node->pipe != NULL ||
           (file->node->flags & FS_NODE_STREAM) != 0;
}

/** Whether another descriptor of the same socket is in the stack's set of @epoll. */
static bool stack_has(const struct epoll *epoll, const struct file *file)
{
    const struct watch *watch = file->watches;
    while (watch != NULL && (watch->epoll != epoll || watch->at != NULL)) {
        watch = watch->file_next;
    }
    return watch != NULL;
}

static int watch_add(struct epoll *epoll, struct file *file, int fd, uint32_t events,
                     uint64_t data, const struct client *client)
{
    if (!file_may_be_watched(file)) {
        return -EPERM;
    }
    struct watch *watch = malloc(sizeof(*watch));
    if (watch == NULL) {
        return -ENOMEM;
    }
    *watch = (struct watch){.epoll = epoll,
                            .file = file,
                            .fd = fd,
                            .events = events | ALWAYS,
                            .data = data,
                            .seen = SEEN_NEVER};
    if (!place_take(watch)) {
        free(watch);
        return -ENOMEM;
    }
    if (file->special == &special_socket && !stack_has(epoll, file)) {
        const int error = stack_add(watch, client);
        if (error != 0) {
            place_give(watch);
            free(watch);
            return error;
        }
    } else {
        own_append(watch);
    }
    epoll->nsets += file->special == &special_epoll;
    watch->file_next = file->watches;
    file->watches = watch;
    return 0;
}

static int watch_change(struct watch *watch, uint32_t events, uint64_t data)
{
    const struct watch before = *watch;
    watch->events = events | ALWAYS;
    watch->data = data;
    watch->seen = SEEN_NEVER;
    if (watch->at != NULL) {
        return 0;
    }
    const int error = stack_change(watch, EPOLL_CTL_MOD);
    if (error != 0) {
        watch->events = before.events;
        watch->data = before.data;
    }
    return error;
}

static int watch_delete(struct watch *watch)
{
    if (watch->at == NULL) {
        const int error = stack_change(watch, EPOLL_CTL_DEL);
        if (error != 0 && error != -ECONNRESET && error != -ENOENT) {
            return error;
        }
    }
    watch_free(watch);
    return 0;
}

void epoll_forget(struct file *file)
{
    while (file->watches != NULL) {
        watch_free(file->watches);
    }
}

/* ---- calls ---- */

/** Whether the stack has something to tell. What it cannot say, epoll_wait() will. */
static bool stack_ready(const struct epoll *epoll)
{
    int result;
    PROVIDER(result, stack.ops.socket_poll(epoll->set, 0));
    return result != -EINTR && (result < 0 || (result & POLLIN) != 0);
}

static bool watch_ready(const struct watch *watch, struct wait *wait)
{
    const uint32_t asked = watch->events & ASKED;
    const bool ready =
        asked != 0 && ((uint32_t)wait_look(watch->file, wait) & asked) != 0;
    return ready && ((watch->events & (uint32_t)EPOLLET) == 0 ||
                     file_changes(watch->file) != watch->seen);
}

int epoll_ready(const struct file *file, struct wait *wait)
{
    const struct epoll *epoll = file->object;
    bool ready = false;
    if (epoll->nstack != 0) {
        wait->sockets = true;
        ready = stack_ready(epoll);
    }
    for (const struct watch *watch = epoll->own; watch != NULL && !ready;
         watch = watch->next) {
        ready = watch_ready(watch, wait);
    }
    return ready ? POLLIN | POLLRDNORM : 0;
}

static int epoll_poll(const struct file *file)
{
    struct wait wait = WAIT_NONE;
    return epoll_ready(file, &wait);
}

/** What is in it is not counted; what is ready is told each time. */
static uint64_t epoll_changes(const struct file *file)
{
    static uint64_t looks;
    (void)file;
    return looks++;
}

static void epoll_close(struct file *file)
{
    struct epoll *epoll = file->object;
    if (epoll->set != 0) {
        int ignored; /* a stack that has lost it is as good */
        PROVIDER(ignored, stack.ops.socket_close(epoll->set, 0));
        (void)ignored;
    }
    for (uint32_t i = 0; i < epoll->nplaces; i++) {
        if (epoll->places[i].watch != NULL) {
            watch_free(epoll->places[i].watch);
        }
    }
    free(epoll->places);
    free(epoll);
}

const struct special special_epoll = {
    .read = special_no_read,
    .write = special_no_write,
    .poll = epoll_poll,
    .changes = epoll_changes,
    .readable = special_not_readable,
    .close = epoll_close,
    .mode = 0600,
};

int vfs_epoll_create(int flags, int caller)
{
    struct client *client = client_get(caller);
    if (client == NULL) {
        return -EDEADLK;
    }
    if ((flags & ~EPOLL_CLOEXEC) != 0) {
        return -EINVAL;
    }
    struct epoll *epoll = calloc(1, sizeof(*epoll));
    struct file *file = epoll == NULL ? NULL : special_new(&special_epoll, 0);
    if (file == NULL) {
        free(epoll);
        return -ENOMEM;
    }
    epoll->own_end = &epoll->own;
    file->object = epoll;
    return special_install(client, file, flags != 0);
}

/** Whether the set @inner may be in the set that is @outer. */
static bool set_may_be_in(const struct file *inner, const struct file *outer)
{
    const struct epoll *epoll = inner->object;
    return epoll->nsets == 0 && outer->watches == NULL;
}

static struct epoll *epoll_of(int fd, int caller, int *error)
{
    const struct file *file = file_of(fd, caller);
    if (file == NULL || file->special != &special_epoll) {
        *error = file == NULL ? -EBADF : -EINVAL;
        return NULL;
    }
    return file->object;
}

int vfs_epoll_ctl(int epoll_fd, int operation, int fd, uint32_t events, uint64_t data,
                  int caller)
{
    int error = 0;
    struct file *file = file_of(fd, caller);
    if (file == NULL) {
        return -EBADF;
    }
    struct epoll *epoll = epoll_of(epoll_fd, caller, &error);
    if (epoll == NULL) {
        return error;
    }
    if (file->special == &special_epoll && file->object == epoll) {
        return -EINVAL;
    }
    struct watch *watch = watch_find(epoll, file, fd);
    events &= ~IGNORED;
    switch (operation) {
    case EPOLL_CTL_ADD:
        if (file->special == &special_epoll && watch == NULL &&
            !set_may_be_in(file, file_of(epoll_fd, caller))) {
            return -ELOOP;
        }
        return watch != NULL
                   ? -EEXIST
                   : watch_add(epoll, file, fd, events, data, &core.clients[caller]);
    case EPOLL_CTL_MOD:
        return watch == NULL ? -ENOENT : watch_change(watch, events, data);
    case EPOLL_CTL_DEL:
        return watch == NULL ? -ENOENT : watch_delete(watch);
    default:
        return -EINVAL;
    }
}

/** Whether @bits of @watch are to be told now. */
static bool watch_reports(struct watch *watch, uint32_t bits)
{
    if (bits == 0) {
        watch->seen = SEEN_NEVER; /* the next time is a new one */
        return false;
    }
    if ((watch->events & (uint32_t)EPOLLET) != 0) {
        const uint64_t changes = file_changes(watch->file);
        if (changes == watch->seen) {
            return false;
        }
        watch->seen = changes;
    }
    if ((watch->events & (uint32_t)EPOLLONESHOT) != 0) {
        watch->events &= ~ASKED;
    }
    return true;
}

/** Looks at what the stack does not know. What is told goes to the end of the list, so that
 * everything comes to be told. How many events were filled. */
static size_t own_look(struct epoll *epoll, struct epoll_event *events, size_t room,
                       struct wait *wait)
{
    struct watch *const last =
        epoll->own == NULL
            ? NULL
            : (struct watch *)((char *)epoll->own_end - offsetof(struct watch, next));
    size_t told = 0;
    for (struct watch *watch = epoll->own, *next; watch != NULL && told < room;
         watch = next) {
        next = watch == last ? NULL : watch->next;
        const uint32_t asked = watch->events & ASKED;
        const uint32_t bits =
            asked == 0 ? 0 : (uint32_t)wait_look(watch->file, wait) & asked;
        if (watch_reports(watch, bits)) {
            events[told++] =
                (struct epoll_event){.events = bits, .data.u64 = watch->data};
            own_remove(watch);
            own_append(watch);
        }
    }
    return told;
}

/** Asks the stack, and waits there up to @limit_ns. How many events were filled, or an error. */
static ssize_t stack_look(struct epoll *epoll, struct epoll_event *events, size_t room,
                          int64_t limit_ns)
{
    struct socket_event told[STACK_EVENTS];
    const size_t size = (room < STACK_EVENTS ? room : STACK_EVENTS) * sizeof(told[0]);
    ssize_t result;
    PROVIDER(result, stack.ops.socket_set_wait(epoll->set, told, size, limit_ns, 0));
    result = stack_checked(result, size);
    if (result < 0) {
        return result;
    }
    if (result == 0 && limit_ns < 0) {
        return -EIO;
    }
    size_t count = 0;
    for (size_t i = 0; i < (size_t)result / sizeof(told[0]); i++) {
        struct watch *watch = watch_of_key(epoll, told[i].data);
        const uint32_t bits =
            watch == NULL ? 0 : told[i].events & watch->events & ASKED;
        if (bits != 0) {
            events[count++] =
                (struct epoll_event){.events = bits, .data.u64 = watch->data};
            if ((watch->events & (uint32_t)EPOLLONESHOT) != 0) {
                watch->events &= ~ASKED;
            }
        }
    }
    return (ssize_t)count;
}

/** One look, that waits up to @left_ns; where it had to end before, *@again is set. */
static ssize_t epoll_look(struct epoll *epoll, struct epoll_event *events, size_t room,
                          int64_t left_ns, const struct client *client, bool *again)
{
    struct wait wait = WAIT_NONE;
    const size_t own = epoll->own == NULL ? 0 : own_look(epoll, events, room, &wait);
    *again = false;
    if (epoll->nstack == 0) {
        if (own != 0 || left_ns == 0) {
            return (ssize_t)own;
        }
        *again = true;
        return wait_step(&wait, client, left_ns);
    }
    wait.sockets = true;
    const int64_t limit_ns = own != 0 ? 0 : wait_limit(&wait, left_ns);
    if (own == room) {
        return (ssize_t)own;
    }
    const ssize_t told = stack_look(epoll, events + own, room - own, limit_ns);
    if (told == -ECONNRESET) {
        stack_lose(epoll);
        *again = own == 0;
        return (ssize_t)own;
    }
    if (told < 0) {
        return own != 0 ? (ssize_t)own : told;
    }
    *again = own == 0 && told == 0 && (left_ns < 0 || limit_ns != left_ns);
    return (ssize_t)own + told;
}

ssize_t vfs_epoll_wait(int fd, struct epoll_event *events, size_t size,
                       int64_t timeout_ns, int caller)
{
    int error = 0;
    struct epoll *epoll = epoll_of(fd, caller, &error);
    if (epoll == NULL) {
        return error;
    }
    const size_t room = size / sizeof(*events);
    if (room == 0) {
        return -EINVAL;
    }
    /* The clock is asked where the time is waited for in more than one step. */
    struct deadline deadline = {.timeout_ns = timeout_ns < 0 ? -1 : timeout_ns};
    int64_t left_ns = deadline.timeout_ns;
    if (left_ns > 0 && (epoll->own != NULL || epoll->nstack == 0)) {
        left_ns = deadline_left(&deadline);
    }
    for (;;) {
        bool again;
        const ssize_t told =
            epoll_look(epoll, events, room, left_ns, &core.clients[caller], &again);
        if (told != 0) {
            return told < 0 ? told : told * (ssize_t)sizeof(*events);
        }
        if (!again || left_ns == 0) {
            return 0;
        }
        left_ns = deadline_left(&deadline);
    }
}
