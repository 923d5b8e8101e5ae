/*
 * The network device gone mad: it reads its orders in the frames that pass. It adds
 *
 *   expose ADDRESS   has the host send bytes at any address, as memory of each cubicle in turn
 *   fill ADDRESS     has the host receive bytes there
 */
#include "mad.h"

#include <hostnet.h>
#include <netif.h>
#include <string.h>

#define OWNERS 40 /* more than there are cubicles */

int64_t real_netif_exchange(const struct netif_frame *send, size_t send_size,
                            struct netif_frame *receive, size_t receive_size,
                            const struct cubicle_slice *slices, size_t slices_size,
                            int64_t timeout_ns, int caller);

/* How many owners the host believes of 64 bytes at @address. */
static unsigned believed(uint64_t address,
                         ssize_t (*call)(const struct hostnet_slice *, size_t))
{
    unsigned n = 0;

    for (unsigned owner = 0; owner < OWNERS; owner++) {
        const struct hostnet_slice slice = {
            .base = (uint32_t)address, .size = 64, .owner = owner};
        const ssize_t done = call(&slice, sizeof(slice));
        n += done != -14 && done != -22; /* EFAULT, EINVAL */
    }
    return n;
}

static void mad_more(const struct mad_order *order)
{
    static char own[64];

    if (strcmp(order->word, "expose") == 0) {
        mad_say("mad: %u exposed\n", believed(order->numbers[0], hostnet_send));
    } else if (strcmp(order->word, "fill") == 0) {
        mad_say("mad: %u filled, %u of its own\n",
                believed(order->numbers[0], hostnet_receive),
                believed((uintptr_t)own, hostnet_receive));
    } else {
        mad_say("mad: no such order\n");
    }
}

int64_t real_netif_exchange(const struct netif_frame *send, size_t send_size,
                            struct netif_frame *receive, size_t receive_size,
                            const struct cubicle_slice *slices, size_t slices_size,
                            int64_t timeout_ns, int caller)
{
    const int64_t result = netif_exchange(send, send_size, receive, receive_size,
                                          slices, slices_size, timeout_ns, caller);

    for (size_t i = 0; i < send_size / sizeof(*send); i++) {
        slices += send[i].nslices;
    }
    for (unsigned i = 0; result > 0 && i < NETIF_RECEIVED(result); i++) {
        if (receive[i].size <= slices->size) {
            mad_obey("netdev", (const void *)(uintptr_t)slices->base, receive[i].size,
                     mad_more);
        }
        slices += receive[i].nslices;
    }
    return result;
}
