/*
 * A network device of the host: a TAP device, or a stream of frames. Frames to send go from the stack's memory to the
 * host without a copy and without being mapped here; the monitor looks whether the stack lends what it names.
 *
 * Invariants
 *   1. A slice that a client names is used as that client's memory only, never as this component's own.
 *   2. What the stream gives and takes stays in step with its frames, however the host cuts reads and writes.
 */
#ifndef NETDEV_H
#define NETDEV_H

#include <hostnet.h>
#include <netif.h>
#include <stdbool.h>

/** Longest frame, in bytes: Ethernet header with a tag, and the longest IP packet. */
#define NETDEV_FRAME_MAX (18u + 65535u)

/** One netif_exchange(), and how far it has got. Numbers have been checked, memory has not. */
struct netdev_call {
    const struct netif_frame *send;
    struct netif_frame *receive;
    const struct cubicle_slice *send_slices, *receive_slices; /* of the next frame */
    uint32_t nsend, nreceive;
    uint32_t sent, received; /* so many are done */
    uint32_t lender;         /* cubicle that owns what the slices name */
    bool is_full;            /* the host had no room for all that is to be sent */
};

/** What the kinds of devices do differently. Functions return 0 or a negative errno. */
struct netdev_kind {
    /** Sends the frames that are left, and what is left of those before. -EAGAIN: there is no room for more now. */
    int (*send)(struct netdev_call *call);
    /** Receives until @call's frames are full or there seems to be nothing more. -EAGAIN: nothing was there. */
    int (*receive)(struct netdev_call *call);
    /** Is there a frame for which nobody need be asked? */
    bool (*has_frame)(void);
};
extern const struct netdev_kind netdev_tap, netdev_stream;

/** The cubicle that this module is in. */
extern uint32_t netdev_self;

/** A slice of this module's own memory. */
struct hostnet_slice netdev_own(const void *base, size_t size);

/** Writes @frame's @nslices slices as @lender's memory to @list. How many they are. */
uint32_t netdev_lent(const struct cubicle_slice *slices, uint32_t nslices,
                     uint32_t lender, struct hostnet_slice *list);

/** Bytes of @nslices slices. */
uint32_t netdev_bytes(const struct cubicle_slice *slices, uint32_t nslices);

/** The next frame has been sent, or received with @size bytes. */
void netdev_sent(struct netdev_call *call);
void netdev_received(struct netdev_call *call, uint32_t size);

/**
 * Whether something is worth trying that costs a host call and may be for nothing. After each time for nothing it is
 * left out twice as often as before.
 */
struct netdev_guess {
    uint32_t leave_out, left;
};
bool netdev_guess(struct netdev_guess *guess);
void netdev_guessed(struct netdev_guess *guess, bool right);

#endif
