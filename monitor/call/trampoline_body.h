/* The machine code of one trampoline. */
#ifndef MONITOR_TRAMPOLINE_BODY_H
#define MONITOR_TRAMPOLINE_BODY_H

#include "base/emit.h"
#include "trampoline.h"
#include "trampoline_text.h"

/** Bytes of a stub: the entry, the call and the return, one bundle each. */
#define STUB_SIZE (3 * BUNDLE_SIZE)

/** Bytes of a body at most; with plain code, keys and AVX-512 about 1500. */
#define BODY_SIZE_MAX 2048u

/**
 * Writes @t's body and sets its `body` and `leave`; it goes to @refuse where it cannot go on.
 * @ret receives the address where a return continues. False when memory for bodies is used up,
 * or a number or address does not fit where it belongs.
 */
bool trampoline_write_body(struct emitter *e, struct trampoline *t,
                           const struct trampoline_refusals *refuse, uint64_t *ret)
    __attribute__((warn_unused_result));

/** Writes @t's stub at its `entry`; returns arrive there and continue at @ret. False as above. */
bool trampoline_write_stub(const struct trampoline *t, uint64_t ret)
    __attribute__((warn_unused_result));

#endif
