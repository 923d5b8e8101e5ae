/* Whether a helper keeps the host's loopback addresses from the system. Private to network_helper.c. */
#ifndef CLI_NETWORK_PROBE_H
#define CLI_NETWORK_PROBE_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Opens a service at 127.0.0.1 and sends the helper behind @fd frames of a system with @mac and @address that would connect to it.
 * The service, for network_probe_end(); -1: it cannot be opened.
 */
int network_probe_begin(int fd, const uint8_t mac[6], const char *address);

/** After an answer to a later frame: whether the helper has connected. Closes @service. */
bool network_probe_end(int service);

#endif
