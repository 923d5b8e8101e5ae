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

static struct tap_header headers[NETIF_FRAMES_MAX];
static struct hostnet_slice list[HOSTNET_SLICES_MAX];

/* Lists the next frames to send, as many as one call takes. *@nslices: of the list. */
static uint32_t tap_gather(const struct netdev_call *call, uint32_t *nslices)
{
    const struct cubicle_slice *slices = call->send_slices;
    uint32_t n = 0, frames = 0;
    while (call->sent + frames < call->nsend) {
        const struct netif_frame *frame = &call->send[call->sent + frames];
        if (n + 1 + frame->nslices > HOSTNET_SLICES_MAX) {
            break;
        }
        headers[frames] = (struct tap_header){
            .flags = frame->flags,
            .gso_type = frame->gso_type,
            .header_size = frame->header_size,
            .gso_size = frame->gso_size,
            .checksum_start = frame->checksum_start,
            .checksum_offset = frame->checksum_offset,
        };
        list[n++] = netdev_own(&headers[frames++], sizeof(headers[0]));
        n += netdev_lent(slices, frame->nslices, call->lender, &list[n]);
        list[n - 1].flags = HOSTNET_LAST;
        slices += frame->nslices;
    }
    *nslices = n;
    return frames;
}

/* A frame that the host does not take for another reason (the device is down) is lost, as on a wire. */
static int tap_send(struct netdev_call *call)
{
    while (call->sent < call->nsend) {
        uint32_t nslices;
        const int frames = (int)tap_gather(call, &nslices);
        const int sent = hostnet_send_frames(list, nslices * sizeof(list[0]));
        if (sent == -EAGAIN || sent == -EFAULT) {
            return sent;
        }
        if (tap_is_gone(sent)) {
            return -ENODEV;
        }
        for (int i = 0; i < (sent > 0 && sent <= frames ? sent : 1); i++) {
            netdev_sent(call);
        }
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

/* Receives up to @want frames into one call's slices. One that is longer than there is room for is dropped: a byte
 * behind it tells. How many came, dropped or not; or an error. */
static int tap_receive_some(struct netdev_call *call, uint32_t want)
{
    static uint8_t behind;
    uint32_t sizes[NETIF_FRAMES_MAX], rooms[NETIF_FRAMES_MAX];
    const struct cubicle_slice *slices = call->receive_slices;
    uint32_t n = 0, frames = 0;
    while (frames < want && call->received + frames < call->nreceive) {
        const struct netif_frame *frame = &call->receive[call->received + frames];
        if (n + 2 + frame->nslices > HOSTNET_SLICES_MAX) {
            break;
        }
        rooms[frames] = netdev_bytes(slices, frame->nslices);
        list[n++] = netdev_own(&headers[frames++], sizeof(headers[0]));
        n += netdev_lent(slices, frame->nslices, call->lender, &list[n]);
        list[n] = netdev_own(&behind, sizeof(behind));
        list[n++].flags = HOSTNET_LAST;
        slices += frame->nslices;
    }
    const int got = hostnet_receive_frames(list, n * sizeof(list[0]), sizes,
                                           frames * sizeof(sizes[0]));
    if (got <= 0) {
        return tap_is_gone(got) ? -ENODEV : got < 0 ? got : -EAGAIN;
    }
    for (uint32_t i = 0; i < (uint32_t)got && i < frames; i++) {
        const uint32_t size = sizes[i] - (uint32_t)sizeof(headers[0]);
        const bool whole = sizes[i] > sizeof(headers[0]) && size <= rooms[i];
        if (whole) {
            tap_describe(&headers[i], &call->receive[call->received]);
        }
        netdev_received(call, whole ? size : 0);
    }
    return got;
}

/* One frame, and more where that has paid off before. */
static int tap_receive(struct netdev_call *call)
{
    const bool several = netdev_guess(&more);
    const int got = tap_receive_some(call, several ? NETIF_FRAMES_MAX : 1);
    if (several) {
        netdev_guessed(&more, got > 1);
    }
    return got < 0 ? got : 0;
}

static bool tap_has_frame(void)
{
    return false; /* the host keeps them */
}

const struct netdev_kind netdev_tap = {tap_send, tap_receive, tap_has_frame};
