/* What the monitor calls in every module; the C start-up code of our libc provides it. */
#ifndef CUBICLE_MODULE_H
#define CUBICLE_MODULE_H

#include <cubicle/interface.h>

CUBICLE_INTERFACE_MANY(module);

/**
 * Sets up libc (thread pointer, TLS, constructors) and then runs the component's own
 * `int component_init(void)` where it defines one. Called once, in the manifest's order.
 * 0, or a negative errno: the system does not start.
 */
int module_init(void);

#endif
