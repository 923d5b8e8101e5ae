/* The network device: frames to it (output.c), from it (input.c), and the call that does both (device.c). */
#ifndef LWIP_DEVICE_H
#define LWIP_DEVICE_H

#include "stack.h"

#include <lwip/netif.h>
#include <netif_ops.h>

#define ETHERNET_HEADER 14u
#define FRAME_MAX \
    65553u /* bytes of the longest frame: 65,535 of a packet, with a VLAN tag */

/** Frames in one call, and their slices. */
#define OUTPUT_FRAMES NETIF_FRAMES_MAX
#define INPUT_FRAMES_MAX NETIF_FRAMES_MAX
#define OUTPUT_SLICES_MAX (NETIF_SLICES_MAX - INPUT_FRAMES_MAX)

struct device {
    struct netif netif;
    struct netif_ops ops;
    struct netif_info info;
    char provider[64], options[256];
    int windows[2]; /* what the device may read, and write */
    bool present, lost;
    int64_t retry_ns; /* when to look for a lost one again */
};
extern struct device device;

/** interface.c: takes the device into use, with addresses. 0 or an error. */
int interface_start(const char *provider, const char *options);

/** Binds provider @provider and opens it with @options. 0 or an error. */
int device_start(const char *provider, const char *options);
/** Lends a region of an arena to the device. 0 or an error. */
int device_lend_packets(void *base, size_t size);
int device_lend_incoming(void *base, size_t size);

/** Makes what output.c needs for frames. 0, -ENOMEM. */
int output_start(void);
/** lwIP's netif->linkoutput. */
err_t output_frame(struct netif *netif, struct pbuf *p);
/** The frames that wait, for one call: fills @frames and @slices. How many; *nslices. */
unsigned output_gather(struct netif_frame *frames, struct cubicle_slice *slices,
                       unsigned *nslices);
/** The first @nframes have gone. */
void output_sent(unsigned nframes);
/** All are lost. */
void output_drop(void);
bool output_waits(void);

/** Makes buffers. 0, -ENOMEM. */
int input_start(void);
/** Offers all buffers: one slice each. How many. */
unsigned input_offer(struct netif_frame *frames, struct cubicle_slice *slices);
/** Takes the first @nframes of what was offered. */
void input_take(const struct netif_frame *frames, unsigned nframes);

/** Calls the device: sends what waits, receives if @receive, waits up to @timeout_ns. 0, -EINTR, or it is lost. */
int device_call(bool receive, int64_t timeout_ns);

#endif
