#include "loopback.h"

#include <clock.h>
#include <cubicle.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct loopback_options options;
static uint64_t random_state;
static bool is_open;

int netif_open(const char *text, struct netif_info *info)
{
    struct loopback_options given;
    const int error = loopback_parse(text, &given);
    if (error != 0) {
        return error;
    }
    queue_clear();
    options = given;
    random_state = options.seed + UINT64_C(0x9e3779b97f4a7c15);
    is_open = true;
    *info = (struct netif_info){
        .mac = {2, 0, 0, 0, 0, 1},
        .offloads = options.offload ? NETIF_CHECKSUM | NETIF_TSO4 | NETIF_TSO6 : 0,
        .mtu = options.mtu,
        .cubicle = (uint32_t)cubicle_self(),
    };
    return 0;
}

/* True @permille times of a thousand (G. Marsaglia, "Xorshift RNGs", 2003). */
static bool loopback_chance(uint32_t permille)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % 1000 < permille;
}

/* Memory that @caller names must be what it lends: never this component's own. */
static bool loopback_may(const struct cubicle_slice *slice, int rights, int caller)
{
    return caller == 0 || caller == cubicle_self() || slice->size == 0 ||
           cubicle_window_lender((const void *)(uintptr_t)(uint32_t)slice->base,
                                 slice->size, rights) == caller;
}

/* Copies between @bytes and the slices; as many of @size bytes as they have room for. */
static int loopback_copy(uint8_t *bytes, size_t size,
                         const struct cubicle_slice *slices, uint32_t nslices,
                         int rights, int caller)
{
    for (uint32_t i = 0; i < nslices && size > 0; i++) {
        const size_t part = slices[i].size < size ? slices[i].size : size;
        void *there = (void *)(uintptr_t)(uint32_t)slices[i].base;
        if (!loopback_may(&(struct cubicle_slice){slices[i].base, part}, rights,
                          caller)) {
            return -EFAULT;
        }
        if (rights == CUBICLE_READ) {
            memcpy(bytes, there, part);
        } else {
            memcpy(there, bytes, part);
        }
        bytes += part;
        size -= part;
    }
    return 0;
}

/* Bytes of @nslices slices; 0: of a size that no frame has. */
static size_t loopback_size(const struct cubicle_slice *slices, uint32_t nslices)
{
    uint64_t size = 0;
    for (uint32_t i = 0; i < nslices; i++) {
        if (slices[i].size > LOOPBACK_FRAME_MAX) {
            return 0;
        }
        size += slices[i].size;
    }
    return size <= LOOPBACK_FRAME_MAX ? size : 0;
}

static int loopback_put(const struct netif_frame *about,
                        const struct cubicle_slice *slices, size_t size, int caller)
{
    struct loopback_frame frame = {.about = *about, .bytes = malloc(size)};
    if (frame.bytes == NULL) {
        return 0; /* lost */
    }
    const int error =
        loopback_copy(frame.bytes, size, slices, about->nslices, CUBICLE_READ, caller);
    if (options.swap) {
        loopback_swap(frame.bytes, size);
    }
    frame.about.size = (uint32_t)size;
    frame.due_ns = cubicle_clock(CLOCK_MONOTONIC) + options.delay_us * INT64_C(1000);
    if (error != 0 || !queue_put(&frame, loopback_chance(options.reorder))) {
        free(frame.bytes);
    }
    return error;
}

static int loopback_send(const struct netif_frame *about,
                         const struct cubicle_slice *slices, int caller)
{
    const size_t size = loopback_size(slices, about->nslices);
    if (size == 0 || (about->gso_type == NETIF_GSO_NONE && size > options.mtu + 18)) {
        return -EINVAL;
    }
    if (loopback_chance(options.drop)) {
        return 0;
    }
    const int error = loopback_put(about, slices, size, caller);
    return error == 0 && loopback_chance(options.duplicate)
               ? loopback_put(about, slices, size, caller)
               : error;
}

/* The first frame that has arrived, or NULL. */
static const struct loopback_frame *loopback_arrived(void)
{
    const struct loopback_frame *frame = queue_first();
    const bool late = frame != NULL && options.delay_us != 0 &&
                      frame->due_ns > cubicle_clock(CLOCK_MONOTONIC);
    return late ? NULL : frame;
}

/* Fills @receive; one that is longer than there is room for is lost. 1; 0 nothing is there. */
static int loopback_receive(struct netif_frame *receive,
                            const struct cubicle_slice *slices, int caller)
{
    const struct loopback_frame *frame;
    while ((frame = loopback_arrived()) != NULL) {
        if (frame->about.size <= loopback_size(slices, receive->nslices)) {
            const int error = loopback_copy(frame->bytes, frame->about.size, slices,
                                            receive->nslices, CUBICLE_WRITE, caller);
            if (error != 0) {
                return error;
            }
            const uint32_t nslices = receive->nslices;
            *receive = frame->about;
            receive->nslices = nslices;
            queue_drop();
            return 1;
        }
        queue_drop();
    }
    return 0;
}

/* Until the first frame arrives, but no longer than @timeout_ns. */
static int loopback_wait(int64_t timeout_ns)
{
    const struct loopback_frame *frame = queue_first();
    if (frame != NULL) {
        const int64_t left = frame->due_ns - cubicle_clock(CLOCK_MONOTONIC);
        timeout_ns = timeout_ns < 0 || left < timeout_ns ? left : timeout_ns;
    }
    return frame != NULL && timeout_ns <= 0
               ? 0
               : clock_sleep_ns(timeout_ns < 0 ? INT64_MAX : (uint64_t)timeout_ns);
}

/* How far an exchange has got. */
struct progress {
    uint32_t sent, received;
    const struct cubicle_slice *next;
};

static int loopback_receive_all(struct netif_frame *receive, uint32_t nreceive,
                                struct progress *at, int caller)
{
    while (at->received < nreceive) {
        const int got = loopback_receive(&receive[at->received], at->next, caller);
        if (got <= 0) {
            return got;
        }
        at->next += receive[at->received++].nslices;
    }
    return 0;
}

/* What is left undone must have been offered. */
static bool loopback_is_offered(const struct netif_frame *frame)
{
    const bool known = frame->gso_type == NETIF_GSO_NONE ||
                       frame->gso_type == NETIF_GSO_TCP4 ||
                       frame->gso_type == NETIF_GSO_TCP6;
    const bool plain = frame->flags == 0 && frame->gso_type == NETIF_GSO_NONE;
    return known && (frame->flags & ~NETIF_FRAME_NEEDS_CHECKSUM) == 0 &&
           (plain || options.offload);
}

/* The number of slices of @n frames; more than there can be where a frame is wrong. */
static size_t loopback_slices(const struct netif_frame *frames, size_t n, bool are_sent)
{
    size_t nslices = 0;
    if (n > NETIF_FRAMES_MAX) {
        return NETIF_SLICES_MAX + 1;
    }
    for (size_t i = 0; i < n; i++) {
        if (frames[i].nslices == 0 || frames[i].nslices > NETIF_FRAME_SLICES_MAX ||
            (are_sent && !loopback_is_offered(&frames[i]))) {
            return NETIF_SLICES_MAX + 1;
        }
        nslices += frames[i].nslices;
    }
    return nslices;
}

int64_t netif_exchange(const struct netif_frame *send, size_t send_size,
                       struct netif_frame *receive, size_t receive_size,
                       const struct cubicle_slice *slices, size_t slices_size,
                       int64_t timeout_ns, int caller)
{
    struct progress at = {.next = slices};
    const size_t nsend = send_size / sizeof(*send);
    const size_t nreceive = receive_size / sizeof(*receive);
    if (!is_open) {
        return -ENODEV;
    }
    const size_t nslices = slices_size / sizeof(*slices);
    if (send_size % sizeof(*send) != 0 || receive_size % sizeof(*receive) != 0 ||
        slices_size % sizeof(*slices) != 0 || nslices > NETIF_SLICES_MAX ||
        timeout_ns < -1 ||
        loopback_slices(send, nsend, true) +
                loopback_slices(receive, nreceive, false) !=
            nslices) {
        return -EINVAL;
    }
    for (size_t i = 0; i < nreceive; i++) {
        receive[i].size = 0;
    }
    int error = 0;
    while (error == 0 && at.sent < nsend) {
        error = loopback_send(&send[at.sent], at.next, caller);
        if (error == 0) {
            at.next += send[at.sent++].nslices;
        }
    }
    if (error == 0) {
        error = loopback_receive_all(receive, (uint32_t)nreceive, &at, caller);
    }
    if (error == 0 && at.received == 0 && timeout_ns != 0) {
        error = loopback_wait(timeout_ns);
        if (error == 0) {
            error = loopback_receive_all(receive, (uint32_t)nreceive, &at, caller);
        }
    }
    return at.sent + at.received > 0 || error == 0
               ? (int64_t)at.sent | (int64_t)at.received << 16
               : error;
}
