/* What the conformance driver offers to the peer: calls back into the cubicle that
 * called. */
#ifndef CUBICLE_TEST_HOME_H
#define CUBICLE_TEST_HOME_H

#include <cubicle/interface.h>

CUBICLE_INTERFACE(home);

/** Calls peer_step(depth - 1) while @depth is above 0; returns the number of calls
 * made. */
int home_step(int depth);

enum {
    EVENT_NONE,
    EVENT_CLOSE,   /* closes the window that the driver has open */
    EVENT_UNMAP,   /* unmaps the memory behind it */
    EVENT_LONGJMP, /* leaves by longjmp */
    EVENT_EXIT,    /* has the peer exit, which waits for this call */
    EVENT_KILL     /* has it die, and calls it again */
};
int home_event(int event);

#endif
