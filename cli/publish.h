/* Ports of the host that lead to ports of the system: --publish, and the manifest's key. */
#ifndef CLI_PUBLISH_H
#define CLI_PUBLISH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct publish {
    const char *text; /* as it was written */
    struct in_addr address;
    uint16_t host_port, port; /* in host order */
    bool udp;
};

/** Reads "[ADDRESS:]HOSTPORT:PORT[/tcp|/udp]"; without an address it is 127.0.0.1. True: it is one. @text
 *  must live as long as @publish. */
bool publish_parse(const char *text, struct publish *publish);

/** Can the host's port be had now? 0, or -1 after a message. */
int publish_check(const struct publish *publish);

#endif
