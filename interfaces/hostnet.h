/*
 * Host calls of a network device: the descriptor of a TAP device or of a stream of frames, which the command has
 * opened before the start. Only modules that the manifest names under `hostnet` may import these. Errors are negative
 * errno values of the host.
 */
#ifndef CUBICLE_HOSTNET_H
#define CUBICLE_HOSTNET_H

#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

CUBICLE_INTERFACE(hostnet);

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

/** Describes the device. 0; -ENODEV the system was started without one. */
int hostnet_info(CUBICLE_OUT(sizeof(struct hostnet_info)) struct hostnet_info *info);

/**
 * One writev(2) of the slices, which may be read by the caller, be they mapped in its view or not. Never waits. Bytes
 * written; -EAGAIN there is no room; -EPIPE the peer of a stream is gone; -EFAULT a slice is not all @owner's, or not
 * the caller's to read; -EINVAL no slices, or too many, or too long ones.
 */
ssize_t hostnet_send(CUBICLE_IN(size) const struct hostnet_slice *slices, size_t size);

/** One readv(2) into slices that may be written by the caller. Never waits. Bytes read (a TAP device drops what of a
 *  frame has no room); 0 the peer of a stream is gone; -EAGAIN nothing is there; errors as above. */
ssize_t hostnet_receive(CUBICLE_IN(size) const struct hostnet_slice *slices,
                        size_t size);

/**
 * The frames of a TAP device in their order, each the slices up to one with HOSTNET_LAST, by one writev(2) or readv(2),
 * until one is refused. How many were sent or received, @sizes then tells how many bytes of each; where none was, why the
 * first was refused, as above. Never waits. -EINVAL the device is a stream.
 */
int hostnet_send_frames(CUBICLE_IN(size) const struct hostnet_slice *slices, size_t size);
int hostnet_receive_frames(CUBICLE_IN(size) const struct hostnet_slice *slices, size_t size,
                           CUBICLE_OUT(sizes_size) uint32_t *sizes, size_t sizes_size);

/** Waits up to @timeout_ns (-1: for ever) for POLLIN and, or POLLOUT of @events. The bits that are ready, with POLLHUP
 *  and POLLERR where the device is gone; 0 the time is over; -EINTR a signal for the application is pending. */
int hostnet_wait(int events, int64_t timeout_ns);

#endif
