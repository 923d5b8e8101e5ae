/*
 * State of a thread that runs cubicles: what is running, the control stack, and where each
 * cubicle's stack stands. Reached through FS at offsets that trampolines have built in;
 * no cubicle can write it, and verified code can read only `tp` and
 * `shown.view`.
 *
 * Invariants
 *   T1  `running` is the callee of the top frame of the control stack, or of the frame
 *       below where the top frame is a call to the monitor itself.
 *   T2  cubicle[x].stack is where the next call into x starts to push: the top of its
 *       stack, or x's stack pointer at its innermost outgoing call.
 *   T3  Frames are only pushed and popped by trampolines and by unwinding.
 */
#ifndef MONITOR_THREAD_H
#define MONITOR_THREAD_H

#include "layout.h"

#include <stddef.h>
#include <stdint.h>

#define CALL_ARGS_MAX 12
#define CONTROL_DEPTH 2048
#define STACK_MASK (~UINT64_C(15)) /* aligns a stack pointer as the psABI asks */

/** One range of a call in progress. */
struct call_buffer {
    uint64_t caller; /* offset in the caller's view */
    uint64_t
        callee;    /* address of its copy, in the callee's view or in the monitor; of a
                        * range on demand: of the bytes themselves */
    uint64_t size; /* bytes, as found at the time of the call */
    uint8_t step;  /* index into the trampoline's steps */
    uint8_t delivered; /* its bytes are with the caller already */
    uint16_t
        on_demand; /* no copy, the callee brings in bytes of this cubicle; 0: copied */
};

/** One cross-cubicle call in progress: all that the monitor needs to return to the caller. */
struct call_frame {
    uint32_t trampoline; /* index of the trampoline, > 0; 0 marks the bottom */
    uint32_t ticks;      /* the watchdog's, of this call; 0 by the same store */
    uint64_t rsp;        /* the caller's, pointing at the return address */
    uint64_t ret;        /* return address, already masked */
    uint64_t rbx, rbp, r12, r13, r14, r15;
    uint64_t caller_stack; /* cubicle[caller].stack before the call */
    uint64_t callee_rsp;   /* where the callee's frame starts, below its copies */
    uint64_t result;
    uint64_t args[CALL_ARGS_MAX];
    uint64_t vector_args[8]; /* xmm0-7 where the callee takes doubles */
    uint64_t vector_result;
    uint32_t x87_control;                      /* likewise; low 16 bits */
    uint32_t callee_mxcsr, callee_x87_control; /* the default, to load from */
    uint32_t nbuffers;
    struct call_buffer buffers[6]; /* DESCRIPTOR_RANGES_MAX */
    uint64_t sender;               /* of a call that came as a message: the cubicle */
    uint32_t mxcsr;                /* the caller's, where the trampoline switches it */
    uint32_t pad[7];
};

struct thread_cubicle {
    uint64_t stack; /* address in the cubicle's view */
    uint64_t tp;    /* value of its thread pointer, 0: not set */
    /* A call without ranges begins with stack pointer stack & entry_mask: STACK_MASK where the
     * cubicle may be entered, else 0 (entry.h). */
    uint64_t entry_mask;
} __attribute__((aligned(32))); /* in one cache line */

/* The part that code may read with a cubicle's rights. It is a page of its own, so that a
 * backend can give that page other rights than the rest. */
struct thread_shown {
    uint64_t tp; /* thread pointer of the running cubicle */
    uint64_t running;
    uint8_t host_calls;               /* 0: allowed; 1: not, a cubicle runs (mpk) */
    uint32_t rights[CUBICLE_MAX + 1]; /* PKRU of each cubicle (mpk) */
    uint64_t view;                    /* base of the running cubicle's (sfi) */
};

struct thread {
    union {
        struct {
            uint64_t tp, running;
        };
        struct thread_shown shown;
        uint8_t page[PAGE_SIZE];
    };
    struct call_frame *control; /* next free frame */
    uint64_t monitor_stack; /* top of the stack on which trampolines call the monitor */
    char *signal_stack;     /* the one that signals are delivered on, and its size */
    uint64_t signal_stack_size;
    struct call_frame *control_start;
    struct call_frame *control_end;
    struct thread_cubicle cubicle[CUBICLE_MAX + 1];
} __attribute__((aligned(PAGE_SIZE)));

extern _Thread_local struct thread thread_self;

/** FS displacement of a field of the calling thread's state. */
#define THREAD_DISP(field) (thread_disp() + (int32_t)offsetof(struct thread, field))
int32_t thread_disp(void);

/** Sets up the calling thread: control stack, monitor stack, alternate signal stack. */
int thread_init(void) __attribute__((warn_unused_result));

/** Top frame of the control stack, or NULL when no call is in progress. */
struct call_frame *thread_top_frame(void);

/** In a gate, whose own call is the top frame: the call that its caller is in, the frame below. Its
 *  trampoline is 0 where the caller is in none. */
static inline struct call_frame *thread_caller_frame(void)
{
    return thread_self.control - 2;
}

/** Ends a gate that does not return: its caller's call becomes the top frame. */
static inline void thread_drop_gate(void)
{
    thread_self.control--;
}

#endif
