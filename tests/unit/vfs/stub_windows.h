/* Windows as the monitor keeps them, for tests of a file system that lends its pages. */
#ifndef STUB_WINDOWS_H
#define STUB_WINDOWS_H

#include <stddef.h>

#define STUB_SELF 2 /* id of the running cubicle */

/** Rights that open windows give cubicle @peer at @at. */
int stub_window_rights(int peer, const void *at);
/** How many windows there are. */
unsigned stub_windows_used(void);
/** How many more may be made; -1: as many as the monitor has. */
extern int stub_windows_left;
/** The cubicle ends: nothing is lent to it any more. */
void stub_windows_forget(int peer);

#endif
