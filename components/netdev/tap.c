/* A TAP device: one frame in each host call, after a header that says what is left to do with its checksum and size. */
#include "netdev.h"

#include <errno.h>

/* struct virtio_net_hdr_v1 of Linux. */
struct tap_header {
    uint8_t flags, gso_type;
    uint16_t header_size, gso_size, checksum_start, checksum_offset, nbuffers;
};

static struct netdev_guess more; /* is there a frame behind the first? */

static bool tap_is_gone(ssize_t error)
{
    return error == -ENODEV || error == -EBADFD || error == -EBADF;
}

/* A frame that the host does not take for another reason (the device is down) is lost, as on a wire. */
static int tap_send(struct netdev_call *call)
{
    struct hostnet_slice list[1 + NETIF_FRAME_SLICES_MAX];
    while (call->sent < call->nsend) {
        const struct netif_frame *frame = &call->send[call->sent];
        const struct tap_header header = {
            .flags = frame->flags,
            .gso_type = frame->gso_type,
            .header_size = frame->header_size,
            .gso_size = frame->gso_size,
            .checksum_start = frame->checksum_start,
            .checksum_offset = frame->checksum_offset,
        };
        list[0] = netdev_own(&header, sizeof(header));
        const uint32_t n =
            1 + netdev_lent(call->send_slices, frame->nslices, call->lender, &list[1]);
        const ssize_t written = hostnet_send(list, n * sizeof(list[0]));
        if (written == -EAGAIN || written == -EFAULT) {
            return (int)written;
        }
        if (tap_is_gone(written)) {
            return -ENODEV;
        }
        netdev_sent(call);
    }
    return 0;
}

/* Tells the client what the host says of a frame. Only TCP segments are given in large pieces. */
static void tap_describe(const struct tap_header *header, struct netif_frame *frame)
{
    frame->flags =
        header->flags & (NETIF_FRAME_NEEDS_CHECKSUM | NETIF_FRAME_CHECKSUM_GOOD);
    frame->gso_type = header->gso_type;
    frame->header_size = header->header_size;
    frame->gso_size = header->gso_size;
    frame->checksum_start = header->checksum_start;
    frame->checksum_offset = header->checksum_offset;
}

/* Receives the next frame. One that is longer than there is room for is dropped: a byte behind it tells. */
static int tap_receive_one(struct netdev_call *call)
{
    struct hostnet_slice list[2 + NETIF_FRAME_SLICES_MAX];
    struct netif_frame *frame = &call->receive[call->received];
    const uint32_t room = netdev_bytes(call->receive_slices, frame->nslices);
    struct tap_header header = {0};
    uint8_t behind;
    for (;;) {
        uint32_t n = 0;
        list[n++] = netdev_own(&header, sizeof(header));
        n += netdev_lent(call->receive_slices, frame->nslices, call->lender, &list[n]);
        list[n++] = netdev_own(&behind, sizeof(behind));
        const ssize_t got = hostnet_receive(list, n * sizeof(list[0]));
        if (got < 0) {
            return tap_is_gone(got) ? -ENODEV : (int)got;
        }
        if (got > (ssize_t)sizeof(header) && got <= (ssize_t)(sizeof(header) + room)) {
            tap_describe(&header, frame);
            netdev_received(call, (uint32_t)got - (uint32_t)sizeof(header));
            return 0;
        }
    }
}

static int tap_receive(struct netdev_call *call)
{
    int error = tap_receive_one(call);
    while (error == 0 && call->received < call->nreceive && netdev_guess(&more)) {
        error = tap_receive_one(call);
        netdev_guessed(&more, error == 0);
        if (error == -EAGAIN) {
            return 0;
        }
    }
    return error;
}

static bool tap_has_frame(void)
{
    return false; /* the host keeps them */
}

const struct netdev_kind netdev_tap = {tap_send, tap_receive, tap_has_frame};
