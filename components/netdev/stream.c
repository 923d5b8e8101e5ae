/*
 * A stream of frames, each after its length in four bytes, highest first: what QEMU's `-netdev stream` and passt speak.
 * Received bytes are read in large pieces and copied out frame by frame.
 */
#include "netdev.h"

#include <arpa/inet.h>
#include <cubicle.h>
#include <errno.h>
#include <string.h>

#define HEAD sizeof(uint32_t)
#define IN_SIZE (256u << 10) /* a few of the longest frames */

/* What has been read and not been given to a client: in[in_start, in_end). */
static uint8_t in[IN_SIZE];
static uint32_t in_start, in_end;

/* The rest of a frame of which the host has taken a part: out[out_start, out_end). */
static uint8_t out[HEAD + NETDEV_FRAME_MAX];
static uint32_t out_start, out_end;

static bool gone; /* the peer is, or does not keep to the protocol */

static int stream_lost(ssize_t error)
{
    if (error == -EPIPE || error == -ECONNRESET || error == -ENODEV) {
        gone = true;
        return -ENODEV;
    }
    return (int)error;
}

/* ---- sending ---- */

/* One host call being prepared: the frames [call->sent, end), behind what is left in `out`. */
struct stream_batch {
    struct hostnet_slice list[HOSTNET_SLICES_MAX];
    uint32_t heads[NETIF_FRAMES_MAX];
    uint32_t nslices, end;
};

static void stream_gather(const struct netdev_call *call, struct stream_batch *batch)
{
    const struct cubicle_slice *slices = call->send_slices;
    uint32_t bytes = out_end - out_start;
    batch->nslices = 0;
    batch->end = call->sent;
    if (bytes > 0) {
        batch->list[batch->nslices++] = netdev_own(out + out_start, bytes);
    }
    while (batch->end < call->nsend) {
        const uint32_t nslices = call->send[batch->end].nslices;
        const uint32_t size = netdev_bytes(slices, nslices);
        bytes += (uint32_t)HEAD + size;
        if (batch->nslices + 1 + nslices > HOSTNET_SLICES_MAX ||
            bytes > HOSTNET_BYTES_MAX) {
            break;
        }
        uint32_t *head = &batch->heads[batch->end++];
        *head = htonl(size);
        batch->list[batch->nslices++] = netdev_own(head, HEAD);
        batch->nslices +=
            netdev_lent(slices, nslices, call->lender, &batch->list[batch->nslices]);
        slices += nslices;
    }
}

/* Appends [@base, @base + @size) without its first *@skip bytes to what is left to send. */
static void stream_keep(const void *base, uint32_t size, uint32_t *skip)
{
    const uint32_t at = *skip < size ? *skip : size;
    memcpy(out + out_end, (const uint8_t *)base + at, size - at);
    out_end += size - at;
    *skip -= at;
}

/* Keeps what of the next frame follows its first @done bytes. The host has read them from the client: they are its. */
static void stream_keep_rest(const struct netdev_call *call, const uint32_t *head,
                             uint32_t done)
{
    const struct netif_frame *frame = &call->send[call->sent];
    out_start = out_end = 0;
    stream_keep(head, HEAD, &done);
    for (uint32_t i = 0; i < frame->nslices; i++) {
        const struct cubicle_slice *slice = &call->send_slices[i];
        stream_keep((const void *)(uintptr_t)(uint32_t)slice->base,
                    (uint32_t)slice->size, &done);
    }
}

/* The host has taken @written bytes of @batch. True: all of it. */
static bool stream_account(struct netdev_call *call, const struct stream_batch *batch,
                           uint32_t written)
{
    const uint32_t left = out_end - out_start;
    if (written < left) {
        out_start += written;
        return false;
    }
    written -= left;
    out_start = out_end = 0;
    while (call->sent < batch->end) {
        const uint32_t *head = &batch->heads[call->sent];
        const uint32_t size = (uint32_t)HEAD + ntohl(*head);
        if (written < size) {
            if (written > 0) {
                stream_keep_rest(call, head, written);
                netdev_sent(call);
            }
            return false;
        }
        written -= size;
        netdev_sent(call);
    }
    return true;
}

static int stream_send(struct netdev_call *call)
{
    static struct stream_batch batch;
    while (!gone && (call->sent < call->nsend || out_start < out_end)) {
        stream_gather(call, &batch);
        const ssize_t written =
            hostnet_send(batch.list, batch.nslices * sizeof(batch.list[0]));
        if (written < 0) {
            return stream_lost(written);
        }
        if (!stream_account(call, &batch, (uint32_t)written)) {
            return -EAGAIN;
        }
    }
    return gone ? -ENODEV : 0;
}

/* ---- receiving ---- */

/* Bytes of the next frame, where all of it has been read; 0: it has not. A length that no frame has ends the stream:
 * nobody knows where the next one begins. */
static uint32_t stream_next(void)
{
    uint32_t head;
    for (;;) {
        if (in_end - in_start < HEAD) {
            return 0;
        }
        memcpy(&head, in + in_start, HEAD);
        const uint32_t size = ntohl(head);
        if (size > NETDEV_FRAME_MAX) {
            gone = true;
            return 0;
        }
        if (size != 0) {
            return in_end - in_start - HEAD >= size ? size : 0;
        }
        in_start += (uint32_t)HEAD; /* an empty frame */
    }
}

/* Copies the next frame, of @size bytes, to the client. Dropped where there is no room for it. */
static int stream_deliver(struct netdev_call *call, uint32_t size)
{
    struct netif_frame *frame = &call->receive[call->received];
    const uint8_t *from = in + in_start + HEAD;
    uint32_t left = size;
    if (size > netdev_bytes(call->receive_slices, frame->nslices)) {
        in_start += (uint32_t)HEAD + size;
        return 0;
    }
    for (uint32_t i = 0; left > 0; i++) {
        const struct cubicle_slice *slice = &call->receive_slices[i];
        const uint32_t part = left < slice->size ? left : (uint32_t)slice->size;
        void *to = (void *)(uintptr_t)(uint32_t)slice->base;
        if (part != 0 && call->lender != netdev_self &&
            cubicle_window_lender(to, part, CUBICLE_WRITE) != (int)call->lender) {
            return -EFAULT;
        }
        memcpy(to, from, part);
        from += part;
        left -= part;
    }
    in_start += (uint32_t)HEAD + size;
    frame->flags = frame->gso_type = 0;
    netdev_received(call, size);
    return 0;
}

static int stream_deliver_all(struct netdev_call *call)
{
    uint32_t size;
    while (call->received < call->nreceive && (size = stream_next()) != 0) {
        const int error = stream_deliver(call, size);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

/* Reads as much as there is room for. 1 if all room was filled, 0 if not, or an error. */
static int stream_fill(void)
{
    if (gone) {
        return -ENODEV;
    }
    memmove(in, in + in_start, in_end - in_start);
    in_end -= in_start;
    in_start = 0;
    const uint32_t room = IN_SIZE - in_end;
    const struct hostnet_slice slice = netdev_own(in + in_end, room);
    const ssize_t got = hostnet_receive(&slice, sizeof(slice));
    if (got <= 0) {
        return stream_lost(got == 0 ? -EPIPE : got);
    }
    in_end += (uint32_t)got;
    return (uint32_t)got == room;
}

static int stream_receive(struct netdev_call *call)
{
    int more = 1;
    int error = stream_deliver_all(call);
    while (error == 0 && call->received == 0 && more > 0) {
        more = stream_fill();
        error = more < 0 ? more : stream_deliver_all(call);
    }
    return error != 0 ? error : gone ? -ENODEV : call->received > 0 ? 0 : -EAGAIN;
}

static bool stream_has_frame(void)
{
    return stream_next() != 0;
}

const struct netdev_kind netdev_stream = {stream_send, stream_receive,
                                          stream_has_frame};
