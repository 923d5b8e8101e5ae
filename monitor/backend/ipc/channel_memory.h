/* What channel.c, which has the memory, and question.c share. */
#ifndef MONITOR_IPC_CHANNEL_MEMORY_H
#define MONITOR_IPC_CHANNEL_MEMORY_H

#include "channel.h"

/** Whose process this is, and the other ends of its channels. */
extern unsigned channel_self;
extern struct channel_peer *channel_known[CUBICLE_MAX + 1];
extern unsigned channel_nknown;

/** This process begins to ask and to wait: nothing is left of what its parent did. @alone as for channel_keep(). */
void channel_start(bool alone);

struct channel_bell *channel_bell(unsigned id);

#endif
