/*
 * Watches of epoll, as the program has made them. Programs use the data of an event as a pointer,
 * so libc keeps the data itself. It gives vfs a token instead, and vfs returns the token with the
 * event.
 *
 * 1. A watch belongs to an open file description, as in epoll(7): to what a descriptor and its
 *    duplicates have in common. It ends when the last of these is closed, when its epoll set is
 *    closed, or when it is deleted. From then on its token is invalid.
 * 2. A valid event has the token of a watch of the set that was asked, at most once in an answer,
 *    and a bit that was asked for. Other answers become -EIO.
 * 3. Descriptors belong to the cubicle, and these tables to one module. A module that shares its
 *    cubicle keeps no tables, and gives vfs the data.
 *
 * Only programs that use epoll_ctl() follow descriptors: call_seek.c has empty functions for the
 * others. Each operation gets its memory before it changes anything; memory is never given back.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "../../internal/cubicle64/call_known.h"
#include "call_watch.h"
#include "syscall.h"

#define CHUNK 1024       /* entries: whole pages of each kind */
#define WATCH_CHUNKS 128 /* of watches: 131,071 of them */
#define FD_CHUNKS (CALL_FD_MAX / CHUNK)

/* The loader's: an absolute symbol, 1 where no other module is in the cubicle. */
extern const char __cubicle_alone[];

struct description {
    unsigned descriptors; /* number of descriptors that stand for it; 0: the entry is free */
    unsigned
        watches; /* the first of its watches; of a free one, the next free one. 0: none */
    unsigned members; /* number of watches in it, where it is an epoll set */
};

struct watch {
    uint64_t data;       /* the program's */
    uint64_t answer;     /* the last one that had it */
    unsigned events;     /* that vfs may tell */
    unsigned generation; /* of this entry: changes when a watch ends */
    unsigned set, file;  /* descriptions; 0: it is free */
    unsigned next;       /* of the same file, or the next free one; 0: none */
    int fd;              /* that it was made with */
};

/* Entries 0 mean "none". */
static unsigned *fds[FD_CHUNKS]; /* descriptor: description */
static struct description *descriptions[FD_CHUNKS];
static struct watch *watches[WATCH_CHUNKS];
static unsigned ndescriptions = 1, nwatches = 1;
static unsigned free_description, free_watch;

static struct description *description_at(unsigned i)
{
    return &descriptions[i / CHUNK][i % CHUNK];
}

static struct watch *watch_at(unsigned i)
{
    return &watches[i / CHUNK][i % CHUNK];
}

/* Memory for @size bytes at *@chunk, where there is none yet. */
static int has_chunk(void *chunk, unsigned long size)
{
    void **at = chunk;
    if (!*at) {
        const long made = __call_map(size);
        *at = made < 0 && made >= -4095 ? 0 : (void *)made;
    }
    return *at != 0;
}

static unsigned description_of(int fd)
{
    return (unsigned)fd < CALL_FD_MAX && fds[fd / CHUNK] ? fds[fd / CHUNK][fd % CHUNK]
                                                         : 0;
}

/* The description of @fd, made if it is not known yet. 0: no memory. */
static unsigned describe(int fd)
{
    unsigned i = description_of(fd);
    if (i || !has_chunk(&fds[fd / CHUNK], CHUNK * sizeof **fds)) {
        return i;
    }
    if (free_description) {
        i = free_description;
        free_description = description_at(i)->watches;
    } else if (ndescriptions < CALL_FD_MAX &&
               has_chunk(&descriptions[ndescriptions / CHUNK],
                         CHUNK * sizeof **descriptions)) {
        i = ndescriptions++;
    } else {
        return 0;
    }
    *description_at(i) = (struct description){.descriptors = 1};
    fds[fd / CHUNK][fd % CHUNK] = i;
    return i;
}

/* ---- watches ---- */

/* An entry for a watch. 0, -ENOMEM, -ENOSPC. */
static long watch_take(unsigned *taken)
{
    if (free_watch) {
        *taken = free_watch;
        free_watch = watch_at(free_watch)->next;
        return 0;
    }
    if (nwatches >= WATCH_CHUNKS * CHUNK) {
        return -ENOSPC;
    }
    if (!has_chunk(&watches[nwatches / CHUNK], CHUNK * sizeof **watches)) {
        return -ENOMEM;
    }
    *taken = nwatches++;
    return 0;
}

/* An entry that is in no list is free. */
static void watch_give(unsigned i)
{
    struct watch *watch = watch_at(i);
    watch->set = watch->file = 0;
    watch->generation++;
    watch->next = free_watch;
    free_watch = i;
}

static void watch_end(unsigned i)
{
    const struct watch *watch = watch_at(i);
    unsigned *at = &description_at(watch->file)->watches;
    while (*at != i) {
        at = &watch_at(*at)->next;
    }
    *at = watch->next;
    description_at(watch->set)->members--;
    watch_give(i);
}

static unsigned watch_find(unsigned set, unsigned file, int fd)
{
    unsigned i = file ? description_at(file)->watches : 0;
    while (i && (watch_at(i)->set != set || watch_at(i)->fd != fd)) {
        i = watch_at(i)->next;
    }
    return i;
}

static uint64_t watch_token(unsigned i)
{
    return (uint64_t)watch_at(i)->generation << 32 | i;
}

/* ---- descriptors ---- */

static void description_end(unsigned i)
{
    struct description *description = description_at(i);
    while (description->watches) {
        watch_end(description->watches);
    }
    for (unsigned w = 1; description->members && w < nwatches; w++) {
        if (watch_at(w)->set == i) {
            watch_end(w);
        }
    }
    description->watches = free_description;
    free_description = i;
}

/* @fd is closed, or comes to mean another file. */
void __call_watch_end(int fd)
{
    const unsigned i = description_of(fd);
    if (i) {
        fds[fd / CHUNK][fd % CHUNK] = 0;
        if (--description_at(i)->descriptors == 0) {
            description_end(i);
        }
    }
}

/* @made, a new descriptor, has become a duplicate of @fd. 0, or -ENOMEM. */
long __call_watch_duplicate(int fd, int made)
{
    if (!call_symbol(__cubicle_alone) || fd == made || (unsigned)fd >= CALL_FD_MAX ||
        (unsigned)made >= CALL_FD_MAX) {
        return 0;
    }
    const unsigned i = describe(fd);
    if (!i || !has_chunk(&fds[made / CHUNK], CHUNK * sizeof **fds)) {
        return -ENOMEM;
    }
    description_at(i)->descriptors++;
    fds[made / CHUNK][made % CHUNK] = i;
    return 0;
}

/* ---- calls ---- */

static unsigned may_be_told(unsigned events)
{
    const unsigned how = EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP;
    return (events & ~how) | EPOLLERR | EPOLLHUP;
}

static long watch_add(int epoll, int fd, unsigned events, uint64_t data)
{
    const unsigned set = describe(epoll), file = describe(fd);
    unsigned i = 0;
    if (!set || !file) {
        return -ENOMEM;
    }
    long r = watch_take(&i);
    if (r) {
        return r;
    }
    r = __call_zero(
        vfs_epoll_ctl(epoll, EPOLL_CTL_ADD, fd, events, watch_token(i), CALL_SELF));
    if (r) {
        watch_give(i);
        return r;
    }
    const unsigned before = watch_find(set, file, fd); /* vfs has lost the watch */
    if (before) {
        watch_end(before);
    }
    struct watch *watch = watch_at(i);
    watch->data = data;
    watch->events = may_be_told(events);
    watch->set = set;
    watch->file = file;
    watch->fd = fd;
    watch->next = description_at(file)->watches;
    description_at(file)->watches = i;
    description_at(set)->members++;
    return 0;
}

long __call_watch_ctl(int epoll, int operation, int fd, unsigned events, uint64_t data)
{
    if (!call_symbol(__cubicle_alone)) {
        return __call_zero(
            vfs_epoll_ctl(epoll, operation, fd, events, data, CALL_SELF));
    }
    if ((unsigned)epoll >= CALL_FD_MAX || (unsigned)fd >= CALL_FD_MAX) {
        return -EBADF;
    }
    if (operation == EPOLL_CTL_ADD) {
        return watch_add(epoll, fd, events, data);
    }
    const unsigned i = watch_find(description_of(epoll), description_of(fd), fd);
    const long r = __call_zero(
        vfs_epoll_ctl(epoll, operation, fd, events, i ? watch_token(i) : 0, CALL_SELF));
    if (r || !i) {
        return r ? r : -EIO;
    }
    if (operation == EPOLL_CTL_DEL) {
        watch_end(i);
    } else {
        watch_at(i)->data = data;
        watch_at(i)->events = may_be_told(events);
    }
    return 0;
}

long __call_watch_told(int epoll, struct epoll_event *events, unsigned long count)
{
    static uint64_t answer;
    const unsigned set = description_of(epoll);
    if (!call_symbol(__cubicle_alone)) {
        return 0;
    }
    answer++;
    for (unsigned long k = 0; k < count; k++) {
        const uint64_t token = events[k].data.u64;
        const unsigned i = (unsigned)token;
        if (!set || !i || i >= nwatches) {
            return -EIO;
        }
        struct watch *watch = watch_at(i);
        const unsigned bits = events[k].events & watch->events;
        if (watch->generation != token >> 32 || watch->set != set ||
            watch->answer == answer || !bits) {
            return -EIO;
        }
        watch->answer = answer;
        events[k] = (struct epoll_event){.events = bits, .data.u64 = watch->data};
    }
    return 0;
}
