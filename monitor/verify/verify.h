/*
 * The verifier: decides whether final, relocated machine code stays inside its
 * cubicle's view and control flow. Depends on Zydis and nothing else of this project.
 */
#ifndef MONITOR_VERIFY_VERIFY_H
#define MONITOR_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERIFY_BUNDLE 32u

/** Why code was refused. docs/verifier.md has a section for each group of reasons. */
enum verify_reason {
    VERIFY_OK = 0,
    /* the request */
    VERIFY_ARGUMENT, /* base or length not a multiple of 32, or not below 2 GiB */
    VERIFY_MEMORY,   /* the host is out of memory */
    /* decoding and layout */
    VERIFY_DECODE,       /* not a complete valid instruction */
    VERIFY_BUNDLE_CROSS, /* an instruction crosses a 32-byte boundary */
    VERIFY_GROUP_CROSS,  /* a group crosses a 32-byte boundary */
    VERIFY_FALL_THROUGH, /* execution can run past the end of the code */
    /* the list of instructions */
    VERIFY_UNLISTED, /* the instruction is not on the list */
    VERIFY_ENCODING, /* the instruction is listed, this encoding of it is not */
    VERIFY_REGISTER, /* a register outside the integer, XMM, YMM and x87 files */
    /* prefixes */
    VERIFY_PREFIX_REPEATED, /* two prefixes of one group */
    VERIFY_PREFIX_REX,      /* a REX prefix that is misplaced or means nothing */
    VERIFY_PREFIX_SIZE,     /* an operand-size prefix that means nothing */
    VERIFY_PREFIX_ADDRESS,  /* an address-size prefix that means nothing */
    VERIFY_PREFIX_SEGMENT,  /* a segment prefix that means nothing */
    VERIFY_PREFIX_REP,      /* REP or REPNE that is not part of the instruction */
    VERIFY_PREFIX_LOCK, /* LOCK on something that is not a locked update of memory */
    /* memory */
    VERIFY_ACCESS_SEGMENT, /* a memory operand that does not go through GS */
    VERIFY_ACCESS_WIDTH,   /* a GS operand with 64-bit address registers */
    VERIFY_ACCESS_FORM, /* a GS operand relative to the instruction pointer, or moffs */
    VERIFY_ACCESS_STACK,  /* an rsp operand with an index or a segment prefix */
    VERIFY_ACCESS_BIT,    /* a bit string whose index register reaches anywhere */
    VERIFY_ACCESS_HIDDEN, /* memory that no operand names */
    VERIFY_ACCESS_FS,     /* FS, but not the read of the thread pointer */
    /* the stack pointer */
    VERIFY_STACK_FORM,     /* a push or pop of another form than the listed ones */
    VERIFY_STACK_WRITE,    /* rsp written in a way that nothing bounds */
    VERIFY_STACK_REBASE,   /* esp written, but not re-based at once */
    VERIFY_STACK_UNPROBED, /* rsp moved, not probed before a branch or a second move */
    /* control flow */
    VERIFY_RETURN,        /* ret without its mask, or another form of ret */
    VERIFY_INDIRECT,      /* an indirect branch without its mask, or through memory */
    VERIFY_CALL_END,      /* a call that does not end its bundle */
    VERIFY_TARGET_INSIDE, /* a target in the code that starts no instruction or group */
    VERIFY_TARGET_OUTSIDE, /* a target outside the code that the policy does not allow
                            */
    /* groups */
    VERIFY_STRING, /* a string instruction outside its group, or of another form */
    VERIFY_VIEW,   /* the view's base read outside a group, or by an incomplete one */
    VERIFY_REASON_COUNT
};

/** What the code may rely on from outside itself. */
struct verify_policy {
    /* The FS displacements that may be read: the slot with the thread pointer, anywhere; the
     * one with the base of the view, in groups. */
    int32_t tp_disp, view_disp;
    /**
     * May a direct call or jump leave the code for @target (an absolute address)? Asked
     * only for multiples of 32 below 2 GiB. NULL: never.
     */
    bool (*target_allowed)(void *context, uint32_t target);
    void *context;
};

struct verify_result {
    enum verify_reason reason;
    uint32_t offset; /* of the offending instruction, from the start of the code */
    char text[96];   /* the instruction, disassembled, or "" */
};

/**
 * Verifies [@code, @code + @len), which will run at absolute address @base (a multiple
 * of 32; @len is a multiple of 32; @base + @len at most 2 GiB). The last instruction
 * must not fall through: fill the end with int3. No code is refused: an empty range is
 * accepted.
 *
 * @code must not change during the call, and what runs later must be these bytes.
 * Any thread. Memory: len / 4 bytes.
 * Returns true and reason VERIFY_OK, or false with the first offence; out of memory is
 * an offence. First means: the lowest offset, except that branch targets are looked at
 * last. An incomplete group is reported at its first instruction.
 */
bool verify_code(const uint8_t *code, size_t len, uint32_t base,
                 const struct verify_policy *policy, struct verify_result *result);

/** One sentence for @reason: what was found and which rule forbids it. Never NULL. */
const char *verify_reason_text(enum verify_reason reason);

/** The reason's name, "VERIFY_DECODE". Never NULL. */
const char *verify_reason_name(enum verify_reason reason);

#endif
