/*
 * cubicle-slirp: carries a system's Ethernet frames to the sockets of the host with libslirp (a TCP/IP stack
 * for guests), and connections to published ports to the system. It needs no rights. It is a process of its own, so
 * that a mistake in it harms no other memory, and ends when the system does.
 */
#ifndef CLI_SLIRP_HELPER_H
#define CLI_SLIRP_HELPER_H

#include "../publish.h"

#include <slirp/libslirp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct helper_options {
    int fd; /* a stream socket: frames, each after its length (4 bytes, network order) */
    struct in_addr address, netmask, gateway, dns; /* of the system; dns 0: none */
    struct in6_addr address6, gateway6;            /* in one network of 64 bits */
    bool ipv6;
    size_t mtu;
    size_t memory; /* resident bytes that connections may have */
    struct publish *publish;
    unsigned npublish;
};

/** Reads the command line; ends the program where it is wrong. */
void helper_options(int argc, char **argv, struct helper_options *options);

/** The stream of frames. */
void stream_setup(int fd);
/** Sends a frame; waits until there is room. False: the system is gone. */
bool stream_send(const void *frame, size_t size);
/** Reads what is there and gives whole frames to @slirp. False: the system is gone. */
bool stream_receive(Slirp *slirp);

/** Whether a frame of @size bytes from the system may go to libslirp: ARP, and IPv4 and IPv6 to other than the host's
 *  loopback addresses. */
bool address_allowed(const uint8_t *frame, size_t size);

/** Whether a frame of @size bytes from the system, which address_allowed() has let through, fits the bounds: neither a new
 *  connection nor much data while there is no room for it. TCP sends both again. */
bool frame_affordable(const uint8_t *frame, size_t size);

#define DESCRIPTORS_RESERVE \
    32u /* for name servers' addresses, and for what is refused */
#define DESCRIPTORS_MAX (16384u + DESCRIPTORS_RESERVE) /* the first: connections */

/** Bounds on descriptors, and memory of @bytes. False after a message: the host does not have the least. */
bool bounds_setup(size_t bytes);
/** libslirp has opened, or closes, a socket. */
void bounds_opened(int fd, void *opaque);
void bounds_closed(int fd, void *opaque);
bool bounds_is_open(int fd);
/** To be called in each round of the loop. Ends connections that stand still where there is no room for new ones. */
void bounds_look(void);
/** Whether there is room for one more connection. */
bool bounds_may_begin(void);
/** Whether there is room for what connections send. */
bool bounds_may_send(void);

/** A socket was opened. */
void still_opened(int fd, int64_t now_ms);
/** Ends connections that have stood still for long, as many as have @excess bytes of buffers; sooner where memory is @full. */
void still_end(int64_t now_ms, size_t excess, bool full);
/** Whether the connection @fd was ended, and libslirp is to hear of it. */
bool still_ended(int fd);

/** A libslirp with what @options say, its ports open. NULL after a message. */
Slirp *world_create(const struct helper_options *options);
/** Since world_create(). */
int64_t world_now_ms(void);
/** Carries frames until the system ends. */
void world_run(Slirp *slirp, int fd);

/** Gives up what is not needed any more: identity, new privileges, other programs, files. False after a message. */
bool confine(void);

#endif
