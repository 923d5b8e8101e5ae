/*
 * Frames to the device: a queue that is sent in one call. Neighbouring segments of a connection become one long frame
 * where the device cuts such frames into pieces, so that most of what a frame costs is paid for many of them.
 *
 * Invariants:
 *   1. A frame in the queue holds the pbufs that its slices name. lwIP sends no segment again that somebody else holds,
 *      so their bytes stay as they are.
 *   2. The headers of a segment whose checksum the device completes are a copy, which belongs to the frame.
 */
#include "device.h"

#include <errno.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/ip6.h>
#include <lwip/prot/tcp.h>
#include <netinet/if_ether.h>
#include <string.h>

#define HEADERS_SIZE 160u /* Ethernet, IP and TCP */
#define PACKET_MAX 65535u
#define PBUFS_MAX 1024u

struct frame {
    struct cubicle_slice slices[NETIF_FRAME_SLICES_MAX];
    uint32_t nslices, npbufs;
    uint8_t *headers;      /* HEADERS_SIZE bytes */
    uint16_t headers_size; /* 0: not a segment that is left to the device */
    uint16_t ip_size;      /* of the IP header */
    uint16_t piece;        /* payload of the first segment: of each piece */
    uint32_t payload;
    uint32_t next_seq;
    bool is6, open; /* more segments may join it */
};

static struct frame queue[OUTPUT_FRAMES];
static unsigned nqueue;
static struct pbuf *pbufs[PBUFS_MAX]; /* of the frames, in their order */
static unsigned npbufs;

int output_start(void)
{
    for (unsigned i = 0; i < OUTPUT_FRAMES; i++) {
        if (queue[i].headers == NULL) {
            queue[i].headers = arena_alloc(&stack.packets, HEADERS_SIZE);
        }
        if (queue[i].headers == NULL) {
            return -ENOMEM;
        }
    }
    return 0;
}

bool output_waits(void)
{
    return nqueue > 0;
}

/* ---- segments ---- */

/* What a frame is, if it is a TCP segment that the device may complete. */
struct segment {
    uint16_t ip_size, headers_size; /* of all three */
    bool is6;
    const struct tcp_hdr *tcp;
};

static bool segment_of(const struct pbuf *p, struct segment *segment)
{
    const uint8_t *bytes = p->payload;
    const unsigned type = (unsigned)(bytes[12] << 8 | bytes[13]);

    if (p->len < ETHERNET_HEADER + IP_HLEN + TCP_HLEN) {
        return false;
    }
    segment->is6 = type == ETH_P_IPV6;
    if (type == ETH_P_IP) {
        const struct ip_hdr *ip = (const void *)(bytes + ETHERNET_HEADER);
        segment->ip_size = (uint16_t)IPH_HL_BYTES(ip);
        if (IPH_PROTO(ip) != IP_PROTO_TCP ||
            (IPH_OFFSET(ip) & lwip_htons(IP_OFFMASK | IP_MF)) != 0) {
            return false;
        }
    } else if (type == ETH_P_IPV6) {
        const struct ip6_hdr *ip = (const void *)(bytes + ETHERNET_HEADER);
        segment->ip_size = IP6_HLEN;
        if (IP6H_NEXTH(ip) != IP6_NEXTH_TCP ||
            p->len < ETHERNET_HEADER + IP6_HLEN + TCP_HLEN) {
            return false;
        }
    } else {
        return false;
    }
    segment->tcp = (const void *)(bytes + ETHERNET_HEADER + segment->ip_size);
    segment->headers_size = (uint16_t)(ETHERNET_HEADER + segment->ip_size +
                                       TCPH_HDRLEN_BYTES(segment->tcp));
    return segment->headers_size <= p->len && segment->headers_size <= HEADERS_SIZE;
}

static struct tcp_hdr *frame_tcp(const struct frame *frame)
{
    return (void *)(frame->headers + ETHERNET_HEADER + frame->ip_size);
}

/* ---- slices ---- */

static bool frame_add_slice(struct frame *frame, const void *bytes, size_t size)
{
    if (size == 0) {
        return true;
    }
    if (frame->nslices > 0) {
        struct cubicle_slice *last = &frame->slices[frame->nslices - 1];
        if (last->base + last->size == (uintptr_t)bytes) {
            last->size += size;
            return true;
        }
    }
    if (frame->nslices == NETIF_FRAME_SLICES_MAX) {
        return false;
    }
    frame->slices[frame->nslices++] = (struct cubicle_slice){(uintptr_t)bytes, size};
    return true;
}

/* Adds what of @p follows its first @skip bytes, and holds it. Nothing is changed where it finds no room. */
static bool frame_add(struct frame *frame, struct pbuf *p, size_t skip)
{
    const uint32_t nslices = frame->nslices;
    const uint64_t last_size = nslices > 0 ? frame->slices[nslices - 1].size : 0;
    bool ok = npbufs < PBUFS_MAX;

    for (struct pbuf *q = p; q != NULL && ok; q = q->next) {
        ok = frame_add_slice(frame, (const uint8_t *)q->payload + skip, q->len - skip);
        skip = 0;
    }
    if (!ok) {
        frame->nslices = nslices;
        if (nslices > 0) {
            frame->slices[nslices - 1].size = last_size;
        }
        return false;
    }
    pbuf_ref(p);
    pbufs[npbufs++] = p;
    frame->npbufs++;
    return true;
}

/* ---- long frames ---- */

static bool frame_continues(const struct frame *frame, const struct segment *segment,
                            const struct pbuf *p)
{
    const unsigned may = segment->is6 ? NETIF_TSO6 : NETIF_TSO4;
    const uint8_t *headers = p->payload;
    const struct tcp_hdr *first = frame_tcp(frame);
    const size_t size = p->tot_len - segment->headers_size;
    const size_t addresses =
        segment->is6 ? 8 : 12; /* where they begin in the IP header */

    return frame->open && (device.info.offloads & may) != 0 &&
           frame->is6 == segment->is6 && frame->headers_size == segment->headers_size &&
           frame->ip_size == segment->ip_size && size > 0 && size <= frame->piece &&
           frame->ip_size + frame->payload + size + TCPH_HDRLEN_BYTES(first) <=
               PACKET_MAX &&
           lwip_ntohl(segment->tcp->seqno) == frame->next_seq &&
           first->ackno == segment->tcp->ackno && first->src == segment->tcp->src &&
           first->dest == segment->tcp->dest &&
           (TCPH_FLAGS(segment->tcp) & ~(TCP_ACK | TCP_PSH | TCP_FIN)) == 0 &&
           memcmp(headers, frame->headers, ETHERNET_HEADER) == 0 &&
           memcmp(headers + ETHERNET_HEADER + addresses,
                  frame->headers + ETHERNET_HEADER + addresses,
                  frame->ip_size - addresses) == 0 &&
           memcmp(segment->tcp + 1, first + 1, TCPH_HDRLEN_BYTES(first) - TCP_HLEN) ==
               0;
}

static bool frame_join(struct frame *frame, const struct segment *segment,
                       struct pbuf *p)
{
    if (!frame_continues(frame, segment, p) ||
        !frame_add(frame, p, segment->headers_size)) {
        return false;
    }
    const uint32_t size = p->tot_len - segment->headers_size;
    struct tcp_hdr *tcp = frame_tcp(frame);
    frame->payload += size;
    frame->next_seq += size;
    TCPH_SET_FLAG(tcp, TCPH_FLAGS(segment->tcp));
    tcp->wnd = segment->tcp->wnd;
    frame->open = size == frame->piece && (TCPH_FLAGS(segment->tcp) & TCP_FIN) == 0;
    return true;
}

static bool frame_begin_segment(struct frame *frame, const struct segment *segment,
                                struct pbuf *p)
{
    const uint32_t size = p->tot_len - segment->headers_size;

    frame->slices[0] =
        (struct cubicle_slice){(uintptr_t)frame->headers, segment->headers_size};
    frame->nslices = 1;
    if (!frame_add(frame, p, segment->headers_size)) {
        return false;
    }
    memcpy(frame->headers, p->payload, segment->headers_size);
    frame->headers_size = segment->headers_size;
    frame->ip_size = segment->ip_size;
    frame->is6 = segment->is6;
    frame->payload = size;
    frame->piece = (uint16_t)size;
    frame->next_seq = lwip_ntohl(segment->tcp->seqno) + size;
    frame->open = size > 0 && (TCPH_FLAGS(segment->tcp) & ~(TCP_ACK | TCP_PSH)) == 0;
    return true;
}

/* ---- what goes to the device ---- */

static uint32_t sum_words(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint32_t sum = 0;

    for (size_t i = 0; i < size; i += 2) {
        sum += (uint32_t)(at[i] << 8 | at[i + 1]);
    }
    return sum;
}

static uint16_t sum_fold(uint32_t sum)
{
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

/* Lengths and checksums of the headers, for all segments of the frame: the device adds up the payload. */
static void frame_finish(struct frame *frame, struct netif_frame *about)
{
    uint8_t *ip = frame->headers + ETHERNET_HEADER;
    struct tcp_hdr *tcp = frame_tcp(frame);
    const uint32_t tcp_size = frame->payload + TCPH_HDRLEN_BYTES(tcp);
    uint32_t sum = IP_PROTO_TCP + tcp_size;

    if (frame->is6) {
        IP6H_PLEN_SET((struct ip6_hdr *)(void *)ip, tcp_size);
        sum += sum_words(ip + 8, 32);
    } else {
        struct ip_hdr *header = (void *)ip;
        IPH_LEN_SET(header, lwip_htons((uint16_t)(frame->ip_size + tcp_size)));
        IPH_CHKSUM_SET(header, 0);
        IPH_CHKSUM_SET(header,
                       lwip_htons((uint16_t)~sum_fold(sum_words(ip, frame->ip_size))));
        sum += sum_words(ip + 12, 8);
    }
    tcp->chksum = lwip_htons(sum_fold(sum));
    about->flags = NETIF_FRAME_NEEDS_CHECKSUM;
    about->checksum_start = (uint16_t)(ETHERNET_HEADER + frame->ip_size);
    about->checksum_offset = offsetof(struct tcp_hdr, chksum);
    if (frame->payload > frame->piece) {
        about->gso_type = frame->is6 ? NETIF_GSO_TCP6 : NETIF_GSO_TCP4;
        about->header_size = frame->headers_size;
        about->gso_size = frame->piece;
    }
}

unsigned output_gather(struct netif_frame *frames, struct cubicle_slice *slices,
                       unsigned *nslices)
{
    unsigned n = 0;

    *nslices = 0;
    while (n < nqueue && *nslices + queue[n].nslices <= OUTPUT_SLICES_MAX) {
        struct frame *frame = &queue[n];
        frames[n] = (struct netif_frame){.nslices = frame->nslices};
        if (frame->headers_size != 0) {
            frame_finish(frame, &frames[n]);
        }
        memcpy(slices + *nslices, frame->slices, frame->nslices * sizeof(*slices));
        *nslices += frame->nslices;
        n++;
    }
    return n;
}

void output_sent(unsigned nframes)
{
    unsigned released = 0;

    for (unsigned i = 0; i < nframes; i++) {
        released += queue[i].npbufs;
    }
    for (unsigned i = 0; i < released; i++) {
        pbuf_free(pbufs[i]);
    }
    npbufs -= released;
    memmove(pbufs, pbufs + released, npbufs * sizeof(*pbufs));
    nqueue -= nframes;
    for (unsigned i = 0; i < nqueue; i++) { /* each keeps the memory of its headers */
        const struct frame gone = queue[i];
        queue[i] = queue[i + nframes];
        queue[i + nframes] = gone;
    }
}

void output_drop(void)
{
    output_sent(nqueue);
}

err_t output_frame(struct netif *netif, struct pbuf *p)
{
    struct segment segment;
    const bool left =
        (device.info.offloads & NETIF_CHECKSUM) != 0 && segment_of(p, &segment);

    (void)netif;
    if (device.lost) {
        return ERR_OK; /* lost with it */
    }
    if (left && nqueue > 0 && frame_join(&queue[nqueue - 1], &segment, p)) {
        return ERR_OK;
    }
    if (nqueue == OUTPUT_FRAMES || npbufs == PBUFS_MAX) {
        (void)device_call(false, 0);
    }
    if (nqueue == OUTPUT_FRAMES || npbufs == PBUFS_MAX) {
        stack.send_failed = true;
        return ERR_MEM;
    }
    struct frame *frame = &queue[nqueue];
    frame->nslices = frame->npbufs = frame->headers_size = 0;
    frame->open = false;
    if (!(left ? frame_begin_segment(frame, &segment, p) : frame_add(frame, p, 0))) {
        return ERR_BUF; /* too many pieces */
    }
    nqueue++;
    return ERR_OK;
}
