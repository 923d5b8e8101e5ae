/*
 * The memory that cubicles' processes share: a channel for each two that call each other, and
 * for each process a bell. Everything in it can be written by the other side at any time.
 *
 * Invariants
 *   CH1  A process has mapped the channels that it is an end of, its peers' bells and the
 *       notices, and no other shared memory; nobody can map more of it after the start.
 *   CH2  Nothing in a channel is read twice: a line is copied whole, then checked, then used.
 *   CH3  Who has sent a message is known from the channel that it came by.
 *   CH4  The news and others' notices are mapped from a file that is open for reading only: the
 *        kernel refuses to make such pages writable, whoever asks (mprotect(2), EACCES).
 *   CH5  Senders take turns. While messages keep coming, a wait still sees signals, and who is gone.
 */
#ifndef MONITOR_IPC_CHANNEL_H
#define MONITOR_IPC_CHANNEL_H

#include "base/layout.h"
#include "base/thread.h"
#include "fault/signal_pending.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of a channel, its lines included: more than what fits on a stack. Untouched ones cost nothing. */
#define CHANNEL_SIZE (UINT64_C(16) << 20)

enum channel_kind {
    CHANNEL_CALL = 1, /* of trampoline `what` */
    CHANNEL_RESULT,   /* of the receiver's call `call` */
    CHANNEL_PAGES, /* of the allocator: do `what` (IPC_PAGES_*) to pages of the receiver */
    CHANNEL_END, /* to the parent: by the sender's policy, with status `what` */
};

/** One message. What is longer lies in the channel's area, at `offset`. Most fit into a line of the cache: to get one from
 *  another processor is what a message costs. */
struct channel_line {
    uint64_t sequence; /* the last word that is written */
    uint16_t kind, nvalues;
    uint32_t what;
    uint64_t call; /* the sender's number of it, and the answer's */
    uint32_t offset, size;
    union {
        uint64_t values[CALL_ARGS_MAX];
        struct {
            uint64_t result, vector_result;
        };
    };
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct channel_line) == 128, "lines of the cache");

/** What two processes share. [0] is of the one with the smaller id. */
struct channel {
    struct channel_line line[2];
    char pad[PAGE_SIZE - 2 * sizeof(struct channel_line)];
    uint8_t area[CHANNEL_SIZE - PAGE_SIZE];
};

/** Where a process sleeps. */
struct channel_bell {
    uint32_t rung;     /* a futex */
    uint32_t sleeping; /* whoever sends must ring */
    uint32_t
        processor; /* that its process ran on when it began to wait, or was woken */
    char pad[PAGE_SIZE - 12];
};

/** What a cubicle's process tells everybody, and nobody else can write. */
struct channel_notice {
    uint64_t epoch;              /* cubicle_epoch() */
    struct signal_state signals; /* of the application; the parent writes it, too */
    char pad[PAGE_SIZE - 8 - sizeof(struct signal_state)];
};

/** What the parent tells everybody. */
struct channel_news {
    uint8_t gone[CUBICLE_MAX + 1];   /* the process is no more */
    uint32_t lives[CUBICLE_MAX + 1]; /* how often it has begun anew */
};
_Static_assert(sizeof(struct channel_news) <= PAGE_SIZE, "news are a page");

/** The other end, as this process knows it: private. */
struct channel_peer {
    struct channel *channel;
    struct channel_line *in, *out;
    struct channel_bell *bell;
    uint64_t in_sequence, out_sequence;
    unsigned id;    /* 0: the parent */
    uint32_t top;   /* of the area: below it lie messages that are in use */
    uint32_t asked; /* questions that have no answer yet, one inside the other */
    uint32_t life;  /* of the other end, when it was asked the outermost */
};

/** Makes a channel between @a and @b where there is none; before channel_map(). */
void channel_want(unsigned a, unsigned b);

/** Makes the memory and maps all of it. 0 or a negative errno. */
int channel_map(size_t ncubicles) __attribute__((warn_unused_result));

/** A process for @id is about to be made: messages from now on are for that one. */
void channel_prepare(unsigned id);

/** This process becomes @self's: it loses what is not its to see (CH1). @alone: no other one of the system runs on its
 *  processor. 0 or a negative errno. */
int channel_keep(unsigned self, bool alone) __attribute__((warn_unused_result));

/** The channel between this process and @id; NULL: there is none. */
struct channel_peer *channel_peer(unsigned id);

/** What @id tells; only its own process may write it. */
struct channel_notice *channel_notice(unsigned id);
struct channel_news *channel_news(void);

/** The line to fill for the next message to @peer. */
struct channel_line *channel_begin(struct channel_peer *peer);

/** Sends it. True: @peer slept, and has been woken. */
bool channel_send(struct channel_peer *peer);

/**
 * Waits for a message from anybody, copies it to @line (CH2) and returns whom it is from. NULL:
 * the process of @expected is gone, or another one, or nobody is to be waited for any longer. @expected NULL: none. @handed_over: whoever is to answer has just been
 * woken, so that it may need this processor.
 */
struct channel_peer *channel_wait(const struct channel_peer *expected,
                                  struct channel_line *line, bool handed_over);

/** Has @woken called in this process whenever a wait for a message has been interrupted, and at least a few
 *  times a second. True: the wait is to end. NULL: nothing is called. */
void channel_on_wake(bool (*woken)(void));

/** True when the process of @peer is not the one that was asked. */
bool channel_is_gone(const struct channel_peer *peer);

/** How often the process of @id has begun anew. */
uint32_t channel_life(unsigned id);

/** Rings the bell of @id, of a handler too. */
void channel_ring(unsigned id);

#endif
