/*
 * Functions that the monitor itself provides to cubicles: interface `cubicle`, and those of the
 * host, `host` and its sisters.
 * A trampoline whose callee is the monitor calls them on the monitor's stack, with checked
 * copies of annotated ranges and with the caller in thread_self.running.
 */
#ifndef MONITOR_GATE_H
#define MONITOR_GATE_H

#include "base/cubicle.h"
#include "base/filter.h"
#include "base/thread.h"
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

/** The cubicle that has called the gate. */
static inline unsigned gate_caller(void)
{
    return (unsigned)thread_self.running;
}

/** For link_system.gates: the interface with this name; NULL: the monitor does not provide it. */
const struct gate_interface *gate_interface(const char *name);

/** An interface of the host that not every system needs: a build can leave these out. */
struct gate_host {
    const struct gate_interface *interface;
    unsigned right; /* MONITOR_RIGHT_*: what a module needs for it */
    /** Tells it about the system, before the wall. 0 or a negative errno. */
    int (*setup)(const struct monitor_config *config);
    /** Checks and confines what it uses, when the process has the identity that it keeps and before
     *  the filter. @id: the cubicle that the process is for; 0: all are. What a process has checked holds
     *  for those that it makes later. 0, or a negative errno with a message. */
    int (*enter)(unsigned id);
    /** Allows the host calls that it makes in the system that setup() was told of, for cubicle @id (0:
     *  for all), besides those that the monitor makes anyway. */
    void (*allow)(unsigned id, struct filter *filter);
};

/* In host_net.c and host_files.c. */
extern const struct gate_host host_net, host_files;

/** How many of them there can be. */
#define GATE_HOSTS 2

/** Tells all gates of the host about the system: `host`, and those of @hosts that are not NULL. 0 or a
 *  negative errno. */
int gate_setup(const struct monitor_config *config,
               const struct gate_host *const hosts[GATE_HOSTS])
    __attribute__((warn_unused_result));

/** Calls enter(), and allow(), of those of the hosts that @rights are for, which cubicle @id has; 0: all. */
int gate_enter(unsigned id, unsigned rights) __attribute__((warn_unused_result));
void gate_allow(unsigned id, unsigned rights, struct filter *filter);

/* In host.c. */
extern const struct gate_interface host_interface;
void host_setup(const struct monitor_config *config);

#endif
