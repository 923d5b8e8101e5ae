#include "netdev.h"

#include <cubicle.h>
#include <cubicle/component.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

uint32_t netdev_self;

static const struct netdev_kind *kind; /* NULL: there is no device */
static struct netdev_guess at_once;    /* is something there before the wait? */
static uint16_t offloads;

static int netdev_find(struct hostnet_info *info)
{
    static const struct netdev_kind *const kinds[] = {
        [HOSTNET_TAP] = &netdev_tap, [HOSTNET_STREAM] = &netdev_stream};
    const int error = hostnet_info(info);
    if (error != 0) {
        return error;
    }
    if (info->kind >= sizeof(kinds) / sizeof(kinds[0]) || kinds[info->kind] == NULL) {
        return -ENODEV;
    }
    kind = kinds[info->kind];
    offloads = info->offloads;
    return 0;
}

int component_init(void)
{
    netdev_self = (uint32_t)cubicle_self();
    return 0;
}

int netif_open(const char *options, struct netif_info *info)
{
    struct hostnet_info device;
    if (options[0] != '\0') {
        return -EINVAL; /* all that there is to say has been said to the command */
    }
    const int error = netdev_find(&device);
    if (error != 0) {
        return error;
    }
    *info = (struct netif_info){
        .offloads = device.offloads, .mtu = device.mtu, .cubicle = netdev_self};
    memcpy(info->mac, device.mac, sizeof(info->mac));
    return 0;
}

/* Are the slices of @frame, the first of @nslices, of senseful sizes? */
static bool netdev_is_frame(const struct netif_frame *frame,
                            const struct cubicle_slice *slices, size_t nslices)
{
    uint64_t size = 0;
    if (frame->nslices == 0 || frame->nslices > NETIF_FRAME_SLICES_MAX ||
        frame->nslices > nslices) {
        return false;
    }
    for (uint32_t i = 0; i < frame->nslices; i++) {
        if (slices[i].size > NETDEV_FRAME_MAX) {
            return false;
        }
        size += slices[i].size;
    }
    return size > 0 && size <= NETDEV_FRAME_MAX;
}

/* What is left undone must have been offered. */
static bool netdev_is_offered(const struct netif_frame *frame)
{
    const bool partial = (frame->flags & NETIF_FRAME_NEEDS_CHECKSUM) != 0;
    const unsigned needs = (partial ? NETIF_CHECKSUM : 0u) |
                           (frame->gso_type == NETIF_GSO_TCP4 ? NETIF_TSO4 : 0u) |
                           (frame->gso_type == NETIF_GSO_TCP6 ? NETIF_TSO6 : 0u);
    const bool known = frame->gso_type == NETIF_GSO_NONE ||
                       frame->gso_type == NETIF_GSO_TCP4 ||
                       frame->gso_type == NETIF_GSO_TCP6;
    return known && (frame->flags & ~NETIF_FRAME_NEEDS_CHECKSUM) == 0 &&
           (needs & ~(unsigned)offloads) == 0;
}

/* Fills in @call's slices and lender. */
static int netdev_check(struct netdev_call *call, size_t send_size, size_t receive_size,
                        const struct cubicle_slice *slices, size_t slices_size)
{
    const struct cubicle_slice *next = slices;
    size_t left = slices_size / sizeof(*slices);
    call->nsend = (uint32_t)(send_size / sizeof(*call->send));
    call->nreceive = (uint32_t)(receive_size / sizeof(*call->receive));
    if (send_size % sizeof(*call->send) != 0 ||
        receive_size % sizeof(*call->receive) != 0 ||
        slices_size % sizeof(*slices) != 0 ||
        send_size / sizeof(*call->send) > NETIF_FRAMES_MAX ||
        receive_size / sizeof(*call->receive) > NETIF_FRAMES_MAX ||
        left > NETIF_SLICES_MAX) {
        return -EINVAL;
    }
    call->send_slices = next;
    for (uint32_t i = 0; i < call->nsend; i++) {
        if (!netdev_is_frame(&call->send[i], next, left) ||
            !netdev_is_offered(&call->send[i])) {
            return -EINVAL;
        }
        next += call->send[i].nslices;
        left -= call->send[i].nslices;
    }
    call->receive_slices = next;
    for (uint32_t i = 0; i < call->nreceive; i++) {
        if (!netdev_is_frame(&call->receive[i], next, left)) {
            return -EINVAL;
        }
        call->receive[i].size = 0;
        next += call->receive[i].nslices;
        left -= call->receive[i].nslices;
    }
    return left == 0 ? 0 : -EINVAL;
}

/* Receives what is there, if it is likely that something is: else the wait asks the host anyhow. */
static int netdev_look(struct netdev_call *call, bool will_wait)
{
    const bool known = kind->has_frame();
    if (call->nreceive == 0 || (will_wait && !known && !netdev_guess(&at_once))) {
        return -EAGAIN;
    }
    const int error = kind->receive(call);
    if (will_wait && !known) {
        netdev_guessed(&at_once, call->received > 0);
    }
    return error;
}

/* Sends what can be sent now. */
static int netdev_send(struct netdev_call *call)
{
    const int error = kind->send(call);
    call->is_full = error == -EAGAIN;
    return call->is_full ? 0 : error;
}

/* Waits for frames, and for room where some are left to send, and does what is possible then. */
static int netdev_wait(struct netdev_call *call, int64_t timeout_ns)
{
    const int ready = hostnet_wait(
        (call->nreceive != 0 ? POLLIN : 0) | (call->is_full ? POLLOUT : 0), timeout_ns);
    if (ready <= 0) {
        return ready;
    }
    int error = (ready & POLLOUT) != 0 ? netdev_send(call) : 0;
    if (error == 0 && call->nreceive != 0 && (ready & ~POLLOUT) != 0) {
        error = kind->receive(call);
    }
    return call->nreceive == 0 && (ready & (POLLHUP | POLLERR)) != 0 ? -ENODEV : error;
}

static int netdev_exchange(struct netdev_call *call, int64_t timeout_ns)
{
    int error = netdev_send(call);
    if (error != 0) {
        return error;
    }
    error = netdev_look(call, timeout_ns != 0);
    if (error == -EAGAIN && timeout_ns != 0) {
        error = netdev_wait(call, timeout_ns);
    }
    return error != -EAGAIN ? error : 0;
}

int64_t netif_exchange(const struct netif_frame *send, size_t send_size,
                       struct netif_frame *receive, size_t receive_size,
                       const struct cubicle_slice *slices, size_t slices_size,
                       int64_t timeout_ns, int caller)
{
    struct netdev_call call = {
        .send = send,
        .receive = receive,
        .lender = caller != 0 ? (uint32_t)caller : netdev_self,
    };
    int error = kind != NULL
                    ? netdev_check(&call, send_size, receive_size, slices, slices_size)
                    : -ENODEV;
    if (error == 0 && timeout_ns < -1) {
        error = -EINVAL;
    }
    if (error == 0) {
        error = netdev_exchange(&call, timeout_ns);
    }
    const bool done = call.sent + call.received > 0;
    return done || error == 0 ? (int64_t)call.sent | (int64_t)call.received << 16
                              : error;
}
