/*
 * The interface registry: the descriptors of all interfaces that the system may use, read
 * from the host once. Trampolines are made from these, never from what a module says.
 */
#ifndef MONITOR_REGISTRY_H
#define MONITOR_REGISTRY_H

#include "call/descriptor.h"

/** Reads every *.desc of directory @path. 0, or a negative errno with a message written. */
int registry_read(const char *path) __attribute__((warn_unused_result));

/** The interface with this name (@len bytes), or NULL. */
const struct descriptor *registry_interface(const char *name, size_t len);

/** The function with this name; @interface receives the one that declares it. Or NULL. */
const struct descriptor_function *registry_function(
    const char *name, const struct descriptor **interface);

/** How many functions there are; their numbers are below this. */
size_t registry_functions(void);

#endif
