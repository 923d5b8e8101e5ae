/* A cubicle that hands buffers to the attacker, and tells where they are. */
#ifndef CUBICLE_TEST_GIVER_H
#define CUBICLE_TEST_GIVER_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>

CUBICLE_INTERFACE(giver);

enum { GIVER_STACK, GIVER_HEAP, GIVER_DATA };
/** Hands a buffer of @size bytes of its stack, heap or data to greedy_fill() and to greedy_take(). 1
 *  when the result is good and nothing around the buffer has changed; 0; or the error that both
 *  calls ended with. */
int giver_hand_over(int where, size_t size);

/** Where the last buffer began. */
uint64_t giver_buffer(void);

/** Code of the giver's that nobody calls; 1 when it has not run. */
uint64_t giver_private(void);
int giver_intact(void);

#endif
