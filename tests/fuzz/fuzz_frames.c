/*
 * A network stack whose device is hostile: the component lwip, compiled for this machine, is given frames and calls of
 * programs. The input is a list of steps, so that it gets deep: a TCP segment is put together from small choices around
 * the numbers that a connection expects, and raw bytes are one step among others. Memory comes from malloc() here, so the
 * sanitizer sees the end of each block.
 */
#include "../../components/lwip/device.h"
#include "frames/frames.h"

#include <lwip/dhcp.h>
#include <lwip/nd6.h>
#include <lwip/priv/tcp_priv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define SOCKETS 8

static struct socket_address no_name;
static int sockets[SOCKETS], set;
static unsigned nsockets;
int64_t fuzz_now_ns = 1;

/* ---- the device ---- */

int netif_open(const char *options, struct netif_info *info)
{
    (void)options;
    *info = (struct netif_info){.mac = {2, 0, 0, 0, 0, 1},
                                .offloads = NETIF_CHECKSUM | NETIF_TSO4 | NETIF_TSO6,
                                .mtu = 65520,
                                .cubicle = 1};
    return 0;
}

/* Gives one frame at a time, or what the input says instead. */
int64_t netif_exchange(const struct netif_frame *send, size_t send_size,
                       struct netif_frame *receive, size_t receive_size,
                       const struct cubicle_slice *slices, size_t slices_size,
                       int64_t timeout_ns, int caller)
{
    const size_t nsend = send_size / sizeof(*send);
    uint8_t sum = 0;

    (void)caller;
    (void)slices_size;
    for (size_t i = 0; i < nsend; i++) { /* what is sent can be read */
        for (uint32_t k = 0; k < send[i].nslices; k++, slices++) {
            const uint8_t *bytes = (const uint8_t *)(uintptr_t)slices->base;
            for (uint64_t b = 0; b < slices->size; b++) {
                sum = (uint8_t)(sum + bytes[b]);
            }
        }
    }
    __asm__ volatile("" : : "r"(sum));
    fuzz_now_ns += timeout_ns > 0 ? timeout_ns : 0;
    if (receive_size == 0 || frame_size == 0) {
        return (int64_t)nsend;
    }
    memcpy((void *)(uintptr_t)slices->base, frame,
           frame_size < slices->size ? frame_size : slices->size);
    receive->flags = NETIF_FRAME_CHECKSUM_GOOD;
    receive->size = (uint32_t)frame_size;
    frame_size = 0;
    const unsigned lie = take();
    if (lie == 1) {
        receive->size = take16() << 8;
    }
    return (int64_t)nsend | (int64_t)(lie == 2 ? 0xffff : 1) << 16;
}

/* ---- programs ---- */

static int one_of(void)
{
    return nsockets > 0 ? sockets[take() % nsockets] : -1;
}

static void keep(int handle)
{
    if (handle > 0 && nsockets < SOCKETS) {
        sockets[nsockets++] = handle;
        (void)socket_set_change(
            set, EPOLL_CTL_ADD, handle,
            EPOLLIN | EPOLLOUT | (take() % 2 ? (uint32_t)EPOLLET : 0), 1, 1);
    } else if (handle > 0) {
        (void)socket_close(handle, 1);
    }
}

static void program(void)
{
    static uint8_t
        room[16 + 70000]; /* the trampoline keeps two words in front of a result */
    uint8_t *const bytes = room + 16;
    struct socket_event events[8];
    const unsigned what = take() % 8, size = take() % 4 == 0 ? 70000 : take();
    const int one = one_of();

    switch (what) {
    case 0:
        keep(socket_accept(one, SOCK_NONBLOCK, &no_name, 1));
        break;
    case 1:
        (void)socket_receive(one, bytes, size, (int)(take() & 0x62) | MSG_DONTWAIT, 1);
        (void)socket_receive_from(one, bytes, size, MSG_DONTWAIT,
                                  &(struct socket_message){.size = 0}, 1);
        break;
    case 2:
        (void)socket_send(one, bytes, size, MSG_DONTWAIT | (take() % 2 ? MSG_MORE : 0),
                          1);
        break;
    case 3:
        (void)socket_shutdown(one, (int)(take() % 3), 1);
        break;
    case 4:
        for (unsigned i = 2; i < nsockets; i++) { /* not the listeners */
            if (sockets[i] == one) {
                (void)socket_close(one, 1);
                sockets[i] = sockets[--nsockets];
            }
        }
        break;
    case 5:
        (void)socket_set_wait(set, events, sizeof(events), (int64_t)take() * 10000000,
                              1);
        break;
    default:
        if (take() % 8 == 0 && dhcp_start(&device.netif) != ERR_OK) {
            return;
        }
        (void)socket_wait(0, (int64_t)take() * 100000000, 1);
    }
}

static void listen_to(int type, uint16_t port)
{
    const struct {
        uint16_t family, port;
        uint8_t rest[24];
    } any = {AF_INET6, lwip_htons(port), {0}};
    const int handle = socket_create(AF_INET6, type | SOCK_NONBLOCK, 0, 0, 1);

    if (socket_bind_name(handle, &any, sizeof(any), 1) != 0) {
        abort();
    }
    if (type == SOCK_STREAM && socket_listen(handle, 4, 1) != 0) {
        abort();
    }
    keep(handle);
}

int component_init(void);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool started;

    input_is(NULL, 0);
    if (!started) {
        started = true;
        if (component_init() != 0 ||
            socket_start("netdev",
                         "address=10.0.0.2/24 address6=fd01::2 gateway=10.0.0.1") !=
                0) {
            abort();
        }
    }
    set = socket_set_create(0, 1);
    listen_to(SOCK_STREAM, 80);
    listen_to(SOCK_DGRAM, 53);
    input_is(data, size);
    while (input_left() > 0) {
        switch (take() % 12) {
        case 0:
            frame_raw();
            break;
        case 1:
            frame_datagram();
            break;
        case 2:
            frame_fragment();
            break;
        case 3:
        case 4:
            frame_control();
            break;
        case 5:
            program();
            continue;
        case 6:
        case 7:
            frame_sack();
            break;
        default:
            frame_segment();
        }
        (void)socket_wait(0, 0, 1);
    }
    while (nsockets > 0) {
        (void)socket_close(sockets[--nsockets], 1);
    }
    (void)socket_close(set, 1);
    if (netif_dhcp_data(&device.netif) != NULL) {
        dhcp_release_and_stop(&device.netif);
        dhcp_cleanup(&device.netif);
        ip4_addr_t address, mask;
        IP4_ADDR(&address, 10, 0, 0, 2);
        IP4_ADDR(&mask, 255, 255, 255, 0);
        netif_set_addr(&device.netif, &address, &mask, &address);
    }
    while (tcp_active_pcbs != NULL) { /* each input begins alike */
        tcp_abort(tcp_active_pcbs);
    }
    while (tcp_tw_pcbs != NULL) {
        tcp_abort(tcp_tw_pcbs);
    }
    /* A router that does not answer keeps what waits for it, a packet, for as long as it said that it lives. */
    nd6_cleanup_netif(&device.netif);
    static size_t least = SIZE_MAX; /* bytes in packets when nothing is going on */
    for (int i = 0; i < 80 && (i < 2 || stack.packets.used > least); i++) {
        /* what waits for the rest of a packet, or for an address, gives up */
        (void)socket_wait(0, INT64_C(1000000000), 1);
    }
    least = least < stack.packets.used ? least : stack.packets.used;
    if (stack.packets.used > least) {
        abort(); /* memory is lost */
    }
    return 0;
}
