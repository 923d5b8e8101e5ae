/* The tables of the verifier's tests. Each row names the invariant that it is about. */
#ifndef TESTS_UNIT_VERIFY_VERIFY_CASE_H
#define TESTS_UNIT_VERIFY_VERIFY_CASE_H

#include "verify.h"

/* FS slots of the tests, and where their code runs. */
#define CASE_TP (-64)
#define CASE_VIEW (-56)
#define CASE_BASE 0x100000u

/** @nops one-byte nops, then @bytes, then int3 to the end of the bundle (at least one). */
struct verify_case {
    const char *invariant, *text;
    const char *bytes;
    unsigned length;
    unsigned nops;
    enum verify_reason reason;
    uint32_t offset; /* where the offence is */
};

struct verify_case_set {
    const struct verify_case *cases;
    unsigned count;
};

#define ACCEPT(invariant, nops, text, bytes)                          \
    {                                                                 \
        invariant, text, bytes, sizeof(bytes) - 1, nops, VERIFY_OK, 0 \
    }
#define REJECT(invariant, nops, text, bytes, reason, offset)                     \
    {                                                                            \
        invariant, text, bytes, sizeof(bytes) - 1, nops, VERIFY_##reason, offset \
    }

/**
 * A listed instruction: with registers only, and with memory at (%eax). The prefixes 65
 * 67 of the second form are left out.
 */
struct verify_form {
    const char *mnemonic;
    const char *registers, *memory; /* "": has no such form */
    unsigned nregisters, nmemory;
};

struct verify_form_set {
    const struct verify_form *forms;
    unsigned count;
};

#define NONE ""
#define FORM(mnemonic, registers, memory)                                      \
    {                                                                          \
        mnemonic, registers, memory, sizeof(registers) - 1, sizeof(memory) - 1 \
    }

extern const struct verify_case_set cases_memory, cases_prefix, cases_stack,
    cases_groups, cases_branch, cases_deny;
extern const struct verify_form_set forms_integer, forms_sse, forms_avx, forms_x87;

/* All of them, but cases_deny of cases that are refused whatever is around them. */
#define VERIFY_CASE_SETS \
    &cases_memory, &cases_prefix, &cases_stack, &cases_groups, &cases_branch
#define VERIFY_FORM_SETS &forms_integer, &forms_sse, &forms_avx, &forms_x87

#endif
