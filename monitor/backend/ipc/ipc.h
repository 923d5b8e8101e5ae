/* What the files of backend `ipc` share; docs/backends.md describes the whole. */
#ifndef MONITOR_IPC_H
#define MONITOR_IPC_H

#include "base/cubicle.h"
#include "call/trampoline.h"
#include "channel.h"
#include "monitor.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** Process id of the parent; how many private pages it could write when it made the processes, and
 *  how many it had mapped. */
extern pid_t ipc_parent;
extern uint64_t ipc_parent_pages, ipc_parent_size;

/** What each process does to count where its time goes; NULL: nothing. */
extern int (*ipc_sample)(void);

/** Whose process this is; 0: the parent's, which runs no cubicle. */
extern unsigned ipc_self;

/** A call that this process carries out for another one. */
struct ipc_incoming {
    struct channel_line line; /* the message, private */
    struct channel_peer *from;
    const struct trampoline *called;   /* by the sender; NULL: by the parent */
    uint32_t slots[MARSHAL_STEPS_MAX]; /* where each range lies in the area */
    bool done;                         /* it has returned: `answer` is complete */
    uint64_t result, vector_result;
    struct ipc_incoming *before; /* the one that was in progress */
};

/** The innermost one; NULL: none. */
extern struct ipc_incoming *ipc_incoming;

/** In place of marshal_enter() and marshal_leave(). */
int ipc_enter(struct call_frame *frame, const struct trampoline *t);
void ipc_leave(struct call_frame *frame, struct trampoline *t);

/** ipc_enter() for the call that this process carries out: its arguments come from the message. */
int ipc_arrive(struct call_frame *frame, const struct trampoline *t);

/** Room for @size bytes in a channel's area, of which *@next is free: *@slot. 0 or -ENOBUFS. */
int ipc_slot(uint64_t *next, uint64_t size, uint32_t *slot);

/** Writes, for each function that another cubicle imports, the trampoline by which its process calls it. */
int ipc_complete(void) __attribute__((warn_unused_result));

/** Asks @peer what has been filled in and serves others until the answer is there. @at_once: as for channel_ask(). 0; -ECONNRESET,
 *  -EOWNERDEAD. */
int ipc_ask(struct channel_peer *peer, bool at_once, struct channel_line *answer)
    __attribute__((warn_unused_result));

/** Serves for ever. */
void ipc_serve_all(void) __attribute__((noreturn));

/** Has @owner's process change its pages for the running allocator; see gate.h. */
int ipc_change_pages(int change, unsigned owner, uint64_t base, uint64_t npages);

/** Makes a process for each cubicle. Returns in the parent. */
int ipc_divide(const struct monitor_config *config, int (*sample)(void))
    __attribute__((warn_unused_result));

/** Signal @signal has its default effect: all ends. In a handler. */
void ipc_interrupt(int signal);

/** Ends all processes, in the parent. */
void ipc_finish(void);

/** Gives the process of @cubicle up to what it needs of the host. 0 or a negative errno with a message. */
int ipc_confine(const struct monitor_config *config, const struct cubicle *cubicle)
    __attribute__((warn_unused_result));

/** A message to the parent. */
void ipc_hear(struct channel_peer *from, const struct channel_line *line);

/** The process of a cubicle: what it is made of the parent, and all that it does. */
void ipc_become(const struct monitor_config *config, unsigned id)
    __attribute__((noreturn));

/** Makes the memory in which processes count. 0 or a negative errno. In the parent, before it makes them. */
int ipc_counts_make(void) __attribute__((warn_unused_result));

/** This process becomes @id's, and counts where the parent reads it (CO1). 0 or a negative errno. */
int ipc_counts_keep(unsigned id) __attribute__((warn_unused_result));

/** Tells those who watch the system what has been counted. In the parent. */
void ipc_counts_look(void);

/** The same, and for statistics, when all processes have ended. In the parent. */
void ipc_counts_end(void);

/** The trampoline, its sender's, of the call that this process carries out, or has carried out last; NULL: none yet. */
const struct trampoline *ipc_carried_out(void);

/** True when the process that has asked for the call that is carried out is no more (CH9). */
bool ipc_abandoned(void);

/** The rights (MONITOR_RIGHT_*) of all modules of @cubicle. */
unsigned ipc_rights(const struct cubicle *cubicle);

/** True where a module of @cubicle has @right, or one of several. */
static inline bool ipc_has_right(const struct cubicle *cubicle, unsigned right)
{
    return (ipc_rights(cubicle) & right) != 0;
}

struct filter;
/** What the parent needs besides the usual. */
void ipc_allow_calls(struct filter *filter);

#endif
