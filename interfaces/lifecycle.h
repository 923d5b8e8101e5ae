/*
 * What the monitor tells components that keep state for others, when one of those is begun anew (policy `restart`).
 * The monitor alone calls these functions, in the manifest's order of cubicles.
 */
#ifndef CUBICLE_LIFECYCLE_H
#define CUBICLE_LIFECYCLE_H

#include <cubicle/interface.h>

CUBICLE_INTERFACE_MANY(lifecycle);

/**
 * Cubicle @cubicle has been stopped and is about to be set up anew: what is kept for it is void. It has no memory, no
 * windows and no calls in progress any more, and cannot be called. An allocator fetches its pages with
 * cubicle_page_reclaim(). 0; what else is returned is not looked at.
 */
int lifecycle_ended(int cubicle);

/** Cubicle @cubicle has been set up anew and can be called; it knows nothing of before. 0, as above. */
int lifecycle_restarted(int cubicle);

#endif
