/*
 * Frames for fuzz_frames, from small choices around what the stack expects: sums are right and numbers near the right
 * ones, or nothing behind the first check would ever be reached. Raw bytes are one kind among others.
 */
#include "frames.h"

#include "../../../components/lwip/device.h"

#include <lwip/dhcp.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/ip.h>
#include <string.h>

#define DHCP_SIZE 240u /* up to the options */

uint8_t frame[FRAME_ROOM];
size_t frame_size;

static struct {
    const uint8_t *at;
    size_t left;
} input;

static const uint8_t own_mac[6] = {2, 0, 0, 0, 0, 1};

void input_is(const uint8_t *data, size_t size)
{
    input.at = data;
    input.left = size;
}

size_t input_left(void)
{
    return input.left;
}

unsigned take(void)
{
    if (input.left == 0) {
        return 0;
    }
    input.left--;
    return *input.at++;
}

unsigned take16(void)
{
    const unsigned high = take();

    return high << 8 | take();
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static void bytes_of_input(uint8_t *to, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        to[i] = i < 64 ? (uint8_t)take() : (uint8_t)i;
    }
}

/* ---- headers ---- */

static uint32_t sum_of(const uint8_t *at, size_t size)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < size; i++) {
        sum += (i & 1) != 0 ? at[i] : (uint32_t)at[i] << 8;
    }
    return sum;
}

static unsigned folded(uint32_t sum)
{
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return ~sum & 0xffff;
}

/* To the header of version 4 at @ip: the sum that it needs. */
static void ip4_sum(uint8_t *ip)
{
    put16(ip + 10, 0);
    put16(ip + 10, folded(sum_of(ip, (ip[0] & 15u) * 4u)));
}

/* Ethernet and IP: version 4, or 6 where @is6. Returns where the payload of @size bytes goes. */
static uint8_t *packet(bool is6, unsigned protocol, size_t size)
{
    uint8_t *ip = frame + ETHERNET_HEADER;

    memset(frame, 0, 80);
    memcpy(frame, own_mac, 6);
    put16(frame + 12, is6 ? 0x86dd : 0x0800);
    if (is6) {
        ip[0] = 0x60;
        put16(ip + 4, (unsigned)size);
        ip[6] = (uint8_t)protocol;
        ip[7] = 255;
        memcpy(ip + 8, (const uint8_t[]){0xfd, 1, [15] = 9}, 16);
        memcpy(ip + 24, (const uint8_t[]){0xfd, 1, [15] = 2}, 16);
        frame_size = ETHERNET_HEADER + 40 + size;
        return ip + 40;
    }
    ip[0] = 0x45;
    put16(ip + 2, (unsigned)(20 + size));
    ip[8] = 64;
    ip[9] = (uint8_t)protocol;
    put32(ip + 12, 0x0a000009);
    put32(ip + 16, 0x0a000002);
    ip4_sum(ip);
    frame_size = ETHERNET_HEADER + 20 + size;
    return ip + 20;
}

void frame_raw(void)
{
    frame_size = take();
    bytes_of_input(frame, frame_size);
    if (take() % 8 != 0) {
        memcpy(frame, own_mac, 6);
    }
}

/* ---- TCP, UDP, fragments ---- */

/* A number near one that is expected. */
static uint32_t near(uint32_t number)
{
    const unsigned how = take();

    return how < 160   ? number
           : how < 250 ? number + take() - 128
                       : number + (take16() << 12);
}

void frame_segment(void)
{
    const unsigned choice = take();
    const bool is6 = (choice & 1) != 0;
    const unsigned from = 1000 + (choice >> 1 & 3), flags = take(),
                   option_words = take() % 11;
    const size_t size = take() % 4 == 0 ? take16() % 65000 : take();
    uint8_t *tcp = packet(is6, IP_PROTO_TCP, 20 + option_words * 4 + size);
    uint32_t seq = take16(), ack = 0;

    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next) {
        if (pcb->remote_port == from && IP_IS_V6_VAL(pcb->remote_ip) == is6) {
            seq = pcb->rcv_nxt;
            ack = pcb->snd_nxt;
        }
    }
    put16(tcp, from);
    put16(tcp + 2, 80);
    put32(tcp + 4, near(seq));
    put32(tcp + 8, near(ack));
    tcp[12] = (uint8_t)((5 + option_words) << 4);
    tcp[13] = (uint8_t)(flags & 0x3f);
    put16(tcp + 14, take16());
    bytes_of_input(tcp + 20, option_words * 4 + size);
    if (take() == 255) {
        tcp[12] = (uint8_t)take();
    }
}

/* The connection with the system's port 80, or a listener's half of one, from @from. NULL: none. */
static const struct tcp_pcb *connection(unsigned from, bool is6)
{
    const struct tcp_pcb *pcb = tcp_active_pcbs;
    while (pcb != NULL &&
           (pcb->remote_port != from || IP_IS_V6_VAL(pcb->remote_ip) != is6)) {
        pcb = pcb->next;
    }
    return pcb;
}

/* A number between those of what is on its way, or near them. */
static uint32_t on_its_way(const struct tcp_pcb *pcb)
{
    const uint32_t sent = pcb->snd_nxt - pcb->lastack;
    return near(pcb->lastack + (sent != 0 ? take16() % (sent + 1) : 0));
}

void frame_sack(void)
{
    const unsigned choice = take(), from = 1000 + (choice >> 1 & 3);
    const struct tcp_pcb *pcb = connection(from, (choice & 1) != 0);
    const unsigned nblocks = take() % 5, size = pcb == NULL ? 8 : 4 + nblocks * 8;
    uint8_t *tcp = packet((choice & 1) != 0, IP_PROTO_TCP, 20 + size),
            *option = tcp + 20;

    put16(tcp, from);
    put16(tcp + 2, 80);
    tcp[12] = (uint8_t)((20 + size) / 4 << 4);
    put16(tcp + 14, take() < 240 ? 65535 : take16());
    if (pcb ==
        NULL) { /* it begins, with selective acknowledgements and small segments */
        tcp[13] = 2;
        put16(option, 2 << 8 | 4);
        put16(option + 2, 64 + take());
        put32(option + 4, 0x04020101);
        return;
    }
    tcp[13] = 16;
    put32(tcp + 4, pcb->rcv_nxt);
    put32(tcp + 8, pcb->state == SYN_RCVD || take() < 32 ? pcb->snd_nxt : pcb->lastack);
    put32(option, 0x01010500 | (take() < 250 ? 2 + nblocks * 8 : take()));
    for (unsigned i = 0; i < nblocks; i++) {
        put32(option + 4 + i * 8, on_its_way(pcb));
        put32(option + 8 + i * 8, on_its_way(pcb));
    }
}

void frame_datagram(void)
{
    const unsigned choice = take();
    const size_t size = take() % 4 == 0 ? take16() % 65000 : take();
    uint8_t *udp =
        packet((choice & 1) != 0, (choice & 2) != 0 ? IP_PROTO_UDP : take(), 8 + size);

    put16(udp, 1000);
    put16(udp + 2, 53);
    put16(udp + 4, take() < 200 ? (unsigned)(8 + size) : take16());
    put16(udp + 6, take16());
    bytes_of_input(udp + 8, size);
}

void frame_fragment(void)
{
    const bool is6 = take() % 2 != 0;
    const unsigned offset = take16(), id = take() % 4;
    const size_t size = take() % 4 == 0 ? take16() % 60000 : take() * 8u;
    uint8_t *part = packet(is6, is6 ? 44 : IP_PROTO_UDP, size + (is6 ? 8 : 0));

    if (is6) {
        part[0] = IP_PROTO_UDP;
        part[1] = 0;
        put16(part + 2, offset);
        put32(part + 4, id);
        part += 8;
    } else {
        put16(frame + ETHERNET_HEADER + 4, id);
        put16(frame + ETHERNET_HEADER + 6, offset & 0x3fff);
        ip4_sum(frame + ETHERNET_HEADER);
    }
    bytes_of_input(part, size);
}

/* ---- what runs the network ---- */

static void arp(void)
{
    uint8_t *at = frame + ETHERNET_HEADER;

    frame_size = ETHERNET_HEADER + 28;
    memcpy(frame, own_mac, 6);
    put16(frame + 12, 0x0806);
    memcpy(at, (const uint8_t[]){0, 1, 8, 0, 6, 4, 0, 1}, 8);
    at[7] = (uint8_t)(1 + take() % 3);
    bytes_of_input(at + 8, 20);
    put32(at + 14, 0x0a000000 | take()); /* sender */
    put32(at + 24, 0x0a000000 | take() % 8);
    if (take() == 255) {
        at[take() % 8] = (uint8_t)take();
    }
}

static void icmp(void)
{
    static const uint8_t types[] = {0, 3, 4, 5, 8, 11, 12, 13};
    const size_t size = 8 + take() % 120;
    uint8_t *at = packet(false, IP_PROTO_ICMP, size);

    bytes_of_input(at, size);
    at[0] = types[take() % sizeof(types)];
    if (size >= 36 && take() % 2 != 0) { /* about a connection of ours */
        memcpy(at + 8, frame + ETHERNET_HEADER, 20);
        at[17] = take() % 2 != 0 ? IP_PROTO_TCP : IP_PROTO_UDP;
        memcpy(at + 20, frame + ETHERNET_HEADER + 16, 4);
        memcpy(at + 24, frame + ETHERNET_HEADER + 12, 4);
        put16(at + 28, 80);
        put16(at + 30, 1000 + take() % 4);
    }
    put16(at + 2, 0);
    put16(at + 2, folded(sum_of(at, size)));
}

/* Completes a packet of ICMPv6 of @size bytes at @at. */
static void icmp6_sum(uint8_t *at, size_t size)
{
    put16(at + 2, 0);
    put16(at + 2, folded(sum_of(at, size) + sum_of(frame + ETHERNET_HEADER + 8, 32) +
                         (uint32_t)size + 58));
}

static void icmp6(void)
{
    static const uint8_t types[] = {1,   2,   3,   4,   128, 129, 130,
                                    131, 133, 134, 135, 136, 137};
    const unsigned type = types[take() % sizeof(types)], choice = take();
    const size_t size = 8 + take() % 120;
    uint8_t *at = packet(true, 58, size);

    if ((choice & 1) != 0) { /* from a neighbour of the link, to all */
        memcpy(frame + ETHERNET_HEADER + 8, (const uint8_t[]){0xfe, 0x80, [15] = 9},
               16);
    }
    if ((choice & 2) != 0) {
        memcpy(frame, (const uint8_t[]){0x33, 0x33, 0, 0, 0, 1}, 6);
        memcpy(frame + ETHERNET_HEADER + 24, (const uint8_t[]){0xff, 2, [15] = 1}, 16);
    }
    bytes_of_input(at, size);
    at[0] = (uint8_t)type;
    at[1] = (choice & 4) != 0 ? (uint8_t)take() : 0;
    if (size >= 24 && (choice & 8) != 0) { /* the address that is asked for */
        memcpy(at + 8, (const uint8_t[]){0xfd, 1, [15] = 2}, 16);
        at[23] = (uint8_t)(2 + take() % 8);
    }
    const size_t options = type == 134 ? 16 : type == 133 ? 8 : 24;
    if (options + 8 <= size && (choice & 16) != 0) {
        at[options] = (uint8_t)(1 + take() % 5);
        at[options + 1] = (uint8_t)(take() % 5);
    }
    icmp6_sum(at, size);
}

/* A chain of extension headers of up to 5, which may be too long, or go in a circle. */
static void extension_headers(void)
{
    static const uint8_t kinds[] = {0, 43, 44, 60, 59, 17, 6, 58};
    const size_t size = 8 + take() * 4u;
    uint8_t *at = packet(true, kinds[take() % 4], size), *const end = at + size;

    bytes_of_input(at, size);
    for (unsigned i = 0; i < 5 && end - at >= 8; i++) {
        at[0] = kinds[take() % sizeof(kinds)];
        at[1] = (uint8_t)(take() % 4);
        at += take() < 240 ? 8 + 8 * at[1] : 8 * (int)(take() % 4);
    }
}

static void dhcp_answer(void)
{
    const struct dhcp *dhcp = netif_dhcp_data(&device.netif);
    const size_t options = take(), size = 8 + DHCP_SIZE + options;
    uint8_t *udp = packet(false, IP_PROTO_UDP, size), *at = udp + 8;

    memset(udp, 0, size);
    put16(udp, 67);
    put16(udp + 2, 68);
    put16(udp + 4, (unsigned)size);
    at[0] = 2;
    at[1] = 1;
    at[2] = 6;
    put32(at + 4, dhcp != NULL ? dhcp->xid : take16());
    put32(at + 16, 0x0a000002);
    memcpy(at + 28, own_mac, 6);
    put32(at + 236, 0x63825363);
    bytes_of_input(at + DHCP_SIZE, options);
    if (options >= 12 && take() % 2 != 0) { /* what it is, and of whom */
        memcpy(at + DHCP_SIZE, (const uint8_t[]){53, 1, 2, 54, 4, 10, 0, 0, 1}, 9);
        at[DHCP_SIZE + 2] = (uint8_t)(2 + take() % 5);
    }
}

void frame_control(void)
{
    static void (*const kinds[])(void) = {
        arp, icmp, icmp6, icmp6, extension_headers, dhcp_answer};

    kinds[take() % (sizeof(kinds) / sizeof(kinds[0]))]();
}
