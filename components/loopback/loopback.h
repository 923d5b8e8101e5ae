/*
 * A network device whose every frame comes back, after losses that a test asks for. Options are words:
 *
 *   drop=N duplicate=N reorder=N   of a thousand frames so many are lost, come twice, or come behind the next one
 *   delay_us=N                     each takes so long
 *   seed=N                         of the random numbers that decide it: the same seed, the same fate
 *   mtu=N                          bytes without the Ethernet header, 68 to 65535 (default 65535)
 *   swap                           the IPv4 addresses of each, source and destination, are exchanged, in ARP too: who sends
 *                                  to any other address finds itself there
 *   offload                        frames may lack checksums and be long segments; they come back as they are
 */
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include <netif.h>
#include <stdbool.h>

/** Frames that can be on their way; those that find the queue full are lost. */
#define LOOPBACK_FRAMES 4096
#define LOOPBACK_FRAME_MAX (18u + 65535u)

struct loopback_options {
    uint32_t drop, duplicate, reorder;
    uint32_t delay_us, seed, mtu;
    bool offload, swap;
};

/** Reads @text; 0, or -EINVAL for a word that is not one of the above. */
int loopback_parse(const char *text, struct loopback_options *options);

/** Exchanges the addresses in the frame of @size bytes. */
void loopback_swap(uint8_t *bytes, size_t size);

/** A frame on its way: @about.size bytes. */
struct loopback_frame {
    struct netif_frame about;
    int64_t due_ns;
    uint8_t *bytes; /* from malloc() */
};

/** Forgets all frames. */
void queue_clear(void);
/** Puts @frame in, before the last one where @overtakes. It owns the bytes. False: full. */
bool queue_put(const struct loopback_frame *frame, bool overtakes);
/** The first frame, or NULL. */
const struct loopback_frame *queue_first(void);
/** Takes it out and frees it. */
void queue_drop(void);

#endif
