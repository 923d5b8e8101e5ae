/*
 * The outer wall: what remains possible to the process once cubicles run, should one of
 * them break out of its view all the same.
 */
#ifndef MONITOR_WALL_H
#define MONITOR_WALL_H

/**
 * To be asked before anything is mapped: 0, or -EPERM with a message where this process runs in a
 * way in which the wall would not hold, with every readable page executable (personality(2)).
 */
int wall_check(void) __attribute__((warn_unused_result));

/**
 * Gives up privileges for good (no new ones, not dumpable, no capabilities, nobody's
 * identity where the process was root) and installs the seccomp filter, which lets through what
 * the system needs. 0, or a negative errno with a message.
 */
int wall_raise(void) __attribute__((warn_unused_result));

#endif
