/*
 * Interface `hostnet`: the host calls of a network device. See interfaces/hostnet.h. The list
 * of slices is the monitor's own copy; what the slices name is memory of cubicles.
 *
 * Invariants
 *   N1  The host reads or writes bytes only where the calling cubicle could: of its own, or lent
 *       to it by open windows with that right (W1), as the page table says at the time of the call.
 *   N2  It does so in the view of the one cubicle that the caller says owns the slice, and that
 *       does. Nothing is mapped for it. What is out of the owner's own reach is -EFAULT.
 *   N3  No call waits but hostnet_wait().
 */
#include "gate.h"
#include "signal_pending.h"
#include "thread.h"
#include "window.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/* HOSTNET_SLICES_MAX and HOSTNET_BYTES_MAX of the interface: to look up pages takes time. */
#define SLICES_MAX 256
#define BYTES_MAX (UINT64_C(4) << 20)

/* As struct hostnet_slice (hostnet.h). */
struct host_net_slice {
    uint32_t base, size, owner, pad;
};

/* As struct hostnet_info (hostnet.h). */
struct host_net_info {
    uint32_t kind, mtu;
    uint8_t mac[6];
    uint16_t offloads;
};

/* What one host call is given. */
struct host_net_list {
    struct iovec slices[SLICES_MAX];
    size_t count;
};

static const struct monitor_network *network; /* NULL: the system has none */

int host_net_setup(const struct monitor_config *config)
{
    network = config->network;
    return network == NULL || fcntl(network->fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : -errno;
}

/* Does cubicle @owner own every page of [@base, @base + @size), which is not empty? */
static bool host_net_owns(unsigned owner, uint64_t base, uint64_t size)
{
    const uint32_t last = page_of(base + size - 1);
    for (uint32_t page = page_of(base); page <= last; page++) {
        if (page_get(page).owner != owner) {
            return false;
        }
    }
    return true;
}

/* N1 and N2 for one slice that is not empty. */
static int host_net_take(const struct host_net_slice *slice, unsigned right,
                         struct window_known *known, struct iovec *to)
{
    const uint64_t base = slice->base;
    const uint64_t size = slice->size;
    const struct cubicle *owner = cubicle_get(slice->owner);
    if (owner == NULL || size > SPACE_SIZE - base ||
        !host_net_owns(slice->owner, base, size) ||
        !window_may_known((unsigned)thread_self.running, base, size, right, known)) {
        return -EFAULT;
    }
    *to = (struct iovec){cubicle_address(owner, base), size};
    return 0;
}

/* Turns @size bytes of @slices into what the host takes. Empty ones are left out. */
static int host_net_list(const struct host_net_slice *slices, size_t size,
                         unsigned right, struct host_net_list *list)
{
    struct window_known known = {0};
    const size_t n = size / sizeof(*slices);
    uint64_t bytes = 0;
    list->count = 0;
    if (size % sizeof(*slices) != 0 || n > SLICES_MAX) {
        return -EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        if (slices[i].size == 0) {
            continue;
        }
        if (slices[i].size > BYTES_MAX - bytes) {
            return -EINVAL;
        }
        bytes += slices[i].size;
        const int error =
            host_net_take(&slices[i], right, &known, &list->slices[list->count++]);
        if (error != 0) {
            return error;
        }
    }
    return list->count > 0 ? 0 : -EINVAL;
}

static int hostnet_info(struct host_net_info *info)
{
    if (network == NULL) {
        return -ENODEV;
    }
    *info = (struct host_net_info){
        .kind = network->kind,
        .mtu = network->mtu,
        .offloads = network->offloads,
    };
    for (size_t i = 0; i < sizeof(info->mac); i++) {
        info->mac[i] = network->mac[i];
    }
    return 0;
}

/* A stream whose peer is gone would raise SIGPIPE if it were written to. */
static ssize_t hostnet_send(const struct host_net_slice *slices, size_t size)
{
    struct host_net_list list;
    if (network == NULL) {
        return -ENODEV;
    }
    const int error = host_net_list(slices, size, PAGE_READ, &list);
    if (error != 0) {
        return error;
    }
    const struct msghdr message = {.msg_iov = list.slices, .msg_iovlen = list.count};
    const ssize_t n = network->kind == MONITOR_NETWORK_STREAM
                          ? sendmsg(network->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL)
                          : writev(network->fd, list.slices, (int)list.count);
    return n >= 0 ? n : -errno;
}

static ssize_t hostnet_receive(const struct host_net_slice *slices, size_t size)
{
    struct host_net_list list;
    if (network == NULL) {
        return -ENODEV;
    }
    const int error = host_net_list(slices, size, PAGE_WRITE, &list);
    if (error != 0) {
        return error;
    }
    const ssize_t n = readv(network->fd, list.slices, (int)list.count);
    return n >= 0 ? n : -errno;
}

static int hostnet_wait(int events, int64_t timeout_ns)
{
    if (network == NULL) {
        return -ENODEV;
    }
    if ((events & ~(POLLIN | POLLOUT)) != 0 || timeout_ns < -1) {
        return -EINVAL;
    }
    return signal_wait(network->fd, (short)events, timeout_ns);
}

const struct gate host_net_gates[] = {
    {"hostnet_info", hostnet_info, MONITOR_RIGHT_HOSTNET},
    {"hostnet_send", hostnet_send, MONITOR_RIGHT_HOSTNET},
    {"hostnet_receive", hostnet_receive, MONITOR_RIGHT_HOSTNET},
    {"hostnet_wait", hostnet_wait, MONITOR_RIGHT_HOSTNET},
};
const unsigned host_net_ngates = sizeof(host_net_gates) / sizeof(host_net_gates[0]);
