/*
 * Which cubicles may be entered. While the modules of a cubicle are being set up, only the
 * monitor calls it: a component may rely on its module_init running first (R7).
 */
#ifndef MONITOR_ENTRY_H
#define MONITOR_ENTRY_H

#include "base/cubicle.h"
#include "base/thread.h"
#include "trampoline.h"

#include <stdbool.h>

/** @log: refused calls are reported, a line each. */
void entry_setup(bool log);

/** From now on only the monitor may enter @cubicle: its modules are going to be set up. */
void entry_close(struct cubicle *cubicle);

/** All modules of @cubicle have been set up: other cubicles may call it. A cubicle that has ended
 *  meanwhile stays ended. */
void entry_open(struct cubicle *cubicle);

/** The error of a call through @t, whose callee is not live: -EAGAIN it is being set up,
 *  -ECONNRESET it begins anew as soon as it can, -EOWNERDEAD it has ended for good. Also
 *  inside a fault handler. */
int entry_error(const struct trampoline *t);

/**
 * Inside a fault handler: was the trap a call into @running that its stack pointer refused, and
 * so no fault of @running? True also where @running has ended, whatever trapped.
 */
bool entry_refused(const struct cubicle *running);

#endif
