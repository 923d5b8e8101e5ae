/*
 * Host calls of a network device: the descriptor of a TAP device or of a stream of frames, which the command has
 * opened before the start. Only modules that the manifest names under `hostnet` may import these. Errors are negative
 * errno values of the host.
 */
#ifndef CUBICLE_HOSTNET_H
#define CUBICLE_HOSTNET_H

#include <cubicle/host_net.h>
#include <cubicle/interface.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

CUBICLE_INTERFACE(hostnet);

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
