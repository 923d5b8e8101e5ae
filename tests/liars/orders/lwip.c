/*
 * The network stack gone mad. It adds the orders
 *
 *   frame ADDRESS    sends a frame that consists of bytes at any address, and has one received there
 *   forge TIMES      all members of a set, and many that it does not have, are ready for everything
 */
#include "mad.h"

#include "../../../components/lwip/device.h"

#include <socket.h>
#include <string.h>
#include <sys/epoll.h>

#define NEAR \
    4 /* numbers that a set may have given to a member, and generations of them */

ssize_t real_socket_receive(int handle, void *buf, size_t count, int flags, int caller);
ssize_t real_socket_set_wait(int set, struct socket_event *events, size_t size,
                             int64_t timeout_ns, int caller);

static uint64_t forge;

static void mad_frame(uint64_t address)
{
    const struct cubicle_slice slice = {.base = address, .size = 64};
    const struct netif_frame frame = {.nslices = 1, .size = 64};
    struct netif_frame room = {.nslices = 1};

    const int64_t sent = device.ops.netif_exchange(&frame, sizeof(frame), &room, 0,
                                                   &slice, sizeof(slice), 0, 0);
    const int64_t received = device.ops.netif_exchange(&frame, 0, &room, sizeof(room),
                                                       &slice, sizeof(slice), 0, 0);
    mad_say("mad: %d sent, %d received\n", sent > 0, received > 0);
}

static void mad_more(const struct mad_order *order)
{
    if (strcmp(order->word, "frame") == 0) {
        mad_frame(order->numbers[0]);
    } else if (strcmp(order->word, "forge") == 0) {
        forge = order->numbers[0];
    } else {
        mad_say("mad: no such order\n");
    }
}

ssize_t real_socket_receive(int handle, void *buf, size_t count, int flags, int caller)
{
    const ssize_t n = socket_receive(handle, buf, count, flags, caller);

    if (n > 0 && (size_t)n <= count) {
        const uint64_t from = caller != 0 ? ((const uint64_t *)buf)[-2] : 0;
        mad_obey("lwip", from > 1 ? (const void *)(uintptr_t)from : buf, (size_t)n,
                 mad_more);
    }
    return n;
}

ssize_t real_socket_set_wait(int set, struct socket_event *events, size_t size,
                             int64_t timeout_ns, int caller)
{
    if (forge == 0) {
        return socket_set_wait(set, events, size, timeout_ns, caller);
    }
    const size_t room = size / sizeof(*events);
    forge--;
    for (size_t i = 0; i < room; i++) {
        events[i] = (struct socket_event){
            .events = (i & 1) != 0 ? UINT32_MAX : EPOLLIN | EPOLLOUT,
            .data = i / NEAR | (i % NEAR + forge % NEAR) << 32};
    }
    return (ssize_t)(room * sizeof(*events));
}
