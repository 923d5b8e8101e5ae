/*
 * Gates, functions that the monitor itself provides, as the loader is given them
 * (link_system.gates). Folder gate/ has the functions.
 */
#ifndef MONITOR_GATES_H
#define MONITOR_GATES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct gate {
    const char *name;     /* of the function */
    const void *function; /* of the type that INTERFACE_gates.h declares for it */
    unsigned
        needs; /* MONITOR_RIGHT_*, at most one, of the module that imports it; 0: all may */
};

/** An interface that the monitor provides, and all of its functions. */
struct gate_interface {
    const char *name;
    uint64_t fingerprint; /* of the header that the gates were compiled with */
    const struct gate *gates;
    size_t ngates;
};

/** The gate of @interface with this name, or NULL. */
static inline const struct gate *gate_find(const struct gate_interface *interface,
                                           const char *name)
{
    for (size_t i = 0; i < interface->ngates; i++) {
        if (strcmp(interface->gates[i].name, name) == 0) {
            return &interface->gates[i];
        }
    }
    return NULL;
}

#endif
