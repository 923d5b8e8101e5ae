/*
 * A network device, as its providers (netdev, loopback) offer it to a network stack. Frames are Ethernet frames, as
 * lists of slices of the stack's memory, which it lends to the provider by windows that stay open. One call sends,
 * receives and waits. Errors are negative errno values.
 */
#ifndef CUBICLE_NETIF_H
#define CUBICLE_NETIF_H

#include <cubicle/interface.h>
#include <cubicle/slice.h>
#include <stddef.h>
#include <stdint.h>

CUBICLE_INTERFACE_MANY(netif);

/** What a device can do for the stack. */
#define NETIF_CHECKSUM 1 /* completes TCP and UDP checksums, and gives frames without */
#define NETIF_TSO4 2     /* cuts long TCP segments over IPv4 into pieces, and gives long ones */
#define NETIF_TSO6 4     /* the same over IPv6 */

struct netif_info {
    uint8_t mac[6];
    uint16_t offloads; /* NETIF_* */
    uint32_t mtu;      /* bytes, without the Ethernet header */
    uint32_t cubicle;  /* the provider's own: whom the stack opens its windows to */
};

/** @flags of a frame. Numbers of this structure mean what they mean in struct virtio_net_hdr of Linux. */
#define NETIF_FRAME_NEEDS_CHECKSUM 1 /* from checksum_start on, to be stored checksum_offset behind it */
#define NETIF_FRAME_CHECKSUM_GOOD 2  /* received: somebody has looked */

#define NETIF_GSO_NONE 0
#define NETIF_GSO_TCP4 1
#define NETIF_GSO_TCP6 4

struct netif_frame {
    uint32_t nslices; /* how many of the list of slices, after those of the frames before */
    uint32_t size;    /* received: bytes of the frame; 0: not received */
    uint8_t flags, gso_type;
    uint16_t header_size; /* Ethernet, IP and TCP headers, where gso_type is not NONE */
    uint16_t gso_size;    /* payload of each piece */
    uint16_t checksum_start, checksum_offset;
    uint16_t pad[3];
};

/** Frames of one kind in one call, and slices of one frame. */
#define NETIF_FRAMES_MAX 64
#define NETIF_FRAME_SLICES_MAX 64
#define NETIF_SLICES_MAX 512

/** Opens the device (again: the stack was begun anew) and describes it. @options are the provider's. 0; -ENODEV;
 *  -EINVAL unknown options. */
int netif_open(CUBICLE_STRING(256) const char *options, CUBICLE_OUT(sizeof(struct netif_info)) struct netif_info *info);

/** Of netif_exchange()'s result. */
#define NETIF_SENT(result) ((unsigned)((result)&0xffff))
#define NETIF_RECEIVED(result) ((unsigned)((result) >> 16 & 0xffff))

/**
 * Sends frames in their order, then fills receive frames in their order as long as there are any, then, where none was
 * received and all were sent, waits up to @timeout_ns (0: not, -1: for ever) and receives what has come. What could not
 * be sent for want of room is waited for likewise. @slices are those of the frames to send, then of those to receive.
 * When the call returns, the slices are not looked at any more.
 * How many frames were sent and received, as NETIF_SENT and NETIF_RECEIVED (0 | 0: the time is over); -EINTR a signal
 * for the application came while it waited (nothing was sent or received); -EINVAL senseless numbers; -EFAULT a slice
 * is not lent; -ENODEV the device is gone.
 */
int64_t netif_exchange(CUBICLE_IN(send_size) const struct netif_frame *send, size_t send_size,
                       CUBICLE_INOUT(receive_size) struct netif_frame *receive, size_t receive_size,
                       CUBICLE_IN(slices_size) const struct cubicle_slice *slices, size_t slices_size,
                       int64_t timeout_ns, CUBICLE_CALLER int caller);

#endif
