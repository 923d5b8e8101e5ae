/* Ports of the host that lead to ports of the system: --publish, and the manifest's key. */
#ifndef CLI_PUBLISH_H
#define CLI_PUBLISH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct publish {
    const char *text; /* as it was written */
    struct in_addr address;
    struct in6_addr address6; /* in place of `address`, where `ipv6` */
    uint16_t host_port, port; /* in host order */
    bool udp, ipv6;
};

/** Reads "[ADDRESS:]HOSTPORT:PORT[/tcp|/udp]"; without an address it is 127.0.0.1, and one of IPv6 is in brackets. True: it
 *  is one. @text must live as long as @publish. */
bool publish_parse(const char *text, struct publish *publish);

union publish_name {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

/** Fills @name with the host's end of @publish. Its size in bytes. */
socklen_t publish_name(const struct publish *publish, union publish_name *name);

/** Can the host's port be had now? 0, or -1 after a message. */
int publish_check(const struct publish *publish);

#endif
