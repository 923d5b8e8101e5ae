/*
 * The verifier: decides whether final, relocated machine code stays inside its cubicle's
 * view and control flow. Depends on Zydis and nothing else of this project.
 */
#ifndef MONITOR_VERIFY_VERIFY_H
#define MONITOR_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERIFY_BUNDLE 32u

/* Add a reason per rule; every reason has a row in verify_reason_text() and a reject test. */
enum verify_reason {
    VERIFY_OK = 0,
    VERIFY_DECODE,      /* not a complete valid instruction */
    /* ... one per rule, owned by verify/ ... */
};

/** What the code may rely on from outside itself. */
struct verify_policy {
    int32_t tp_disp; /* the one FS displacement that may be read */
    /** May a direct call or jump leave the code for @target (an absolute address)? */
    bool (*target_allowed)(void *context, uint32_t target);
    void *context;
};

struct verify_result {
    enum verify_reason reason;
    uint32_t offset; /* of the offending instruction, from the start of the code */
    char text[96];   /* the instruction, disassembled, or "" */
};

/**
 * Verifies [@code, @code + @len), which will run at absolute address @base (a multiple of
 * 32 below 2 GiB; @len is a multiple of 32). Any thread. Memory: one malloc of about len / 4 bytes.
 * Returns true and reason VERIFY_OK, or false with the first offence; out of memory is an offence.
 */
bool verify_code(const uint8_t *code, size_t len, uint32_t base,
                 const struct verify_policy *policy, struct verify_result *result);

/** One sentence for @reason: what was found and which rule forbids it. Never NULL. */
const char *verify_reason_text(enum verify_reason reason);

#endif
