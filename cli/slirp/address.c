/*
 * Which packets libslirp gets. It connects to the address that a packet names, with the host's own
 * sockets: a packet for 127.0.0.1 would reach services that the host keeps for itself, and so would
 * one for 0.0.0.0, which Linux takes for the same. Each fragment has an IP header, and is looked at.
 * Packets of IPv6 pass only for addresses that lie outside of the host: not for ::1, mapped
 * addresses (::ffff:127.0.0.1, which Linux takes for 127.0.0.1) and all others of ::/8, multicast
 * and those of a link. libslirp answers ICMPv6 itself, and carries none to the host.
 */
#include "helper.h"

#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

#define LOOPBACK 127 /* the first byte of its addresses: RFC 1122, 3.2.1.3 */
#define THIS_HOST 0

#define SHORT 128 /* a frame that acknowledges, or asks for a name */
#define FLAG_SYN 0x02
#define FLAG_ACK 0x10

/* Global addresses, 2000::/3, and unique local ones, fc00::/7: RFC 4291, RFC 4193. libslirp takes no extension headers. */
static bool address_allowed6(const uint8_t *frame, size_t size)
{
    const uint8_t *ip = frame + ETH_HLEN;

    if (size < ETH_HLEN + sizeof(struct ip6_hdr)) {
        return false;
    }
    const uint8_t protocol = ip[offsetof(struct ip6_hdr, ip6_nxt)];
    const uint8_t first = ip[offsetof(struct ip6_hdr, ip6_dst)];
    return protocol == IPPROTO_ICMPV6 ||
           ((protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) &&
            ((first & 0xe0) == 0x20 || (first & 0xfe) == 0xfc));
}

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
    if (type == ETH_P_IPV6) {
        return address_allowed6(frame, size);
    }
    return type == ETH_P_IP && size >= ETH_HLEN + sizeof(struct iphdr) &&
           frame[destination] != LOOPBACK && frame[destination] != THIS_HOST;
}

/* Where the TCP header of @frame begins, or 0. Each frame that address_allowed() lets through has its IP header. */
static size_t tcp_offset(const uint8_t *frame)
{
    const uint8_t *ip = frame + ETH_HLEN;
    const unsigned type = (unsigned)(frame[12] << 8 | frame[13]);

    if (type == ETH_P_IP && ip[offsetof(struct iphdr, protocol)] == IPPROTO_TCP) {
        return ETH_HLEN + (size_t)(ip[0] & 0xf) * 4;
    }
    return type == ETH_P_IPV6 && ip[offsetof(struct ip6_hdr, ip6_nxt)] == IPPROTO_TCP
               ? ETH_HLEN + sizeof(struct ip6_hdr)
               : 0;
}

bool frame_affordable(const uint8_t *frame, size_t size)
{
    if (size > SHORT && !bounds_may_send()) {
        return false;
    }
    if (bounds_may_begin()) {
        return true;
    }
    /* Byte 13 of a TCP header has the flags; a SYN without ACK begins a connection: RFC 9293, 3.1. */
    const size_t tcp = tcp_offset(frame);
    return tcp == 0 || size < tcp + 20 ||
           (frame[tcp + 13] & (FLAG_SYN | FLAG_ACK)) != FLAG_SYN;
}
