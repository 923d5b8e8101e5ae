/* What a process that runs cubicles does without. */
#ifndef MONITOR_PRIVILEGES_H
#define MONITOR_PRIVILEGES_H

/**
 * Gives up privileges for good: no new ones, not dumpable, no core files, no capabilities, and
 * nobody's identity where the process was root. 0; -ESRCH the parent has gone meanwhile, and
 * would have had this process end with it; or another negative errno.
 */
int privileges_drop(void) __attribute__((warn_unused_result));

#endif
