/*
 * Which cubicles may be entered. One whose modules are still being set up runs, but only the
 * monitor enters it: a component may believe that its module_init has been first (R7).
 */
#ifndef MONITOR_ENTRY_H
#define MONITOR_ENTRY_H

#include "base/cubicle.h"
#include "base/thread.h"
#include "trampoline.h"

#include <stdbool.h>

/** @log: refused calls are reported, a line each. */
void entry_setup(bool log);

/** Nobody but the monitor enters @cubicle from now on: its modules are going to be set up. */
void entry_close(struct cubicle *cubicle);

/** All modules of @cubicle have been set up: others may call it. One that has ended stays so. */
void entry_open(struct cubicle *cubicle);

/** The error of a call through @t, whose callee is not live: -EAGAIN it is being set up,
 *  -ECONNRESET it begins anew as soon as it can, -EOWNERDEAD there is nobody any more. Also
 *  inside a fault handler. */
int entry_error(const struct trampoline *t);

/**
 * Inside a fault handler: is it no fault of @running's, but a call into it that was refused by
 * the stack pointer it got? True also where @running has ended, whatever trapped.
 */
bool entry_refused(const struct cubicle *running);

#endif
