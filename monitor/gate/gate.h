/*
 * Functions that the monitor itself provides to cubicles: interface `cubicle`, and those of the
 * host, `host` and its sisters.
 * A trampoline whose callee is the monitor calls them on the monitor's stack, with checked
 * copies of annotated ranges and with the caller in thread_self.running.
 */
#ifndef MONITOR_GATE_H
#define MONITOR_GATE_H

#include "base/cubicle.h"
#include "load/gates.h"
#include "monitor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/** For link_system.gates: the interface with this name; NULL: the monitor does not provide it. */
const struct gate_interface *gate_interface(const char *name);

/** Tells the host gates about the system, before the wall. 0 or a negative errno. */
int gate_setup(const struct monitor_config *config) __attribute__((warn_unused_result));

/* In host.c, host_net.c and host_files.c. */
extern const struct gate_interface host_interface, host_net_interface,
    host_files_interface;
void host_setup(const struct monitor_config *config);
int host_net_setup(const struct monitor_config *config)
    __attribute__((warn_unused_result));

#endif
