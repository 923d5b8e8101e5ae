/*
 * One call with hostile arguments, and what must be true of it afterwards:
 *
 *  1. A range that is not the caller's to read, or to write for results, is refused: -EFAULT
 *     (a string without end: -ENAMETOOLONG; too much for the monitor: -E2BIG; -ENOBUFS).
 *  2. A result is an errno or not negative; where it counts bytes, at most the range's size.
 *  3. No byte of the caller changes but the results that the interface declares, and those
 *     only where the call did not fail. That goes for what lies around each range, and for
 *     the caller's frames with their return addresses.
 *  4. The victim's secrets are what they were.
 */
#ifndef LIAR_ATTEMPT_H
#define LIAR_ATTEMPT_H

#include "liar.h"

struct attempt {
    const struct liar_function *f;
    uint16_t choice[LIAR_ARGS]; /* of each parameter's values */
};

/** How many values there are to choose from for parameter @i. */
unsigned attempt_choices(const struct liar_function *f, unsigned i);

/** Whether parameter @i says how long a range is. */
bool attempt_is_size(const struct liar_function *f, unsigned i);

/** Makes the memory that the ranges lie in. Call it once, then attempt_on_stack(). */
void attempt_prepare(void);

/** Runs @body in a frame with room for ranges on the stack. */
void attempt_on_stack(void (*body)(void));

/** Makes the call and checks it; false, with attempt_complaint, where something does not hold.
 *  @pool offers values that earlier calls have told. */
bool attempt_run(const struct attempt *attempt);

/** Whether all the caller's memory, away from the ranges too, is what it should be. */
bool attempt_all_intact(void);

extern char attempt_complaint[512];

#endif
