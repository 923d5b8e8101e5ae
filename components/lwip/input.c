/*
 * Frames from the device.
 *
 * The device keeps the right to write into the buffers that it was lent. So what lwIP reads more than once, or keeps notes
 * in (headers, fragments), is copied to memory that the device cannot reach; only the payload of long segments stays in
 * its buffer until a program takes it, and whatever it becomes, it is only bytes.
 */
#include "device.h"

#include <errno.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/ip4.h>
#include <lwip/ip6.h>
#include <netinet/if_ether.h>
#include <string.h>

/* Longer frames stay in their buffers; of shorter ones the copy costs less than the memory. */
#define COPY_MAX 16384u
#define HEADERS_MAX 128u /* of IP and TCP: 60 and 60; or 40, 60 and some */
#define SHORT_MAX 128u   /* acknowledgements and resets, which give memory back */

static uint8_t *buffers[INPUT_FRAMES_MAX];
static unsigned nbuffers;
static size_t buffer_size;

/* A pbuf that names the rest of a buffer. */
struct lent {
    struct pbuf_custom custom; /* first: lwIP knows only this */
    uint8_t *buffer;
};

int input_start(void)
{
    const bool offload = (device.info.offloads & (NETIF_TSO4 | NETIF_TSO6)) != 0;

    buffer_size = offload ? FRAME_MAX : device.info.mtu + ETHERNET_HEADER + 4;
    const unsigned want = buffer_size > 4096 ? 16 : INPUT_FRAMES_MAX;
    while (nbuffers < want) {
        buffers[nbuffers] = arena_alloc(&stack.incoming, buffer_size);
        if (buffers[nbuffers] == NULL) {
            break;
        }
        nbuffers++;
    }
    return nbuffers > 0 ? 0 : -ENOMEM;
}

unsigned input_offer(struct netif_frame *frames, struct cubicle_slice *slices)
{
    for (unsigned i = 0; i < nbuffers; i++) {
        frames[i] = (struct netif_frame){.nslices = 1};
        slices[i] = (struct cubicle_slice){(uintptr_t)buffers[i], buffer_size};
    }
    return nbuffers;
}

static void lent_free(struct pbuf *p)
{
    struct lent *lent = (struct lent *)(void *)p;

    arena_free(&stack.incoming, lent->buffer);
    arena_free(&stack.private, lent);
}

/* A packet that lies at @offset of buffer @index, copied. */
static struct pbuf *input_copy(unsigned index, size_t offset, size_t size)
{
    struct pbuf *p = pbuf_alloc(PBUF_LINK, (u16_t)size, PBUF_RAM);

    if (p != NULL) {
        memcpy(p->payload, buffers[index] + offset, size);
    }
    return p;
}

/* The same without a copy, but of its headers. Another buffer takes the place of the one that is given away. */
static struct pbuf *input_lend(unsigned index, size_t offset, size_t size)
{
    struct pbuf *head = input_copy(index, offset, HEADERS_MAX);
    struct lent *lent = arena_alloc(&stack.private, sizeof(*lent));
    uint8_t *other = arena_scarce(&stack.incoming)
                         ? NULL
                         : arena_alloc(&stack.incoming, buffer_size);

    if (head == NULL || lent == NULL || other == NULL) {
        if (head != NULL) {
            pbuf_free(head);
        }
        arena_free(&stack.private, lent);
        arena_free(&stack.incoming, other);
        return NULL;
    }
    lent->buffer = buffers[index];
    lent->custom.custom_free_function = lent_free;
    buffers[index] = other;
    const u16_t rest = (u16_t)(size - HEADERS_MAX);
    struct pbuf *tail = pbuf_alloced_custom(PBUF_RAW, rest, PBUF_REF, &lent->custom,
                                            lent->buffer + offset + HEADERS_MAX, rest);
    pbuf_cat(head, tail);
    return head;
}

/* Whether a frame is for this machine; what of it was for many is noted. */
static bool input_is_ours(const uint8_t *frame, u8_t *flags)
{
    static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    *flags = 0;
    if (memcmp(frame, everybody, sizeof(everybody)) == 0) {
        *flags = PBUF_FLAG_LLBCAST;
    } else if ((frame[0] & 1) != 0) {
        *flags = PBUF_FLAG_LLMCAST;
    } else {
        return memcmp(frame, device.netif.hwaddr, 6) == 0;
    }
    return true;
}

/* Who has looked at the checksums of TCP and UDP? Where nobody has, lwIP does. */
static void input_checksums(const struct netif_frame *about)
{
    const bool good =
        (device.info.offloads & NETIF_CHECKSUM) != 0 &&
        (about->flags & (NETIF_FRAME_NEEDS_CHECKSUM | NETIF_FRAME_CHECKSUM_GOOD)) != 0;

    if (good) {
        device.netif.chksum_flags &=
            (u16_t) ~(NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP);
    } else {
        device.netif.chksum_flags |=
            NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP;
    }
}

/* Whether an IPv4 packet's source can be another machine (RFC 1122, 3.2.1.3; lwIP refuses broadcasts and groups itself). 0.0.0.0 is a
 * machine without an address, which asks for one. */
static bool input_source4(const struct pbuf *p)
{
    const struct ip_hdr *ip = p->payload;
    ip4_addr_t from;

    if (p->len < IP_HLEN) {
        return false;
    }
    ip4_addr_copy(from, ip->src);
    return !ip4_addr_isloopback(&from) &&
           (!ip4_addr_cmp(&from, netif_ip4_addr(&device.netif)) ||
            ip4_addr_isany_val(from));
}

/* The same for IPv6 (RFC 4291, 2.5.3 and 2.5.5.2): of what others send, nothing comes from ::1, from a mapped address or from here. */
static bool input_source6(const struct pbuf *p)
{
    const struct ip6_hdr *ip = p->payload;
    ip6_addr_t from;

    if (p->len < IP6_HLEN) {
        return false;
    }
    ip6_addr_copy_from_packed(from, ip->src);
    if (ip6_addr_isloopback(&from) || ip6_addr_isipv4mappedipv6(&from)) {
        return false;
    }
    ip6_addr_assign_zone(&from, IP6_UNKNOWN, &device.netif);
    const s8_t own = netif_get_ip6_addr_match(&device.netif, &from);
    /* While it is looked for another machine that has the address, there may be one. */
    return own < 0 || !ip6_addr_isvalid(netif_ip6_addr_state(&device.netif, own));
}

static void input_packet(struct pbuf *p, uint16_t type)
{
    err_t error = ERR_VAL;

    p->if_idx = netif_get_index(&device.netif);
    if ((type == ETH_P_IP && !input_source4(p)) ||
        (type == ETH_P_IPV6 && !input_source6(p))) {
        pbuf_free(p);
        return;
    }
    if (type == ETH_P_IP) {
        error = ip4_input(p, &device.netif);
    } else if (type == ETH_P_IPV6) {
        error = ip6_input(p, &device.netif);
    } else if (type == ETH_P_ARP) {
        etharp_input(p, &device.netif);
        error = ERR_OK;
    }
    if (error != ERR_OK) {
        pbuf_free(p);
    }
}

static void input_frame(unsigned index, const struct netif_frame *about)
{
    const uint8_t *frame = buffers[index];
    u8_t flags;

    if (about->size <= ETHERNET_HEADER || about->size > buffer_size ||
        about->size - ETHERNET_HEADER > UINT16_MAX || !input_is_ours(frame, &flags)) {
        return;
    }
    const uint16_t type = (uint16_t)(frame[12] << 8 | frame[13]);
    const size_t size = about->size - ETHERNET_HEADER;
    struct pbuf *p = NULL;
    if (size > COPY_MAX) {
        p = input_lend(index, ETHERNET_HEADER, size);
    }
    if (p == NULL && (size <= SHORT_MAX || !arena_exhausted(&stack.packets))) {
        p = input_copy(index, ETHERNET_HEADER,
                       size); /* also where buffers are scarce */
    }
    if (p == NULL) {
        return; /* lost, as frames are */
    }
    p->flags |= flags;
    input_checksums(about);
    input_packet(p, type);
}

void input_take(const struct netif_frame *frames, unsigned nframes)
{
    for (unsigned i = 0; i < nframes; i++) {
        input_frame(i, &frames[i]);
    }
}
