/*
 * Whether a helper connects to services that the host keeps for itself. No option of passt forbids it:
 * a version that does not drop packets for loopback addresses (0.0.0.0 is one to Linux) opens
 * connections to them. So when a helper starts the command opens a service of its own on such an
 * address, and asks the helper to connect to it.
 */
#include "network_probe.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 49151 /* the system's; whatever comes back is for nobody */

/* A frame with its length before it, as the stream has it. */
struct probe_frame {
    uint32_t size;
    struct ether_header ethernet;
    struct iphdr ip;
    struct tcphdr tcp;
} __attribute__((packed));

/* What TCP's checksum covers before the segment: RFC 9293, 3.1. */
struct probe_pseudo {
    uint32_t from, to;
    uint16_t protocol, size;
    struct tcphdr tcp;
} __attribute__((packed));

static uint16_t probe_checksum(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint32_t sum = 0;

    for (size_t i = 0; i < size; i += 2) {
        uint16_t word;
        memcpy(&word, at + i, sizeof(word));
        sum += ntohs(word);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t) ~(sum + (sum >> 16)));
}

/* A SYN for @port of @to. */
static bool probe_send(int fd, const uint8_t mac[6], in_addr_t from, in_addr_t to,
                       in_port_t port)
{
    struct probe_frame frame = {
        .size = htonl(sizeof(frame) - sizeof(frame.size)),
        .ethernet.ether_type = htons(ETHERTYPE_IP),
        .ip = {.version = 4,
               .ihl = sizeof(frame.ip) / 4,
               .tot_len = htons(sizeof(frame.ip) + sizeof(frame.tcp)),
               .ttl = 64,
               .protocol = IPPROTO_TCP,
               .saddr = from,
               .daddr = to},
        .tcp = {.source = htons(PORT),
                .dest = port,
                .doff = sizeof(frame.tcp) / 4,
                .syn = 1,
                .window = htons(UINT16_MAX)},
    };
    struct probe_pseudo pseudo = {.from = from,
                                  .to = to,
                                  .protocol = htons(IPPROTO_TCP),
                                  .size = htons(sizeof(frame.tcp)),
                                  .tcp = frame.tcp};

    memset(frame.ethernet.ether_dhost, 0xff, ETH_ALEN);
    memcpy(frame.ethernet.ether_shost, mac, ETH_ALEN);
    frame.ip.check = probe_checksum(&frame.ip, sizeof(frame.ip));
    frame.tcp.check = probe_checksum(&pseudo, sizeof(pseudo));
    return send(fd, &frame, sizeof(frame), MSG_NOSIGNAL) == (ssize_t)sizeof(frame);
}

int network_probe_begin(int fd, const uint8_t mac[6], const char *address)
{
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(name);
    const in_addr_t from = inet_addr(address);
    const int service = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (service >= 0 && bind(service, (const struct sockaddr *)&name, len) == 0 &&
        listen(service, 1) == 0 &&
        getsockname(service, (struct sockaddr *)&name, &len) == 0 &&
        probe_send(fd, mac, from, htonl(INADDR_LOOPBACK), name.sin_port) &&
        probe_send(fd, mac, from, htonl(INADDR_ANY), name.sin_port)) {
        return service;
    }
    if (service >= 0) {
        close(service);
    }
    return -1;
}

bool network_probe_end(int service)
{
    struct pollfd reached = {.fd = service, .events = POLLIN};
    const bool any = service >= 0 && poll(&reached, 1, 0) > 0;

    if (service >= 0) {
        close(service);
    }
    return any;
}
