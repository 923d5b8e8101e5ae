/*
 * The network device. One call of it sends waiting frames, receives frames, and waits. Packets lie in memory that the
 * stack lends it once and for all: packets to send for reading, receive buffers for writing. The device may be hostile:
 * its answers are bounded here, and of what it can still write later the stack reads only payload in place (input.c).
 */
#include "device.h"

#include <clock.h>
#include <cubicle.h>
#include <errno.h>
#include <string.h>

#define RETRY_NS INT64_C(200000000) /* between two looks for a lost device */

struct device device;

/* ---- lending ---- */

static int device_lend(int which, void *base, size_t size)
{
    const int window = device.windows[which];

    return window > 0 ? cubicle_window_add(window, base, size,
                                           which == 0 ? CUBICLE_READ : CUBICLE_WRITE)
                      : 0;
}

int device_lend_packets(void *base, size_t size)
{
    return device_lend(0, base, size);
}

int device_lend_incoming(void *base, size_t size)
{
    return device_lend(1, base, size);
}

static void lend_packets(void *base, size_t size)
{
    (void)device_lend(0, base, size);
}

static void lend_incoming(void *base, size_t size)
{
    (void)device_lend(1, base, size);
}

/* Opens windows to the device's cubicle, with all regions that there are. */
static int device_open_windows(void)
{
    const int peer = (int)device.info.cubicle;

    for (unsigned i = 0; i < 2; i++) {
        if (device.windows[i] > 0) {
            (void)cubicle_window_destroy(device.windows[i]);
            device.windows[i] = 0;
        }
    }
    if (peer == cubicle_self()) {
        return 0;
    }
    for (unsigned i = 0; i < 2; i++) {
        device.windows[i] = cubicle_window_init();
        if (device.windows[i] < 0) {
            return device.windows[i];
        }
        arena_regions(i == 0 ? &stack.packets : &stack.incoming,
                      i == 0 ? lend_packets : lend_incoming);
        const int error = cubicle_window_open(device.windows[i], peer);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

/* ---- opening ---- */

static int device_open(void)
{
    struct netif_info info;
    const int error = device.ops.netif_open(device.options, &info);

    if (error != 0) {
        return error < 0 ? error : -EIO;
    }
    if (info.mtu < 576 || info.mtu > UINT16_MAX) {
        return -EIO;
    }
    device.info = info;
    return device_open_windows();
}

int device_start(const char *provider, const char *options)
{
    if (device.present) {
        return -EBUSY;
    }
    if (strlen(options) >= sizeof(device.options) ||
        strlen(provider) >= sizeof(device.provider)) {
        return -ENAMETOOLONG;
    }
    strcpy(device.provider, provider);
    strcpy(device.options, options);
    int error = netif_bind(&device.ops, provider);
    error = error == 0 ? device_open() : error;
    error = error == 0 ? output_start() : error;
    error = error == 0 ? input_start() : error;
    device.present = error == 0;
    return error;
}

bool device_present(void)
{
    return device.present;
}

/* ---- calling ---- */

static void device_lose(void)
{
    device.lost = true;
    device.retry_ns = stack.now_ns + RETRY_NS;
    output_drop();
    netif_set_link_down(&device.netif);
}

/* A device that died may have begun anew: it is opened as it was the first time. Until then time passes. */
static int device_find_again(int64_t timeout_ns)
{
    if (stack.now_ns < device.retry_ns) {
        const int64_t left_ns = device.retry_ns - stack.now_ns;
        timeout_ns = timeout_ns < 0 || timeout_ns > left_ns ? left_ns : timeout_ns;
        return timeout_ns > 0 && clock_sleep_ns((uint64_t)timeout_ns) < 0 ? -EINTR : 0;
    }
    device.retry_ns = stack.now_ns + RETRY_NS;
    const struct netif_info before = device.info;
    if (device_open() == 0 && device.info.offloads == before.offloads) {
        device.lost = false;
        netif_set_link_up(&device.netif);
    } else {
        device.info =
            before; /* the buffers are made for it: it is compared with the next time, too */
    }
    return 0;
}

int device_call(bool receive, int64_t timeout_ns)
{
    static struct netif_frame out[OUTPUT_FRAMES], in[INPUT_FRAMES_MAX];
    static struct cubicle_slice slices[NETIF_SLICES_MAX];
    unsigned nslices = 0;
    const unsigned nout = output_gather(out, slices, &nslices);
    const unsigned nin = receive ? input_offer(in, slices + nslices) : 0;

    const int64_t result = device.ops.netif_exchange(
        out, nout * sizeof(*out), in, nin * sizeof(*in), slices,
        (nslices + nin) * sizeof(*slices), timeout_ns, 0);
    if (result < 0) {
        if (result != -EINTR) {
            device_lose();
        }
        return (int)(result == -EINTR ? -EINTR : -ENODEV);
    }
    const unsigned sent = NETIF_SENT(result), received = NETIF_RECEIVED(result);
    output_sent(sent < nout ? sent : nout);
    input_take(in, received < nin ? received : nin);
    return 0;
}

void device_flush(void)
{
    if (!device.lost && output_waits()) {
        (void)device_call(false, 0);
    }
}

int device_exchange(int64_t timeout_ns)
{
    if (device.lost) {
        return device_find_again(timeout_ns);
    }
    const int error = device_call(true, timeout_ns);
    return error == -EINTR ? error : 0;
}
