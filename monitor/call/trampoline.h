/*
 * Trampolines: the only way from one cubicle into another. One per caller, callee and
 * function, written when the system is loaded.
 *
 * Invariants
 *   R1  A trampoline runs only for its caller: it checks `running` before anything else.
 *   R2  A return is accepted only when the top frame was pushed by the same trampoline.
 *   R3  The caller gets back its own callee-saved registers, stack pointer and return
 *       address, whatever the callee did.
 *   R4  Neither side sees a register value of the other but arguments and the result.
 *   R5  Below 4 GiB lie only stubs, and every 32-byte boundary in a stub is harmless to
 *       code that jumps there: an entry (checked by R1), a call of the callee's function
 *       without its rights (no more than a jump to that function), a return (R2).
 *   R6  Stubs and bodies are never writable while they are executable.
 *   R7  Only the monitor enters a cubicle whose modules are not all set up (entry.h).
 *   R8  The monitor itself calls no function that has ranges or arguments on the stack, unless
 *       they come by a message: whatever is carried has a cubicle as its caller.
 */
#ifndef MONITOR_TRAMPOLINE_H
#define MONITOR_TRAMPOLINE_H

#include "base/counters.h"
#include "base/cubicle.h"
#include "base/thread.h"
#include "plan.h"

#include <stdbool.h>
#include <stdint.h>

#define TRAMPOLINE_MAX 65536u

struct trampoline {
    uint32_t id;                 /* > 0 */
    uint16_t caller, callee;     /* cubicle ids; 0: the monitor */
    struct cubicle *from, *to;   /* the same; NULL: the monitor */
    struct counters_edge *count; /* calls, bytes, samples, traps */
    bool marshal;                /* needs marshal_enter() and marshal_leave() */
    bool message;                /* the callee is another process */
    bool stacked; /* has arguments on the stack, or doubles besides pointers */
    bool fenv;    /* switches MXCSR and x87 control: a side can change them */
    struct marshal_integer result;
    uint8_t nsteps;
    struct marshal_step steps[MARSHAL_STEPS_MAX];
    const struct descriptor_function *function;
    const char *interface;
    uint32_t entry;  /* absolute address of the stub that callers call */
    uint64_t target; /* the callee's function: below 2 GiB, or in the monitor */
    uint64_t body;   /* entry of the body, above 4 GiB */
    uint64_t leave;  /* its exit: r11 = frame, rax or xmm0 = result */
} __attribute__((aligned(
    64))); /* up to the first step: what a call with one range reads is one cache line */

/** Where a body jumps that refuses to go on, with its trampoline's id in r10d. The code there
 *  does not return. */
struct trampoline_refusals {
    void (*not_caller)(void); /* another cubicle runs than the caller (R1) */
    void (*not_ours)(void);   /* a return without a matching call (R2) */
    void (*changed)(void);    /* the caller's return address has changed (R3) */
};

/** Reserves the memory of stubs and bodies and makes it writable. Bodies will jump to @refusals.
 *  0 or a negative errno. */
int trampoline_init(const struct trampoline_refusals *refusals)
    __attribute__((warn_unused_result));

/**
 * Returns the trampoline for these three, writing it where there is none yet; NULL after a
 * message when that cannot be, without one once the system runs. @fenv is honoured when the
 * trampoline is new.
 */
struct trampoline *trampoline_create(unsigned caller, unsigned callee,
                                     const char *interface,
                                     const struct descriptor_function *function,
                                     uint64_t target, bool fenv);

/**
 * Writes another trampoline like the one whose stub starts at @entry, for a module that cannot
 * hold that address (link_place.c says why); trampoline_create() returns the new one from now
 * on. NULL: there is no room, after a message, or no trampoline starts at @entry.
 */
struct trampoline *trampoline_renew(uint32_t entry);

/** Ends the writing: stubs and bodies become executable (R6). */
int trampoline_seal(void) __attribute__((warn_unused_result));

struct trampoline *trampoline_get(uint32_t id);

/** That of the innermost call in progress; NULL: there is none. In signal handlers too, where the
 *  frame may not be filled yet: then it is that of the call that was there before. */
static inline struct trampoline *trampoline_innermost(void)
{
    const struct call_frame *frame = thread_top_frame();
    return frame != NULL ? trampoline_get(frame->trampoline) : NULL;
}

/** Calls @t, whose caller is the monitor, of a function with at most one integer: @argument. */
static inline int trampoline_call(const struct trampoline *t, int argument)
{
    return ((int (*)(int))(uintptr_t)t->body)(argument);
}
uint32_t trampoline_count(void);

/** The trampoline whose stub starts at @address, or NULL: what direct calls may aim at. */
struct trampoline *trampoline_at(uint32_t address);

/** True when @address lies in a body: code of the monitor that acts for `running`. */
bool trampoline_in_body(uint64_t address);

#endif
