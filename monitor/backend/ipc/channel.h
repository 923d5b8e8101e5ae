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
 * question.c has CH6 to CH9: why no honest process waits for ever, whoever is killed.
 */
#ifndef MONITOR_IPC_CHANNEL_H
#define MONITOR_IPC_CHANNEL_H

#include "base/layout.h"
#include "base/thread.h"
#include "fault/signal_pending.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How many questions of one process to another may be without an answer, one inside the other. */
#define CHANNEL_DEPTH 256u

/** Bytes for what belongs to one process's questions to another: more than what fits on a stack. Untouched
 *  ones cost nothing. */
#define CHANNEL_SIDE (UINT64_C(16) << 20)

enum channel_kind {
    CHANNEL_CALL = 1, /* of trampoline `what` */
    CHANNEL_RESULT, /* the answer to the receiver's question; never what a question says */
    CHANNEL_PAGES, /* of the allocator: do `what` (IPC_PAGES_*) to pages of the receiver */
    CHANNEL_END, /* to the parent: by the sender's policy, with status `what`; no answer */
};

/** One message. What is longer lies in the area of the side that asks, at `offset`. Most fit into a line of the cache: to
 *  get one from another processor is what a message costs. */
struct channel_line {
    uint64_t
        call; /* the question's number (CH7); the last word of the message that is written */
    union {
        uint64_t latest; /* of place 0: the number of the last question, wherever */
        uint64_t place;  /* in the receiver's copy: where the question was */
    };
    uint32_t to_life; /* of the receiver */
    uint32_t what;
    uint32_t offset;
    uint16_t kind, nvalues;
    union {
        uint64_t values[CALL_ARGS_MAX];
        struct {
            uint64_t result, vector_result;
        };
    };
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct channel_line) == 128, "lines of the cache");
_Static_assert(offsetof(struct channel_line, values) == 32, "four fit into the first");

/** What belongs to the questions that one of two processes asks the other. */
struct channel_side {
    struct channel_line question[CHANNEL_DEPTH]; /* the asking one writes */
    struct channel_line answer[CHANNEL_DEPTH];   /* the other one */
    uint8_t area[CHANNEL_SIDE - 2 * CHANNEL_DEPTH * sizeof(struct channel_line)];
};

/** What two processes share. [0] is of the one with the smaller id. */
struct channel {
    struct channel_side side[2];
};
#define CHANNEL_SIZE sizeof(struct channel)

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

/** Whether a cubicle has a process. */
enum channel_state {
    CHANNEL_THERE,
    CHANNEL_BEGINS, /* a new one, which sets its modules up */
    CHANNEL_AWAY,   /* not yet a new one; others may wait until it is there */
    CHANNEL_LATER,  /* not yet, and others must be there first: nobody may wait */
    CHANNEL_GONE,   /* never again */
};

/** What the parent tells everybody. */
struct channel_news {
    uint8_t state[CUBICLE_MAX + 1];  /* enum channel_state */
    uint32_t lives[CUBICLE_MAX + 1]; /* how many processes it has lost (CH7) */
};
_Static_assert(sizeof(struct channel_news) <= PAGE_SIZE, "news are a page");

/** The other end, as this process knows it: private. */
struct channel_peer {
    struct channel_side *mine, *theirs; /* by whose questions */
    struct channel_bell *bell;
    uint64_t latest; /* of `theirs`: all up to this one have been looked at */
    uint64_t taken;  /* the last one that was taken */
    unsigned id;     /* 0: the parent */
    uint32_t top;    /* of the area of `mine`: below it lie ranges that are in use */
    uint32_t asked;  /* questions that have no answer yet, one inside the other */
    uint32_t life;   /* of the other end, when it was asked the outermost */
};

/** A question that has been asked, until channel_end(). */
struct channel_question {
    struct channel_peer *peer;
    uint64_t call;
    uint32_t life; /* of the process that was asked */
    uint32_t place;
    bool at_once; /* nobody waits for the next life */
};

/** Makes a channel between @a and @b where there is none; before channel_map(). */
void channel_want(unsigned a, unsigned b);

/** Makes the memory and maps all of it. 0 or a negative errno. */
int channel_map(size_t ncubicles) __attribute__((warn_unused_result));

/** This process becomes @self's: it loses what is not its to see (CH1). @alone: no other one of the system runs on its
 *  processor. 0 or a negative errno. */
int channel_keep(unsigned self, bool alone) __attribute__((warn_unused_result));

/** The channel between this process and @id; NULL: there is none. */
struct channel_peer *channel_peer(unsigned id);

/** What @id tells; only its own process may write it. */
struct channel_notice *channel_notice(unsigned id);
struct channel_news *channel_news(void);

/** The line to fill for the next question to @peer, but for its number. NULL: there are CHANNEL_DEPTH already. */
struct channel_line *channel_begin(struct channel_peer *peer);

/** Asks it. @at_once: when the process that is asked is no more, that ends the wait, even if another one will be there
 *  soon. 0 and *@woken: @peer slept, and has been woken. -ECONNRESET, -EOWNERDEAD: there is no such process now. */
int channel_ask(struct channel_peer *peer, bool at_once,
                struct channel_question *question, bool *woken)
    __attribute__((warn_unused_result));

/** @question is asked no longer. */
void channel_end(struct channel_question *question);

/** Answers question @call of @peer, which came from @place; nothing where a former life has asked it (CH7). */
void channel_answer(struct channel_peer *peer, uint64_t place, uint64_t call,
                    uint64_t result, uint64_t vector_result);

/** Refuses, with @error, what @peer has asked and nobody has taken. */
void channel_refuse(struct channel_peer *peer, int error);

/**
 * Waits for the answer to @question, or for a question of anybody, copies it to @line (CH2) and returns whom it
 * is from. NULL: nobody is to be waited for any longer: the process that was asked is no more, or channel_on_wake() says
 * so. @question NULL: none. @handed_over: whoever is to answer has just been woken, so that it may need this processor.
 */
struct channel_peer *channel_wait(const struct channel_question *question,
                                  struct channel_line *line, bool handed_over);

/** Has @woken called in this process whenever a wait for a message has been interrupted, and at least a few
 *  times a second. True: the wait is to end. NULL: nothing is called. */
void channel_on_wake(bool (*woken)(void));

/** True while the process that has asked @call is that of @peer. Ranges of the question's are in use until then (CH9). */
bool channel_is_current(const struct channel_peer *peer, uint64_t call);

/** The error of a question to @peer's process, which is no more: -ECONNRESET there is or will be another, else -EOWNERDEAD. */
int channel_error(const struct channel_peer *peer);

/** The parent: @id's process is no more, and has been waited for; @state is what follows. */
void channel_lose(unsigned id, enum channel_state state);

/** The parent: what becomes of @id. */
void channel_become(unsigned id, enum channel_state state);

/** Rings the bell of @id, of a handler too. */
void channel_ring(unsigned id);

#endif
