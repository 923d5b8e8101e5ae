/* The network device of a run: what the command opens, and starts, before the system starts. */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include "manifest.h"
#include "network_spec.h"
#include "publish.h"

#include <sys/types.h>

struct network {
    struct monitor_network device; /* fd -1: none */
    const char *line; /* for boot: "STACK DEVICE NAME=VALUE...", without a device
                            "STACK", without a network "" */
    pid_t helper;     /* the process that speaks for the system on the host; 0: none */
    const char *program; /* its name */
};

/**
 * Opens what @spec says for @manifest, and has @npublish ports of the host lead to it (0: those that the
 * manifest has). With @processes each cubicle is a process. 0, or -1 after a message.
 */
int network_open(const struct network_spec *spec, const char *const *publish,
                 unsigned npublish, const struct manifest *manifest, bool processes,
                 struct network *network);

/** The name that the kinds of devices have in messages and in docs/networking.md. */
const char *network_kind_name(enum network_kind kind);

/** Opens TAP device @name with its offloads, unless not @offload. 0, or -1 after a message. */
int network_open_tap(const char *name, bool offload, struct monitor_network *device);

/** Connects to the UNIX socket @path. 0, or -1 after a message. */
int network_connect(const char *path, struct monitor_network *device);

/** What a helper process shall do. */
struct network_helper {
    const char *line; /* as above */
    const struct publish *publish;
    unsigned npublish;
    uint32_t mtu;
    bool
        strict; /* does not start where the system could reach the host's loopback addresses through it */
};

/** Where the helper of @kind (PASST or SLIRP) lies, or NULL. The caller frees it. */
char *network_helper_path(enum network_kind kind);

/** Starts it, and waits until it answers. 0, or -1 after a message. */
int network_start_helper(enum network_kind kind, const struct network_helper *helper,
                         struct network *network);

#endif
