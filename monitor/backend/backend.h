/*
 * What an isolation backend provides. One folder per backend, one table each; every
 * member is mandatory. Ranges are whole pages of the offset space that the caller has
 * checked; errors are negative errno values.
 */
#ifndef MONITOR_BACKEND_BACKEND_H
#define MONITOR_BACKEND_BACKEND_H

#include "base/emit.h"
#include "monitor.h"
#include "verify/verify.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

struct call_frame;
struct cubicle;
struct filter;
struct trampoline;

/** Flags that plain code can set and that the monitor must not run with: AC, DF, TF. */
#define EFLAGS_OF_CUBICLES 0x40500

/** Where each cubicle is a process. Calls between cubicles are messages then. */
struct backend_processes {
    /** All trampolines that modules import are there: adds its own. 0, or a negative errno. */
    int (*complete)(void);
    /** In place of marshal_enter() and marshal_leave(), but for calls of the monitor. */
    int (*enter)(struct call_frame *frame, const struct trampoline *t);
    void (*leave)(struct call_frame *frame, struct trampoline *t);
    /** All is in place: makes the processes, each of which calls @sample (observe.h) where that is not
     *  NULL. Returns in the parent, which starts the system. 0, or a negative errno with a message. */
    int (*divide)(const struct monitor_config *config, int (*sample)(void));
    /** Ends them. */
    void (*finish)(void);
    /** gate_change_pages() (@change) in @owner's process, which checks that it has called. */
    int (*change_pages)(int change, unsigned owner, uint64_t base, uint64_t npages);
    /** Where the epoch of cubicle @id is; only its own process can write it. */
    uint64_t *(*epoch)(unsigned id);
    /** Signal @signal ends the system: once there are processes, in place of fault_interrupt(). */
    void (*interrupt)(int signal);
    /** The call that this process carries out, or has carried out last; NULL: none. In signal
     *  handlers too. */
    const struct trampoline *(*carried_out)(void);
    /** Is the process gone that has asked for the call that this one carries out? What it passed on demand may be
     *  something else by now. */
    bool (*abandoned)(void);
};

struct backend {
    const char *name;
    /** What a module's note must say of its code: "sfi" or "plain". */
    const char *code;
    /** True when cubicle code masks its return addresses: saved ones are masked too. */
    bool masks_returns;
    /** True when the monitor's own accesses are not bound by a cubicle's rights: copies for
     *  a cubicle look into the page table first. */
    bool checks_copies;
    /** True when code may change the floating-point environment by itself, and look into
     *  registers that verified code cannot (text_clear_x87, text_clear_avx512). */
    bool plain_fenv;
    /** True when each cubicle has a view of its own: to share() a page with one takes it from
     *  nobody, and to revoke() one that was not shared changes nothing. */
    bool separate_views;
    /** NULL: all cubicles are in one process. */
    const struct backend_processes *processes;

    /** Reserves the address space for @ncubicles views. -ENOTSUP: this machine lacks
     *  something, and a message has said what where there is more to say than that. */
    int (*init)(const struct monitor_config *config, size_t ncubicles);
    /** Address of offset 0 as cubicle @id sees it. */
    uint64_t (*view_base)(unsigned id);
    /** The cubicle in whose view (or the guards around it) @address lies, 0 for none. */
    unsigned (*view_of)(uint64_t address, unsigned running);

    /** Gives @owner fresh, private, zero pages, readable and writable. */
    int (*map)(unsigned owner, uint32_t page, uint32_t npages);
    /** Ends the owner's mapping and drops the contents for good. */
    int (*unmap)(unsigned owner, uint32_t page, uint32_t npages);
    /** Makes the owner's pages zero, in every view; nothing else changes. */
    int (*empty)(unsigned owner, uint32_t page, uint32_t npages);
    /** Changes the owner's rights (PAGE_*; 0: none). */
    int (*protect)(unsigned owner, uint32_t page, uint32_t npages, unsigned rights);
    /** Lets @peer reach @owner's pages with @rights, at the same offsets. */
    int (*share)(unsigned owner, unsigned peer, uint32_t page, uint32_t npages,
                 unsigned rights);
    /** Ends what share() gave @peer. When it returns, @peer cannot reach the pages. */
    int (*revoke)(unsigned peer, uint32_t page, uint32_t npages);

    /** Decides whether final code may run; see verify_code(). */
    bool (*verify)(const uint8_t *code, size_t len, uint32_t base,
                   const struct verify_policy *policy, struct verify_result *result);
    /** Distance from @page to the next of @npages pages that @peer, who does not own them, can
     *  be given for nothing; @npages: there is none. */
    uint32_t (*next_hot)(unsigned peer, uint32_t page, uint32_t npages);
    /** Makes @owner's own page, which trapped though its rights allow the access, his
     *  again. 0; -EPERM it was not away. */
    int (*reclaim)(unsigned owner, uint32_t page);

    /** The calling thread is about to run cubicles: prepares what code of theirs and
     *  signals find. */
    int (*start_thread)(void);
    /** Where the kernel delivers signals that @handler is for. @stop: how the backend ends a
     *  cubicle that it cannot let go on where the signal has interrupted it. */
    void *(*signal_entry)(int signal, void (*handler)(int, siginfo_t *, void *),
                          void (*stop)(void *context, struct cubicle *cubicle,
                                       const char *reason));
    /** Was a cubicle's code interrupted, wherever it has jumped to? */
    bool (*interrupted_cubicle)(const ucontext_t *context);
    /** Does @address lie in code of the backend that acts for the running cubicle? */
    bool (*is_entry)(uint64_t address);
    /** Code of live cubicle @running, interrupted at @context, trapped at @address. True:
     *  the kernel had lost the rights that the cubicle has, and they are set again. */
    bool (*restore_rights)(const ucontext_t *context, unsigned running,
                           uint64_t address);
    /** Makes the interrupted thread go on with the monitor's rights. */
    void (*continue_as_monitor)(ucontext_t *context);

    /** A trampoline is about to be written. */
    void (*begin_trampoline)(void);
    /** May the monitor's own code, written since then, be there? */
    bool (*accepts)(const uint8_t *code, size_t len);
    /** Do the bytes hold what verify() and accepts() refuse wherever it stands? Then another
     *  address or number may do. */
    bool (*spells)(const uint8_t *code, size_t len);
    /** Writes the instructions that give the monitor its rights, where a trampoline is
     *  entered, or, @returning, returned to. May use rax (entered), r10, r11; rcx and rdx
     *  (returning). */
    void (*emit_open)(struct emitter *e, bool returning);
    /** Writes the instructions that switch rights to cubicle @id: for its function, as the
     *  callee, or, @returning, to its call, as the caller. May use rax, rbx, r10 to r13;
     *  returning: all scratch registers but rax and r11. */
    void (*emit_switch)(struct emitter *e, unsigned id, bool returning);
    /** Writes what is needed where caller @id goes on after a host call in which the thread
     *  may have slept. May use r10. */
    void (*emit_after_sleep)(struct emitter *e, unsigned id);

    /** Adds to the outer wall the host calls that this backend makes and no other does.
     *  Adds nothing else: the wall ends the program. */
    void (*allow_calls)(struct filter *filter);
    /** How rights are switched, for statistics, and how often they were set again. */
    const char *(*switching)(uint64_t *restored);
};

/* For backends whose monitor has the rights of the cubicle that it works for. */
uint32_t backend_nothing_hot(unsigned peer, uint32_t page, uint32_t npages);
int backend_nothing_to_reclaim(unsigned owner, uint32_t page);
int backend_start_thread(void);
void *backend_signal_entry(int signal, void (*handler)(int, siginfo_t *, void *),
                           void (*stop)(void *, struct cubicle *, const char *));
bool backend_interrupted_low(const ucontext_t *context);
bool backend_no_entry(uint64_t address);
bool backend_rights_stay(const ucontext_t *context, unsigned running, uint64_t address);
void backend_continue(ucontext_t *context);
void backend_begin_trampoline(void);
bool backend_accepts(const uint8_t *code, size_t len);
bool backend_spells_nothing(const uint8_t *code, size_t len);
void backend_open(struct emitter *e, bool returning);
void backend_after_sleep(struct emitter *e, unsigned id);
void backend_allow_no_calls(struct filter *filter);

#define BACKEND_MONITOR_LIKE_CUBICLES                                             \
    .next_hot = backend_nothing_hot, .reclaim = backend_nothing_to_reclaim,       \
    .signal_entry = backend_signal_entry,                                         \
    .interrupted_cubicle = backend_interrupted_low, .is_entry = backend_no_entry, \
    .continue_as_monitor = backend_continue,                                      \
    .begin_trampoline = backend_begin_trampoline, .accepts = backend_accepts,     \
    .spells = backend_spells_nothing, .emit_open = backend_open

/* For backends whose rights nobody but they themselves change. */
#define BACKEND_RIGHTS_STAY                                                         \
    .restore_rights = backend_rights_stay, .emit_after_sleep = backend_after_sleep, \
    .allow_calls = backend_allow_no_calls

extern const struct backend backend_sfi;
extern const struct backend backend_mpk;
extern const struct backend backend_none;
extern const struct backend backend_ipc;

/** The backend of the running system. */
extern const struct backend *backend;

#endif
