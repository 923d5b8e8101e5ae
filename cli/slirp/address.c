/*
 * What libslirp is given. It connects to whatever address a packet names, with the host's own sockets: so a packet for
 * 127.0.0.1 would reach services that the host keeps for itself, and one for 0.0.0.0 too, which Linux takes for
 * the same. Each fragment has an IP header, and is looked at.
 */
#include "helper.h"

#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>

#define LOOPBACK 127 /* the first byte of its addresses: RFC 1122, 3.2.1.3 */
#define THIS_HOST 0

#define SHORT 128 /* a frame that acknowledges, or asks for a name */
#define FLAG_SYN 0x02
#define FLAG_ACK 0x10

bool address_allowed(const uint8_t *frame, size_t size)
{
    const size_t destination = ETH_HLEN + offsetof(struct iphdr, daddr);

    if (size < ETH_HLEN) {
        return false;
    }
    const unsigned type = (unsigned)(frame[12] << 8 | frame[13]);
    if (type == ETH_P_ARP) {
        return true;
    }
    return type == ETH_P_IP && size >= ETH_HLEN + sizeof(struct iphdr) &&
           frame[destination] != LOOPBACK && frame[destination] != THIS_HOST;
}

bool frame_affordable(const uint8_t *frame, size_t size)
{
    const uint8_t *ip = frame + ETH_HLEN;
    const size_t tcp = ETH_HLEN + (size_t)(ip[0] & 0xf) * 4;
    const unsigned type = (unsigned)(frame[12] << 8 | frame[13]);

    if (size > SHORT && !bounds_may_send()) {
        return false;
    }
    /* Byte 13 of a TCP header has the flags; a SYN without ACK begins a connection: RFC 9293, 3.1. */
    return bounds_may_begin() || type != ETH_P_IP ||
           ip[offsetof(struct iphdr, protocol)] != IPPROTO_TCP || size < tcp + 20 ||
           (frame[tcp + 13] & (FLAG_SYN | FLAG_ACK)) != FLAG_SYN;
}
