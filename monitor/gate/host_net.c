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
#include "base/thread.h"
#include "fault/signal_pending.h"
#include "gate.h"
#include "hostnet_gates.h"
#include "memory/window.h"

#include <cubicle/host_net.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>

/* What one host call is given. */
struct host_net_list {
    struct iovec slices[HOSTNET_SLICES_MAX];
    size_t count;
};

/* What is left of a gate's slices. Nothing changes owners and windows while it is at work. */
struct host_net_rest {
    const struct hostnet_slice *next, *end;
    uint64_t bytes; /* of those before */
    unsigned right; /* PAGE_READ or PAGE_WRITE, asked of each */
    struct window_known known;
};

static const struct monitor_network *network; /* NULL: the system has none */

static int host_net_setup(const struct monitor_config *config)
{
    network = config->network;
    return network == NULL || fcntl(network->fd, F_SETFL, O_NONBLOCK) == 0 ? 0 : -errno;
}

/* The device needs no more: it is open. */
static int host_net_enter(unsigned id)
{
    (void)id;
    return 0;
}

/* On the device only: its number is the first argument. */
static void host_net_allow(unsigned id, struct filter *filter)
{
    (void)id;
    if (network == NULL) {
        return;
    }
    filter_allow_if(filter, SYS_readv, 0, UINT64_MAX, (unsigned)network->fd);
    if (network->kind == MONITOR_NETWORK_STREAM) {
        filter_allow_if(filter, SYS_sendmsg, 0, UINT64_MAX, (unsigned)network->fd);
    }
}

/* Does cubicle @owner own every page of [@base, @base + @size), which is not empty? */
static bool host_net_owns(unsigned owner, uint64_t base, uint64_t size)
{
    const uint32_t end = page_of(base + size - 1) + 1;
    for (uint32_t page = page_of(base); page < end; page = page_run_end(page, end)) {
        if (page_get(page).owner != owner) {
            return false;
        }
    }
    return true;
}

/* N1 and N2 for one slice that is not empty. */
static int host_net_take(const struct hostnet_slice *slice, unsigned right,
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

static int host_net_begin(struct host_net_rest *rest,
                          const struct hostnet_slice *slices, size_t size,
                          unsigned right)
{
    const size_t n = size / sizeof(*slices);
    *rest = (struct host_net_rest){.next = slices, .end = slices + n, .right = right};
    if (network == NULL) {
        return -ENODEV;
    }
    return size % sizeof(*slices) == 0 && n <= HOSTNET_SLICES_MAX ? 0 : -EINVAL;
}

/* Turns the slices that are left, of one frame only if @frame, into what the host takes. Empty
 * ones are left out. */
static int host_net_next(struct host_net_rest *rest, bool frame,
                         struct host_net_list *list)
{
    list->count = 0;
    for (bool last = false; rest->next < rest->end && !last; rest->next++) {
        const struct hostnet_slice *slice = rest->next;
        last = frame && (slice->flags & HOSTNET_LAST) != 0;
        if (slice->size == 0) {
            continue;
        }
        if (slice->size > HOSTNET_BYTES_MAX - rest->bytes) {
            return -EINVAL;
        }
        rest->bytes += slice->size;
        const int error = host_net_take(slice, rest->right, &rest->known,
                                        &list->slices[list->count++]);
        if (error != 0) {
            return error;
        }
    }
    return list->count > 0 ? 0 : -EINVAL;
}

int gate_hostnet_info(struct hostnet_info *info)
{
    if (network == NULL) {
        return -ENODEV;
    }
    *info = (struct hostnet_info){
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
static ssize_t host_net_write(struct host_net_list *list)
{
    const struct msghdr message = {.msg_iov = list->slices, .msg_iovlen = list->count};
    const ssize_t n = network->kind == MONITOR_NETWORK_STREAM
                          ? sendmsg(network->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL)
                          : writev(network->fd, list->slices, (int)list->count);
    return n >= 0 ? n : -errno;
}

static ssize_t host_net_read(struct host_net_list *list)
{
    const ssize_t n = readv(network->fd, list->slices, (int)list->count);
    return n >= 0 ? n : -errno;
}

ssize_t gate_hostnet_send(const struct hostnet_slice *slices, size_t size)
{
    struct host_net_rest rest;
    struct host_net_list list;
    int error = host_net_begin(&rest, slices, size, PAGE_READ);
    error = error == 0 ? host_net_next(&rest, false, &list) : error;
    return error == 0 ? host_net_write(&list) : error;
}

ssize_t gate_hostnet_receive(const struct hostnet_slice *slices, size_t size)
{
    struct host_net_rest rest;
    struct host_net_list list;
    int error = host_net_begin(&rest, slices, size, PAGE_WRITE);
    error = error == 0 ? host_net_next(&rest, false, &list) : error;
    return error == 0 ? host_net_read(&list) : error;
}

/* Frame after frame, until one is refused. @sizes: of @max frames, or NULL. */
static int host_net_frames(struct host_net_rest *rest, uint32_t *sizes, size_t max)
{
    struct host_net_list list;
    size_t done = 0;
    ssize_t n = -EINVAL;
    if (network->kind == MONITOR_NETWORK_STREAM) {
        return -EINVAL;
    }
    for (; done < max && rest->next < rest->end; done++) {
        n = host_net_next(rest, true, &list);
        if (n == 0) {
            n = sizes != NULL ? host_net_read(&list) : host_net_write(&list);
        }
        if (n < 0) {
            break;
        }
        if (sizes != NULL) {
            sizes[done] = (uint32_t)n;
        }
    }
    return done > 0 ? (int)done : (int)n;
}

int gate_hostnet_send_frames(const struct hostnet_slice *slices, size_t size)
{
    struct host_net_rest rest;
    const int error = host_net_begin(&rest, slices, size, PAGE_READ);
    return error == 0 ? host_net_frames(&rest, NULL, HOSTNET_SLICES_MAX) : error;
}

int gate_hostnet_receive_frames(const struct hostnet_slice *slices, size_t size,
                                uint32_t *sizes, size_t sizes_size)
{
    struct host_net_rest rest;
    const size_t max = sizes_size / sizeof(*sizes);
    const int error = host_net_begin(&rest, slices, size, PAGE_WRITE);
    for (size_t i = 0; i < max; i++) {
        sizes[i] = 0; /* all go to the caller */
    }
    return error == 0 ? host_net_frames(&rest, sizes, max) : error;
}

int gate_hostnet_wait(int events, int64_t timeout_ns)
{
    if (network == NULL) {
        return -ENODEV;
    }
    if ((events & ~(POLLIN | POLLOUT)) != 0 || timeout_ns < -1) {
        return -EINVAL;
    }
    return signal_wait(network->fd, (short)events, timeout_ns);
}

#define GATE(function) {#function, gate_##function, MONITOR_RIGHT_HOSTNET},
static const struct gate gates[] = {HOSTNET_GATES(GATE)};
static const struct gate_interface interface = {
    .name = "hostnet",
    .fingerprint = HOSTNET_FINGERPRINT,
    .gates = gates,
    .ngates = sizeof(gates) / sizeof(gates[0]),
};
const struct gate_host host_net = {
    .interface = &interface,
    .right = MONITOR_RIGHT_HOSTNET,
    .setup = host_net_setup,
    .enter = host_net_enter,
    .allow = host_net_allow,
};
