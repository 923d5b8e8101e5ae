/*
 * A network stack whose device is hostile: the component lwip, compiled for this machine, is given frames and calls of
 * programs. The input is a list of steps, so that it gets deep: a TCP segment is put together from small choices around
 * the numbers that a connection expects, and raw bytes are one step among others. Memory comes from malloc() here, so the
 * sanitizer sees the end of each block.
 */
#include "../../components/lwip/device.h"

#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/ip.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define SOCKETS 8
#define FRAME_ROOM 65600

struct input {
    const uint8_t *at;
    size_t left;
};

static struct input input;
static struct socket_address no_name;
static int sockets[SOCKETS], set;
static unsigned nsockets;
static uint8_t frame[FRAME_ROOM];
static size_t frame_size;
int64_t fuzz_now_ns = 1;

static unsigned take(void)
{
    if (input.left == 0) {
        return 0;
    }
    input.left--;
    return *input.at++;
}

static unsigned take16(void)
{
    const unsigned high = take();

    return high << 8 | take();
}

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

/* ---- frames ---- */

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

/* Ethernet and IP: version 4, or 6 where @is6. Returns where the payload of @size bytes goes. */
static uint8_t *packet(bool is6, unsigned protocol, size_t size)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
    uint8_t *ip = frame + ETHERNET_HEADER;

    memset(frame, 0, 80);
    memcpy(frame, mac, 6);
    put16(frame + 12, is6 ? 0x86dd : 0x0800);
    if (is6) {
        ip[0] = 0x60;
        put16(ip + 4, (unsigned)size);
        ip[6] = (uint8_t)protocol;
        ip[7] = 64;
        memcpy(ip + 8, (const uint8_t[]){0xfd, 1, [15] = 9}, 16);
        memcpy(ip + 24, (const uint8_t[]){0xfd, 1, [15] = 2}, 16);
        frame_size = ETHERNET_HEADER + 40 + size;
        return ip + 40;
    }
    ip[0] = 0x45;
    put16(ip + 2, (unsigned)(20 + size));
    ip[8] = 64;
    ip[9] = (uint8_t)protocol;
    put32(ip + 12, 0x0a000009);
    put32(ip + 16, 0x0a000002);
    frame_size = ETHERNET_HEADER + 20 + size;
    return ip + 20;
}

static void bytes_of_input(uint8_t *to, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        to[i] = i < 64 ? (uint8_t)take() : (uint8_t)i;
    }
}

/* A number near one that is expected. */
static uint32_t near(uint32_t number)
{
    const unsigned how = take();

    return how < 160   ? number
           : how < 250 ? number + take() - 128
                       : number + (take16() << 12);
}

static void segment(void)
{
    const unsigned choice = take();
    const bool is6 = (choice & 1) != 0;
    const unsigned from = 1000 + (choice >> 1 & 3), flags = take(),
                   option_words = take() % 11;
    const size_t size = take() % 4 == 0 ? take16() % 65000 : take();
    uint8_t *tcp = packet(is6, IP_PROTO_TCP, 20 + option_words * 4 + size);
    uint32_t seq = take16(), ack = 0;

    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next) {
        if (pcb->remote_port == from && IP_IS_V6_VAL(pcb->remote_ip) == is6) {
            seq = pcb->rcv_nxt;
            ack = pcb->snd_nxt;
        }
    }
    put16(tcp, from);
    put16(tcp + 2, 80);
    put32(tcp + 4, near(seq));
    put32(tcp + 8, near(ack));
    tcp[12] = (uint8_t)((5 + option_words) << 4);
    tcp[13] = (uint8_t)(flags & 0x3f);
    put16(tcp + 14, take16());
    bytes_of_input(tcp + 20, option_words * 4 + size);
    if (take() == 255) {
        tcp[12] = (uint8_t)take();
    }
}

static void datagram(void)
{
    const unsigned choice = take();
    const size_t size = take() % 4 == 0 ? take16() % 65000 : take();
    uint8_t *udp =
        packet((choice & 1) != 0, (choice & 2) != 0 ? IP_PROTO_UDP : take(), 8 + size);

    put16(udp, 1000);
    put16(udp + 2, 53);
    put16(udp + 4, take() < 200 ? (unsigned)(8 + size) : take16());
    put16(udp + 6, take16());
    bytes_of_input(udp + 8, size);
}

/* Part of a packet of version 4, or of 6 with a fragment header. */
static void fragment(void)
{
    const bool is6 = take() % 2 != 0;
    const unsigned offset = take16(), id = take() % 4;
    const size_t size = take() % 4 == 0 ? take16() % 60000 : take() * 8u;
    uint8_t *part = packet(is6, is6 ? 44 : IP_PROTO_UDP, size + (is6 ? 8 : 0));

    if (is6) {
        part[0] = IP_PROTO_UDP;
        part[1] = 0;
        put16(part + 2, offset);
        put32(part + 4, id);
        part += 8;
    } else {
        put16(frame + ETHERNET_HEADER + 4, id);
        put16(frame + ETHERNET_HEADER + 6, offset & 0x3fff);
    }
    bytes_of_input(part, size);
}

static void raw(void)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

    frame_size = take();
    bytes_of_input(frame, frame_size);
    if (take() % 8 != 0) {
        memcpy(frame, mac, 6);
    }
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
                          NULL, 0, 1);
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

    input = (struct input){NULL, 0};
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
    input = (struct input){data, size};
    while (input.left > 0) {
        switch (take() % 8) {
        case 0:
            raw();
            break;
        case 1:
            datagram();
            break;
        case 2:
            fragment();
            break;
        case 3:
            program();
            continue;
        default:
            segment();
        }
        (void)socket_wait(0, 0, 1);
    }
    while (nsockets > 0) {
        (void)socket_close(sockets[--nsockets], 1);
    }
    (void)socket_close(set, 1);
    while (tcp_active_pcbs != NULL) { /* each input begins alike */
        tcp_abort(tcp_active_pcbs);
    }
    while (tcp_tw_pcbs != NULL) {
        tcp_abort(tcp_tw_pcbs);
    }
    for (int i = 0; i < 80;
         i++) { /* what waits for the rest of a packet, or for an address, gives up */
        (void)socket_wait(0, INT64_C(1000000000), 1);
    }
    static size_t least = SIZE_MAX;
    least = least < stack.packets.used ? least : stack.packets.used;
    if (stack.packets.used > least + 65536) {
        abort(); /* memory is lost */
    }
    return 0;
}
