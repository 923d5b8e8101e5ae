/* What a component may define for the C start-up code of its module. */
#ifndef CUBICLE_COMPONENT_H
#define CUBICLE_COMPONENT_H

/**
 * Optional. Called once, after libc is set up and before any entry point of the module,
 * in the manifest's order: components that come earlier can be called.
 * Returns 0, or a negative errno: the system does not start.
 */
int component_init(void);

#endif
