/*
 * Functions that the monitor itself provides to cubicles: interface `cubicle`, and those of the
 * host, `host` and its sisters.
 * A trampoline whose callee is the monitor calls them on the monitor's stack, with checked
 * copies of annotated ranges and with the caller in thread_self.running.
 */
#ifndef MONITOR_GATE_H
#define MONITOR_GATE_H

#include "base/cubicle.h"
#include "monitor.h"

#include <stdbool.h>
#include <stdint.h>

struct gate {
    const char *name;
    const void *function; /* of the type that the interface declares */
    unsigned needs; /* MONITOR_RIGHT_*, at most one, of who imports it; 0: all may */
};

/** What an allocator does to pages of its caller: interface `cubicle` has the contracts. */
enum gate_pages {
    GATE_PAGES_ASSIGN,
    GATE_PAGES_RECALL,
    GATE_PAGES_RESUME,
    GATE_PAGES_RELEASE,
};

/** Does it to pages of @owner's. */
int gate_change_pages(enum gate_pages change, struct cubicle *owner, uint64_t base,
                      uint64_t npages);

/** The gate with this name, or NULL. */
const struct gate *gate_find(const char *name);

/** True for the interfaces that the monitor provides. */
bool gate_is_interface(const char *name);

/** Tells the host gates about the system, before the wall. 0 or a negative errno. */
int gate_setup(const struct monitor_config *config) __attribute__((warn_unused_result));

/** Gates of interface `host`, in host.c. */
extern const struct gate host_gates[];
extern const unsigned host_ngates;
void host_setup(const struct monitor_config *config);

/** Gates of interface `hostnet`, in host_net.c. */
extern const struct gate host_net_gates[];
extern const unsigned host_net_ngates;
int host_net_setup(const struct monitor_config *config)
    __attribute__((warn_unused_result));

#endif
