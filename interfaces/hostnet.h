/*
 * Host calls of a network device: the descriptor of a TAP device or of a stream of frames, which the command has
 * opened before the start. Only modules that the manifest names under `hostnet` may import these. Errors are negative
 * errno values of the host.
 */
#ifndef CUBICLE_HOSTNET_H
#define CUBICLE_HOSTNET_H

#include <cubicle/interface.h>
#include <cubicle/slice.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

CUBICLE_INTERFACE(hostnet);

/** Kinds of devices. */
#define HOSTNET_TAP 1    /* a frame per call, after a struct virtio_net_hdr of 12 bytes */
#define HOSTNET_STREAM 2 /* bytes: each frame after its length, 4 bytes in network order */

struct hostnet_info {
    uint32_t kind;     /* HOSTNET_TAP or HOSTNET_STREAM */
    uint32_t mtu;      /* bytes, without the Ethernet header */
    uint8_t mac[6];    /* to be used on this side */
    uint16_t offloads; /* NETIF_* of netif.h that the device takes and gives */
};

/** Slices in one call. */
#define HOSTNET_SLICES_MAX 256

/** Describes the device. 0; -ENODEV the system was started without one. */
int hostnet_info(CUBICLE_OUT(sizeof(struct hostnet_info)) struct hostnet_info *info);

/**
 * One writev(2) of the slices, which the caller owns or is lent for reading; they need not be mapped in its view. Never
 * waits. Bytes written; -EAGAIN there is no room; -EFAULT a slice is not the caller's to read; -EINVAL none, or too many.
 */
ssize_t hostnet_send(CUBICLE_IN(size) const struct cubicle_slice *slices, size_t size);

/** One readv(2) into slices that the caller owns or is lent for writing. Never waits. Bytes read; 0 the peer of a
 *  stream is gone; -EAGAIN nothing is there; errors as above. */
ssize_t hostnet_receive(CUBICLE_IN(size) const struct cubicle_slice *slices, size_t size);

/** Waits up to @timeout_ns (-1: for ever) for POLLIN and, or POLLOUT of @events. The bits that are ready; 0 the time is
 *  over; -EINTR a signal for the application is pending. */
int hostnet_wait(int events, int64_t timeout_ns);

#endif
