/* The stack's start: its memory, lwIP, what cannot be guessed. */
#include "device.h"

#include <cubicle.h>
#include <cubicle/component.h>
#include <errno.h>
#include <lwip/init.h>
#include <lwip/timeouts.h>
#include <random.h>
#include <string.h>

/* 65,460 bytes of payload and their headers: the largest packet that lwIP's 16 bits can copy. */
#define LOOPBACK_MTU 65500
#define PACKETS_LIMIT ((size_t)192 * 1024 * 1024)
#define INCOMING_LIMIT ((size_t)64 * 1024 * 1024)
#define PRIVATE_LIMIT ((size_t)96 * 1024 * 1024)

#define COUNTERS 256

static uint64_t isn_key[2];
static uint16_t counters[COUNTERS]; /* of packets, see stack_identification() */

void stack_assert(const char *what)
{
    cubicle_abort(what);
}

uint32_t stack_random(void)
{
    uint32_t value = 0;

    (void)random_bytes(&value, sizeof(value));
    return value;
}

/* ---- initial sequence numbers: RFC 6528, with SipHash-2-4 ---- */

#define ROTATE(x, n) ((x) << (n) | (x) >> (64 - (n)))

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = ROTATE(v[1], 13) ^ v[0];
    v[0] = ROTATE(v[0], 32);
    v[2] += v[3];
    v[3] = ROTATE(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = ROTATE(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = ROTATE(v[1], 17) ^ v[2];
    v[2] = ROTATE(v[2], 32);
}

static uint64_t sip_hash(const uint64_t key[2], const uint64_t *words, unsigned nwords)
{
    uint64_t v[4] = {
        key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};

    for (unsigned i = 0; i <= nwords; i++) {
        const uint64_t word = i < nwords ? words[i] : (uint64_t)nwords * 8 << 56;
        v[3] ^= word;
        sip_round(v);
        sip_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for (unsigned i = 0; i < 4; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void isn_address(uint64_t words[2], const ip_addr_t *ip)
{
    words[0] = words[1] = 0;
    if (IP_IS_V6(ip)) {
        memcpy(words, ip_2_ip6(ip)->addr, sizeof(uint64_t[2]));
    } else {
        words[0] = ip4_addr_get_u32(ip_2_ip4(ip));
    }
}

uint32_t stack_isn(const ip_addr_t *local_ip, uint16_t local_port,
                   const ip_addr_t *remote_ip, uint16_t remote_port)
{
    uint64_t words[5];

    isn_address(words, local_ip);
    isn_address(words + 2, remote_ip);
    words[4] = (uint64_t)local_port << 16 | remote_port;
    /* The clock part, as on Linux: a step each 64 nanoseconds. A connection that comes after one of the same name has newer
     * numbers, unless that one has sent more bytes than there were steps. */
    loop_look_at_clock();
    return (uint32_t)(sip_hash(isn_key, words, 5) + (uint64_t)stack.now_ns / 64);
}

uint64_t stack_hash(const ip_addr_t *ip)
{
    uint64_t words[2];

    isn_address(words, ip);
    return sip_hash(isn_key, words, 2);
}

/* ---- identification of IPv4 packets: RFC 7739, 5.3 ---- */

/* Destinations that share a counter see different numbers, and each sees its own grow by at least one. Packets in a row
 * mostly go to one destination. */
uint16_t stack_identification(const ip4_addr_t *to)
{
    static uint64_t last = UINT64_MAX, hash; /* of no address at first */
    const uint64_t word = ip4_addr_get_u32(to);

    if (word != last) {
        hash = sip_hash(isn_key, &word, 1);
        last = word;
    }
    return (uint16_t)((hash >> 32) + counters[hash % COUNTERS]++);
}

/* ---- start ---- */

int component_init(void)
{
    struct netif *netif;

    stack.packets.limit = PACKETS_LIMIT;
    stack.packets.grown = device_lend_packets;
    stack.incoming.limit = INCOMING_LIMIT;
    stack.incoming.grown = device_lend_incoming;
    stack.private.limit = PRIVATE_LIMIT;
    if (random_bytes(isn_key, sizeof(isn_key)) != sizeof(isn_key)) {
        return -EIO;
    }
    /* lwIP sets its timers from now on, and compares times of 32 bits in milliseconds: on a host that has been up for 25 to 50
     * days, timers that are due from 0 on would all be in the future. */
    loop_look_at_clock();
    lwip_init();
    NETIF_FOREACH(netif)
    {
        netif->mtu = netif->mtu6 = LOOPBACK_MTU;
        NETIF_SET_CHECKSUM_CTRL(netif, 0); /* nothing changes on the way */
    }
    return 0;
}
