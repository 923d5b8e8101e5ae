/* What the monitor tells of a network device of the host, and is given for it (interfaces/hostnet.h). */
#ifndef CUBICLE_HOST_NET_H
#define CUBICLE_HOST_NET_H

#include <stdint.h>

/** Kinds of devices. */
#define HOSTNET_TAP 1 /* a frame per call, after a struct virtio_net_hdr of 12 bytes */
#define HOSTNET_STREAM \
    2 /* bytes: each frame after its length, 4 bytes in network order */

struct hostnet_info {
    uint32_t kind;     /* HOSTNET_TAP or HOSTNET_STREAM */
    uint32_t mtu;      /* bytes, without the Ethernet header */
    uint8_t mac[6];    /* to be used on this side */
    uint16_t offloads; /* NETIF_* of netif.h that the device takes and gives */
};

/** A piece of @owner's memory: the caller's id, or that of a cubicle that lends it to the caller by a window. */
struct hostnet_slice {
    uint32_t base; /* an offset: the low 32 bits of a pointer */
    uint32_t size; /* bytes; 0: the slice is left out */
    uint32_t owner;
    uint32_t flags; /* HOSTNET_LAST, for the functions of frames */
};

/** The frame ends with this slice. */
#define HOSTNET_LAST 1

/** Slices, and bytes of them together, in one call; frames are not more than slices. */
#define HOSTNET_SLICES_MAX 256
#define HOSTNET_BYTES_MAX (4u << 20)

#endif
